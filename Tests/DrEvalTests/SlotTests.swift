// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Testing

@Suite struct SlotTests {
  let build = Build()

  /// Two types of blocks that refer to one another.
  private func topology() -> (zone: GlobalID, cluster: GlobalID) {
    let zone = build.record(
      "Zone", keyword: "zone",
      Build.implicit + [
        Build.field("cluster", mark: .parent), Build.field("gpu"), Build.field("total"),
      ])
    let cluster = build.record(
      "Cluster", keyword: "cluster", Build.implicit + [Build.field("zones"), Build.field("gpu")])
    let (zoneID, clusterID) = (GlobalID(0), GlobalID(1))
    func implicit(_ name: String) -> [Expr?] {
      [E.string(name), E.string("cn-\(name)"), E.string("main.dr:1")]
    }
    let zoneType = build.type(.record(zone))
    let clusterType = build.type(.record(cluster))
    _ = build.global(
      "az1", zoneType,
      .block(
        zone,
        fields: implicit("az1") + [
          E.global(clusterID, clusterType), E.int(3),
          E.field(E.field(E.local(0, zoneType), 3, clusterType), 4),
        ]))
    _ = build.global(
      "dr", clusterType,
      .block(
        cluster,
        fields: implicit("dr") + [
          E.list([E.global(zoneID, zoneType)]), E.field(E.global(zoneID, zoneType), 4),
        ]))
    return (zoneID, clusterID)
  }

  @Test("named blocks may refer to one another in circles")
  func circles() throws {
    let (zone, cluster) = topology()
    let machine = build.machine()
    let az1 = try machine.global(zone)
    #expect(machine.int(try #require(try machine.field(az1, named: "total"))) == 3)
    let zones = try #require(try machine.field(try machine.global(cluster), named: "zones"))
    #expect(machine.describe(zones, type: TypeTable.object) == "[cn-az1]")
    try machine.forceAll(az1)
    #expect(machine.record(az1)?.block == zone)
    #expect(try machine.field(az1, named: "nope") == nil)
  }

  @Test("a slot is evaluated once")
  func memoised() throws {
    let record = build.record("R", keyword: "r", Build.implicit + [Build.field("items")])
    let type = build.type(.record(record))
    let list = E.each(0, E.range(E.int(0), E.int(50)), E.local(0))
    let block = build.global(
      "b", type,
      .block(record, fields: [E.string("b"), E.string("b"), E.string("")] + [list]))
    let f = build.function(
      "f",
      E.binary(
        .equal, E.field(E.global(block, type), 3), E.field(E.global(block, type), 3),
        TypeTable.bool))
    let machine = build.machine()
    _ = try machine.call(f, [])
    #expect(machine.fuelUsed < 60)
  }

  @Test("a slot that needs itself is E0105 with the chain of names, each time it is asked for")
  func cycle() throws {
    let record = build.record(
      "R", keyword: "r", Build.implicit + [Build.field("a"), Build.field("b")])
    let type = build.type(.record(record))
    let names: [Expr?] = [E.string("x"), E.string("x"), E.string("")]
    let id = GlobalID(0)
    _ = build.global(
      "x", type,
      .block(
        record,
        fields: names + [E.field(E.local(0, type), 4, at: 11), E.global(GlobalID(1), at: 12)]))
    _ = build.global("y", .value(E.field(E.global(id, type), 3, at: 13)))
    let machine = build.machine()
    for _ in 0..<2 {
      do {
        _ = try machine.field(try machine.global(id), named: "a")
        Issue.record("it has a value")
      } catch {
        #expect(error.code == .cyclicDefinition)
        #expect(error.message == "`x.a` needs itself: x.a → x.b → y → x.a")
        #expect(error.span?.start == 13)
        #expect(error.labels.map(\.span.start) == [11, 12, 13])
      }
    }
  }

  @Test("a let that needs itself is E0105")
  func cyclicLet() throws {
    let id = GlobalID(0)
    _ = build.global("x", .value(E.add(E.global(id), E.int(1))))
    let machine = build.machine()
    do {
      _ = try machine.global(id)
      Issue.record("it has a value")
    } catch {
      #expect(error.message == "`x` needs itself: x → x")
    }
  }

  /// `type Probe { every = 10, failures = every * 2 where failures >= 3 else "…" }`
  private func probe() -> RecordID {
    let record = RecordID(Int32(build.program.records.count))
    let type = build.type(.record(record))
    let double = build.function(
      "failures", parameters: [type], role: .thunk,
      E.binary(.multiplyInt, E.field(E.local(0, type), 0), E.int(2)))
    let constraint = build.function(
      "constraint", parameters: [type], result: TypeTable.bool, role: .thunk,
      E.binary(
        .lessOrEqualInt, E.int(3), E.field(E.local(0, type), 1), TypeTable.bool, at: 77))
    let message = build.function(
      "message", parameters: [type], result: TypeTable.string, role: .thunk,
      E.make(
        .interpolation([E.field(E.local(0, type), 1), E.string(" is too few")]),
        TypeTable.string))
    let ten = build.function(
      "every", parameters: [type], role: .thunk, E.int(10))
    _ = build.record(
      "Probe",
      [
        Build.field("every", value: ten),
        Build.field(
          "failures", value: double, constraint: constraint, message: message, at: 33),
      ])
    return record
  }

