// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

extension FunctionCompiler {
  mutating func list(_ elements: [Element], into target: Int, at span: Span) {
    emit(.newList, a: target, c: min(elements.count, 4096), at: span)
    for element in elements {
      let mark = next
      switch element {
      case .value(let value): emit(.append, a: target, b: operand(value), at: value.span)
      case .spread(let value): emit(.appendAll, a: target, b: operand(value), at: value.span)
      }
      next = mark
    }
  }

  mutating func map(_ entries: [Entry], into target: Int, at span: Span) {
    emit(.newMap, a: target, c: min(entries.count, 4096), at: span)
    for entry in entries {
      let mark = next
      switch entry {
      case .entry(let key, let value):
        let name = operand(key)
        emit(.setEntry, a: target, b: name, c: operand(value), at: key.span)
      case .spread(let map): emit(.setMembers, a: target, b: operand(map), at: map.span)
      }
      next = mark
    }
  }

  mutating func object(_ members: [Member], into target: Int, at span: Span) {
    emit(.newObject, a: target, c: min(members.count, 4096), at: span)
    // The names so far, as long as all are known: what stands for the first time is not looked for.
    var names: [String]? = []
    for member in members {
      let mark = next
      switch member {
      case .member(let name, let value):
        let key = operand(name)
        var opcode = Opcode.setMemberUnlessNil
        if case .string(let text)? = generator.constant(of: name), let known = names,
          known.count < TableRef.linearCount
        {
          if !known.contains(text) { opcode = .addMemberUnlessNil }
          names?.append(text)
        } else {
          names = nil
        }
        emit(opcode, a: target, b: key, c: operand(value), at: value.span)
      case .spread(let value):
        names = nil
        emit(.setMembers, a: target, b: operand(value), at: value.span)
      }
      next = mark
    }
  }

  /// Given fields, then defaults in order (a slot that waits for its default checks its own
  /// constraint), then the constraints of what was given.
  mutating func record(_ id: RecordID, _ fields: [Expr?], into target: Int, at span: Span) {
    emit(.newRecord, a: target, c: Int(id.rawValue), at: span)
    let isObserved = generator.observing == .origins
    if isObserved { observe(.make(fields), about: target, at: span) }
    let declared = generator.checked.records[Int(id.rawValue)].fields
    for (slot, field) in fields.enumerated() {
      guard let field else { continue }
      let mark = next
      emit(.setField, a: target, b: operand(field), c: slot, at: field.span)
      next = mark
    }
    if isObserved { observe(.made, about: target, at: span) }
    for slot in declared.indices where slot >= fields.count || fields[slot] == nil {
      if case .function = generator.records[Int(id.rawValue)][slot] {
        emit(.forceField, a: target, c: slot, at: span)
      }
    }
    for (slot, field) in fields.enumerated() where slot < declared.count {
      guard let field, let constraint = declared[slot].constraint else { continue }
      check(constraint, declared[slot].constraintMessage, target, slot: slot, at: field.span)
    }
  }

  private mutating func check(
    _ constraint: FunctionID, _ message: FunctionID?, _ record: Int, slot: Int, at span: Span
  ) {
    let mark = next
    let holds = allocate()
    emit(.move, a: holds, b: record, at: span)
    emit(.call, a: holds, c: Int(constraint.rawValue), at: span)
    let skip = jump(.jumpIf, a: holds, at: span)
    if let message {
      emit(.move, a: holds, b: record, at: span)
      emit(.call, a: holds, c: Int(message.rawValue), at: span)
    } else {
      load(.nilValue, into: holds, at: span)
    }
    emit(.failConstraint, a: record, b: holds, c: slot, at: span)
    land([skip])
    next = mark
  }

  mutating func compileCall(_ expression: Expr, into target: Int) {
    let span = expression.span
    switch expression.kind {
    case .call(let id, let arguments):
      if compileFold(id, arguments, into: target, at: span) { return }
      let first = argumentsStart(arguments, target)
      switch generator.checked[id].body {
      case .expression, .missing: emit(.call, a: first, c: Int(id.rawValue), at: span)
      case .native: emitNativeCall(id, at: first, type: expression.type, span: span)
      }
      if first != target { emit(.move, a: target, b: first, at: span) }
    case .callValue(let callee, let arguments):
      let closure = operand(callee)
      let first = argumentsStart(arguments, target)
      emit(.callValue, a: first, b: closure, at: span)
      if first != target { emit(.move, a: target, b: first, at: span) }
    case .lambda(let id):
      let captures = generator.freeLocals(of: id)
      let first = next
      for local in captures { emit(.move, a: allocate(), b: register(of: local), at: span) }
      emit(.newClosure, a: target, b: first, c: Int(id.rawValue), at: span)
    case .directive(let kind, let operands):
      let first = argumentsStart(operands, target)
      emit(.directive, a: first, b: operands.count, c: Int(kind.number), at: span)
      if first != target { emit(.move, a: target, b: first, at: span) }
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .interpolation, .list,
      .map, .object, .record, .field, .optionalField, .member, .index, .not, .negateInt,
      .negateFloat, .binary, .and, .or, .coalesce, .range, .if, .match, .comprehension, .block,
      .convert:
      preconditionFailure("not a call")
    }
  }

  /// Arguments side by side; from the target on when that is the topmost register.
  private mutating func argumentsStart(_ arguments: [Expr], _ target: Int) -> Int {
    let first = target == next - 1 ? target : allocate()
    for (index, argument) in arguments.enumerated() {
      compile(argument, into: index == 0 ? first : allocate())
    }
    return first
  }

  mutating func emitNativeCall(_ id: FunctionID, at first: Int, type: TypeID, span: Span) {
    let function = generator.checked[id]
    guard case .native(let name, _) = function.body else { return }
    if function.effect != .pure || generator.hostFunctions.contains(name) {
      emit(.callWorld, a: first, c: Int(id.rawValue), at: span)
    } else if ["list.count", "map.count", "object.count"].contains(name) {
      emit(.countItems, a: first, b: first, at: span)
    } else if let number = Natives.number(of: name) {
      emit(.callNative, a: first, c: number, at: span)
      let tag = generator.checked.types.numberTag(type)
      if name == "list.sum", tag != .int {
        emit(.retag, a: first, c: Int(tag.rawValue), at: span)
      }
    } else {
      raise("the built-in function `\(name)` is not part of this version", span)
    }
  }
}

extension DirectiveKind {
  private static let all: [DirectiveKind] = [
    .step, .undo, .wait, .pause, .require, .verify, .approve, .parallel, .run, .lock, .onFailure,
    .fail,
  ]

  /// Its place in an instruction.
  var number: Int {
    switch self {
    case .step: 0
    case .undo: 1
    case .wait: 2
    case .pause: 3
    case .require: 4
    case .verify: 5
    case .approve: 6
    case .parallel: 7
    case .run: 8
    case .lock: 9
    case .onFailure: 10
    case .fail: 11
    }
  }

  static func numbered(_ number: Int) -> DirectiveKind { all[number] }
}
