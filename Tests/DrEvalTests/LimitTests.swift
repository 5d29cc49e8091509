// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Testing

@Suite struct LimitTests {
  let build = Build()

  @Test("a loop that goes on for too long ends with E0401 at the loop")
  func fuel() throws {
    var limits = Limits()
    limits.fuel = 1000
    let loop = E.block(
      [
        .for(
          LocalID(0), E.make(.range(E.int(0), E.int(1 << 60)), TypeTable.range, at: 9),
          body: [])
      ], E.int(1))
    let failure = try #require(build.failure(loop, limits))
    #expect(failure.code == .fuelExhausted)
    #expect(failure.message == "the program did not end within 1000 steps")
    #expect(failure.span?.start == 9)
    #expect(failure.caption == "still running here, in `failing`")
  }

  @Test("calls and natives use fuel")
  func fuelUsed() throws {
    let list = E.each(0, E.range(E.int(0), E.int(100)), E.local(0))
    let reversed = build.native("list.reversed", parameters: [TypeTable.object])
    let id = build.function("f", result: TypeTable.object, E.call(reversed, [list]))
    let machine = build.machine()
    _ = try machine.call(id, [])
    #expect(machine.fuelUsed == 200)
    machine.refuel()
    #expect(machine.fuelUsed == 0)
  }

  @Test("deep recursion ends with E0403 and never with a crash")
  func depth() throws {
    let f = build.declare("f", parameters: [TypeTable.int])
    build.define(f, E.add(E.call(f, [E.add(E.local(0), E.int(1))], at: 7), E.int(1)))
    let machine = build.machine()
    do {
      _ = try machine.call(f, [.int(0)])
      Issue.record("it ended")
    } catch {
      #expect(error.code == .depthExceeded)
      #expect(error.message == "calls are nested more than 2000 deep")
      #expect(error.span?.start == 7)
      #expect(error.labels == [Label(Span(FileID(0), 7, 8), "called from here")])
    }
  }

  @Test("a chain of slots deeper than the limit ends with E0403 too")
  func thunkDepth() throws {
    for index in 0..<3000 {
      let next = GlobalID(Int32(index + 1))
      _ = build.global("g\(index)", .value(E.add(E.global(next), E.int(1))))
    }
    _ = build.global("last", .value(E.int(0)))
    let machine = build.machine()
    #expect(throws: Diagnostic.self) { try machine.global(GlobalID(0)) }
    #expect(machine.int(try machine.global(GlobalID(1500))) == 1500)
    #expect(machine.int(try machine.global(GlobalID(0))) == 3000)
  }

  @Test("values beyond the memory limit end with E0402, whoever makes them")
  func memory() throws {
    var limits = Limits()
    limits.memoryBytes = 1 << 20
    let o = TypeTable.object
    let list = E.each(0, E.range(E.int(0), E.int(1_000_000)), E.local(0))
    #expect(build.failure(list, limits)?.code == .memoryExhausted)
    let repeated = build.native(
      "string.repeat", parameters: [TypeTable.string, TypeTable.int], result: TypeTable.string)
    let text = E.call(repeated, [E.string("abc"), E.int(1 << 61)], TypeTable.string)
    #expect(build.failure(text, limits)?.code == .memoryExhausted)
    let half = E.call(repeated, [E.string("a"), E.int(1 << 18)], TypeTable.string)
    let twice = E.block(
      [.let(LocalID(0), half), .let(LocalID(1), E.list((0..<40).map { _ in E.local(0) }))],
      E.make(.interpolation([E.local(1, o)]), TypeTable.string), TypeTable.string)
    #expect(build.failure(twice, limits)?.code == .memoryExhausted)
    #expect(build.failure(half, limits) == nil)
    let objects = E.each(
      0, E.range(E.int(0), E.int(1_000_000)), key: E.local(0), E.local(0))
    let failure = try #require(build.failure(objects, limits))
    #expect(failure.code == .memoryExhausted)
    #expect(failure.message == "the program needs more than 1 MiB of memory")
  }

  @Test("large windows of registers count as memory")
  func stackMemory() throws {
    var limits = Limits()
    limits.memoryBytes = 1 << 20
    let f = build.declare("f", parameters: [TypeTable.int])
    let lets = (1..<1000).map { Statement.let(LocalID($0), E.int(1)) }
    build.define(f, E.block(lets, E.call(f, [E.local(0)])))
    #expect(build.failure(E.call(f, [E.int(1)]), limits)?.code == .memoryExhausted)
  }

