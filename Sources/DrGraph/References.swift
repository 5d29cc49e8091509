// SPDX-License-Identifier: Apache-2.0

import DrSema

/// What code refers to, in the order in which it does.
struct References {
  private(set) var globals: [GlobalID] = []
  /// Names of runbooks that are run.
  private(set) var runbooks: [String] = []
  private let program: CheckedProgram

  init(of expressions: [Expr], in program: CheckedProgram) {
    self.program = program
    visit(expressions)
  }

  private mutating func visit(_ expressions: [Expr]) {
    for expression in expressions { visit(expression) }
  }

  private mutating func visit(_ expression: Expr) {
    switch expression.kind {
    case .bool, .int, .float, .string, .nilValue, .local, .function: break
    case .global(let id): if !globals.contains(id) { globals.append(id) }
    case .lambda(let id): if case .expression(let body) = program[id].body { visit(body) }
    case .directive(let kind, let parts):
      if kind == .run, case .string(let name)? = parts.first?.kind, !runbooks.contains(name) {
        runbooks.append(name)
        return
      }
      visit(parts)
    case .interpolation(let parts), .call(_, let parts): visit(parts)
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
    case .record(_, let fields): visit(fields.compactMap(\.self))
    case .field(let base, _), .optionalField(let base, _), .not(let base), .negateInt(let base),
      .negateFloat(let base), .convert(_, let base):
      visit(base)
    case .member(let a, let b), .index(let a, let b), .binary(_, let a, let b), .and(let a, let b),
      .or(let a, let b), .coalesce(let a, let b), .range(let a, let b):
      visit([a, b])
    case .callValue(let callee, let arguments): visit([callee] + arguments)
    case .if(let condition, let then, let otherwise):
      visit([condition, then] + [otherwise].compactMap(\.self))
    case .match(let subject, _, let arms):
      visit(subject)
      for arm in arms {
        if case .value(let value) = arm.pattern { visit(value) }
        visit(arm.body)
      }
    case .comprehension(let loop):
      visit([loop.source] + [loop.condition, loop.key].compactMap(\.self) + [loop.value])
    case .block(let statements, let result):
      for statement in statements { visit(statement) }
      if let result { visit(result) }
    }
  }

  private mutating func visit(_ statement: Statement) {
    switch statement {
    case .let(_, let value), .expression(let value), .yield(let value): visit(value)
    case .for(_, let source, let body):
      visit(source)
      for statement in body { visit(statement) }
    case .assert(let condition, let message, _):
      visit([condition] + [message].compactMap(\.self))
    }
  }
}
