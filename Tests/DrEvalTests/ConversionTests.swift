// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@Suite struct ConversionTests {
  let build = Build()

  @Test(
    "quantities show as a person writes them",
    arguments: [
      (Value.duration(0), "0s"), (.duration(5_400_000_000_000), "1h30m"),
      (.duration(250_000_000), "250ms"), (.duration(1_500_000), "1ms500us"),
      (.duration(604_800_000_000_000), "7d"), (.duration(90_000_000_000_000), "25h"),
      (.duration(-30_000_000_000), "-30s"), (.bytes(16 << 30), "16Gi"),
      (.bytes(100_000_000_000), "100GB"), (.bytes(512 << 20), "512Mi"), (.bytes(1000), "1000B"),
      (.bytes(0), "0B"), (.percent(999_500_000), "99.95%"), (.percent(700_000_000), "70%"),
      (.percent(1), "0.0000001%"), (.rate(50_000_000), "50rps"), (.rate(500_000), "0.5rps"),
      (.throughput(2_000_000_000), "2GB/s"), (.float(4), "4.0"), (.float(0.1), "0.1"),
      (.nilValue, "nil"),
    ] as [(Value, String)])
  func shown(value: Value, text: String) {
    #expect(Build().machine().describe(value, type: TypeTable.object) == text)
  }

  @Test("data has quantities as Kubernetes writes them and floats that are whole as integers")
  func documents() throws {
    let machine = build.machine()
    let values: [(Value, Document)] = [
      (.bytes(16 << 30), "16Gi"), (.bytes(15_000_000_000), "15G"), (.bytes(1000), "1k"),
      (.bytes(7), "7"), (.duration(604_800_000_000_000), "168h"),
      (.duration(30_000_000_000), "30s"),
      (.percent(700_000_000), "70%"), (.rate(50_000_000), "50rps"), (.throughput(1 << 30), "1Gi/s"),
      (.float(4), 4), (.float(0.5), .float(0.5)), (.bool(true), true), (.nilValue, .null),
    ]
    for (value, document) in values { #expect(try machine.document(value) == document) }
  }

  @Test("a secret is never shown nor written")
  func secrets() throws {
    let named = build.native(
      "secret.named", parameters: [TypeTable.string], result: TypeTable.secret)
    let secret = E.call(named, [E.string("deepseek/registry")], TypeTable.secret)
    #expect(try build.show(secret) == "•••")
    #expect(
      try build.show(E.make(.interpolation([E.string("x"), secret]), TypeTable.string))
        == "\"x•••\"")
    let written = build.failure(E.make(.convert(.toObject, secret), TypeTable.object))
    #expect(written?.message == "a secret must not be written")
    #expect(written?.code == .failed)
    let reference = build.native(
      "secret.reference", parameters: [TypeTable.secret], result: TypeTable.object)
    #expect(
      try build.show(E.call(reference, [secret], TypeTable.object))
        == #"{ namespace: "deepseek", name: "registry" }"#)
    let machine = build.machine()
    let literal = try machine.value("s3cret", as: TypeTable.secret)
    #expect(machine.describe(literal, type: TypeTable.secret) == "•••")
    #expect(throws: Diagnostic.self) { try machine.document(literal) }
  }

  @Test("a named block is its label inside data, an unnamed one its fields")
  func blocks() throws {
    let zone = build.record(
      "Zone", keyword: "zone",
      Build.implicit + [Build.field("gpu"), Build.field("up", mark: .parent)])
    let type = build.type(.record(zone))
    func fields(_ name: String) -> [Expr?] {
      [E.string(name), E.string("cn-\(name)"), E.string(""), E.int(2), E.none]
    }
    let az1 = build.global("az1", type, .block(zone, fields: fields("az1")))
    let plain = E.make(.record(zone, fields: fields("zone")), type)
    let list = E.list([E.global(az1, type), plain])
    #expect(try build.show(list) == "[cn-az1, Zone { gpu = 2 }]")
    #expect(
      try build.show(E.make(.convert(.toObject, list), TypeTable.object))
        == #"["cn-az1", { gpu: 2 }]"#)
    let all = build.native("object.from_record", parameters: [type], result: TypeTable.object)
    #expect(try build.show(E.call(all, [E.global(az1, type)], TypeTable.object)) == "{ gpu: 2 }")
    #expect(
      try build.show(E.make(.interpolation([E.global(az1, type)]), TypeTable.string))
        == "\"cn-az1\"")
  }

  @Test("maps become objects by the text of their keys")
  func maps() throws {
    let map = E.make(
      .map([.entry(key: E.int(80), value: E.int(1)), .entry(key: E.int(443), value: E.none)]),
      TypeTable.object)
    let id = build.function("f", result: TypeTable.object, map)
    let machine = build.machine()
    #expect(try machine.document(try machine.call(id, [])) == ["80": 1])
  }

  @Test("a driver's answer is read by the declared type")
  func reading() throws {
    let list = build.type(.list(TypeTable.string))
    let optional = build.type(.optional(TypeTable.int))
    let choice = build.type(.choice(["ready", "pending"]))
    let seven = build.function(
      "seven", parameters: [TypeTable.object], role: .thunk, E.add(E.int(3), E.int(4)))
    let record = build.record(
      "Pod",
      [
        Build.field("name", TypeTable.string), Build.field("phase", choice),
        Build.field("age", TypeTable.duration), Build.field("gpu", optional),
        Build.field("tags", list), Build.field("weight", value: seven),
      ])
    let type = build.type(.record(record))
    let pods = build.type(.list(type))
    let shares = build.type(.map(key: TypeTable.string, value: TypeTable.percent))
    let machine = build.machine()
    let good: Document = [
      [
        "name": "a", "phase": "ready", "age": 30_000_000_000, "tags": ["x"],
        "not declared": true,
      ]
    ]
    #expect(
      machine.describe(try machine.value(good, as: pods), type: pods)
        == #"[Pod { name = "a", phase = "ready", age = 30s, tags = ["x"], weight = 7 }]"#)
    let weights = try machine.value(["az1": 700_000_000, "az2": "30%"], as: shares)
    #expect(machine.describe(weights, type: shares) == #"["az1": 70%, "az2": 30%]"#)
    #expect(
      machine.describe(try machine.value(good, as: TypeTable.object), type: pods)
        .hasPrefix(#"[{ name: "a", phase: "ready", age: 30000000000"#))
    let bad: [(Document, TypeID, String)] = [
      ("x", TypeTable.int, #"the result must be an Int, not the text "x""#),
      (1, TypeTable.string, "the result must be a String, not the number 1"),
      (
        [["name": "a", "phase": "lost", "age": 1, "tags": []]], pods,
        #"`[0].phase` of the result must be "ready" or "pending", not the text "lost""#
      ),
      (
        [["name": "a", "phase": "ready", "age": 1]], pods,
        "`[0].tags` of the result must be a list, not missing"
      ),
      (
        ["az1": .null], shares,
        "`az1` of the result must be a Percent such as 70%, not nothing"
      ),
    ]
    for (document, type, message) in bad {
      do {
        _ = try machine.value(document, as: type)
        Issue.record("\(message) was not said")
      } catch {
        #expect(error.message == message)
        #expect(error.code == .typeMismatch)
      }
    }
  }

  @Test("an input takes what is given, else its default, else is missing")
  func inputs() throws {
    let rto = build.global(
      "rto", TypeTable.duration,
      .input(
        default: E.binary(
          .multiplyInt, E.int(60_000_000_000, TypeTable.duration), E.int(5), TypeTable.duration)))
    let size = build.global("size", TypeTable.bytes, .input(default: nil), at: 5)
    let count = build.global("count", TypeTable.int, .input(default: nil))
    let machine = build.machine(inputs: ["size": "15GB", "count": "three"])
    #expect(machine.describe(try machine.global(rto), type: TypeTable.duration) == "5m")
    #expect(machine.describe(try machine.global(size), type: TypeTable.bytes) == "15GB")
    do {
      _ = try machine.global(count)
      Issue.record("it has a value")
    } catch {
      #expect(error.message == #"the input `count` must be an Int, not the text "three""#)
    }
    do {
      _ = try build.machine().global(size)
      Issue.record("it has a value")
    } catch {
      #expect(error.code == .missingInput)
      #expect(error.span?.start == 5)
    }
  }

  @Test(
    "text of quantities reads back", arguments: ["1h30m", "16Gi", "15G", "70%", "0.5rps", "2GB/s"])
  func quantityText(text: String) throws {
    let types = [
      TypeTable.duration, TypeTable.bytes, TypeTable.percent, TypeTable.rate,
      TypeTable.throughput,
    ]
    let machine = Build().machine()
    var readings = 0
    for type in types {
      if (try? machine.value(.string(text), as: type)) != nil { readings += 1 }
    }
    #expect(readings == 1)
  }

  @Test(
    "text that is no quantity is refused",
    arguments: ["", "1", "h", "30m1h", "1.5.2s", "-", "1e3s"])
  func wrongDurations(text: String) {
    #expect(throws: Diagnostic.self) {
      try Build().machine().value(.string(text), as: TypeTable.duration)
    }
  }
}
