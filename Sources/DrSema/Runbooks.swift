// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Runbook statements: each becomes one directive, whose operands `DirectiveKind` lists.
extension Checker {
  /// The directive that a statement stands for; `nil` when it is none.
  func checkDirective(_ node: SyntaxNode) -> Expr? {
    checkClauses(node)
    switch node.kind {
    case .stepStmt: return checkStep(node)
    case .undoStmt: return checkUndo(node)
    case .waitStmt:
      if !isTimed, directivesAllowed, !node.all(.clause).contains(where: { word($0) == "within" }) {
        report(
          .missingField, "this does not say how long it waits at most", at: node.span,
          help: "write `wait until … within 5m`, or `within` at the step around it: what never"
            + " comes must not hold a run for ever")
      }
      return directive(
        .wait,
        [
          condition(node.expression, "a wait", node), clause(node, "within", TypeTable.duration),
          clause(node, "every", TypeTable.duration),
        ], node)
    case .pauseStmt:
      return directive(.pause, [value(node.expression, TypeTable.duration, node)], node)
    case .requireStmt: return checkRequire(node)
    case .verifyStmt:
      return directive(
        .verify,
        [
          condition(node.expression, "a verify", node), clause(node, "within", TypeTable.duration),
          clause(node, "every", TypeTable.duration), message(elseExpression(node), node),
        ], node)
    case .approveStmt: return checkApprove(node)
    case .parallelStmt: return checkParallel(node)
    case .runStmt: return checkRun(node)
    case .lockStmt:
      if let function = site.function {
        lockingFunctions.insert(function)
        lockSites.append((function, node.span))
      }
      if !node.all(.clause).contains(where: { word($0) == "for" }) {
        report(
          .missingField, "this does not say how long the lock is held at most", at: node.span,
          help: "write `lock … for 15m`: a run that is lost must not hold it for ever")
      }
      return directive(
        .lock,
        [value(node.expression, TypeTable.string, node), clause(node, "for", TypeTable.duration)],
        node)
    case .onFailureStmt: return checkOnFailure(node)
    case .failStmt:
      return directive(
        .fail, [value(node.expression, TypeTable.string, node)], node, type: TypeTable.never)
    default: return nil  // open: every other statement is no runbook statement
    }
  }

  private func directive(
    _ kind: DirectiveKind, _ operands: [Expr], _ node: SyntaxNode, type: TypeID? = nil
  ) -> Expr {
    if !directivesAllowed {
      report(
        .unexpectedToken, "this statement belongs in a runbook", at: node.span,
        help: "only a `runbook` has steps, waits and approvals: `runbook name() { … }`")
    }
    return Expr(.directive(kind, operands), type ?? TypeTable.unit, demand(node))
  }

  /// A statement without its `else`: what it demands, as it is shown while it waits.
  private func demand(_ node: SyntaxNode) -> Span {
    guard elseExpression(node) != nil, let condition = node.expression else { return node.span }
    let ends = node.all(.clause).filter { word($0) != "else" }.map(\.span.end)
    let end = ends.reduce(condition.span.end, max)
    return Span(node.span.file, node.span.start, end)
  }

  private var directivesAllowed: Bool {
    switch site.place {
    case .runbook, .step: true
    case .definition, .function, .readingFunction, .emit, .rule, .test, .condition, .value: false
    }
  }

  /// In a step it takes an act back. Outside of steps it looks whether what must hold does so again,
  /// once all has been taken back.
  private func checkUndo(_ node: SyntaxNode) -> Expr {
    guard case .runbook = site.place else {
      return directive(.undo, [timed(false) { code(node, "undo", allowed: .acts, .step) }], node)
    }
    guard !isCleaningUp, node.contains(.verifyStmt) else {
      report(
        .unexpectedToken, "an `undo` belongs in the step whose act it takes back", at: node.span,
        help: isCleaningUp
          ? "move it into the step, after the act"
          : "move it into the step, after the act; one that stands in no step says with `verify` "
            + "what must hold again")
      return directive(.undo, [code(node, "undo", allowed: .acts, .step)], node)
    }
    let body = cleaningUp { code(node, "undo", allowed: .reads, .runbook) }
    return directive(.undo, [body], node)
  }

