// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Testing

/// Comprehensions that are only counted or added up.
@Suite struct FoldTests {
  let build = Build()

  private func call(_ native: String, _ type: TypeID, _ argument: Expr) -> Expr {
    E.call(build.native(native, parameters: [argument.type], result: type), [argument], type)
  }

  @Test("give what their lists would")
  func values() throws {
    let (low, high) = (E.int(-3), E.int(100))
    let even = E.binary(
      .equal, E.binary(.divideInt, E.local(0), E.int(7)), E.int(1), TypeTable.bool)
    let chosen = E.each(0, E.range(low, high), if: even, E.local(0))
    #expect(try build.show(call("list.sum", TypeTable.int, chosen)) == "70")
    #expect(try build.show(call("list.count", TypeTable.int, chosen)) == "7")
    let second = E.int(1_000_000_000, TypeTable.duration)
    let wait = E.binary(.multiplyInt, second, E.local(0), TypeTable.duration)
    let waits = E.each(0, E.range(E.int(0), E.int(4)), wait)
    #expect(try build.show(call("list.sum", TypeTable.duration, waits)) == "6s")
    let none = E.each(0, E.range(E.int(4), E.int(0)), wait)
    #expect(try build.show(call("list.sum", TypeTable.duration, none)) == "0s")
    let half = E.binary(
      .divideFloat, E.make(.convert(.intToFloat, E.local(0)), TypeTable.float), E.float(2),
      TypeTable.float)
    let halves = E.each(0, E.range(E.int(0), E.int(4)), half)
    #expect(try build.show(call("list.sum", TypeTable.float, halves)) == "3.0")
  }

  @Test("make no list")
  func memory() throws {
    let numbers = E.each(0, E.range(E.int(0), E.int(100_000)), E.local(0))
    let f = build.function("f", call("list.sum", TypeTable.int, numbers))
    let machine = build.machine()
    #expect(machine.int(try machine.call(f, [])) == 4_999_950_000)
    #expect(machine.memoryUsed < 1_000)
  }

  @Test("evaluate elements that may fail, and refuse a sum that does not fit")
  func failures() throws {
    let zero = E.binary(.subtractInt, E.local(0), E.local(0))
    let failing = E.each(
      0, E.range(E.int(1), E.int(3)), E.binary(.divideInt, E.local(0), zero))
    let count = try #require(build.failure(call("list.count", TypeTable.int, failing)))
    #expect(count.message == "1 is divided by zero")
    let large = E.each(0, E.range(E.int(0), E.int(3)), E.int(.max))
    let sum = try #require(build.failure(call("list.sum", TypeTable.int, large)))
    #expect(sum.code == .arithmetic)
  }

  @Test("pay for every turn")
  func fuel() throws {
    let endless = E.each(0, E.range(E.int(0), E.int(.max)), E.local(0))
    var limits = Limits()
    limits.fuel = 1_000
    let failure = build.failure(call("list.count", TypeTable.int, endless), limits)
    #expect(failure?.code == .fuelExhausted)
  }
}
