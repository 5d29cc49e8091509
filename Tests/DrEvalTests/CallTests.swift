// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Testing

@Suite struct CallTests {
  let build = Build()

  @Test("functions recurse and call one another")
  func recursion() throws {
    let fib = build.declare("fib", parameters: [TypeTable.int])
    func fibOf(_ less: Int64) -> Expr {
      E.call(fib, [E.binary(.subtractInt, E.local(0), E.int(less))])
    }
    build.define(fib, E.if(E.less(E.local(0), E.int(2)), E.local(0), E.add(fibOf(1), fibOf(2))))
    let machine = build.machine()
    #expect(machine.int(try machine.call(fib, [.int(20)])) == 6765)
  }

  @Test("arguments stay apart when calls are nested in calls")
  func nestedArguments() throws {
    let int = TypeTable.int
    let minus = build.function(
      "minus", parameters: [int, int], E.binary(.subtractInt, E.local(0), E.local(1)))
    let zero = build.function("zero", E.int(0))
    func m(_ a: Expr, _ b: Expr) -> Expr { E.call(minus, [a, b]) }
    let expression = m(m(E.int(100), m(E.int(10), E.int(1))), m(E.call(zero, []), E.int(9)))
    #expect(try build.show(expression) == "100")
    let list = E.list([m(E.int(3), E.int(1)), E.call(zero, []), m(E.int(1), E.call(zero, []))])
    #expect(try build.show(list) == "[2, 0, 1]")
  }

  @Test("a lambda sees the locals around it, also through another lambda")
  func captures() throws {
    let int = TypeTable.int
    let type = build.type(.function(parameters: [int], result: int))
    let inner = build.function(
      "inner", parameters: [int], from: 4, role: .lambda,
      E.add(E.add(E.local(0), E.local(2)), E.local(4)))
    let outer = build.function(
      "outer", parameters: [int], from: 2, result: type, role: .lambda,
      E.make(.lambda(inner), type))
    let plain = build.function("plain", parameters: [int], E.add(E.local(0), E.int(1)))
    let f = build.function(
      "f", parameters: [int],
      E.block(
        [
          .let(LocalID(1), E.make(.lambda(outer), type)),
          .let(LocalID(5), E.make(.callValue(E.local(1, type), [E.int(20)]), type)),
        ],
        E.add(
          E.make(.callValue(E.local(5, type), [E.int(3)]), int),
          E.make(.callValue(E.make(.function(plain), type), [E.int(1000)]), int))))
    let machine = build.machine()
    #expect(machine.int(try machine.call(f, [.int(100)])) == 100 + 20 + 3 + 1001)
  }

  @Test("each turn of a loop captures its own value")
  func loopCaptures() throws {
    let type = build.type(.function(parameters: [], result: TypeTable.int))
    let lambda = build.function("l", role: .lambda, E.local(0))
    let made = E.each(0, E.range(E.int(0), E.int(3)), E.make(.lambda(lambda), type))
    let called = E.each(1, made, E.make(.callValue(E.local(1, type), []), TypeTable.int))
    #expect(try build.show(called) == "[0, 1, 2]")
  }

  @Test("a native function can be passed as a value")
  func nativeValue() throws {
    let upper = build.native(
      "string.upper", parameters: [TypeTable.string], result: TypeTable.string)
    let type = build.type(.function(parameters: [TypeTable.string], result: TypeTable.string))
    let called = E.make(
      .callValue(E.make(.function(upper), type), [E.string("ab")]), TypeTable.string)
    #expect(try build.show(called) == "\"AB\"")
  }

  @Test("a closure can be started by itself")
  func startedClosure() throws {
    let int = TypeTable.int
    let type = build.type(.function(parameters: [int], result: int))
    let lambda = build.function(
      "l", parameters: [int], from: 1, role: .lambda, E.add(E.local(0), E.local(1)))
    let make = build.function(
      "make", parameters: [int], result: type, E.make(.lambda(lambda), type))
    let machine = build.machine()
    let closure = try machine.call(make, [.int(40)])
    guard case .finished(let value) = machine.run(machine.start(closure: closure, [.int(2)])) else {
      Issue.record("did not finish")
      return
    }
    #expect(machine.int(value) == 42)
  }

  @Test("arguments that are left out take their defaults when a runbook starts")
  func defaults() throws {
    let id = build.function(
      "run", parameters: [TypeTable.int, TypeTable.int], role: .runbook,
      E.add(E.local(0), E.local(1)))
    let declared = build.program.functions[Int(id.rawValue)]
    build.program.functions[Int(id.rawValue)].parameters = declared.parameters.map {
      Parameter(
        label: $0.label, local: $0.local, type: $0.type,
        defaultValue: E.add(E.int(20), E.int(1)))
    }
    let machine = build.machine()
    #expect(machine.int(try machine.call(id, [.int(1)])) == 22)
    #expect(machine.int(try machine.call(id, [])) == 42)
  }

  @Test("emit gives what was yielded, in order and without nil")
  func emitting() throws {
    let o = TypeTable.object
    func object(_ value: Expr) -> Expr {
      E.make(.object([.member(name: E.string("n"), value: value)]), o)
    }
    let id = build.function(
      "emit", result: TypeTable.unit, role: .emit,
      E.block(
        [
          .yield(object(E.int(1))), .yield(E.none),
          .for(
            LocalID(0), E.range(E.int(2), E.int(4)),
            body: [
              .expression(
                E.if(
                  E.less(E.local(0), E.int(3)),
                  E.block([.yield(object(E.local(0)))], nil, TypeTable.unit),
                  nil, TypeTable.unit))
            ]),
          .yield(object(E.int(600_000_000_000, TypeTable.duration))),
        ], nil, TypeTable.unit))
    let machine = build.machine()
    let objects = try machine.emitted(try machine.call(id, []))
    #expect(try objects.map { try machine.document($0) } == [["n": 1], ["n": 2], ["n": "10m"]])
  }

  @Test("a function with more registers than an instruction can name is refused, not miscompiled")
  func tooLarge() throws {
    let lets = (0..<70_000).map { Statement.let(LocalID($0), E.int(1)) }
    let failure = build.failure(E.block(lets, E.int(1)))
    #expect(failure?.message == "`failing` is too large; split it")
  }
}
