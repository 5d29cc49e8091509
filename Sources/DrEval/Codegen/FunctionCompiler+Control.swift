// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

extension FunctionCompiler {
  mutating func compileControl(_ expression: Expr, into target: Int) {
    switch expression.kind {
    case .if(let condition, let then, let otherwise):
      let toElse = branch(condition, when: false)
      compile(then, into: target)
      let toEnd = jump(.jump, at: expression.span)
      land(toElse)
      if let otherwise {
        compile(otherwise, into: target)
      } else {
        load(absence(expression.type), into: target, at: expression.span)
      }
      land([toEnd])
    case .match(let subject, let local, let arms):
      match(subject, local, arms, into: target, at: expression.span)
    case .comprehension(let loop):
      comprehension(loop, type: expression.type, into: target, at: expression.span)
    case .block(let statements, let result):
      for statement in statements { compile(statement) }
      if let result {
        compile(result, into: target)
      } else {
        load(.unit, into: target, at: expression.span)
      }
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .interpolation, .list,
      .map, .object, .record, .field, .optionalField, .member, .index, .not, .negateInt,
      .negateFloat, .binary, .and, .or, .coalesce, .range, .call, .callValue, .lambda, .convert,
      .directive:
      preconditionFailure("not a control expression")
    }
  }

  /// What an `if` without `else` gives when it does not hold.
  private func absence(_ type: TypeID) -> Constant {
    if case .optional = generator.checked.types[type] { return .nilValue }
    return .unit
  }

  private mutating func compile(_ statement: Statement) {
    switch statement {
    case .let(let local, let value):
      let register = allocate()
      compile(value, into: register)
      bind(local, to: register)
    case .expression(let value):
      let mark = next
      compile(value, into: allocate())
      next = mark
    case .for(let local, let source, let body):
      let mark = next
      loop(over: source, local: local, at: source.span) { compiler in
        for statement in body { compiler.compile(statement) }
      }
      next = mark
    case .yield(let value):
      let mark = next
      emit(.appendUnlessNil, a: yieldRegister ?? 0, b: operand(value), at: value.span)
      next = mark
    case .assert(let condition, let message, _):
      let mark = next
      assert(condition, message)
      next = mark
    }
  }

  // Loops

  /// `body` once for each member of `source`, which is in `local`.
  private mutating func loop(
    over source: Expr, local: LocalID, at span: Span, _ body: (inout FunctionCompiler) -> Void
  ) {
    if case .range(let lower, let upper) = source.kind {
      let position = allocate()
      compile(lower, into: position)
      compile(upper, into: allocate())
      bind(local, to: allocate())
      repeatBody(.loopRange, a: position, b: 0, at: span, body)
      return
    }
    let items = operand(source)
    let position = allocate()
    load(.whole(.int, 0), into: position, at: span)
    bind(local, to: allocate())
    repeatBody(.loopItems, a: position, b: items, at: span, body)
  }

  private mutating func repeatBody(
    _ opcode: Opcode, a: Int, b: Int, at span: Span, _ body: (inout FunctionCompiler) -> Void
  ) {
    let entry = jump(.jump, at: span)
    let start = loopStart()
    let mark = next
    body(&self)
    next = mark
    land([entry])
    jump(opcode, a: a, b: b, to: start, at: span)
  }

  private mutating func comprehension(
    _ loop: Comprehension, type: TypeID, into target: Int, at span: Span
  ) {
    let opcode: Opcode
    if loop.key == nil {
      opcode = .newList
    } else if case .object = generator.checked.types[type] {
      opcode = .newObject
    } else {
      opcode = .newMap
    }
    emit(opcode, a: target, at: span)
    each(of: loop, at: span) { compiler in
      if let key = loop.key {
        let x = compiler.operand(key)
        let y = compiler.operand(loop.value)
        let set: Opcode = opcode == .newObject ? .setMemberUnlessNil : .setEntry
        compiler.emit(set, a: target, b: x, c: y, at: loop.value.span)
      } else {
        let x = compiler.operand(loop.value)
        compiler.emit(.append, a: target, b: x, at: loop.value.span)
      }
    }
  }

  /// `body` once for each member of a comprehension's source that its condition holds for.
  mutating func each(
    of loop: Comprehension, at span: Span, _ body: (inout FunctionCompiler) -> Void
  ) {
    self.loop(over: loop.source, local: loop.local, at: span) { compiler in
      let skip = loop.condition.map { compiler.branch($0, when: false) } ?? []
      body(&compiler)
      compiler.land(skip)
    }
  }

  // Choices

  private mutating func match(
    _ subject: Expr, _ local: LocalID, _ arms: [Arm], into target: Int, at span: Span
  ) {
    let register = operand(subject)
    bind(local, to: register)
    let isWhole = generator.checked.types.isWhole(subject.type)
    var ends: [Int] = []
    for arm in arms {
      let mark = next
      let toNext = test(arm.pattern, register, isWhole: isWhole, at: arm.body.span)
      next = mark
      compile(arm.body, into: target)
      ends.append(jump(.jump, at: span))
      land(toNext)
    }
    raise("no arm of this `match` fits the value", span)
    land(ends)
  }

