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
      if expected == nil, then.type != TypeTable.error { reportUnusedEnd(thenNode) }
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
        if case .nilValue = pattern {
        } else if covered.hasNil, let path = path(subjectNode) {
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
    /// Whether a case was not understood.
    var hasMistake = false
    var words: Set<String> = []
    var records: Set<RecordID> = []
    var bools: Set<Bool> = []
    var numbers: Set<Int64> = []
  }

  private func checkPattern(
    _ node: SyntaxNode, _ subject: TypeID, _ covered: inout Coverage
  ) -> Arm.Pattern {
    if covered.hasAny {
      reportUnreachable(node, help: "`_` takes everything; put it last")
    }
    if let literal = node.expression { return checkLiteralPattern(literal, subject, &covered) }
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
        if !hasSyntaxMistake(onLineOf: first.span) { reportPattern(first, subject) }
        // It may have been meant for any case that seems to be left out.
        covered.hasMistake = true
        _ = names.count > 1 ? bind(names[1].text, TypeTable.error, at: names[1].span) : nil
        return .any
      }
    }
    let type = intern(.record(id))
    if fitting(type, subject) == .no {
      report(
        .typeMismatch, "the value is never \(withArticle(record(id).name))", at: first.span,
        notes: ["it is \(describe(subject))"], help: "take this case out")
    }
    if !covered.records.insert(id).inserted {
      reportUnreachable(node, help: "a case before it takes every \(record(id).name)")
    }
    if names.count > 1 {
      return .record(id, bind(names[1].text, type, at: names[1].span))
    }
    return .record(id, nil)
  }

  private func checkLiteralPattern(
    _ literal: SyntaxNode, _ subject: TypeID, _ covered: inout Coverage
  ) -> Arm.Pattern {
    if literal.text == "nil" {
      if !isOptional(subject), subject != TypeTable.error {
        report(
          .typeMismatch, "the value is never nil", at: literal.span,
          notes: ["it is \(describe(subject))"], help: "take this case out")
      }
      covered.hasNil = true
      return .nilValue
    }
    let value = checkExpression(literal, expected: unwrapped(subject))
    var isNew = true
    switch value.kind {
    case .string(let text): isNew = covered.words.insert(text).inserted
    case .bool(let flag): isNew = covered.bools.insert(flag).inserted
    case .int(let number): isNew = covered.numbers.insert(number).inserted
    default: break  // open: no other literal is compared
    }
    if value.type == TypeTable.error { covered.hasMistake = true }
    if !isNew { reportUnreachable(literal, help: "a case before it is the same") }
    return .value(value)
  }

  private func reportUnreachable(_ node: SyntaxNode, help: String) {
    report(.notExhaustive, "this case is never reached", at: node.span, help: help)
  }

  private func reportPattern(_ name: SyntaxNode, _ subject: TypeID) {
    var names: [String] = []
    if case .union(let ids) = type(unwrapped(subject)) { names = ids.map { record($0).name } }
    let near = nearest(name.text, among: names + visibleKeywords())
    var help = "a case is `_`, a literal, or the name of a type"
    if case .choice(let words) = type(unwrapped(subject)), words.contains(name.text) {
      help = "write it as a text: \"\(name.text)\""
    } else if let near {
      help = "did you mean `\(near)`?"
    }
    report(.unknownName, "`\(name.text)` is no record type", at: name.span, help: help)
  }

  private func reportMissingCases(_ covered: Coverage, _ subject: Expr, _ node: SyntaxNode) {
    guard !covered.hasAny, !covered.hasMistake, subject.type != TypeTable.error,
      !hasSyntaxMistake(node)
    else { return }
    var missing: [String] = []
    if isOptional(subject.type), !covered.hasNil { missing.append("nil") }
    switch type(unwrapped(subject.type)) {
    case .choice(let words):
      missing += words.filter { !covered.words.contains($0) }.map { "\"\($0)\"" }
    case .bool: missing += [true, false].filter { !covered.bools.contains($0) }.map(String.init)
    case .record(let id): missing += covered.records.contains(id) ? [] : [record(id).name]
    case .union(let ids):
      missing += ids.filter { !covered.records.contains($0) }.map { record($0).name }
    case .error: return
    case .never, .unit, .int, .float, .string, .duration, .bytes, .percent, .rate, .throughput,
      .secret, .object, .range, .list, .map, .optional, .function, .parameter:
      report(
        .notExhaustive, "this match leaves out all other values", at: subject.span,
        caption: "this is \(typeName(subject.type))", help: "add `_: …` for the rest")
      return
    }
    guard !missing.isEmpty else { return }
    report(
      .notExhaustive, "this match leaves out \(missing.joined(separator: ", "))",
      at: subject.span, caption: "this is \(typeName(subject.type))",
      help: "add \(missing.map { "`\($0): …`" }.joined(separator: " and ")), or `_: …` for the rest"
    )
  }

  func checkLambda(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    let names = node.first(.lambdaParameters)?.names ?? node.names
    guard let expected, case .function(let types, let result) = type(unwrapped(expected)) else {
      report(
        .typeMismatch,
        names.isEmpty
          ? "nothing says what function is needed here"
          : "nothing says what `\(names[0].text)` is here", at: node.span,
        help: "say it: `let f: (Int) -> Int = x => …`, or pass it to a function such as `map`")
      return broken(node.span)
    }
    guard types.count == names.count else {
      report(
        .wrongArguments,
        "a function of \(plural(types.count, "parameter")) is needed, this has \(names.count)",
        at: node.span, help: "it must be \(typeName(expected))")
      return broken(node.span)
    }
    return asValue {
      lambda(node, names, types, result: result)
    }
  }

  private func lambda(
    _ node: SyntaxNode, _ names: [SyntaxNode], _ types: [TypeID], result: TypeID
  ) -> Expr {
    inScope {
      let parameters = zip(names, types).map { name, type in
        Parameter(
          label: name.text, local: bindOnce(name.text, type, at: name.span), type: type,
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

  /// A block of statements; its value is that of the last one, when that is an expression. `isLost`:
  /// nobody takes that value, as at the end of a test or of a loop.
  func checkCode(_ node: SyntaxNode, expected: TypeID? = nil, isLost: Bool = false) -> Expr {
    inScope {
      let nodes = node.children.filter { $0.kind != .token && $0.kind != .error }
      var statements: [Statement] = []
      var result: Expr?
      for (index, child) in nodes.enumerated() {
        let isLast = index == nodes.count - 1
        if index > 0, nodes[index - 1].kind == .failStmt, !hasSyntaxMistake(node) {
          report(
            .unexpectedToken, "this is never reached, for it stands after a `fail`", at: child.span,
            help: "move it before the `fail`, or say when that fails: `if … { fail … }`")
        }
        if child.kind == .exprStmt, isLast, let value = child.expression {
          if isLost {
            reportUnused(value, help: helpForLost(isInLoop: node.parent?.kind == .forStmt))
          }
          result = checkExpression(value, expected: expected)
        } else if isLast, let value = checkDirective(child) {
          result = value
        } else {
          statements += checkStatement(child)
        }
      }
      if let expected, result == nil, expected != TypeTable.unit, expected != TypeTable.error,
        !hasSyntaxMistake(node)
      {
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
      if wanted == nil, let name { reportNoValue(value, name: name.text) }
      let local = bindOnce(name?.text ?? "_", wanted ?? value.type, at: name?.span ?? node.span)
      return [.let(local, value)]
    case .exprStmt:
      guard let valueNode = node.expression else { return [] }
      reportUnused(valueNode)
      return [.expression(checkExpression(valueNode))]
    case .forStmt:
      return checkFor(node).map { [$0] } ?? []
    case .yieldStmt:
      guard let valueNode = node.expression else { return [] }
      if output != .manifests {
        report(
          .unexpectedToken, "`yield` gives a manifest, which only an `emit` does", at: node.span,
          help: "let the function give the object: end it with `{ … }`")
      }
      return [.yield(checkYield(valueNode))]
    case .assertStmt:
      let parts = node.expressions
      guard let test = parts.first else { return [] }
      let message = parts.count > 1 ? checkExpression(parts[1], expected: TypeTable.string) : nil
      let condition = checkExpression(test, expected: TypeTable.bool)
      narrowed.formUnion(pathsNotNil(when: test, holds: true))
      return [.assert(condition, message: message, node.span)]
    case .reportStmt: return checkReport(node)
    default:  // open: runbook statements, and errors that the parser reported
      return checkDirective(node).map { [.expression($0)] } ?? []
    }
  }

  private func checkYield(_ node: SyntaxNode) -> Expr {
    let value = checkExpression(node)
    switch type(unwrapped(value.type)) {
    case .object, .map, .record, .error: return fit(value, to: TypeTable.object)
    default:  // open: nothing else can be a manifest
      reportMismatch(value, wanted: TypeTable.object)
      return broken(node.span)
    }
  }

  /// Whether an expression computes and does nothing else.
  private func isPlainValue(_ node: SyntaxNode) -> Bool {
    switch node.kind {
    case .literal, .stringExpr, .binaryExpr, .unaryExpr, .listExpr, .mapExpr, .rangeExpr,
      .memberExpr, .objectExpr:
      true
    case .nameExpr: !node.text.isEmpty
    default: false  // open: it may do something
    }
  }

  /// What to write where code ends with a value that nobody takes.
  private func helpForLost(isInLoop: Bool) -> String {
    switch site.place {
    case .test: "write `assert` in front of it"
    case .emit: "write `yield` in front of it"
    case .rule: "a finding is written `report block, \"why\"`"
    case .runbook, .step: "a condition is written `require …`, or `verify …` after acts"
    case _ where isInLoop: "a loop gives no value; `[for x in xs: …]` makes a list"
    default: "give it a name, `let x = …`, or take it out"  // open: nothing more is known
    }
  }

  /// A value on a line of its own, which does nothing.
  private func reportUnused(
    _ node: SyntaxNode, help: String = "give it a name, `let x = …`, or take it out"
  ) {
    switch node.kind {
    case _ where isPlainValue(node):
      guard !hasSyntaxMistake(onLineOf: node.span) else { return }
      // A name that stands for nothing is a mistake by itself.
      if node.kind == .nameExpr, lookupLocal(node.text) == nil, symbol(node.text) == nil { return }
      report(
        .unexpectedToken, "this value is not used", at: node.span,
        help: node.kind == .stringExpr
          ? "a message follows `else`: assert x > 0 else \"…\"" : help)
    case .ifExpr:
      let blocks = node.all(.codeBlock)
      // Without `else`, what it ends with was looked at where it was checked.
      if blocks.count + node.all(.ifExpr).count > 1 { blocks.forEach { reportUnusedEnd($0) } }
      node.all(.ifExpr).forEach { reportUnused($0) }
    default: break  // open: everything else may do something
    }
  }

  /// A value at the end of code that gives nothing.
  private func reportUnusedEnd(_ code: SyntaxNode) {
    let statements = code.children.filter { $0.kind != .token }
    guard let last = statements.last, last.kind == .exprStmt, let value = last.expression,
      isPlainValue(value)
    else { return }
    guard !hasSyntaxMistake(onLineOf: value.span) else { return }
    report(
      .unexpectedToken, "this value is not used", at: value.span,
      help: "an `if` gives its value as the last expression: `if … { a } else { b }`")
  }

  private func checkFor(_ node: SyntaxNode) -> Statement? {
    guard let sourceNode = node.expression, let body = node.first(.codeBlock) else { return nil }
    let source = checkExpression(sourceNode)
    return inScope {
      let local = bind(node.name ?? "_", elementType(source), at: node.span)
      let code = checkCode(body, isLost: true)
      guard case .block(var statements, let result) = code.kind else { return nil }
      if let result { statements.append(.expression(result)) }
      return .for(local, source, body: statements)
    }
  }
}
