// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  /// Checks what a user wrote for a runbook's parameters, `name=expression` each, as seen from the
  /// user's first file.
  ///
  /// Returns, in the order of the parameters, functions without parameters that give the values;
  /// `nil` after a report.
  package func checkArguments(_ written: [String], of id: FunctionID) -> [FunctionID]? {
    module = mainModule
    let runbook = program[id]
    let errorsBefore = diagnostics.count
    let sitesBefore = effectSites.count
    var values: [String: FunctionID] = [:]
    let given = written.map {
      $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    }
    let open = runbook.parameters.map(\.label).filter { label in
      !given.contains { $0.count == 2 && $0[0] == label }
    }
    // What is missing may be what was meant by a word that belongs nowhere: that is told once.
    var hasStray = reportNameless(written.filter { !$0.contains("=") }, of: id, open: open)
    for parts in given where parts.count == 2 {
      let name = parts[0]
      guard let parameter = runbook.parameters.first(where: { $0.label == name }) else {
        hasStray = true
        report(
          id, "`\(runbook.name)` has no parameter `\(name)`",
          help: nearest(name, among: open).map { "did you mean `\($0)=…`?" }
            ?? open.first.map { "it still needs \($0)=…" })
        continue
      }
      guard values[name] == nil else {
        report(id, "the argument `\(name)` is given twice", help: "leave one of them out")
        continue
      }
      guard !parts[1].isEmpty else {
        report(id, "`\(name)=` gives nothing", help: "write a \(typeName(parameter.type)) after it")
        continue
      }
      values[name] = checkArgument(parts[1], parameter)
    }
    for parameter in runbook.parameters where values[parameter.label] == nil {
      if let value = parameter.defaultValue {
        values[parameter.label] = addArgument(value, localCount: 0)
      } else if !hasStray, open.contains(parameter.label) {
        report(
          id, "`\(runbook.name)` needs the argument `\(parameter.label)`",
          help: "add \(parameter.label)=… with a \(typeName(parameter.type))")
      }
    }
    compareEffects(from: sitesBefore)
    guard diagnostics.count == errorsBefore else { return nil }
    return runbook.parameters.compactMap { values[$0.label] }
  }

  /// Says that arguments have names, where some were written without; gives whether any was.
  private func reportNameless(_ words: [String], of id: FunctionID, open: [String]) -> Bool {
    guard !words.isEmpty else { return false }
    let named = zip(open, words).map { "\($0)=\($1)" }.joined(separator: " ")
    let all = words.map { "`\($0)`" }.joined(separator: ", ")
    report(
      id, "\(all) \(words.count == 1 ? "has no name" : "have no names")",
      help: open.isEmpty
        ? "`\(program[id].name)` takes no further argument"
        : "arguments are written with the names of the parameters: \(named)")
    return true
  }

  private func report(_ id: FunctionID, _ message: String, help: String?) {
    diagnostics.append(
      Diagnostic(
        .wrongArguments, message, at: program[id].span, caption: "it is \(signature(id))",
        help: help))
  }

  /// Checks an expression as seen from the user's first file: a function without parameters that gives its value; `nil`
  /// after a report.
  package func checkValue(_ text: String, allowed: Effect = .pure) -> FunctionID? {
    module = mainModule
    let errorsBefore = diagnostics.count
    let sitesBefore = effectSites.count
    let file = program.sources.add(name: "<expression>", bytes: Array(text.utf8))
    let tree = parseExpression(program.sources[file], limits: options.limits)
    diagnostics += tree.diagnostics
    guard tree.diagnostics.isEmpty, let node = argumentNode(tree.root) else { return nil }
    let place: EffectSite.Place = allowed == .pure ? .definition : .condition("an expression")
    let checked = inFreshFunction(allowed: allowed, place: place) { checkExpression(node) }
    compareEffects(from: sitesBefore)
    guard diagnostics.count == errorsBefore else { return nil }
    return addArgument(checked.value, localCount: checked.localCount)
  }

  /// An expression that was checked for one use.
  package struct CheckedValue {
    /// The program together with the expression.
    package let program: CheckedProgram
    /// Gives its value; `nil` when there are mistakes.
    package let function: FunctionID?
    /// What is wrong with the expression.
    package let diagnostics: [Diagnostic]
  }

  /// Like `checkValue` for an expression that may look at the world; leaves the checker as it was.
  package func checkValueAside(_ text: String) -> CheckedValue {
    let saved = (program, diagnostics, effectSites, unknownNames, globalOfNode, syntaxMistakes)
    defer {
      (program, diagnostics, effectSites, unknownNames, globalOfNode, syntaxMistakes) = saved
    }
    let function = checkValue(text, allowed: .reads)
    return CheckedValue(
      program: program, function: function,
      diagnostics: Array(diagnostics.dropFirst(saved.1.count)))
  }

  private func checkArgument(_ written: String, _ parameter: Parameter) -> FunctionID? {
    let text = isText(written, of: parameter.type) ? quoted(written) : written
    let file = program.sources.add(name: "\(parameter.label)=", bytes: Array(text.utf8))
    let tree = parseExpression(program.sources[file], limits: options.limits)
    guard tree.diagnostics.isEmpty, let node = argumentNode(tree.root) else {
      diagnostics += tree.diagnostics
      return nil
    }
    let checked = inFreshFunction(allowed: .pure, place: .definition) {
      checkExpression(node, expected: parameter.type)
    }
    return addArgument(checked.value, localCount: checked.localCount)
  }

  /// Whether what is written is a text by itself: where the parameter takes one, quotes may be left out, as with `--set`.
  private func isText(_ written: String, of type: TypeID) -> Bool {
    switch self.type(type) {
    case .string, .choice: !written.hasPrefix("\"")
    case .optional(let inner): written != "nil" && isText(written, of: inner)
    case _: false  // open: what is written as an expression
    }
  }

  /// The text as a literal of the language.
  private func quoted(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": literal += "\\\(scalar)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        literal += "\\u{\(String(scalar.value, radix: 16))}"
      case _: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }

  private func argumentNode(_ root: SyntaxNode) -> SyntaxNode? {
    root.expression ?? root.first(.exprStmt)?.expression
  }

  private func addArgument(_ value: Expr, localCount: Int32) -> FunctionID {
    add(
      Function(
        name: "argument", role: .function, effect: .pure, parameters: [], result: value.type,
        localCount: localCount, body: .expression(value), span: value.span))
  }
}
