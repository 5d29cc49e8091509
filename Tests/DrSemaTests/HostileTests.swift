// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrSema
import DrSyntax
import Testing

/// Programs that nobody would write: the checker ends, and says something or nothing, but never
/// traps.
@Suite struct HostileTests {
  @Test("golden programs with a token left out, doubled or swapped") func mutations() {
    var random = Generator(state: 7)
    let samples = CheckCase.all.filter { !$0.isFolder }.compactMap(\.text)
    for text in samples {
      let source = SourceFile(id: FileID(0), name: "main.dr", bytes: Array(text.utf8))
      let tree = parse(source)
      guard tree.tokenCount > 2 else { continue }
      for _ in 0..<3 {
        let first = random.below(tree.tokenCount - 1)
        let second = random.below(tree.tokenCount - 1)
        let checker = check(mutated(source, tree, first, second, random.below(3)), limits: small)
        #expect(checker.diagnostics.count < 60, "\(checker.rendered)")
        evaluate(checker)
      }
    }
  }

  private var small: Limits {
    var limits = CheckCase.limits
    limits.fuel = 100_000
    return limits
  }

  private func evaluate(_ checker: Checker) {
    guard !checker.diagnostics.hasErrors else { return }
    _ = Machine(program: Program(checker.program), limits: small).modelFailures()
  }

  /// 0 leaves the first token out, 1 writes it twice, 2 puts the second in its place.
  private func mutated(
    _ source: SourceFile, _ tree: SyntaxTree, _ first: Int, _ second: Int, _ kind: Int
  ) -> String {
    let span = tree.leaf(first).span
    let before = String(decoding: source.bytes[..<Int(span.start)], as: UTF8.self)
    let after = String(decoding: source.bytes[Int(span.end)...], as: UTF8.self)
    let middle = [
      "", source.text(span) + " " + source.text(span), source.text(tree.leaf(second).span),
    ]
    return before + middle[kind] + after
  }

  @Test("chains of definitions without types", arguments: [10, 100, 2_000])
  func chains(_ count: Int) {
    let lets = (0..<count).map { "let v\($0) = v\($0 + 1) + 1" } + ["let v\(count) = 1"]
    let functions = (0..<count).map { "fn f\($0)() = f\($0 + 1)()" } + ["fn f\(count)() = 1"]
    for program in [lets, functions] {
      let forwards = check(program.joined(separator: "\n"))
      let expected: [DiagnosticCode] = count > 1_000 ? [.depthExceeded] : []
      #expect(forwards.diagnostics.map(\.code) == expected, "\(count)")
      #expect(check(program.reversed().joined(separator: "\n")).diagnostics.isEmpty, "\(count)")
    }
  }

