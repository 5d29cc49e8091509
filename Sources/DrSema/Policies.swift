// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Policies and drills hold code, so the grammar knows them; what they become are ordinary records
/// of the standard library (`Policy`, `Detector`, `Guard`, `Drill`), with closures for their code.
extension Checker {
  private func standardRecord(_ name: String, at span: Span) -> RecordID? {
    for index in preludeModules {
      if case .record(let id)? = scopes[index].symbols[name] { return id }
    }
    report(
      .unknownName, "the standard library has no type `\(name)`", at: span,
      help: "this needs stdlib/policy.dr")
    return nil
  }

  private func identity(_ node: SyntaxNode) -> [String: Expr] {
    let name = node.name ?? ""
    let label = node.first(.stringExpr)?.stringText() ?? String(name.map { $0 == "_" ? "-" : $0 })
    func text(_ value: String) -> Expr { Expr(.string(value), TypeTable.string, node.span) }
    return [
      "name": text(name), "label": text(label), "origin": text(program.sources.location(node.span)),
    ]
  }

  func list(_ elements: [Expr], of id: RecordID, _ span: Span) -> Expr {
    Expr(.list(elements.map(Element.value)), intern(.list(intern(.record(id)))), span)
  }

  private func setRecord(
    _ global: GlobalID, _ id: RecordID, _ node: SyntaxNode, _ fill: (inout [String: Expr]) -> Void
  ) {
    program.globals[Int(global.rawValue)].type = intern(.record(id))
    let head = node.first(.name)?.span ?? node.span
    let checked = inFreshFunction(allowed: .pure, place: .definition) { () -> [Expr?] in
      nextLocal = 1  // local 0 is the record itself
      var values = identity(node)
      for field in record(id).fields where field.mark == .subject {
        if let subject = node.expression(after: "for") {
          values[field.name] = checkExpression(subject, expected: field.type)
        } else {
          report(
            .missingField, "this does not say what it is for", at: head,
            help: "write `for` and the name of a service before the `{`")
        }
      }
      fill(&values)
      for field in record(id).fields where field.mark == .ordinary && values[field.name] == nil {
        guard !field.hasDefault, !isOptional(field.type), !hasSyntaxMistake(node) else { continue }
        report(
          .missingField, "`\(field.name)` is missing", at: head,
          labels: [Label(field.span, "declared here, without a default")],
          help: "add `\(field.name) { … }`")
      }
      return record(id).fields.map { field in values[field.name].map { fit($0, to: field.type) } }
    }
    setGlobal(
      global, type: intern(.record(id)), .block(id, fields: checked.value), checked.localCount)
  }

  // MARK: Policies

  func checkPolicy(_ global: GlobalID, _ node: SyntaxNode) {
    guard let id = standardRecord("Policy", at: node.span),
      let detectorID = standardRecord("Detector", at: node.span),
      let guardID = standardRecord("Guard", at: node.span)
    else { return }
    setRecord(global, id, node) { values in
      for item in node.all(.fieldItem) { checkPolicyField(item, id, &values) }
      let detectors = node.all(.detector).compactMap { checkDetector($0, detectorID) }
      values["detectors"] = list(detectors, of: detectorID, node.span)
      values["guards"] = list(
        node.all(.guardClause).map { checkGuard($0, guardID) }, of: guardID, node.span)
      if let failback = node.first(.failback) { checkFailback(failback, &values) }
    }
  }

  private func checkPolicyField(_ item: SyntaxNode, _ id: RecordID, _ values: inout [String: Expr])
  {
    guard let nameNode = item.first(.name) else { return }
    let settable = ["every", "cooldown"]
    guard settable.contains(nameNode.text), let wanted = fieldType(id, nameNode.text) else {
      reportUnknownMember(nameNode, of: "a policy", among: settable)
      _ = item.expression.map { checkExpression($0) }
      return
    }
    if let earlier = values[nameNode.text] {
      reportGivenTwice(nameNode.text, at: nameNode.span, earlier: earlier.span)
    }
    if let value = item.expression {
      values[nameNode.text] = checkExpression(value, expected: wanted)
    }
  }

