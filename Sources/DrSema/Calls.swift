// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// An argument as written: `label: value`.
struct WrittenArgument {
  enum Value {
    case node(SyntaxNode)
    case expr(Expr)
  }
  let label: SyntaxNode?
  let value: Value
  let span: Span
}

extension Checker {
  /// `startsRunbook`: the call stands after `run`.
  func checkCall(_ node: SyntaxNode, expected: TypeID?, startsRunbook: Bool = false) -> Expr {
    guard let callee = node.expression else { return broken(node.span) }
    var arguments = (node.first(.argumentList)?.all(.argument) ?? []).compactMap { argument in
      argument.expressions.last.map {
        WrittenArgument(label: argument.first(.name), value: .node($0), span: argument.span)
      }
    }
    if callee.kind == .memberExpr, let base = callee.expression, let nameNode = callee.names.last {
      if let found = qualified(base, nameNode.text) {
        guard case .function(let id) = found.symbol else {
          if found.symbol == nil {
            reportUnknown(nameNode, in: base, among: found.names)
            return brokenCall(arguments, node)
          }
          return callValue(checkExpression(callee), arguments, node)
        }
        guard isCallable(id, startsRunbook, at: node.span) else {
          return brokenCall(arguments, node)
        }
        return call(id, arguments, node, expected: expected)
      }
      let receiver = checkExpression(base)
      if receiver.type == TypeTable.error { return brokenCall(arguments, node) }
      if !hasField(receiver.type, nameNode.text) {
        guard let id = functionSymbol(nameNode.text) else {
          reportUnknownMethod(nameNode, receiver, base, isAlone: arguments.isEmpty)
          return brokenCall(arguments, node)
        }
        guard isCallable(id, startsRunbook, at: node.span) else {
          return brokenCall(arguments, node)
        }
        arguments.insert(
          WrittenArgument(label: nil, value: .expr(receiver), span: base.span), at: 0)
        return call(id, arguments, node, expected: expected)
      }
      return callValue(member(receiver, nameNode, callee, optionalAccess: false), arguments, node)
    }
    if callee.kind == .nameExpr, lookupLocal(callee.text) == nil,
      !selfFields().contains(callee.text), let id = functionSymbol(callee.text)
    {
      guard isCallable(id, startsRunbook, at: node.span) else { return brokenCall(arguments, node) }
      return call(id, arguments, node, expected: expected)
    }
    let value = checkExpression(callee)
    if value.type == TypeTable.error { return brokenCall(arguments, node) }
    return callValue(value, arguments, node)
  }

  private func isCallable(_ id: FunctionID, _ startsRunbook: Bool, at span: Span) -> Bool {
    if program[id].role != .runbook || startsRunbook { return true }
    reportRunbookCall(id, at: span)
    return false
  }

  private func hasField(_ id: TypeID, _ name: String) -> Bool {
    guard case .record(let record) = type(id) else { return false }
    return self.record(record).fields.contains { $0.name == name }
  }

  private func reportUnknownMethod(
    _ name: SyntaxNode, _ receiver: Expr, _ base: SyntaxNode, isAlone: Bool
  ) {
    if hasSyntaxMistake(onLineOf: name.span) { return }
    let use = modules[module].uses.first {
      if case .function? = scopes[$0.module].symbols[name.text] { return true }
      return false
    }
    if let use, !name.text.hasPrefix("_") {
      report(
        .unknownName, "an act is called by its module's name", at: name.span,
        help: "write `\(use.alias).\(name.text)(\(base.text)\(isAlone ? "" : ", …"))`")
      return
    }
    var fields: [String] = []
    if case .record(let id) = type(receiver.type) { fields = record(id).fields.map(\.name) }
    let near =
      Self.foreignName(name.text) ?? Self.foreignFunction(name.text)
      ?? nearest(name.text, among: visibleModules.flatMap(functionNames) + fields)
    report(
      .unknownName,
      "there is no function `\(name.text)`, and \(describe(receiver.type)) has no such field",
      at: name.span,
      help: near.map { "did you mean `\($0)`?" }
        ?? "declare it, `fn \(name.text)(…) = …`, or `use` the module that has it",
      fixes: near.map { [Fix("write `\($0)`", replacing: name.span, with: $0)] } ?? [])
  }

  /// Checks the arguments all the same, for the mistakes in them.
  private func brokenCall(_ arguments: [WrittenArgument], _ node: SyntaxNode) -> Expr {
    for argument in arguments {
      if case .node(let value) = argument.value, value.kind != .lambdaExpr {
        _ = checkExpression(value)
      }
    }
    return broken(node.span)
  }