  @Test("deep expressions in a chain of definitions") func deepChains() {
    let open = String(repeating: "g([", count: 45)
    let close = String(repeating: "])", count: 45)
    let functions = (0..<50).map { "fn f\($0)() = \(open)f\($0 + 1)()\(close)" }
    let program = functions + ["fn f50() = [1]", "fn g<T>(xs: [T]) -> [T] = xs"]
    #expect(
      check(program.joined(separator: "\n")).diagnostics.contains { $0.code == .depthExceeded })
  }

  @Test("long chains in one expression", arguments: [100, 20_000])
  func expressions(_ count: Int) {
    func repeated(_ text: String) -> String { String(repeating: text, count: count) }
    for program in [
      "let a = 1" + repeated(" + 1"), "let a = true" + repeated(" and true"),
      "let a = [1]" + repeated("[0]"), "let a = {}" + repeated(".b"),
      "let a = nil" + repeated(" ?? nil"), "let a = " + repeated("-") + "1",
      "let a = " + repeated("not ") + "true", "let a = " + repeated("[") + repeated("]"),
      "let a = " + repeated("if true { ") + "1" + repeated(" } else { 2 }"),
      "let a = if true { 1 }" + repeated(" else if true { 1 }") + " else { 2 }",
      "let a = x" + repeated("()"), "type A = " + repeated("[") + "Int" + repeated("]"),
      "type A = Int" + repeated("?"), "let a = \"" + repeated("\\(1)") + "\"",
      "box a { " + repeated("box { ") + repeated("} ") + "}",
      "runbook r() { " + repeated("step \"a\" { ") + repeated("} ") + "}",
      "let a = " + repeated("x => "), "let a = " + repeated("{ a: ") + repeated("}"),
      "let a = " + repeated("[for x in [1]: ") + repeated("]"),
      "let a = " + repeated("[1: ") + repeated("]"), "let a = " + repeated("f(") + repeated(")"),
      "let a = " + repeated("match 1 { _: ") + repeated("}"),
      "let a = " + repeated("A { b = ") + repeated("}"),
      "let a = " + repeated("\"\\(") + repeated(")\""), "type A = " + repeated("() -> ") + "Int",
      "type A = " + repeated("[Int: ") + repeated("]"), "type A = " + repeated("("),
      "fn f() { " + repeated("for x in [1] { ") + repeated("} ") + "}",
      "fn f() { " + repeated("if true { ") + repeated("} ") + "}",
      "runbook r() { " + repeated("parallel { ") + repeated("} ") + "}",
      "runbook r() { step \"a\" { " + repeated("undo { ") + repeated("} ") + "} }",
      "runbook r() { " + repeated("on failure { ") + repeated("} ") + "}",
      "let a = " + repeated("(") + "1", "let a = 1" + repeated(")"), repeated("}"), repeated("{ "),
      "let a = " + repeated("9"), "let a = " + repeated("1h"), "let " + repeated("a") + " = 1",
      repeated("\0"), repeated("`"),
    ] {
      let checker = check(program, limits: small)
      #expect(checker.diagnostics.count < 5, "\(program.prefix(60)) \(checker.diagnostics.count)")
      evaluate(checker)
    }
  }

  @Test("a mistake on every line or in every word is said a hundred times at most")
  func mistakes() {
    for text in [
      "\"\n", "'", "\\(", "1 .. ", "1 in [1] ", "\u{FF0C}", "(\n", "}\n",
    ] {
      let checker = check(String(repeating: text, count: 20_000), limits: small)
      #expect((1...101).contains(checker.diagnostics.count), "\(text) \(checker.diagnostics.count)")
    }
  }

  /// What grows without end, by each of the ways to grow: one error that names the limit.
  @Test(
    "values that grow for ever",
    arguments: [
      "fn grow(s: String) -> String = grow(s + s)\nlet a = grow(\"x\")",
      "fn grow(s: String) -> String = grow(\"\\(s)\\(s)\")\nlet a = grow(\"x\")",
      "fn grow(s: String) -> String = grow(join([s, s], with: s))\nlet a = grow(\"x\")",
      "fn grow(s: String) -> String = grow(replace(s, old: \"x\", new: s))\nlet a = grow(\"xx\")",
      "fn grow(s: String) -> String = grow(indented(s, by: s))\nlet a = grow(\"x\")",
      "fn grow(s: String) -> String = grow(json([s, s]))\nlet a = grow(\"x\")",
      "fn grow(s: String) -> String = grow(yaml([s, s]))\nlet a = grow(\"x\")",
      "fn grow(xs: [Int]) -> [Int] = grow(xs + xs)\nlet a = grow([1])",
      "fn grow(xs: [Int]) -> [Int] = grow([...xs, ...xs])\nlet a = grow([1])",
      "fn grow(xs: [Int]) -> [Int] = grow(flatten([xs, xs]))\nlet a = grow([1])",
      "fn grow(m: [Int: Int], n: Int) -> Int = grow([for i in 0..n: i: i], n * 2)\nlet a = grow([:], 1)",
      "fn grow(m: [Int: Int], n: Int) -> Int = grow([...m, n: n], n + 1)\nlet a = grow([:], 1)",
      "fn grow(o: Object) -> Object = grow({ a: o, b: o })\nlet a = json(grow({}))",
      "let a = [for i in 0..9223372036854775807: i]",
      "let a = [for i in 0..9223372036854775807: i: i]",
      "let a = [for i in 0..1000000: [for j in 0..1000000: j]]",
      "fn f(n: Int) -> Int = f(n + 1) + f(n + 2)\nlet a = f(0)",
      "fn f(n: Int) -> Int = if n == 0 { 1 } else { f(n - 1) + f(n - 1) }\nlet a = f(60)",
    ]) func growing(_ program: String)
  {
    let checker = check(program, limits: small)
    #expect(checker.diagnostics.isEmpty, "\(checker.rendered)")
    let failures = Machine(program: Program(checker.program), limits: small).modelFailures()
    #expect(failures.count == 1, "\(program): \(failures.map(\.message))")
    let limits: [DiagnosticCode] = [.fuelExhausted, .memoryExhausted, .depthExceeded]
    #expect(failures.allSatisfy { limits.contains($0.code) }, "\(failures.map(\.message))")
  }

  @Test("a file of more bytes than are read is refused as a whole") func large() {
    let bytes = [UInt8](repeating: UInt8(ascii: "("), count: Limits().fileBytes + 1)
    let tree = parse(SourceFile(id: FileID(0), name: "main.dr", bytes: bytes))
    #expect(tree.diagnostics.map(\.code) == [.unreadableFile])
    #expect(tree.tokenCount == 0)
  }

  /// Files that use one another without end: `0.dr` uses `1.dr`, which uses `2.dr`.
  private struct EndlessFiles: ModuleLoader {
    var standardModules: [String] { [] }
    func standardModule(_ path: String) -> [UInt8]? { nil }
    func file(_ path: String) -> Result<[UInt8], LoadFailure> {
      let number = Int(path.prefix { $0.isNumber }) ?? 0
      return .success(Array("use \"./\(number + 1).dr\"\n".utf8))
    }
  }

  @Test("files without end are read up to a limit") func files() {
    var options = CheckOptions()
    options.limits.files = 50
    let checker = Checker(loader: EndlessFiles(), options: options)
    checker.check(path: "0.dr")
    #expect(checker.diagnostics.map(\.code) == [.unreadableFile])
    #expect(checker.diagnostics.first?.message == "the program has more than 50 files")
  }

  @Test("types that hold themselves") func recursiveTypes() {
    for program in [
      "type A { a: A }\nlet a = A { a = A {} }",
      "type A { a: A? }\nlet a = A { a = A {} }\nlet o: Object = a",
      "type A { b: B }\ntype B { a: [A] = [] }\nlet a = A { b = B {} }\nlet o: Object = { x: a }",
      "type A = A\nlet a: A = 1", "type A = B | B\ntype B = A\nlet a: A = 1",
      "type A declares a { parent b: A }\na x { a y {} }",
      "type A declares a { as: [A] = [] }\na x { a y { a z {} } }\nlet n = len(x.as)",
    ] {
      evaluate(check(program))
    }
  }
}

extension CheckCase {
  /// The text of a case of one file.
  var text: String? {
    Repository.text(Self.folder + "/" + path + ".dr")
  }
}

/// A small generator of random numbers that is the same on every machine.
struct Generator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
