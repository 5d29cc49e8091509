// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

extension FunctionCompiler {
  /// Code that leaves an expression's value in a fresh register; temporaries are given back.
  mutating func compile(_ expression: Expr, into target: Int) {
    let mark = next
    compileKind(expression, into: target)
    next = mark
  }

  private mutating func compileKind(_ expression: Expr, into target: Int) {
    let span = expression.span
    if let constant = generator.constant(of: expression) {
      load(constant, into: target, at: span)
      return
    }
    switch expression.kind {
    case .bool, .int, .float, .string, .nilValue, .function: break
    case .local(let id): emit(.move, a: target, b: register(of: id), at: span)
    case .global(let id):
      observeRead(.readGlobal(id), about: target, at: span)
      emit(.loadGlobal, a: target, c: Int(id.rawValue), at: span)
    case .interpolation(let parts): interpolate(parts[...], into: target, at: span)
    case .list(let elements): list(elements, into: target, at: span)
    case .map(let entries): map(entries, into: target, at: span)
    case .object(let members): object(members, into: target, at: span)
    case .record(let id, let fields): record(id, fields, into: target, at: span)
    case .field(let base, let slot):
      let record = operand(base, scratch: target)
      observeRead(.readField(slot), about: record, at: span)
      emit(.loadField, a: target, b: record, c: slot, at: span)
    case .optionalField(let base, let slot):
      compile(base, into: target)
      let skip = jump(.jumpIfNil, a: target, at: span)
      observeRead(.readField(slot), about: target, at: span)
      emit(.loadField, a: target, b: target, c: slot, at: span)
      land([skip])
    case .member(let base, let name): binary(.member, base, name, into: target, at: span)
    case .index(let base, let position): binary(.index, base, position, into: target, at: span)
    case .not(let inner):
      emit(.not, a: target, b: operand(inner, scratch: target), at: span)
    case .negateInt(let inner):
      emit(.negateInt, a: target, b: operand(inner, scratch: target), at: span)
    case .negateFloat(let inner):
      emit(.negateFloat, a: target, b: operand(inner, scratch: target), at: span)
    case .binary(let operation, let left, let right):
      binary(operation, left, right, into: target, at: span)
    case .and(let left, let right), .or(let left, let right):
      compile(left, into: target)
      let isAnd = if case .and = expression.kind { true } else { false }
      let skip = jump(isAnd ? .jumpUnless : .jumpIf, a: target, at: span)
      compile(right, into: target)
      land([skip])
    case .coalesce(let left, let right):
      compile(left, into: target)
      let skip = jump(.jumpUnlessNil, a: target, at: span)
      compile(right, into: target)
      land([skip])
    case .range(let lower, let upper): binary(.newRange, lower, upper, into: target, at: span)
    case .call, .callValue, .lambda, .directive: compileCall(expression, into: target)
    case .if, .match, .comprehension, .block: compileControl(expression, into: target)
    case .convert(.intToFloat, let inner):
      emit(.intToFloat, a: target, b: operand(inner, scratch: target), at: span)
    case .convert(.toObject, let inner):
      emit(.toObject, a: target, b: operand(inner, scratch: target), at: span)
    }
  }

  private mutating func observeRead(
    _ event: ObservedSite.Event, about register: Int, at span: Span
  ) {
    guard generator.observing == .origins else { return }
    observe(event, about: register, at: span)
  }

  private mutating func binary(
    _ opcode: Opcode, _ left: Expr, _ right: Expr, into target: Int, at span: Span
  ) {
    let x = operand(left, scratch: target)
    let y = operand(right)
    emit(opcode, a: target, b: x, c: y, at: span)
  }

  private mutating func binary(
    _ operation: BinaryOperator, _ left: Expr, _ right: Expr, into target: Int, at span: Span
  ) {
    if compileImmediate(operation, left, right, into: target, at: span) { return }
    if operation == .equal || operation == .notEqual, compileIsNil(left, right, target, span) {
      if operation == .notEqual { emit(.not, a: target, b: target, at: span) }
      return
    }
    let x = operand(left, scratch: target)
    let y = operand(right)
    emitBinary(operation, (left, x), (right, y), into: target, at: span)
  }