  private func cleaningUp<T>(_ body: () -> T) -> T {
    let saved = isCleaningUp
    isCleaningUp = true
    defer { isCleaningUp = saved }
    return timed(false, body)
  }

  private func timed<T>(_ isTimed: Bool, _ body: () -> T) -> T {
    let saved = self.isTimed
    self.isTimed = isTimed
    defer { self.isTimed = saved }
    return body()
  }

  private func checkStep(_ node: SyntaxNode) -> Expr {
    let clauses = node.all(.clause)
    let isTimed = isTimed || clauses.contains { word($0) == "within" }
    let body = timed(isTimed) { code(node, "step", allowed: .acts, .step) }
    guard case .function(_, let result) = type(body.type) else { return broken(node.span) }
    let test = clauses.first { word($0) == "if" }.map {
      condition($0.expression, "a step's `if`", node)
    }
    // A step that is left out gives nil.
    let given = test == nil || result == TypeTable.unit ? result : optional(result)
    return directive(
      .step,
      [
        value(node.first(.stringExpr), TypeTable.string, node),
        clause(node, "within", TypeTable.duration), clause(node, "retry", TypeTable.int),
        clause(node, "every", TypeTable.duration), clause(node, "backoff", TypeTable.float),
        test ?? none(node), body, clause(node, "jitter", TypeTable.percent),
      ], node, type: given)
  }

  private func checkRequire(_ node: SyntaxNode) -> Expr {
    let operands = [
      condition(node.expression, "a require", node), message(elseExpression(node), node),
    ]
    if let test = node.expression { narrowed.formUnion(pathsNotNil(when: test, holds: true)) }
    return directive(.require, operands, node)
  }

  private func checkApprove(_ node: SyntaxNode) -> Expr {
    var otherwise = "abort"
    if let clause = node.all(.clause).first(where: { word($0) == "else" }) {
      let text = elseClause(node)?.text ?? ""
      if text == "abort" || text == "continue" {
        otherwise = text
      } else {
        report(
          .unexpectedToken, "an approval that is not given aborts or continues", at: clause.span,
          help: "write `else abort` or `else continue`")
      }
    }
    return directive(
      .approve,
      [
        value(node.expression, TypeTable.string, node), clause(node, "by", TypeTable.string),
        clause(node, "within", TypeTable.duration),
        Expr(.string(otherwise), TypeTable.string, node.span),
        clause(node, "quorum", TypeTable.int),
      ], node)
  }

  private func checkParallel(_ node: SyntaxNode) -> Expr {
    let limit = clause(node, "limit", TypeTable.int)
    let bodies: Expr
    if node.token(.forKeyword) != nil, let sourceNode = node.expression,
      let body = node.first(.codeBlock)
    {
      let source = checkExpression(sourceNode)
      bodies = inScope {
        let local = bind(node.name ?? "_", elementType(source), at: node.span)
        let branch = closure(body.span, "branch") { checkCode(body, isLost: true) }
        return Expr(
          .comprehension(
            Comprehension(local: local, source: source, condition: nil, key: nil, value: branch)),
          intern(.list(branch.type)), body.span)
      }
    } else if let body = node.first(.codeBlock) {
      // Every statement of the block is a branch.
      let branches = body.children.filter { $0.kind != .token && $0.kind != .error }.map { child in
        closure(child.span, "branch") { checkBranch(child) }
      }
      bodies = Expr(
        .list(branches.map(Element.value)),
        intern(.list(intern(.function(parameters: [], result: TypeTable.unit)))), body.span)
    } else {
      bodies = broken(node.span)
    }
    return directive(
      .parallel, [limit, bodies, clause(node, "quorum", TypeTable.int)], node)
  }

  private func checkRun(_ node: SyntaxNode) -> Expr {
    guard let callNode = node.expression, let id = runbook(callNode) else {
      return broken(node.span)
    }
    if !startedRunbooks.contains(program[id].name) { startedRunbooks.append(program[id].name) }
    let body = closure(node.span, program[id].name) {
      checkCall(callNode, expected: nil, startsRunbook: true)
    }
    return directive(
      .run, [Expr(.string(program[id].name), TypeTable.string, node.span), body], node)
  }

