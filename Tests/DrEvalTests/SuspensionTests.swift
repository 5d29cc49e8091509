// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@Suite struct SuspensionTests {
  let build = Build()

  @Test("a call on the world stops the fiber, and goes on with the result")
  func worldCall() throws {
    let scale = build.native(
      "kube.scale",
      parameters: [TypeTable.string, TypeTable.duration, TypeTable.object, TypeTable.int],
      effect: .acts, actClass: .apply)
    let id = build.function(
      "f", effect: .acts,
      E.add(
        E.int(1),
        E.call(
          scale,
          [
            E.string("a"), E.int(30_000_000_000, TypeTable.duration),
            E.list([E.int(1 << 30, TypeTable.bytes), E.none]), E.none,
          ], at: 44)))
    let machine = build.machine()
    let fiber = machine.start(id, [])
    guard case .call(let call) = machine.run(fiber) else {
      Issue.record("it did not stop")
      return
    }
    #expect(call.name == "kube.scale")
    #expect(call.effect == .acts)
    #expect(call.actClass == .apply)
    #expect(call.span.start == 44)
    #expect(
      Document.object(call.arguments) == [
        "p0": "a", "p1": 30_000_000_000, "p2": [1_073_741_824, .null], "p3": .null,
      ])
    machine.resume(fiber, with: .int(41))
    guard case .finished(let value) = machine.run(fiber) else {
      Issue.record("it did not finish")
      return
    }
    #expect(machine.int(value) == 42)
    guard case .finished = machine.run(fiber) else {
      Issue.record("it forgot its outcome")
      return
    }
  }

  @Test("several fibers of one machine run in turns, deep in calls")
  func fibers() throws {
    let int = TypeTable.int
    let read = build.native("read", parameters: [int], effect: .reads)
    let sum = build.declare("sum", parameters: [int], effect: .reads)
    // sum(n) = if n < 1 { 0 } else { read(n) + sum(n - 1) }
    build.define(
      sum,
      E.if(
        E.less(E.local(0), E.int(1)), E.int(0),
        E.add(
          E.call(read, [E.local(0)]),
          E.call(sum, [E.binary(.subtractInt, E.local(0), E.int(1))]))))
    let machine = build.machine()
    var waiting = (1...5).map { (machine.start(sum, [.int(Int64($0 * 10))]), Int64($0)) }
    var results: [Int64: Int64] = [:]
    while !waiting.isEmpty {
      let (fiber, factor) = waiting.removeFirst()
      switch machine.run(fiber) {
      case .call(let call):
        let n = call.arguments["p0"]?.intValue ?? 0
        machine.resume(fiber, with: .int(n * factor))
        waiting.append((fiber, factor))
      case .finished(let value): results[factor] = machine.int(value)
      case .failed, .directive: Issue.record("unexpected outcome")
      }
    }
    #expect(results == [1: 55, 2: 420, 3: 1395, 4: 3280, 5: 6375])
  }

  @Test("a directive hands out its operands; its closures run as fibers and see their locals")
  func directives() throws {
    let type = build.type(.function(parameters: [], result: TypeTable.int))
    let body = build.function("body", role: .lambda, E.add(E.local(0), E.int(2)))
    let id = build.function(
      "book", parameters: [TypeTable.int], role: .runbook, effect: .acts,
      E.block(
        [
          .let(
            LocalID(1),
            E.make(
              .directive(
                .step,
                [
                  E.make(.interpolation([E.string("scale "), E.local(0)]), TypeTable.string),
                  E.int(60_000_000_000, TypeTable.duration), E.none, E.none, E.none, E.none,
                  E.make(.lambda(body), type),
                ]), TypeTable.int, at: 22)),
          .expression(
            E.make(
              .directive(.parallel, [E.none, E.list([E.make(.lambda(body), type)])]),
              TypeTable.object)),
        ], E.local(1)))
    let machine = build.machine()
    let fiber = machine.start(id, [.int(40)])
    guard case .directive(let step) = machine.run(fiber) else {
      Issue.record("it did not stop")
      return
    }
    #expect(step.kind == .step)
    #expect(step.span.start == 22)
    #expect(machine.string(step.operands[0]) == "scale 40")
    #expect(machine.int(step.operands[1]) == 60_000_000_000)
    #expect(machine.isNil(step.operands[2]))
    guard case .finished(let value) = machine.run(machine.start(closure: step.operands[6], []))
    else {
      Issue.record("the body did not finish")
      return
    }
    machine.resume(fiber, with: value)
    guard case .directive(let parallel) = machine.run(fiber) else {
      Issue.record("it did not stop again")
      return
    }
    #expect(parallel.kind == .parallel)
    #expect(machine.list(parallel.operands[1])?.count == 1)
    machine.resume(fiber, with: try machine.list([value]))
    guard case .finished(let result) = machine.run(fiber) else {
      Issue.record("it did not finish")
      return
    }
    #expect(machine.int(result) == 42)
  }

  @Test("an effect in a pure evaluation is a failure")
  func impure() throws {
    let read = build.native("read", parameters: [], effect: .reads)
    let id = build.function("f", E.call(read, []))
    let machine = build.machine()
    do {
      _ = try machine.call(id, [])
      Issue.record("it has a value")
    } catch {
      #expect(error.code == .effectNotAllowed)
    }
  }

  @Test("a failed fiber leaves the others and the globals alone")
  func failedFiber() throws {
    let flag = build.global("flag", .value(E.add(E.int(1), E.int(1))))
    let bad = build.global(
      "bad", .value(E.binary(.divideInt, E.global(flag), E.add(E.int(0), E.int(0)))))
    let f = build.function("f", E.global(bad))
    let g = build.function("g", E.global(flag))
    let machine = build.machine()
    for _ in 0..<2 {
      guard case .failed(let failure) = machine.run(machine.start(f, [])) else {
        Issue.record("it did not fail")
        return
      }
      #expect(failure.message == "2 is divided by zero")
    }
    #expect(machine.int(try machine.call(g, [])) == 2)
  }
}
