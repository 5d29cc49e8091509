// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// A name of a body: a parameter, a `let`, a loop or lambda variable.
struct Local {
  let id: LocalID
  let type: TypeID
  let span: Span
}

extension Checker {
  /// Checks something in a function of its own: no outer locals, numbering from 0.
  func inFreshFunction<T>(
    _ function: FunctionID? = nil, allowed: Effect, place: EffectSite.Place,
    selfRecord record: RecordID? = nil, _ body: () -> T
  ) -> (value: T, localCount: Int32) {
    let saved = (locals, nextLocal, narrowed, selfRecord, site, output)
    locals = [[:]]
    nextLocal = record == nil ? 0 : 1
    narrowed = []
    selfRecord = record
    output = .none
    site = EffectSite.Context(function: function, allowed: allowed, place: place)
    defer { (locals, nextLocal, narrowed, selfRecord, site, output) = saved }
    let value = body()
    return (value, nextLocal)
  }

  func inScope<T>(_ body: () -> T) -> T {
    locals.append([:])
    let saved = narrowed
    defer {
      locals.removeLast()
      narrowed = saved
    }
    return body()
  }

  func allowing<T>(_ effect: Effect, _ place: EffectSite.Place, _ body: () -> T) -> T {
    let saved = site
    site.allowed = effect
    site.place = place
    defer { site = saved }
    return body()
  }

  func newLocal(_ type: TypeID) -> LocalID {
    defer { nextLocal += 1 }
    return LocalID(nextLocal)
  }

  @discardableResult
  func bind(_ name: String, _ type: TypeID, at span: Span) -> LocalID {
    let id = newLocal(type)
    guard name != "_" else { return id }
    locals[locals.count - 1][name] = Local(id: id, type: type, span: span)
    // What was known of another value of that name says nothing about this one.
    if !narrowed.isEmpty {
      narrowed = narrowed.filter { $0 != name && !$0.hasPrefix(name + ".") }
    }
    return id
  }

  /// Binds a name that must be new among those written beside it: parameters, or `let`s of one
  /// block.
  @discardableResult
  func bindOnce(_ name: String, _ type: TypeID, at span: Span) -> LocalID {
    if name != "_", let earlier = locals[locals.count - 1][name] {
      reportDuplicate("`\(name)` is declared twice", at: span, earlier: earlier.span)
    }
    return bind(name, type, at: span)
  }

  func lookupLocal(_ name: String) -> Local? {
    for scope in locals.reversed() {
      if let local = scope[name] { return local }
    }
    return nil
  }

  /// A closure without parameters around some code; its effects count where it is written.
  func closure(
    _ span: Span, _ name: String, role: Function.Role = .lambda, _ body: () -> Expr
  ) -> Expr {
    let expr = inScope(body)
    return lambda(expr, parameters: [], name: name, role: role, span)
  }

  /// A closure that is written as a lambda with parameters.
  func lambda(
    _ body: Expr, parameters: [Parameter], name: String, role: Function.Role = .lambda, _ span: Span
  ) -> Expr {
    let id = add(
      Function(
        name: name, role: role, effect: .pure, parameters: parameters, result: body.type,
        localCount: nextLocal, body: .expression(body), span: span))
    let type = intern(.function(parameters: parameters.map(\.type), result: body.type))
    return Expr(.lambda(id), type, span)
  }

  // MARK: Knowing that something is not nil

  /// The text of a path of names (`s.autoscale`), under which a test for nil is remembered.
  func path(_ node: SyntaxNode) -> String? {
    switch node.kind {
    case .nameExpr: node.text
    case .parenExpr: node.expression.flatMap(path)
    case .memberExpr:
      node.expression.flatMap(path).flatMap { base in node.name.map { "\(base).\($0)" } }
    default: nil  // open: only paths are remembered
    }
  }

  /// The paths that are not nil where a condition holds (or, for `holds: false`, where it does
  /// not).
  func pathsNotNil(when condition: SyntaxNode, holds: Bool) -> [String] {
    switch condition.kind {
    case .parenExpr:
      return condition.expression.map { pathsNotNil(when: $0, holds: holds) } ?? []
    case .unaryExpr where condition.token(.notKeyword) != nil:
      return condition.expression.map { pathsNotNil(when: $0, holds: !holds) } ?? []
    case .binaryExpr:
      let sides = condition.expressions
      guard sides.count == 2 else { return [] }
      switch condition.operatorText {
      case "and" where holds, "or" where !holds:
        return sides.flatMap { pathsNotNil(when: $0, holds: holds) }
      case "!=" where holds, "==" where !holds:
        let isNil = sides.map { $0.kind == .literal && $0.text == "nil" }
        if isNil[1] { return path(sides[0]).map { [$0] } ?? [] }
        if isNil[0] { return path(sides[1]).map { [$0] } ?? [] }
        return []
      default: return []  // open: other operators say nothing about nil
      }
    default: return []  // open: neither do other expressions
    }
  }
}