  /// The runbook that `run` starts; `nil` after a report.
  private func runbook(_ node: SyntaxNode) -> FunctionID? {
    guard let callee = node.expression, node.kind == .callExpr else {
      if !hasSyntaxMistake(onLineOf: node.span) {
        report(
          .notCallable, "`run` starts a runbook", at: node.span,
          help: "write `run name_of_a_runbook(…)`")
      }
      return nil
    }
    var found: FunctionID?
    if callee.kind == .memberExpr, let base = callee.expression, let name = callee.names.last,
      case .function(let id)? = qualified(base, name.text)?.symbol
    {
      found = id
    } else if callee.kind == .nameExpr {
      found = functionSymbol(callee.text)
    }
    if let found, program[found].role == .runbook { return found }
    let runbooks = program.runbooks.keys.sorted()
    let near = nearest(callee.text, among: runbooks)
    let help =
      near.map { "did you mean `\($0)`?" }
      ?? (runbooks.isEmpty
        ? "declare it: `runbook \(callee.text)(…) { … }`"
        : "the runbooks are \(runbooks.map { "`\($0)`" }.joined(separator: ", "))")
    if let found {
      report(
        .notCallable, "`\(callee.text)` is a function, and `run` starts a runbook",
        at: callee.span, labels: [Label(program[found].span, "declared here")],
        help: "leave out `run` to call it")
    } else if !hasSyntaxMistake(onLineOf: node.span) {
      report(
        .unknownName, "there is no runbook called `\(callee.text)`", at: callee.span, help: help)
    }
    return nil
  }

  /// One statement of a `parallel` block.
  private func checkBranch(_ node: SyntaxNode) -> Expr {
    if let directive = checkDirective(node) { return directive }
    if node.kind == .exprStmt, let value = node.expression { return checkExpression(value) }
    report(
      .unexpectedToken, "this is no branch of a `parallel`", at: node.span,
      help:
        "a branch is a step, a run or a call; for a list write `parallel for x in xs { … }`"
    )
    return broken(node.span)
  }

  private func checkOnFailure(_ node: SyntaxNode) -> Expr {
    guard let body = node.first(.codeBlock) else { return broken(node.span) }
    let handler = inScope { () -> Expr in
      let name = node.names.last { $0.text != "on" && $0.text != "failure" }
      let local = bind(name?.text ?? "_", TypeTable.string, at: node.span)
      let parameter = Parameter(
        label: "reason", local: local, type: TypeTable.string, defaultValue: nil)
      let code = cleaningUp {
        allowing(.reads, .runbook) { checkCode(body, isLost: true) }
      }
      return lambda(code, parameters: [parameter], name: "on failure", node.span)
    }
    return directive(.onFailure, [handler], node)
  }

  // MARK: Operands

  private func word(_ clause: SyntaxNode) -> String {
    clause.children.first { $0.isLeaf && $0.text != "," }?.text ?? ""
  }

  private func none(_ node: SyntaxNode) -> Expr { Expr(.nilValue, nilType, node.span) }

  /// The value of a clause, or nil where it is not written.
  private func clause(_ node: SyntaxNode, _ name: String, _ wanted: TypeID) -> Expr {
    guard let clause = node.all(.clause).first(where: { word($0) == name }) else {
      return none(node)
    }
    let value = value(clause.expression, wanted, clause)
    checkRange(of: value, in: name)
    return value
  }

  private func checkRange(of value: Expr, in clause: String) {
    let fault: String?
    if let number = value.writtenNumber {
      fault = ClauseBounds.fault(of: clause, number)
    } else if clause == "backoff", case .float(let factor) = value.kind {
      fault = ClauseBounds.fault(ofBackoff: factor)
    } else {
      return
    }
    guard let fault else { return }
    report(.constraintViolated, fault, at: value.span, help: rangeHelp(of: clause))
  }

  private func rangeHelp(of clause: String) -> String? {
    switch clause {
    case "within": "write how long it may take at most, as in `within 5m`"
    case "for": "write how long it is held at most, as in `for 15m`"
    case "every": "write how much time lies between two looks, as in `every 10s`"
    case "retry": "write how often it is tried again, as in `retry 3`"
    case "jitter": "write how much shorter a pause may be by chance, as in `jitter 50%`"
    case "quorum": "write how many must agree or succeed, as in `quorum 2`"
    case "limit": "write how many may run at once, as in `limit 4`"
    case "backoff": "write by how much each pause is longer than the one before, as in `backoff 2`"
    default: nil  // open: no other clause has bounds that are checked here
    }
  }

