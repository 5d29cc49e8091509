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
  func checkCall(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    guard let callee = node.expression else { return broken(node.span) }
    var arguments = (node.first(.argumentList)?.all(.argument) ?? []).compactMap { argument in
      argument.expressions.last.map {
        WrittenArgument(label: argument.first(.name), value: .node($0), span: argument.span)
      }
    }
    if callee.kind == .memberExpr, let base = callee.expression, let nameNode = callee.names.last {
      if let found = qualified(base, nameNode.text) {
        guard case .function(let id) = found.symbol else {
          reportUnknownMember(nameNode, of: "the module `\(base.text)`", among: found.names)
          return brokenCall(arguments, node)
        }
        return call(id, arguments, node, expected: expected)
      }
      let receiver = checkExpression(base)
      if receiver.type == TypeTable.error { return brokenCall(arguments, node) }
      if !hasField(receiver.type, nameNode.text), let id = functionSymbol(nameNode.text) {
        arguments.insert(
          WrittenArgument(label: nil, value: .expr(receiver), span: base.span), at: 0)
        return call(id, arguments, node, expected: expected)
      }
      return callValue(checkExpression(callee), arguments, node)
    }
    if callee.kind == .nameExpr, lookupLocal(callee.text) == nil {
      if let id = functionSymbol(callee.text) {
        return call(id, arguments, node, expected: expected)
      }
    }
    let value = checkExpression(callee)
    if value.type == TypeTable.error { return brokenCall(arguments, node) }
    return callValue(value, arguments, node)
  }

  private func hasField(_ id: TypeID, _ name: String) -> Bool {
    if case .record(let record) = type(id) {
      self.record(record).fields.contains { $0.name == name }
    } else {
      type(id) == .object
    }
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
      if callee.type != TypeTable.error {
        report(
          .notCallable, "\(describe(callee.type)) cannot be called", at: callee.span,
          help: "only functions are called")
      }
      return brokenCall(arguments, node)
    }
    guard parameters.count == arguments.count else {
      report(
        .wrongArguments,
        "this takes \(parameters.count) arguments, and \(arguments.count) are given", at: node.span)
      return brokenCall(arguments, node)
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
    guard let slots = match(arguments, to: function, node) else {
      return brokenCall(arguments, node)
    }
    var bindings: [Int: TypeID] = [:]
    if let expected { bind(function.result, to: expected, &bindings, weakly: true) }
    let hints = bindings
    bindings = [:]
    var values = [Expr?](repeating: nil, count: slots.count)
    // Lambdas last: the other arguments say what their parameters are.
    let order = slots.indices.filter { !isLambda(slots[$0]) } + slots.indices.filter { isLambda(slots[$0]) }
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
      let wanted = substitute(parameter.type, bindings, hints)
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
    let result = substitute(self.result(of: id), bindings, hints) ?? TypeTable.error
    return Expr(.call(id, values.map { $0 ?? broken(node.span) }), result, node.span)
  }

  private func isLambda(_ argument: WrittenArgument?) -> Bool {
    if case .node(let node)? = argument?.value { node.kind == .lambdaExpr } else { false }
  }

  /// The argument of each parameter; positional ones first, then by label. `nil` after a report.
  private func match(
    _ arguments: [WrittenArgument], to function: Function, _ node: SyntaxNode
  ) -> [WrittenArgument?]? {
    var slots = [WrittenArgument?](repeating: nil, count: function.parameters.count)
    var position = 0
    for argument in arguments {
      var index = position
      if let label = argument.label {
        guard let found = function.parameters.firstIndex(where: { $0.label == label.text }) else {
          let nearest = nearestName(to: label.text, among: function.parameters.map(\.label))
          report(
            .wrongArguments, "`\(function.name)` has no parameter `\(label.text)`", at: label.span,
            labels: [Label(function.span, "declared here")],
            help: nearest.map { "did you mean `\($0):`?" } ?? "it is \(signature(function))",
            fixes: nearest.map { [Fix("write `\($0)`", replacing: label.span, with: $0)] } ?? [])
          return nil
        }
        index = found
      } else {
        position += 1
      }
      guard index < slots.count, slots[index] == nil else {
        report(
          .wrongArguments, "`\(function.name)` takes no further argument", at: argument.span,
          labels: [Label(function.span, "declared here")], help: "it is \(signature(function))")
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
        help: "it is \(signature(function))")
      return nil
    }
    return slots
  }

  func signature(_ function: Function) -> String {
    let parameters = function.parameters.map { "\($0.label): \(typeName($0.type))" }
    let result = function.result == TypeTable.unit ? "" : " -> \(typeName(function.result))"
    return "\(function.name)(\(parameters.joined(separator: ", ")))\(result)"
  }

  // MARK: Generic functions

  private func mentionsParameter(_ id: TypeID) -> Bool {
    switch type(id) {
    case .parameter: true
    case .list(let element): mentionsParameter(element)
    case .optional(let inner): mentionsParameter(inner)
    case .map(let key, let value): mentionsParameter(key) || mentionsParameter(value)
    case .function(let parameters, let result):
      parameters.contains(where: mentionsParameter) || mentionsParameter(result)
    default: false  // open: all other types are closed
    }
  }

  /// Learns what type parameters stand for. Returns whether the types agree.
  @discardableResult
  private func bind(
    _ pattern: TypeID, to actual: TypeID, _ bindings: inout [Int: TypeID], weakly: Bool
  ) -> Bool {
    switch (type(pattern), type(actual)) {
    case (_, .error): return true
    case (.parameter(let index), _):
      guard let bound = bindings[index] else {
        bindings[index] = actual
        return true
      }
      guard let joined = join(bound, actual) else { return weakly }
      bindings[index] = joined
      return true
    case (.list(let a), .list(let b)): return bind(a, to: b, &bindings, weakly: weakly)
    case (.optional(let a), .optional(let b)): return bind(a, to: b, &bindings, weakly: weakly)
    case (.optional(let a), _): return bind(a, to: actual, &bindings, weakly: weakly)
    case (.map(let k, let v), .map(let k2, let v2)):
      return bind(k, to: k2, &bindings, weakly: weakly) && bind(v, to: v2, &bindings, weakly: weakly)
    case (.function(let p, let r), .function(let p2, let r2)):
      guard p.count == p2.count else { return false }
      for (a, b) in zip(p, p2) where !bind(a, to: b, &bindings, weakly: weakly) { return false }
      return bind(r, to: r2, &bindings, weakly: weakly)
    default: return weakly || fitting(actual, pattern) == .same  // open: closed types must fit
    }
  }

  /// The type with type parameters replaced; `nil` where one is not known yet.
  private func substitute(
    _ id: TypeID, _ bindings: [Int: TypeID], _ hints: [Int: TypeID]
  ) -> TypeID? {
    switch type(id) {
    case .parameter(let index): return bindings[index] ?? hints[index]
    case .list(let element):
      return substitute(element, bindings, hints).map { intern(.list($0)) }
    case .optional(let inner): return substitute(inner, bindings, hints).map(optional)
    case .map(let key, let value):
      guard let key = substitute(key, bindings, hints),
        let value = substitute(value, bindings, hints)
      else { return nil }
      return intern(.map(key: key, value: value))
    case .function(let parameters, let result):
      let known = parameters.compactMap { substitute($0, bindings, hints) }
      guard known.count == parameters.count else { return nil }
      // The result may be what the lambda teaches us.
      let result = substitute(result, bindings, hints) ?? TypeTable.error
      return intern(.function(parameters: known, result: result))
    default: return id  // open: all other types are closed
    }
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
