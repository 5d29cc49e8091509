// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@Suite struct NativeTests {
  /// The result of a native as text.
  private func run(
    _ name: String, _ arguments: [Expr], _ type: TypeID = TypeTable.object
  ) throws -> String {
    let build = Build()
    let id = build.native(
      name, parameters: arguments.map(\.type), result: type)
    return try build.show(E.call(id, arguments, type))
  }

  private func text(_ name: String, _ texts: String...) throws -> String {
    try run(name, texts.map(E.string))
  }

  @Test("texts")
  func strings() throws {
    #expect(try text("string.upper", "az1é") == "\"AZ1É\"")
    #expect(try text("string.lower", "AZ") == "\"az\"")
    #expect(try text("string.trim", " \n a b\t") == "\"a b\"")
    #expect(try text("string.count", "北京é") == "3")
    #expect(try text("string.split", "a,b,,c", ",") == #"["a", "b", "", "c"]"#)
    #expect(try text("string.split", "ab", "") == #"["a", "b"]"#)
    #expect(try text("string.lines", "a\r\nb\n\nc\n") == #"["a", "b", "", "c"]"#)
    #expect(
      try run("string.join", [E.list([E.string("a"), E.string("b")]), E.string("-")])
        == "\"a-b\"")
    #expect(try text("string.replace", "a.b.c", ".", "::") == "\"a::b::c\"")
    #expect(try text("string.replace", "aaa", "aa", "") == "\"a\"")
    #expect(try text("string.starts_with", "abc", "ab") == "true")
    #expect(try text("string.ends_with", "abc", "abcd") == "false")
    #expect(try text("string.contains", "abc", "bc") == "true")
    #expect(try run("string.pad_left", [E.string("7"), E.int(3), E.string("0")]) == "\"007\"")
    #expect(try run("string.pad_right", [E.string("ab"), E.int(1), E.string(" ")]) == "\"ab\"")
    #expect(try run("string.repeat", [E.string("ab"), E.int(2)]) == "\"abab\"")
    #expect(try run("string.repeat", [E.string("ab"), E.int(-2)]) == "\"\"")
    #expect(try run("string.from", [E.int(5_000_000_000, TypeTable.duration)]) == "\"5s\"")
    #expect(try text("hash.short", "") == "\"4fd0bfc1\"")
  }

  @Test("slug gives a DNS-1123 label for any text, and different ones for different texts")
  func slug() throws {
    #expect(try text("string.slug", "Cross AZ_fail.over!") == "\"cross-az-fail-over\"")
    let long = String(repeating: "a", count: 80)
    for input in ["北京", "上海", "", "---", "1", long, long + "b", "é-x"] {
      let slug = try text("string.slug", input).dropFirst().dropLast()
      #expect(!slug.isEmpty && slug.utf8.count <= 63)
      #expect(slug.first != "-" && slug.last != "-")
      #expect(slug.allSatisfy { $0.isASCII && ($0.isNumber || $0.isLowercase || $0 == "-") })
    }
    #expect(try text("string.slug", "北京") != (try text("string.slug", "上海")))
    #expect(try text("string.slug", long) != (try text("string.slug", long + "b")))
  }

  @Test("versions compare by number")
  func versions() throws {
    #expect(try text("version.at_least", "1.26", "1.23") == "true")
    #expect(try text("version.at_least", "1.9", "1.23") == "false")
    #expect(try text("version.at_least", "v1.26.3-rc1", "1.26") == "true")
    #expect(try text("version.at_least", "1.26", "1.26.1") == "false")
    #expect(try text("version.at_least", "2", "1.99") == "true")
  }

  @Test("lists")
  func lists() throws {
    let numbers = E.list([E.int(3), E.int(1), E.int(3), E.int(2)])
    #expect(try run("list.sorted", [numbers]) == "[1, 2, 3, 3]")
    #expect(try run("list.sorted", [E.list([E.string("b"), E.string("a")])]) == #"["a", "b"]"#)
    #expect(try run("list.sorted", [E.list([E.float(2), E.float(-1)])]) == "[-1.0, 2.0]")
    #expect(try run("list.reversed", [numbers]) == "[2, 3, 1, 3]")
    #expect(try run("list.slice", [numbers, E.int(1), E.int(3)]) == "[1, 3]")
    #expect(try run("list.slice", [numbers, E.int(-5), E.int(99)]) == "[3, 1, 3, 2]")
    #expect(try run("list.unique", [numbers]) == "[3, 1, 2]")
    #expect(
      try run("list.flatten", [E.list([numbers, E.list([]), numbers])])
        == "[3, 1, 3, 2, 3, 1, 3, 2]")
    #expect(try run("list.sum", [numbers], TypeTable.int) == "9")
    #expect(try run("list.sum", [E.list([])], TypeTable.duration) == "0s")
    #expect(try run("list.sum", [E.list([])], TypeTable.float) == "0.0")
    #expect(try run("list.min", [numbers]) == "1")
    #expect(try run("list.max", [numbers]) == "3")
    #expect(try run("list.max", [E.list([])]) == "nil")
    #expect(try run("list.count", [numbers]) == "4")
    #expect(try run("list.first", [numbers]) == "3")
    #expect(try run("list.last", [E.list([])]) == "nil")
    #expect(throws: Diagnostic.self) { try run("list.sorted", [E.list([numbers, numbers])]) }
  }

  @Test("maps and objects")
  func tables() throws {
    func object(_ members: [(String, Expr)]) -> Expr {
      E.make(
        .object(members.map { .member(name: E.string($0.0), value: $0.1) }), TypeTable.object)
    }
    let first = object([
      ("a", E.int(1)), ("m", object([("x", E.int(1)), ("y", E.int(2))])),
    ])
    let second = object([("m", object([("y", E.int(3))])), ("b", E.int(4))])
    #expect(try run("object.merge", [first, second]) == "{ a: 1, m: { x: 1, y: 3 }, b: 4 }")
    #expect(try run("object.merge", [first, E.none]) == "{ a: 1, m: { x: 1, y: 2 } }")
    #expect(try run("object.keys", [first]) == #"["a", "m"]"#)
    #expect(try run("object.set", [second, E.string("b"), E.none]) == "{ m: { y: 3 } }")
    #expect(
      try run("object.set", [object([]), E.string("s"), E.int(1 << 30, TypeTable.bytes)])
        == #"{ s: "1Gi" }"#)
    let map = E.make(.map([.entry(key: E.int(2), value: E.string("b"))]), TypeTable.object)
    #expect(try run("map.keys", [map]) == "[2]")
    #expect(try run("map.values", [map]) == #"["b"]"#)
    #expect(try run("map.count", [map]) == "1")
    #expect(try run("object.count", [E.none]) == "0")
    #expect(try run("object.as_int", [E.string("x")]) == "nil")
    #expect(try run("object.as_list", [E.list([E.int(1)])]) == "[1]")
    let data = object([
      ("s", E.string("a\"\n\u{1}é")), ("l", E.list([E.int(1), E.none, E.float(1.5)])),
      ("d", E.int(1_000_000_000, TypeTable.duration)),
    ])
    #expect(
      try run("json.write", [data])
        == #""{\"s\":\"a\\\"\\n\\u0001é\",\"l\":[1,null,1.5],\"d\":\"1s\"}""#)
    let small = object([("on", E.string("yes")), ("gone", E.none), ("l", E.list([E.int(1)]))])
    #expect(try run("yaml.write", [small]) == #""\"on\": \"yes\"\nl:\n- 1\n""#)
    #expect(
      try run("json.pretty", [small])
        == #""{\n  \"on\": \"yes\",\n  \"l\": [\n    1\n  ]\n}""#)
  }

  @Test("numbers and quantities")
  func numbers() throws {
    #expect(try text("int.parse", "-12") == "-12")
    #expect(try text("int.parse", "12a") == "nil")
    #expect(try run("int.to_float", [E.int(2)]) == "2.0")
    for (name, results) in [
      ("float.floor", [-2, 2, 2]), ("float.ceil", [-1, 3, 3]), ("float.round", [-2, 2, 3]),
    ] {
      let found = try [-1.5, 2.4, 2.5].map { try run(name, [E.float($0)]) }
      #expect(found == results.map(String.init))
    }
    #expect(throws: Diagnostic.self) { try run("float.floor", [E.float(1e30)]) }
    let long = E.int(1_500_000_000, TypeTable.duration)
    #expect(try run("duration.seconds", [long]) == "2")
    #expect(try run("duration.milliseconds", [long]) == "1500")
    #expect(try run("duration.text", [E.int(86_400_000_000_000, TypeTable.duration)]) == "\"24h\"")
    #expect(try run("bytes.quantity", [E.int(15_000_000_000, TypeTable.bytes)]) == "\"15G\"")
    #expect(try run("bytes.count", [E.int(15, TypeTable.bytes)]) == "15")
    let cores = try [4, 0.5, 0.1, 0.0001, 0.3, 1.1].map { try run("cpu.quantity", [E.float($0)]) }
    #expect(cores == ["4", "500m", "100m", "1m", "300m", "1100m"].map { "\"\($0)\"" })
    #expect(try run("percent.whole", [E.int(695_000_000, TypeTable.percent)]) == "70")
    #expect(try run("percent.of", [E.int(1), E.int(3)]) == "33.3333333%")
    #expect(try run("percent.of", [E.int(1), E.int(0)]) == "0%")
    #expect(try run("percent.from", [E.int(70)]) == "70%")
  }

  @Test("a built-in that this version lacks fails when it is called, not before")
  func unknown() throws {
    #expect(throws: Diagnostic.self) { try text("no.such", "x") }
  }

  @Test("every native has a name of its own and a signature")
  func table() {
    #expect(Set(Natives.all.map(\.name)).count == Natives.all.count)
    #expect(Natives.all.allSatisfy { $0.signature.contains(") -> ") })
  }
}