  private func callValue(
    _ callee: Expr, _ arguments: [WrittenArgument], _ node: SyntaxNode
  ) -> Expr {
    guard case .function(let parameters, let result) = type(callee.type) else {
      if case .function = type(unwrapped(callee.type)) {
        reportMismatch(callee, wanted: unwrapped(callee.type))
      } else if callee.type != TypeTable.error {
        report(
          .notCallable, "\(describe(callee.type)) cannot be called", at: callee.span,
          caption: "this is \(typeName(callee.type))",
          help: "only functions are called; leave the `(…)` out")
      }
      return brokenCall(arguments, node)
    }
    guard parameters.count == arguments.count else {
      report(
        .wrongArguments,
        "this takes \(plural(parameters.count, "argument")), not \(arguments.count)",
        at: node.span, help: "it is \(typeName(callee.type))")
      return brokenCall(arguments, node)
    }
    for label in arguments.compactMap(\.label) {
      report(
        .wrongArguments, "a function that is a value has no labels", at: label.span,
        help: "write the arguments in order, without labels")
    }
    let values = zip(arguments, parameters).map { argument, wanted in
      check(argument, expected: wanted)
    }
    return Expr(.callValue(callee, values), result, node.span)
  }

  private func check(_ argument: WrittenArgument, expected: TypeID?) -> Expr {
    switch argument.value {
    case .node(let node): checkExpression(node, expected: expected)
    case .expr(let expr): expected.map { fit(expr, to: $0) } ?? expr
    }
  }

  // MARK: Calls of named functions

  func call(
    _ id: FunctionID, _ arguments: [WrittenArgument], _ node: SyntaxNode, expected: TypeID?
  ) -> Expr {
    recordCall(id, at: node.span)
    let function = program[id]
    guard let slots = match(arguments, to: id, node) else {
      return brokenCall(arguments, node)
    }
    var bindings: [Int: TypeID] = [:]
    // Anything plain can become an Object, so that one says nothing.
    if let expected, unwrapped(expected) != TypeTable.object {
      bind(function.result, to: expected, &bindings, weakly: true)
    }
    let hints = bindings
    let reported = (diagnostics: diagnostics.count, mismatches: mismatches.count)
    bindings = [:]
    var values = [Expr?](repeating: nil, count: slots.count)
    // Lambdas last: the other arguments say what their parameters are.
    let order =
      slots.indices.filter { !isLambda(slots[$0]) } + slots.indices.filter { isLambda(slots[$0]) }
    for index in order {
      let parameter = function.parameters[index]
      if index == timelineIndex(function), let block = node.first(.trailingBlock) {
        values[index] = checkTimeline(block, parameter.type)
        continue
      }
      guard let argument = slots[index] else {
        values[index] = parameter.defaultValue
        continue
      }
      let wanted = substitute(parameter.type, hints, bindings)
      // What a lambda is given would follow from an argument that was not understood.
      if wanted == nil, isLambda(argument), values.contains(where: { $0?.type == TypeTable.error })
      {
        continue
      }
      if mentionsParameter(parameter.type) {
        let value = check(argument, expected: wanted)
        if !bind(parameter.type, to: value.type, &bindings, weakly: false) {
          reportMismatch(value, wanted: substitute(parameter.type, bindings, [:]) ?? parameter.type)
        }
        values[index] = value
      } else {
        values[index] = check(argument, expected: wanted)
      }
    }
    refit(&values, to: function, bindings, hints)
    explainOrder(of: slots, id, since: reported)
    let isBroken = values.contains { $0.map { isUnknown($0.type) } ?? false }
    let result = resultOfCall(id, bindings, hints, isBroken, node)
    return Expr(.call(id, values.map { $0 ?? broken(node.span) }), result, node.span)
  }

  /// Looks at the arguments again when all of them have said what the type parameters stand for: a
  /// function that was given for a narrower type would get values that it does not know.
  private func refit(
    _ values: inout [Expr?], to function: Function, _ bindings: [Int: TypeID],
    _ hints: [Int: TypeID]
  ) {
    for (index, parameter) in function.parameters.enumerated() {
      guard mentionsParameter(parameter.type), let value = values[index],
        let wanted = substitute(parameter.type, bindings, hints),
        fitting(value.type, wanted) != .same
      else { continue }
      reportMismatch(value, wanted: wanted)
      values[index] = broken(value.span)
    }
  }

  /// Whether a type is, or holds, one that a mistake hides.
  private func isUnknown(_ id: TypeID) -> Bool {
    switch type(id) {
    case .error: true
    case .list(let element), .optional(let element): isUnknown(element)
    case .map(let key, let value): isUnknown(key) || isUnknown(value)
    default: false  // open: no other type holds one that is inferred
    }
  }

