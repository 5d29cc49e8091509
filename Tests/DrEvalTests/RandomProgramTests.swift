// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Testing

/// Random numbers that are the same on every run.
private struct Dice {
  var state: UInt64

  mutating func roll(_ sides: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(sides))
  }
}

/// An expression and what it gives, worked out on the way without any machine.
private struct Known {
  let expression: Expr
  let value: Int64
}

/// Makes expressions over Int whose value is known, out of everything that uses registers.
private struct Maker {
  var dice: Dice
  let build: Build
  let record: RecordID
  let type: TypeID
  let minus: FunctionID
  let functionType: TypeID
  var locals: [(LocalID, Int64)] = []
  var nextLocal: Int32 = 0

  init(seed: UInt64) {
    dice = Dice(state: seed)
    build = Build()
    let int = TypeTable.int
    record = build.record("R", [Build.field("a"), Build.field("b"), Build.field("c")])
    type = build.type(.record(record))
    functionType = build.type(.function(parameters: [int], result: int))
    minus = build.function(
      "minus", parameters: [int, int, int],
      E.binary(
        .subtractInt, E.binary(.subtractInt, E.local(0), E.local(1)),
        E.binary(.subtractInt, E.local(2), E.int(1))))
  }

  mutating func fresh() -> LocalID {
    nextLocal += 1
    return LocalID(nextLocal - 1)
  }

  mutating func leaf() -> Known {
    if !locals.isEmpty, dice.roll(3) > 0 {
      let (id, value) = locals[dice.roll(locals.count)]
      return Known(expression: E.local(id.rawValue), value: value)
    }
    let value = Int64(dice.roll(41) - 20)
    return Known(expression: E.int(value), value: value)
  }

  mutating func make(_ depth: Int) -> Known {
    if depth == 0 { return leaf() }
    switch dice.roll(9) {
    case 0: return leaf()
    case 1, 2:
      let (a, b) = (make(depth - 1), make(depth - 1))
      return dice.roll(2) == 0
        ? Known(expression: E.add(a.expression, b.expression), value: a.value &+ b.value)
        : Known(
          expression: E.binary(.subtractInt, a.expression, b.expression), value: a.value &- b.value)
    case 3:
      let (a, b, c) = (make(depth - 1), make(depth - 1), make(depth - 1))
      return Known(
        expression: E.call(minus, [a.expression, b.expression, c.expression]),
        value: a.value - b.value - (c.value - 1))
    case 4: return choice(depth)
    case 5: return bound(depth)
    case 6:
      let parts = (0..<3).map { _ in make(depth - 1) }
      let slot = dice.roll(3)
      let made = E.make(.record(record, fields: parts.map(\.expression)), type)
      return Known(expression: E.field(made, slot), value: parts[slot].value)
    case 7:
      let parts = (0..<4).map { _ in make(depth - 1) }
      let position = dice.roll(4)
      let list = E.list(parts.map(\.expression))
      return Known(
        expression: E.make(.index(list, E.int(Int64(position))), TypeTable.int),
        value: parts[position].value)
    default: return lambda(depth)
    }
  }

  private mutating func choice(_ depth: Int) -> Known {
    let (a, b) = (make(depth - 1), make(depth - 1))
    let (x, y) = (make(depth - 1), make(depth - 1))
    var holds = a.value < b.value
    var condition = E.less(a.expression, b.expression)
    if dice.roll(2) == 0 {
      let (c, d) = (leaf(), leaf())
      let other = E.binary(.equal, c.expression, d.expression, TypeTable.bool)
      condition = E.make(.or(E.make(.not(condition), TypeTable.bool), other), TypeTable.bool)
      holds = !holds || c.value == d.value
    }
    return Known(
      expression: E.if(condition, x.expression, y.expression), value: holds ? x.value : y.value)
  }

  /// `let`s, a loop over a list of one, and a body that sees them.
  private mutating func bound(_ depth: Int) -> Known {
    let count = locals.count
    let (first, second) = (make(depth - 1), make(depth - 1))
    let (x, y) = (fresh(), fresh())
    locals += [(x, first.value)]
    let body = make(depth - 1)
    locals += [(y, second.value)]
    let inner = make(depth - 1)
    locals.removeLast(locals.count - count)
    let loop = E.each(y.rawValue, E.list([second.expression]), inner.expression)
    return Known(
      expression: E.block(
        [.let(x, first.expression)],
        E.add(body.expression, E.make(.index(loop, E.int(0)), TypeTable.int))),
      value: body.value &+ inner.value)
  }

  /// A lambda that sees everything around it, called at once.
  private mutating func lambda(_ depth: Int) -> Known {
    let argument = make(depth - 1)
    let parameter = fresh()
    locals.append((parameter, argument.value))
    let body = make(depth - 1)
    locals.removeLast()
    let id = build.function(
      "l", parameters: [TypeTable.int], from: parameter.rawValue, role: .lambda, body.expression)
    let call = E.make(
      .callValue(E.make(.lambda(id), functionType), [argument.expression]), TypeTable.int)
    return Known(expression: call, value: body.value)
  }
}

@Suite struct RandomProgramTests {
  @Test("random expressions give what they must", arguments: 1...40 as ClosedRange<UInt64>)
  func expressions(seed: UInt64) throws {
    var maker = Maker(seed: seed &* 0x9e37_79b9_7f4a_7c15)
    var made: [(FunctionID, Int64)] = []
    for _ in 0..<10 {
      maker.nextLocal = 0
      let known = maker.make(5)
      made.append((maker.build.function("f", known.expression), known.value))
    }
    let machine = maker.build.machine()
    for (id, value) in made { #expect(machine.int(try machine.call(id, [])) == value) }
  }
}
