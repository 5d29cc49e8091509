// SPDX-License-Identifier: Apache-2.0

/// What an expression is made of, for whoever walks the program: the one place that knows where
/// expressions hide in expressions.
extension Expr {
  /// Calls `visit` with each expression directly inside this one, in the order of the source. Those of
  /// a lambda are in its own function.
  package func forEachPart(_ visit: (Expr) -> Void) {
    switch kind {
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .lambda: break
    case .interpolation(let parts), .call(_, let parts), .directive(_, let parts):
      parts.forEach(visit)
    case .list(let elements):
      for element in elements {
        switch element {
        case .value(let value), .spread(let value): visit(value)
        }
      }
    case .map(let entries):
      for entry in entries {
        switch entry {
        case .entry(let key, let value):
          visit(key)
          visit(value)
        case .spread(let map): visit(map)
        }
      }
    case .object(let members):
      for member in members {
        switch member {
        case .member(let name, let value):
          visit(name)
          visit(value)
        case .spread(let value): visit(value)
        }
      }
    case .record(_, let fields): for case let field? in fields { visit(field) }
    case .field(let base, _), .optionalField(let base, _), .not(let base), .negateInt(let base),
      .negateFloat(let base), .convert(_, let base):
      visit(base)
    case .member(let a, let b), .index(let a, let b), .binary(_, let a, let b), .and(let a, let b),
      .or(let a, let b), .coalesce(let a, let b), .range(let a, let b):
      visit(a)
      visit(b)
    case .callValue(let callee, let arguments):
      visit(callee)
      arguments.forEach(visit)
    case .if(let condition, let then, let otherwise):
      visit(condition)
      visit(then)
      if let otherwise { visit(otherwise) }
    case .match(let subject, _, let arms):
      visit(subject)
      for arm in arms {
        if case .value(let value) = arm.pattern { visit(value) }
        visit(arm.body)
      }
    case .comprehension(let loop):
      visit(loop.source)
      if let condition = loop.condition { visit(condition) }
      if let key = loop.key { visit(key) }
      visit(loop.value)
    case .block(let statements, let result):
      statements.forEach { $0.forEachPart(visit) }
      if let result { visit(result) }
    }
  }

  /// Calls `bind` with each local that this expression itself gives a name to.
  package func forEachLocal(_ bind: (LocalID) -> Void) {
    switch kind {
    case .match(_, let local, let arms):
      bind(local)
      for case .record(_, let local?) in arms.map(\.pattern) { bind(local) }
    case .comprehension(let loop): bind(loop.local)
    case .block(let statements, _): statements.forEach { $0.forEachLocal(bind) }
    default: break  // open: nothing else names anything
    }
  }
}

extension Statement {
  fileprivate func forEachPart(_ visit: (Expr) -> Void) {
    switch self {
    case .let(_, let value), .expression(let value), .yield(let value): visit(value)
    case .for(_, let source, let body):
      visit(source)
      body.forEach { $0.forEachPart(visit) }
    case .assert(let condition, let message, _):
      visit(condition)
      if let message { visit(message) }
    }
  }

  fileprivate func forEachLocal(_ bind: (LocalID) -> Void) {
    switch self {
    case .let(let local, _): bind(local)
    case .for(let local, _, let body):
      bind(local)
      body.forEach { $0.forEachLocal(bind) }
    case .expression, .yield, .assert: break
    }
  }
}
