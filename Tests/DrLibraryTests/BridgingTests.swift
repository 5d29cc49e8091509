// SPDX-License-Identifier: Apache-2.0

import Dr
import Testing

enum Speed: String, Codable, Sendable, CaseIterable { case fast, slow }

struct Part: Codable, Sendable, Hashable {
  var title: String
  var size: Bytes?
  var speeds: [Speed]
}

struct Everything: Codable, Sendable, Hashable {
  var flag: Bool
  var count: Int
  var small: UInt8
  var ratio: Double
  var text: String
  var wait: Duration
  var size: Bytes
  var share: Percent
  var rate: Rate
  var flow: Throughput
  var speed: Speed
  var maybe: Int?
  var list: [Int]
  var nested: [[String]]
  var map: [String: Duration]
  var numbers: [Int: String]
  var part: Part
  var parts: [Part]
  var other: Part?

  static func random(_ random: inout Random) -> Everything {
    func part() -> Part {
      Part(
        title: random.text(), size: random.bool() ? Bytes(random.int()) : nil,
        speeds: random.list { $0.bool() ? .fast : .slow })
    }
    return Everything(
      flag: random.bool(), count: random.int(), small: UInt8(truncatingIfNeeded: random.int()),
      ratio: Double(random.int() >> 11) / 1024, text: random.text(),
      wait: .nanoseconds(random.int()), size: Bytes(random.int()),
      share: Percent(billionths: random.int()), rate: Rate(millionths: random.int()),
      flow: Throughput(bytesPerSecond: random.int()), speed: random.bool() ? .fast : .slow,
      maybe: random.bool() ? random.int() : nil, list: random.list { $0.int() },
      nested: random.list { $0.list { $0.text() } },
      map: Dictionary(
        random.list { ($0.text(), Duration.nanoseconds($0.int())) }, uniquingKeysWith: { $1 }),
      numbers: Dictionary(random.list { ($0.int(), $0.text()) }, uniquingKeysWith: { $1 }),
      part: part(), parts: [part(), part()], other: random.bool() ? part() : nil)
  }

  static let declaration = """
    type Part { title: String, size: Bytes?, speeds: ["fast" | "slow"] }
    type Everything {
      flag: Bool
      count: Int
      small: Int
      ratio: Float
      text: String
      wait: Duration
      size: Bytes
      share: Percent
      rate: Rate
      flow: Throughput
      speed: "fast" | "slow"
      maybe: Int?
      list: [Int]
      nested: [[String]]
      map: [String: Duration]
      numbers: [Int: String]
      part: Part
      parts: [Part]
      other: Part?
    }

    """
}

/// A small generator with a seed that a failing test prints.
struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
  mutating func bool() -> Bool { next() & 1 << 17 == 0 }
  mutating func int() -> Int {
    switch next() >> 60 {
    case 0: .min
    case 1: .max
    case 2: 0
    case 3: -1
    default: Int(truncatingIfNeeded: next()) >> Int(next() >> 58)  // open: every other draw
    }
  }
  mutating func text() -> String {
    let letters = ["a", "é", "区", "\"", "\\", "\n", "\u{0}", "👩‍👩‍👧", " ", "(", "`"]
    return list { letters[Int($0.next() >> 33) % letters.count] }.joined()
  }
  mutating func list<T>(_ element: (inout Random) -> T) -> [T] {
    (0..<Int(next() >> 61)).map { _ in element(&self) }
  }
}

@Suite struct BridgingTests {
  @Test("values of every type go through a program and back unchanged")
  func roundTrip() throws {
    let program = try Engine().load(
      source: Everything.declaration + "fn same(e: Everything) -> Everything = e\n")
    let same = try program.function("same", as: ((Everything) -> Everything).self)
    for seed in 0..<200 {
      var random = Random(state: UInt64(seed))
      let value = Everything.random(&random)
      #expect(try same(value) == value, "seed \(seed)")
    }
  }