  @Test("a record takes what is given, then defaults, then checks constraints")
  func records() throws {
    let record = probe()
    let type = build.type(.record(record))
    func make(_ fields: [Expr?]) -> Expr { E.make(.record(record, fields: fields), type) }
    #expect(try build.show(make([nil, nil])) == "Probe { every = 10, failures = 20 }")
    #expect(try build.show(make([E.int(5), nil])) == "Probe { every = 5, failures = 10 }")
    #expect(try build.show(make([nil, E.int(3)])) == "Probe { every = 10, failures = 3 }")
    let given = try #require(build.failure(make([nil, E.int(2, at: 55)])))
    #expect(given.code == .constraintViolated)
    #expect(given.message == "2 is too few")
    #expect(given.caption == "`failures` is 2")
    #expect(given.span?.start == 55)
    #expect(given.labels.first == Label(Span(FileID(0), 77, 78), "required here"))
    let computed = try #require(build.failure(make([E.int(1), nil])))
    #expect(computed.message == "2 is too few")
    #expect(computed.span?.start == 33)
  }

  @Test("a block's slot is checked when it is loaded, at the expression that gave it")
  func blockConstraint() throws {
    let record = probe()
    let type = build.type(.record(record))
    let block = build.global(
      "p", type, .block(record, fields: [nil, E.int(1, at: 66)]))
    let good = build.global("q", type, .block(record, fields: [nil, nil]))
    let machine = build.machine()
    let value = try machine.global(block)
    #expect(machine.int(try #require(try machine.field(value, named: "every"))) == 10)
    for _ in 0..<2 {
      do {
        _ = try machine.field(value, named: "failures")
        Issue.record("it has a value")
      } catch {
        #expect(error.code == .constraintViolated)
        #expect(error.span?.start == 66)
      }
    }
    #expect(machine.failures(forcing: value).count == 1)
    #expect(throws: Diagnostic.self) { try machine.forceAll(value) }
    try machine.forceAll(try machine.global(good))
  }

  @Test("forcing shared lists cannot buy more work than the fuel")
  func sharedLists() throws {
    var limits = Limits()
    limits.fuel = 10_000
    var lets: [Statement] = [.let(LocalID(0), E.list([E.int(1)]))]
    for level in 1..<60 as Range<Int32> {
      let inner = E.local(level - 1, TypeTable.object)
      lets.append(.let(LocalID(level), E.list([inner, inner])))
    }
    let value = build.global(
      "v", .value(E.block(lets, E.local(59, TypeTable.object), TypeTable.object)))
    let machine = build.machine(limits)
    let failures = machine.failures(forcing: try machine.global(value))
    #expect(failures.map(\.code) == [.fuelExhausted])
  }

  @Test("a missing optional field is nil")
  func optionals() throws {
    let optional = build.type(.optional(TypeTable.int))
    let record = build.record("R", [Build.field("x", optional)])
    let type = build.type(.record(record))
    let block = build.global("b", type, .block(record, fields: [nil]))
    let machine = build.machine()
    let value = try #require(try machine.field(try machine.global(block), named: "x"))
    #expect(machine.isNil(value))
    #expect(try build.show(E.field(E.make(.record(record, fields: [nil]), type), 0)) == "nil")
  }

  @Test("what a block's conversion needs is evaluated on the way")
  func conversionForces() throws {
    let record = build.record(
      "Needs", keyword: "needs",
      Build.implicit + [Build.field("cpu"), Build.field("memory", TypeTable.bytes)])
    let type = build.type(.record(record))
    let block = build.global(
      "n", type,
      .block(
        record,
        fields: [
          E.string(""), E.string(""), E.string(""), E.add(E.int(1), E.int(3)),
          E.binary(.multiplyInt, E.int(1 << 30, TypeTable.bytes), E.int(16), TypeTable.bytes),
        ]))
    let all = build.native("object.from_record", parameters: [type], result: TypeTable.object)
    let data = E.call(all, [E.global(block, type)], TypeTable.object)
    #expect(try build.show(data) == #"{ cpu: 4, memory: "16Gi" }"#)
    #expect(try build.show(E.list([data, E.int(1)])) == #"[{ cpu: 4, memory: "16Gi" }, 1]"#)
  }
}