  /// A handler that nothing follows is registered when the run is over.
  func reportLateHandlers(_ code: SyntaxNode) {
    let statements = code.children.filter { $0.kind != .token && $0.kind != .error }
    guard let last = statements.last, last.kind == .onFailureStmt, !hasSyntaxMistake(code) else {
      return
    }
    report(
      .unexpectedToken, "nothing follows that could fail, so this never runs", at: last.span,
      help: "move it up: `on failure` stands for what comes after it in the runbook")
  }

  private func value(_ node: SyntaxNode?, _ wanted: TypeID, _ owner: SyntaxNode) -> Expr {
    node.map { checkExpression($0, expected: wanted) } ?? broken(owner.span)
  }

  private func condition(_ test: SyntaxNode?, _ what: String, _ owner: SyntaxNode) -> Expr {
    closure(test?.span ?? owner.span, what, role: .condition) {
      allowing(.reads, .condition(what)) {
        test.map { checkExpression($0, expected: TypeTable.bool) } ?? broken(owner.span)
      }
    }
  }

  private func code(
    _ node: SyntaxNode, _ name: String, allowed: Effect, _ place: EffectSite.Place
  ) -> Expr {
    guard let body = node.first(.codeBlock) else { return broken(node.span) }
    return closure(body.span, name) { allowing(allowed, place) { checkCode(body, isLost: true) } }
  }

  private func elseClause(_ node: SyntaxNode) -> SyntaxNode? {
    node.all(.clause).first { word($0) == "else" }?.children.first {
      $0.text != "else" && $0.text != ","
    }
  }

  private func elseExpression(_ node: SyntaxNode) -> SyntaxNode? {
    if let clause = elseClause(node) { return clause }
    return node.token(.elseKeyword) != nil ? node.expression(after: "else") : nil
  }

  private func message(_ node: SyntaxNode?, _ owner: SyntaxNode) -> Expr {
    guard let node else { return none(owner) }
    return closure(node.span, "message") {
      allowing(.reads, .condition("a message")) {
        checkExpression(node, expected: TypeTable.string)
      }
    }
  }

  /// The clauses that a statement takes; `nil` for what is no statement of a runbook.
  private func clausesAllowed(_ kind: NodeKind) -> [String]? {
    switch kind {
    case .stepStmt: ["within", "retry", "every", "backoff", "jitter", "if"]
    case .waitStmt: ["within", "every"]
    case .verifyStmt: ["within", "every", "else"]
    case .approveStmt: ["by", "quorum", "within", "else"]
    case .lockStmt: ["for"]
    case .parallelStmt: ["limit", "quorum"]
    default: nil  // open: all others take none, and the parser knows
    }
  }

  private func checkClauses(_ node: SyntaxNode) {
    guard let allowed = clausesAllowed(node.kind) else { return }
    var given: [String: Span] = [:]
    for clause in node.all(.clause) {
      let name = word(clause)
      if !allowed.contains(name) {
        report(
          .unexpectedToken, "`\(name)` says nothing here", at: clause.span,
          help: "this statement takes \(allowed.joined(separator: ", "))")
        _ = clause.expression.map { checkExpression($0) }
      } else if let earlier = given[name] {
        reportGivenTwice(name, at: clause.span, earlier: earlier)
      } else if clause.expression == nil, name != "else", !hasSyntaxMistake(onLineOf: clause.span) {
        report(
          .missingField, "`\(name)` needs a value", at: clause.span,
          help: "write it after the word, as in `within 5m`, `retry 3`, `by \"oncall\"`")
      }
      given[name] = clause.span
    }
  }
}

extension Expr {
  /// The number that stands in the program; `nil` for all that is computed.
  fileprivate var writtenNumber: Int64? {
    switch kind {
    case .int(let number): number
    case .negateInt(let operand): operand.writtenNumber.map { -$0 }
    default: nil  // open: anything else is computed
    }
  }
}