  private func resultOfCall(
    _ id: FunctionID, _ bindings: [Int: TypeID], _ hints: [Int: TypeID], _ isBroken: Bool,
    _ node: SyntaxNode
  ) -> TypeID {
    if let result = substitute(self.result(of: id, at: node.span), bindings, hints) {
      return result
    }
    if isBroken { return TypeTable.error }
    report(
      .typeMismatch, "nothing says what `\(program[id].name)` gives here", at: node.span,
      caption: "it is \(signature(id))", help: "say it: `let name: [Int] = …`")
    return TypeTable.error
  }

  /// `1 argument`, `2 arguments`.
  func plural(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }

  private func isLambda(_ argument: WrittenArgument?) -> Bool {
    if case .node(let node)? = argument?.value { node.kind == .lambdaExpr } else { false }
  }

  /// The argument of each parameter; positional ones first, then by label. `nil` after a report.
  private func match(
    _ arguments: [WrittenArgument], to id: FunctionID, _ node: SyntaxNode
  ) -> [WrittenArgument?]? {
    let function = program[id]
    if let list = node.first(.argumentList), hasSyntaxMistake(list) { return nil }
    var slots = [WrittenArgument?](repeating: nil, count: function.parameters.count)
    var position = 0
    for argument in arguments {
      var index = position
      if let label = argument.label {
        guard let found = function.parameters.firstIndex(where: { $0.label == label.text }) else {
          let nearest = nearest(label.text, among: function.parameters.map(\.label))
          report(
            .wrongArguments, "`\(function.name)` has no parameter `\(label.text)`", at: label.span,
            labels: [Label(function.span, "declared here")],
            help: nearest.map { "did you mean `\($0):`?" } ?? "it is \(signature(id))",
            fixes: nearest.map { [Fix("write `\($0)`", replacing: label.span, with: $0)] } ?? [])
          return nil
        }
        index = found
      } else {
        position += 1
      }
      guard index < slots.count, slots[index] == nil else {
        report(
          .wrongArguments,
          index < slots.count
            ? "the argument `\(function.parameters[index].label)` is given twice"
            : "`\(function.name)` takes \(plural(slots.count, "argument")); this is one too many",
          at: argument.span, labels: [Label(function.span, "declared here")],
          help: "it is \(signature(id))")
        return nil
      }
      slots[index] = argument
    }
    for (index, slot) in slots.enumerated() where slot == nil {
      let parameter = function.parameters[index]
      let isTimeline = index == timelineIndex(function) && node.first(.trailingBlock) != nil
      guard parameter.defaultValue == nil, !isTimeline else { continue }
      report(
        .wrongArguments, "`\(function.name)` needs the argument `\(parameter.label)`",
        at: node.span, labels: [Label(function.span, "declared here")],
        help: "it is \(signature(id))")
      return nil
    }
    return slots
  }

  func signature(_ id: FunctionID) -> String {
    let function = program[id]
    namedParameters = typeParameterNames[id] ?? []
    defer { namedParameters = [] }
    let parameters = function.parameters.map { "\($0.label): \(typeName($0.type))" }
    let result = function.result == TypeTable.unit ? "" : " -> \(typeName(function.result))"
    return "\(function.name)(\(parameters.joined(separator: ", ")))\(result)"
  }

  // MARK: simulate(…) { at 1m: fail(az1) }

  private func timelineIndex(_ function: Function) -> Int? {
    function.parameters.firstIndex { $0.label == "timeline" }
  }

  private func checkTimeline(_ block: SyntaxNode, _ wanted: TypeID) -> Expr {
    guard case .list(let element) = type(wanted), case .record(let id) = type(element) else {
      return broken(block.span)
    }
    let entries = block.all(.timelineItem).compactMap { item -> Element? in
      let parts = item.expressions
      guard parts.count == 2 else { return nil }
      return .value(
        makeRecord(
          id,
          [
            "at": checkExpression(parts[0], expected: TypeTable.duration),
            "fault": checkExpression(parts[1], expected: fieldType(id, "fault")),
          ], item.span))
    }
    return Expr(.list(entries), wanted, block.span)
  }

  func fieldType(_ id: RecordID, _ name: String) -> TypeID? {
    record(id).fields.first { $0.name == name }?.type
  }

  /// A record with these fields given, fitted to their types; the others take their defaults.
  func makeRecord(_ id: RecordID, _ values: [String: Expr], _ span: Span) -> Expr {
    let fields = record(id).fields.map { field in
      values[field.name].map { fit($0, to: field.type) }
    }
    return Expr(.record(id, fields: fields), intern(.record(id)), span)
  }
}