  @Test("a host function takes and gives every type")
  func throughHost() throws {
    var random = Random(state: 99)
    let value = Everything.random(&random)
    var engine = Engine()
    try engine.declare(Everything.declaration)
    try engine.register("fn same(e: Everything) -> Everything") { (e: Everything) in e }
    let program = try engine.load(
      source: "use host\nfn twice(e: Everything) -> Everything = same(same(e))\n")
    #expect(
      try program.function("twice", as: ((Everything) -> Everything).self)(value) == value)
  }

  @Test("a block is read by its fields as far as it is asked for, or by its label")
  func blocks() throws {
    struct Zone: Decodable {
      var name: String
      var label: String
    }
    struct Probe: Decodable {
      var name: String
      var get: String
      var every: Duration
    }
    struct Objective: Decodable { var rto: Duration }
    struct Service: Decodable {
      var label: String
      var image: String
      var on: String
      var zones: [Zone]
      var probes: [Probe]
      var objective: Objective
    }
    let program = try Engine(files: FolderFiles(root: "\(repository)/examples/deepseek-cross-az"))
      .load(file: "deepseek.dr")
    let service = try program.value(of: "deepseek", as: Service.self)
    #expect(service.label == "deepseek-inference")
    #expect(service.on == "deepseek-dr-cluster")
    #expect(service.zones.map(\.name) == ["az1", "az2"])
    #expect(service.zones.map(\.label) == ["cn-beijing-az1", "cn-beijing-az2"])
    #expect(service.probes.map(\.name) == ["live", "ready"])
    #expect(service.objective.rto == .seconds(300))
    #expect(try program.value(of: "deepseek", as: String.self) == "deepseek-inference")
    let anything = try program.value(of: "deepseek", as: Value.self)
    #expect(anything["on"] == "deepseek-dr-cluster")
    #expect(anything["objective"]?["rto"] == .duration(.seconds(300)))
  }

  @Test("what is not asked for is not computed")
  func laziness() throws {
    struct One: Decodable { var good: Int }
    struct Two: Decodable { var good: Int; var bad: Int }
    let program = try Engine().load(
      source: "type T declares t { good: Int, bad: Int }\nt x { good = 1, bad = 1 / 0 }\n")
    #expect(try program.value(of: "x", as: One.self).good == 1)
    let error = try failure { _ = try program.value(of: "x", as: Two.self) }
    #expect(error.kind == .failed)
    #expect(error.findings.first?.code == "E0404")
  }

  @Test("a secret's place is told, its contents are not")
  func secrets() throws {
    let program = try Engine().load(
      source: "input key: Secret\nlet place = secret(\"ns/registry\")\n",
      inputs: ["key": "s3cr3t"])
    #expect(
      try program.value(of: "place") == SecretReference(namespace: "ns", name: "registry"))
    let reference = try failure { _ = try program.value(of: "key", as: SecretReference.self) }
    let text = try failure { _ = try program.value(of: "key", as: String.self) }
    let anything = try failure { _ = try program.value(of: "key", as: Value.self) }
    for error in [reference, text, anything] {
      #expect(error.kind == .mismatch)
      #expect(!"\(error)".contains("s3cr3t"))
    }
  }

  @Test("a shape that does not fit is told with the way to it")
  func mismatches() throws {
    struct Zone: Decodable { var gpu: Int }
    struct Outer: Decodable { var zones: [Zone] }
    let program = try Engine().load(
      source: """
        type Z { gpu: Int?, name: String }
        type O { zones: [Z] }
        let o = O { zones = [Z { gpu = 1, name = "a" }, Z { name = "b" }] }
        let huge = 300
        let fast = "faster"
        """, name: "p.dr")
    func message<T: Decodable>(_ name: String, _ type: T.Type) throws -> String {
      let error = try failure { _ = try program.value(of: name, as: type) }
      #expect(error.kind == .mismatch)
      #expect(error.findings.first?.file == "p.dr")
      return error.message
    }
    #expect(try message("o", Outer.self) == "`zones[1].gpu` of `o` must be an Int, not nil")
    #expect(try message("huge", UInt8.self) == "`huge` is 300, which no UInt8 holds")
    #expect(try message("huge", Duration.self) == "`huge` must be a Duration, not 300")
    #expect(try message("huge", [Int].self) == "`huge` must be a list, not 300")
    #expect(try message("o", [String: Int].self) == "`zones` of `o` must be an Int, not a list")
    #expect(try message("fast", Speed.self).hasPrefix("`fast` cannot be read"))
    let missing = try failure {
      struct Wrong: Decodable { var zone: Int }
      _ = try program.value(of: "o", as: Wrong.self)
    }
    #expect(missing.message == "`o` has no `zone`; it has `zones`")
  }

  @Test("a unit that does not fit is refused on the way in")
  func units() throws {
    let program = try Engine().load(source: "fn f(d: Duration, n: [Int]) -> Int = len(n)\n")
    #expect(
      try failure { _ = try program.function("f", as: ((Int, [Int]) -> Int).self) }.kind
        == .mismatch)
    let f = try program.function("f", as: ((Duration, Value) -> Int).self)
    #expect(try f(.seconds(1), [1, 2]) == 2)
    let error = try failure { _ = try f(.seconds(1), [1, .duration(.zero)]) }
    #expect(error.kind == .mismatch)
    #expect(error.message == "`[1]` of `n` of `f` must be an Int, not a Duration")
    #expect(try failure { _ = try f(.seconds(Int64.max), [1]) }.kind == .mismatch)
    #expect(try failure { _ = try f(.nanoseconds(1) / 3, [1]) }.kind == .mismatch)
  }

  @Test("what the language has nothing for is refused")
  func unencodable() throws {
    #expect(try failure { _ = try Value(encoding: UInt64.max) }.kind == .mismatch)
    #expect(try failure { _ = try Value(encoding: [Double.nan]) }.kind == .mismatch)
    #expect(try Value(encoding: ["a": [1, nil]]) == ["a": [1, nil]])
    var deep: Value = 1
    for _ in 0..<10_000 { deep = .list([deep]) }
    let program = try Engine().load(source: "fn f(o: Object) -> Int = 1\n")
    let f = try program.function("f", as: ((Value) -> Int).self)
    #expect(try failure { _ = try f(deep) }.kind == .mismatch)
  }
}
