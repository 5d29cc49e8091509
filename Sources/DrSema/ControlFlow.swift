// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  // MARK: if, match, lambdas

  func checkIf(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    guard let conditionNode = node.expression else { return broken(node.span) }
    let condition = checkExpression(conditionNode, expected: TypeTable.bool)
    let blocks = node.all(.codeBlock)
    guard let thenNode = blocks.first else { return broken(node.span) }
    let elseNode = blocks.dropFirst().first ?? node.expressions.last { $0.kind == .ifExpr }
    let wanted = elseNode == nil ? nil : expected
    let then = inScope {
      narrowed.formUnion(pathsNotNil(when: conditionNode, holds: true))
      return checkCode(thenNode, expected: wanted)
    }
    guard let elseNode else {
      return Expr(.if(condition, then, else: nil), TypeTable.unit, node.span)
    }
    let otherwise = inScope {
      narrowed.formUnion(pathsNotNil(when: conditionNode, holds: false))
      return elseNode.kind == .codeBlock
        ? checkCode(elseNode, expected: wanted) : checkExpression(elseNode, expected: wanted)
    }
    // As a statement, branches need not agree.
    let type = join(then.type, otherwise.type) ?? TypeTable.unit
    return Expr(.if(condition, then, else: otherwise), type, node.span)
  }

  func checkMatch(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    guard let subjectNode = node.expression else { return broken(node.span) }
    let subject = checkExpression(subjectNode)
    let local = newLocal(subject.type)
    var arms: [Arm] = []
    var covered = Coverage()
    var result: TypeID?
    for armNode in node.all(.matchArm) {
      guard let patternNode = armNode.first(.pattern) else { continue }
      let arm = inScope { () -> Arm in
        let pattern = checkPattern(patternNode, subject.type, &covered)
        if case .nilValue = pattern {} else if covered.hasNil, let path = path(subjectNode) {
          narrowed.insert(path)
        }
        let body: Expr
        if let code = armNode.first(.codeBlock) {
          body = checkCode(code, expected: expected)
        } else if let value = armNode.expression {
          body = checkExpression(value, expected: expected)
        } else {
          body = broken(armNode.span)
        }
        return Arm(pattern, body)
      }
      arms.append(arm)
      result = result.map { join($0, arm.body.type) ?? TypeTable.unit } ?? arm.body.type
    }
    reportMissingCases(covered, subject, node)
    return Expr(.match(subject, local: local, arms), result ?? TypeTable.unit, node.span)
  }

  /// What the arms of a `match` seen so far take care of.
  private struct Coverage {
    var hasAny = false
    var hasNil = false
    var words: Set<String> = []
    var records: Set<RecordID> = []
    var bools: Set<Bool> = []
  }

  private func checkPattern(
    _ node: SyntaxNode, _ subject: TypeID, _ covered: inout Coverage
  ) -> Arm.Pattern {
    if covered.hasAny {
      report(.notExhaustive, "this case is never reached", at: node.span,
        help: "`_` takes everything; put it last")
    }
    if let literal = node.expression {
      if literal.text == "nil" {
        covered.hasNil = true
        return .nilValue
      }
      let value = checkExpression(literal, expected: unwrapped(subject))
      switch value.kind {
      case .string(let text): covered.words.insert(text)
      case .bool(let flag): covered.bools.insert(flag)
      default: break  // open: numbers cannot all be listed
      }
      return .value(value)
    }
    let names = node.names
    guard let first = names.first else {
      covered.hasAny = true
      return .any
    }
    if first.text == "_" {
      covered.hasAny = true
      return .any
    }
    let id: RecordID
    switch symbol(first.text) {
    case .record(let found): id = found
    case .alias, .function, .global, nil:
      if let found = keyword(first.text) {
        id = found
      } else {
        report(
          .unknownName, "`\(first.text)` is no record type", at: first.span,
          help: "a case is `_`, a literal, or the name of a type")
        return .any
      }
    }
    let type = intern(.record(id))
    if fitting(type, subject) == .no {
      report(
        .typeMismatch, "the value is never a \(record(id).name)", at: first.span,
        notes: ["it is \(describe(subject))"])
    }
    covered.records.insert(id)
    if names.count > 1 {
      return .record(id, bind(names[1].text, type, at: names[1].span))
    }
    return .record(id, nil)
  }

  private func reportMissingCases(_ covered: Coverage, _ subject: Expr, _ node: SyntaxNode) {
    guard !covered.hasAny, subject.type != TypeTable.error else { return }
    var missing: [String] = []
    if isOptional(subject.type), !covered.hasNil { missing.append("nil") }
    switch type(unwrapped(subject.type)) {
    case .choice(let words):
      missing += words.filter { !covered.words.contains($0) }.map { "\"\($0)\"" }
    case .bool: missing += [true, false].filter { !covered.bools.contains($0) }.map(String.init)
    case .record(let id): missing += covered.records.contains(id) ? [] : [record(id).name]
    case .union(let ids):
      missing += ids.filter { !covered.records.contains($0) }.map { record($0).name }
    default: missing.append("_")  // open: all other types have more values than can be listed
    }
    guard !missing.isEmpty else { return }
    report(
      .notExhaustive, "this match leaves out \(missing.joined(separator: ", "))",
      at: subject.span, caption: "this is \(typeName(subject.type))",
      help: "add \(missing.map { "`\($0): …`" }.joined(separator: " and ")), or `_: …` for the rest")
  }

  func checkLambda(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    let names = node.first(.lambdaParameters)?.names ?? node.names
    guard let expected, case .function(let types, let result) = type(unwrapped(expected)) else {
      report(
        .typeMismatch, "nothing says what `\(names.first?.text ?? "x")` is here", at: node.span,
        help: "a lambda stands where a function is expected, such as an argument of `map`")
      return broken(node.span)
    }
    guard types.count == names.count else {
      report(
        .wrongArguments,
        "a function of \(types.count) parameters is needed, this has \(names.count)", at: node.span)
      return broken(node.span)
    }
    return inScope {
      let parameters = zip(names, types).map { name, type in
        Parameter(
          label: name.text, local: bind(name.text, type, at: name.span), type: type,
          defaultValue: nil)
      }
      let wanted = result == TypeTable.error || result == TypeTable.unit ? nil : result
      let body =
        node.first(.codeBlock).map { checkCode($0, expected: wanted) }
        ?? node.expressions.last.map { checkExpression($0, expected: wanted) }
        ?? broken(node.span)
      return lambda(body, parameters: parameters, name: "lambda", node.span)
    }
  }

  // MARK: Code

  /// A block of statements; its value is that of the last one, when that is an expression.
  func checkCode(_ node: SyntaxNode, expected: TypeID? = nil) -> Expr {
    inScope {
      let nodes = node.children.filter { $0.kind != .token && $0.kind != .error }
      var statements: [Statement] = []
      var result: Expr?
      for (index, child) in nodes.enumerated() {
        let isLast = index == nodes.count - 1
        if child.kind == .exprStmt, isLast, let value = child.expression {
          result = checkExpression(value, expected: expected)
        } else if isLast, let value = checkDirective(child) {
          result = value
        } else {
          statements += checkStatement(child)
        }
      }
      if let expected, result == nil, expected != TypeTable.unit, expected != TypeTable.error {
        report(
          .typeMismatch, "this block gives nothing, where \(describe(expected)) is needed",
          at: node.span, help: "end it with the value")
      }
      return Expr(
        .block(statements, result: result), result?.type ?? TypeTable.unit, node.span)
    }
  }

  private func checkStatement(_ node: SyntaxNode) -> [Statement] {
    switch node.kind {
    case .letStmt:
      let wanted = node.type.map(resolve)
      guard let valueNode = node.expression else { return [] }
      let value = checkExpression(valueNode, expected: wanted)
      let name = node.first(.name)
      let local = bind(name?.text ?? "_", wanted ?? value.type, at: name?.span ?? node.span)
      return [.let(local, value)]
    case .exprStmt:
      return node.expression.map { [.expression(checkExpression($0))] } ?? []
    case .forStmt:
      return checkFor(node).map { [$0] } ?? []
    case .yieldStmt:
      guard let valueNode = node.expression else { return [] }
      if !yieldsAllowed {
        report(
          .unexpectedToken, "`yield` gives a manifest, which only an `emit` does", at: node.span)
      }
      return [.yield(checkExpression(valueNode, expected: TypeTable.object))]
    case .assertStmt:
      let parts = node.expressions
      guard let test = parts.first else { return [] }
      let message = parts.count > 1 ? checkExpression(parts[1], expected: TypeTable.string) : nil
      return [
        .assert(checkExpression(test, expected: TypeTable.bool), message: message, node.span)
      ]
    default:  // open: runbook statements, and errors that the parser reported
      return checkDirective(node).map { [.expression($0)] } ?? []
    }
  }

  private func checkFor(_ node: SyntaxNode) -> Statement? {
    guard let sourceNode = node.expression, let body = node.first(.codeBlock) else { return nil }
    let source = checkExpression(sourceNode)
    return inScope {
      let local = bind(node.name ?? "_", elementType(source), at: node.span)
      let code = checkCode(body)
      guard case .block(var statements, let result) = code.kind else { return nil }
      if let result { statements.append(.expression(result)) }
      return .for(local, source, body: statements)
    }
  }
}