  /// `on zone_lost(z in zones) when C lasting D { … }`: one case per z.
  private func checkDetector(_ node: SyntaxNode, _ id: RecordID) -> Expr? {
    guard let caseID = standardRecord("DetectorCase", at: node.span),
      let test = node.expression(after: "when"), let body = node.first(.codeBlock)
    else { return nil }
    let names = node.names
    var values: [String: Expr] = [
      "name": Expr(.string(names.first?.text ?? ""), TypeTable.string, node.span),
      "at": Expr(.string(program.sources.location(node.span)), TypeTable.string, node.span),
    ]
    if let lasting = node.expression(after: "lasting") {
      values["lasting"] = checkExpression(lasting, expected: TypeTable.duration)
    }
    startedRunbooks = []
    func makeCase(_ subject: Expr) -> Expr {
      let holds = closure(test.span, "detector", role: .condition) {
        allowing(.reads, .condition("a detector")) {
          checkExpression(test, expected: TypeTable.bool)
        }
      }
      let act = closure(body.span, "reaction") {
        allowing(.reads, .runbook) { checkCode(body, isLost: true) }
      }
      return makeRecord(caseID, ["subject": subject, "holds": holds, "react": act], node.span)
    }
    if let sourceNode = node.expression(after: "in") {
      let source = checkExpression(sourceNode)
      values["cases"] = inScope {
        let variable = names.count > 1 ? names[1].text : "_"
        let element = elementType(source)
        let local = bind(variable, element, at: node.span)
        let subject = Expr(
          .interpolation([Expr(.local(local), element, node.span)]), TypeTable.string, node.span)
        let value = makeCase(subject)
        return Expr(
          .comprehension(
            Comprehension(local: local, source: source, condition: nil, key: nil, value: value)),
          intern(.list(value.type)), node.span)
      }
    } else {
      let only = makeCase(Expr(.string(""), TypeTable.string, node.span))
      values["cases"] = list([only], of: caseID, node.span)
    }
    let runs = startedRunbooks.map { name in
      Element.value(Expr(.string(name), TypeTable.string, node.span))
    }
    values["runs"] = Expr(.list(runs), intern(.list(TypeTable.string)), node.span)
    return makeRecord(id, values, node.span)
  }

  private func checkGuard(_ node: SyntaxNode, _ id: RecordID) -> Expr {
    let parts = node.expressions
    let title = node.first(.stringExpr)
    let test = parts.last { $0 != title }
    let holds = closure(node.span, "guard", role: .condition) {
      allowing(.reads, .condition("a guard")) {
        test.map { checkExpression($0, expected: TypeTable.bool) } ?? broken(node.span)
      }
    }
    let text = title.map { checkExpression($0, expected: TypeTable.string) } ?? broken(node.span)
    return makeRecord(id, ["text": text, "holds": holds], node.span)
  }

  private func checkFailback(_ node: SyntaxNode, _ values: inout [String: Expr]) {
    if node.all(.clause).isEmpty, !hasSyntaxMistake(node) {
      report(
        .missingField, "`failback` does not say after how long", at: node.span,
        help: "write `failback after 30m, ask \"oncall\"`")
    }
    for clause in node.all(.clause) {
      let word = clause.children.first { $0.isLeaf && $0.text != "," }?.text
      guard let value = clause.expression else { continue }
      switch word {
      case "after":
        values["failback_after"] = checkExpression(value, expected: TypeTable.duration)
      case "ask": values["failback_ask"] = checkExpression(value, expected: TypeTable.string)
      default:  // open: any other word is a mistake
        report(
          .unexpectedToken, "`\(word ?? "")` says nothing here", at: clause.span,
          help: "write `failback after 30m, ask \"oncall\"`")
      }
    }
  }

  // MARK: Drills

  func checkDrill(_ global: GlobalID, _ node: SyntaxNode) {
    guard let id = standardRecord("Drill", at: node.span),
      let windowID = standardRecord("FaultWindow", at: node.span)
    else { return }
    setRecord(global, id, node) { values in
      var windows: [Expr] = []
      var given: [String: Span] = [:]
      for item in node.all(.drillItem) {
        let parts = item.expressions
        guard let first = parts.first else { continue }
        let word = item.children.first(where: { _ in true })
        if let word, word.text != "fault", let earlier = given[word.text] {
          reportGivenTwice(word.text, at: word.span, earlier: earlier)
        }
        if let word { given[word.text] = word.span }
        switch word?.text {
        case "steady": values["steady"] = drillCondition(first, "a drill's `steady`")
        case "abort": values["aborts"] = drillCondition(first, "a drill's `abort`")
        case "load": values["load"] = checkExpression(first, expected: fieldType(id, "load"))
        case "fault":
          var window = ["fault": checkExpression(first, expected: fieldType(windowID, "fault"))]
          if let lasting = item.expression(after: "for") {
            window["lasting"] = checkExpression(lasting, expected: TypeTable.duration)
          }
          windows.append(makeRecord(windowID, window, item.span))
        case "expect":
          values["expects"] = drillCondition(first, "a drill's `expect`")
          if let within = item.expression(after: "within") {
            values["within"] = checkExpression(within, expected: TypeTable.duration)
          }
        default: continue  // open: reported by the parser
        }
      }
      values["faults"] = list(windows, of: windowID, node.span)
    }
  }

  private func drillCondition(_ node: SyntaxNode, _ what: String) -> Expr {
    closure(node.span, what, role: .condition) {
      allowing(.reads, .condition(what)) { checkExpression(node, expected: TypeTable.bool) }
    }
  }
}
