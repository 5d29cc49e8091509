// SPDX-License-Identifier: Apache-2.0

import DrSema

/// Finds which locals of the functions around it a lambda uses, so that they can be captured.
struct FreeLocals {
  private var used: [Int32] = []
  private var bound: Set<Int32> = []
  private let program: CheckedProgram

  /// The captured locals of a lambda in ascending order.
  static func of(_ id: FunctionID, in program: CheckedProgram) -> [LocalID] {
    var search = FreeLocals(program: program)
    search.visit(lambda: id)
    var seen: Set<Int32> = []
    return search.used.sorted().filter { !search.bound.contains($0) && seen.insert($0).inserted }
      .map { LocalID($0) }
  }

  private init(program: CheckedProgram) { self.program = program }

  /// Numbers are unique within the outermost function, so inner lambdas share the same two sets.
  private mutating func visit(lambda id: FunctionID) {
    let function = program[id]
    for parameter in function.parameters { bound.insert(parameter.local.rawValue) }
    if case .expression(let body) = function.body { visit(body) }
  }

  private mutating func visit(_ expressions: [Expr]) {
    for expression in expressions { visit(expression) }
  }

  private mutating func visit(_ expression: Expr) {
    switch expression.kind {
    case .bool, .int, .float, .string, .nilValue, .global, .function: break
    case .local(let id): used.append(id.rawValue)
    case .lambda(let id): visit(lambda: id)
    case .interpolation(let parts), .call(_, let parts), .directive(_, let parts): visit(parts)
    case .list(let elements):
      for element in elements {
        switch element {
        case .value(let value), .spread(let value): visit(value)
        }
      }
    case .map(let entries):
      for entry in entries {
        switch entry {
        case .entry(let key, let value): visit([key, value])
        case .spread(let map): visit(map)
        }
      }
    case .object(let members):
      for member in members {
        switch member {
        case .member(let name, let value): visit([name, value])
        case .spread(let value): visit(value)
        }
      }
    case .record(_, let fields):
      for case let field? in fields { visit(field) }
    case .field(let base, _), .optionalField(let base, _), .not(let base), .negateInt(let base),
      .negateFloat(let base), .convert(_, let base):
      visit(base)
    case .member(let a, let b), .index(let a, let b), .binary(_, let a, let b), .and(let a, let b),
      .or(let a, let b), .coalesce(let a, let b), .range(let a, let b):
      visit([a, b])
    case .callValue(let callee, let arguments): visit([callee] + arguments)
    case .if(let condition, let then, let otherwise):
      visit([condition, then])
      if let otherwise { visit(otherwise) }
    case .match(let subject, let local, let arms):
      visit(subject)
      bound.insert(local.rawValue)
      for arm in arms { visit(arm) }
    case .comprehension(let loop):
      bound.insert(loop.local.rawValue)
      visit([loop.source, loop.value] + [loop.condition, loop.key].compactMap { $0 })
    case .block(let statements, let result):
      visit(statements)
      if let result { visit(result) }
    }
  }

  private mutating func visit(_ arm: Arm) {
    switch arm.pattern {
    case .any, .nilValue: break
    case .value(let value): visit(value)
    case .record(_, let local): if let local { bound.insert(local.rawValue) }
    }
    visit(arm.body)
  }

  private mutating func visit(_ statements: [Statement]) {
    for statement in statements {
      switch statement {
      case .let(let local, let value):
        bound.insert(local.rawValue)
        visit(value)
      case .expression(let value), .yield(let value): visit(value)
      case .for(let local, let source, let body):
        bound.insert(local.rawValue)
        visit(source)
        visit(body)
      case .assert(let condition, let message, _):
        visit(condition)
        if let message { visit(message) }
      }
    }
  }
}