  /// The operation on two registers.
  mutating func emitBinary(
    _ operation: BinaryOperator, _ left: (Expr, Int), _ right: (Expr, Int), into target: Int,
    at span: Span
  ) {
    let types = generator.checked.types
    var (x, y) = (left.1, right.1)
    let opcode: Opcode
    switch operation {
    case .addInt: opcode = .addInt
    case .subtractInt: opcode = .subtractInt
    case .multiplyInt:
      opcode = .multiplyInt
      // The result is of the kind of the first operand.
      if types.wholeTag(left.0.type) == .int { swap(&x, &y) }
    case .divideInt: opcode = .divideInt
    case .addFloat: opcode = .addFloat
    case .subtractFloat: opcode = .subtractFloat
    case .multiplyFloat: opcode = .multiplyFloat
    case .divideFloat: opcode = .divideFloat
    case .ratio: opcode = .ratio
    case .scale: opcode = .scale
    case .share: opcode = .share
    case .transferTime: opcode = .transferTime
    case .transferSize:
      opcode = .transferSize
    case .transferRate: opcode = .transferRate
    case .rateCount: opcode = .rateCount
    case .concatenateStrings: opcode = .concatenateStrings
    case .concatenateLists: opcode = .concatenateLists
    case .equal, .notEqual:
      opcode = types.isWhole(left.0.type) && types.isWhole(right.0.type) ? .equalWhole : .equal
    case .lessInt: opcode = .lessInt
    case .lessOrEqualInt: opcode = .lessOrEqualInt
    case .lessFloat: opcode = .lessFloat
    case .lessOrEqualFloat: opcode = .lessOrEqualFloat
    case .lessString: opcode = .lessString
    case .lessOrEqualString: opcode = .lessOrEqualString
    case .contains: opcode = .contains
    }
    emit(opcode, a: target, b: x, c: y, at: span)
    if operation == .notEqual { emit(.not, a: target, b: target, at: span) }
  }

  /// Sums with a small number.
  private mutating func compileImmediate(
    _ operation: BinaryOperator, _ left: Expr, _ right: Expr, into target: Int, at span: Span
  ) -> Bool {
    guard operation == .addInt || operation == .subtractInt else { return false }
    let limit = Int64(Instruction.wideLimit)
    if let number = generator.smallNumber(right, within: limit) {
      let x = operand(left, scratch: target)
      let amount = operation == .addInt ? number : -number
      emit(.addImmediate, a: target, b: x, c: Int(amount), at: span)
      return true
    }
    if operation == .addInt, let number = generator.smallNumber(left, within: limit) {
      emit(
        .addImmediate, a: target, b: operand(right, scratch: target), c: Int(number), at: span)
      return true
    }
    return false
  }

  private mutating func compileIsNil(
    _ left: Expr, _ right: Expr, _ target: Int, _ span: Span
  ) -> Bool {
    if case .nilValue = right.kind {
      emit(.isNil, a: target, b: operand(left, scratch: target), at: span)
      return true
    }
    if case .nilValue = left.kind {
      emit(.isNil, a: target, b: operand(right, scratch: target), at: span)
      return true
    }
    return false
  }

  /// In pieces, so that a long text does not need a register per part.
  private mutating func interpolate(_ parts: ArraySlice<Expr>, into target: Int, at span: Span) {
    let pieceCount = 64
    var start = parts.startIndex
    var isFirst = true
    while start < parts.endIndex || isFirst {
      let end = min(start + pieceCount, parts.endIndex)
      let mark = next
      // The first piece may begin where the text goes.
      let first = isFirst && target == next - 1 ? target : allocate()
      if isFirst {
        if start < end { compile(parts[start], into: first) } else { load("", into: first, span) }
        start = min(start + 1, end)
      } else {
        emit(.move, a: first, b: target, at: span)
      }
      for part in parts[start..<end] { compile(part, into: allocate()) }
      emit(.interpolate, a: first, c: next - first, at: span)
      if first != target { emit(.move, a: target, b: first, at: span) }
      next = mark
      start = end
      isFirst = false
    }
  }

  private mutating func load(_ text: String, into register: Int, _ span: Span) {
    load(.string(text), into: register, at: span)
  }
}

extension Generator {
  /// A literal whole number that fits an instruction.
  func smallNumber(_ expression: Expr, within limit: Int64) -> Int64? {
    guard case .whole(_, let value)? = constant(of: expression), value >= -limit, value <= limit
    else { return nil }
    return value
  }
}