  /// Jumps that are taken when the pattern does not fit.
  private mutating func test(
    _ pattern: Arm.Pattern, _ register: Int, isWhole: Bool, at span: Span
  ) -> [Int] {
    switch pattern {
    case .any: return []
    case .nilValue: return [jump(.jumpUnlessNil, a: register, at: span)]
    case .value(let literal):
      if isWhole, let number = generator.smallNumber(literal, within: 0x7fff) {
        return [jump(.jumpUnlessEqualImmediate, a: register, b: Int(number), at: span)]
      }
      let other = operand(literal)
      let holds = allocate()
      emit(.equal, a: holds, b: register, c: other, at: literal.span)
      return [jump(.jumpUnless, a: holds, at: span)]
    case .record(let id, let local):
      if let local { bind(local, to: register) }
      let holds = allocate()
      emit(.isRecord, a: holds, b: register, c: Int(id.rawValue), at: span)
      return [jump(.jumpUnless, a: holds, at: span)]
    }
  }

  /// Jumps that are taken when the condition is `outcome`; otherwise control goes on.
  mutating func branch(_ condition: Expr, when outcome: Bool) -> [Int] {
    let mark = next
    defer { next = mark }
    switch condition.kind {
    case .not(let inner): return branch(inner, when: !outcome)
    case .and(let left, let right): return branch(left, right, all: true, when: outcome)
    case .or(let left, let right): return branch(left, right, all: false, when: outcome)
    case .binary(let operation, let left, let right):
      if let jumps = compare(operation, left, right, when: outcome, at: condition.span) {
        return jumps
      }
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .interpolation, .list,
      .map, .object, .record, .field, .optionalField, .member, .index, .negateInt, .negateFloat,
      .coalesce, .range, .call, .callValue, .lambda, .if, .match, .comprehension, .block, .convert,
      .directive:
      break
    }
    let register = operand(condition)
    return [jump(outcome ? .jumpIf : .jumpUnless, a: register, at: condition.span)]
  }

  private mutating func branch(
    _ left: Expr, _ right: Expr, all: Bool, when outcome: Bool
  ) -> [Int] {
    if outcome == all {
      let skip = branch(left, when: !outcome)
      let jumps = branch(right, when: outcome)
      land(skip)
      return jumps
    }
    return branch(left, when: outcome) + branch(right, when: outcome)
  }

  /// A comparison and its jump as one instruction, where there is such a one.
  private mutating func compare(
    _ operation: BinaryOperator, _ left: Expr, _ right: Expr, when outcome: Bool, at span: Span
  ) -> [Int]? {
    let types = generator.checked.types
    switch operation {
    case .equal, .notEqual:
      let jumpWhenEqual = (operation == .equal) == outcome
      if case .nilValue = right.kind {
        let x = operand(left)
        return [jump(jumpWhenEqual ? .jumpIfNil : .jumpUnlessNil, a: x, at: span)]
      }
      guard types.isWhole(left.type), types.isWhole(right.type) else { return nil }
      let x = operand(left)
      if let number = generator.smallNumber(right, within: 0x7fff) {
        let opcode: Opcode = jumpWhenEqual ? .jumpIfEqualImmediate : .jumpUnlessEqualImmediate
        return [jump(opcode, a: x, b: Int(number), at: span)]
      }
      let y = operand(right)
      let opcode: Opcode = jumpWhenEqual ? .jumpIfEqualWhole : .jumpUnlessEqualWhole
      return [jump(opcode, a: x, b: y, at: span)]
    case .lessInt, .lessOrEqualInt:
      let isStrict = operation == .lessInt
      let x = operand(left)
      if let number = generator.smallNumber(right, within: 0x7ffe) {
        let opcode: Opcode = outcome ? .jumpIfLessImmediate : .jumpUnlessLessImmediate
        return [jump(opcode, a: x, b: Int(number) + (isStrict ? 0 : 1), at: span)]
      }
      let y = operand(right)
      // not (x < y) is y <= x, and not (x <= y) is y < x.
      let opcode: Opcode = isStrict == outcome ? .jumpIfLess : .jumpIfLessOrEqual
      return [jump(opcode, a: outcome ? x : y, b: outcome ? y : x, at: span)]
    case .addInt, .subtractInt, .multiplyInt, .divideInt, .addFloat, .subtractFloat,
      .multiplyFloat, .divideFloat, .ratio, .scale, .share, .transferTime, .transferSize,
      .transferRate, .rateCount, .concatenateStrings, .concatenateLists, .lessFloat,
      .lessOrEqualFloat, .lessString, .lessOrEqualString, .contains:
      return nil
    }
  }
}