  @Test("arithmetic that does not fit ends with E0404 and names the numbers")
  func arithmetic() throws {
    let large = E.add(E.int(.max - 1), E.int(1))
    let cases: [(Expr, String)] = [
      (E.add(large, E.int(1)), "9223372036854775807 + 1 is out of range"),
      (E.add(large, large), "9223372036854775807 + 9223372036854775807 is out of range"),
      (
        E.binary(.multiplyInt, large, E.int(2)), "9223372036854775807 * 2 is out of range"
      ),
      (E.binary(.divideInt, E.int(6), E.add(E.int(0), E.int(0))), "6 is divided by zero"),
      (
        E.binary(.divideFloat, E.float(1), E.float(0), TypeTable.float), "1.0 is divided by zero"
      ),
      (
        E.binary(.multiplyFloat, E.float(1e308), E.float(10), TypeTable.float),
        "1e+308 * 10.0 is out of range"
      ),
      (
        E.binary(.ratio, E.int(60_000_000_000, TypeTable.duration), E.int(0, TypeTable.duration)),
        "1m is divided by zero"
      ),
      (
        E.binary(.scale, E.int(1 << 60, TypeTable.bytes), E.float(100), TypeTable.bytes),
        "1048576Ti * 100.0 is out of range"
      ),
    ]
    for (expression, message) in cases {
      let failure = build.failure(expression)
      #expect(failure?.code == .arithmetic)
      #expect(failure?.message == message)
    }
    let least = E.binary(.subtractInt, E.int(.min + 1), E.int(1))
    #expect(build.failure(E.make(.negateInt(least), TypeTable.int))?.code == .arithmetic)
    #expect(build.failure(E.binary(.divideInt, least, E.int(-1)))?.code == .arithmetic)
  }

  @Test("an index outside a list ends with E0405 and names index and count")
  func indexes() throws {
    let list = E.list([E.int(1), E.int(2)])
    for index in [-1, 2] as [Int64] {
      let failure = build.failure(E.make(.index(list, E.int(index)), TypeTable.int))
      #expect(failure?.code == .outOfRange)
      #expect(failure?.message == "there is no element \(index) in a list of 2")
    }
  }

  @Test("a false assert ends with E0406, its message or what was compared")
  func assertions() throws {
    let said = E.block(
      [.assert(E.bool(false), message: E.string("the zone is too small"), E.here)], nil)
    #expect(build.failure(said)?.message == "the zone is too small")
    let compared = E.block(
      [.assert(E.less(E.add(E.int(1), E.int(2)), E.int(3)), message: nil, E.here)], nil)
    #expect(build.failure(compared)?.message == "3 is not less than 3")
    #expect(build.failure(compared)?.code == .failed)
    let plain = E.block([.assert(E.bool(false), message: nil, E.here)], nil)
    #expect(build.failure(plain)?.message == "the assertion does not hold")
    #expect(build.failure(E.block([.assert(E.bool(true), message: nil, E.here)], nil)) == nil)
  }

  @Test("a failure says who called whom, at most ten of them")
  func callChain() throws {
    var inner = E.binary(.divideInt, E.int(1), E.add(E.int(0), E.int(0)), at: 99)
    for level in 0..<12 {
      let id = build.function("f\(level)", inner)
      inner = E.call(id, [], at: UInt32(100 + level))
    }
    let failure = try #require(build.failure(inner))
    #expect(failure.span?.start == 99)
    #expect(failure.labels.map(\.span.start) == (100..<110).map { UInt32($0) })
  }

  @Test("values that share parts cannot buy more work than the fuel")
  func sharing() throws {
    var limits = Limits()
    limits.fuel = 100_000
    let o = TypeTable.object
    var lets: [Statement] = []
    for start in [0, 100] as [Int32] {
      lets.append(.let(LocalID(start), E.list([E.int(1)])))
      for level in (start + 1)..<(start + 60) {
        lets.append(
          .let(LocalID(level), E.list([E.local(level - 1, o), E.local(level - 1, o)])))
      }
    }
    let same = E.binary(.equal, E.local(59, o), E.local(159, o), TypeTable.bool)
    #expect(build.failure(E.block(lets, same), limits)?.code == .fuelExhausted)
    let text = E.make(.interpolation([E.local(59, o)]), TypeTable.string)
    #expect(build.failure(E.block(lets, text), limits)?.code == .fuelExhausted)
    let data = E.make(.convert(.toObject, E.local(59, o)), o)
    #expect(build.failure(E.block(lets, data), limits)?.code == .fuelExhausted)
  }

  @Test("values nested without end are refused by what walks them")
  func nesting() throws {
    let o = TypeTable.object
    let wrap = build.declare("wrap", parameters: [TypeTable.int, o], result: o)
    build.define(
      wrap,
      E.if(
        E.less(E.local(0), E.int(1)), E.local(1, o),
        E.call(
          wrap,
          [E.binary(.subtractInt, E.local(0), E.int(1)), E.list([E.local(1, o)])], o), o))
    let deep = E.call(wrap, [E.int(1500), E.int(1)], o)
    let text = E.make(.interpolation([deep]), TypeTable.string)
    #expect(build.failure(text)?.code == .depthExceeded)
    let same = E.binary(.equal, deep, deep, TypeTable.bool)
    #expect(build.failure(same)?.code == .depthExceeded)
  }
}
