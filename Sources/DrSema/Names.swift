// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  func checkName(_ node: SyntaxNode, expected: TypeID? = nil) -> Expr {
    let name = node.text
    if name.isEmpty { return broken(node.span) }
    if let local = lookupLocal(name) {
      return Expr(.local(local.id), narrow(local.type, node), node.span)
    }
    if let id = selfRecord, let index = record(id).fields.firstIndex(where: { $0.name == name }) {
      let me = Expr(.local(LocalID(0)), intern(.record(id)), node.span)
      return Expr(
        .field(me, index), narrow(record(id).fields[index].type, node), node.span)
    }
    guard let symbol = symbol(name) else {
      if isModel(node) { return reportBareModel(node) }
      if isManifests(node) { return reportBareManifests(node) }
      reportUnknownName(node, expected: expected)
      return broken(node.span)
    }
    return value(of: symbol, node, expected: expected)
  }

  private func value(of symbol: Symbol, _ node: SyntaxNode, expected: TypeID?) -> Expr {
    switch symbol {
    case .global(let id):
      return Expr(.global(id), narrow(typeOf(id, at: node.span), node), node.span)
    case .function(let id):
      return functionValue(id, node, expected: expected)
    case .record(let id):
      report(
        .typeMismatch, "`\(record(id).name)` is a type, not a value", at: node.span,
        help: "make a value of it: `\(node.text) { … }`")
      return broken(node.span)
    case .alias:
      report(
        .typeMismatch, "`\(node.text)` is a type, not a value", at: node.span,
        help: "write a value of that type")
      return broken(node.span)
    }
  }

  /// A function that is passed on by its name.
  private func functionValue(_ id: FunctionID, _ node: SyntaxNode, expected: TypeID?) -> Expr {
    guard program[id].role == .function else {
      reportRunbookCall(id, at: node.span)
      return broken(node.span)
    }
    asValue { recordCall(id, at: node.span) }
    let own = intern(
      .function(
        parameters: program[id].parameters.map(\.type), result: result(of: id, at: node.span)))
    guard typeParameterNames[id] != nil else { return Expr(.function(id), own, node.span) }
    guard let type = instance(of: own, for: expected) else {
      report(
        .typeMismatch, "`\(node.text)` works on many types; on which is not known here",
        at: node.span, caption: "it is \(signature(id))",
        help: "write a function that calls it: `x => \(node.text)(x)`")
      return broken(node.span)
    }
    return Expr(.function(id), type, node.span)
  }

  func reportRunbookCall(_ id: FunctionID, at span: Span) {
    report(
      .notCallable, "`\(program[id].name)` is a runbook, not a function", at: span,
      labels: [Label(program[id].span, "declared here")],
      help: "start it with `run \(program[id].name)(…)`, in a runbook or a policy")
  }

  /// The type of a global; a `let` whose type is not written is checked now.
  func typeOf(_ id: GlobalID, at span: Span) -> TypeID {
    if let first = inferringGlobals.firstIndex(of: id) {
      let names = (inferringGlobals[first...] + [id]).map { "`\(program[$0].name)`" }
      report(
        .cyclicDefinition, "\(names[0]) needs itself: \(names.joined(separator: " → "))", at: span,
        caption: "needed again here", labels: [Label(program[id].span, "declared here")],
        help: "give one of them a value that does not depend on the others")
      return TypeTable.error
    }
    checkGlobalIfNeeded(id)
    return program[id].type
  }

  private func narrow(_ type: TypeID, _ node: SyntaxNode) -> TypeID {
    guard isOptional(type), let path = path(node), narrowed.contains(path) else { return type }
    return unwrapped(type)
  }

  // MARK: Members

  func checkMember(
    _ node: SyntaxNode, isOptional optionalAccess: Bool, expected: TypeID? = nil
  ) -> Expr {
    guard let baseNode = node.expression, let nameNode = node.names.last else {
      _ = node.expression.map { checkExpression($0) }
      return broken(node.span)
    }
    if !optionalAccess, isManifests(baseNode), !isHiddenByModule(baseNode, nameNode) {
      return checkManifests(nameNode, node)
    }
    if !optionalAccess, let found = qualified(baseNode, nameNode.text) {
      guard let symbol = found.symbol else {
        reportUnknown(nameNode, in: baseNode, among: found.names)
        return broken(node.span)
      }
      return value(of: symbol, node, expected: expected)
    }
    if !optionalAccess, isModel(baseNode) { return checkModel(nameNode, node) }
    let base = checkExpression(baseNode)
    return member(base, nameNode, node, optionalAccess: optionalAccess)
  }

  /// Reports a name that the module before the dot does not give.
  func reportUnknown(_ name: SyntaxNode, in base: SyntaxNode, among names: [String]) {
    if let index = moduleIndex(base.text), scopes[index].symbols[name.text] != nil {
      reportHidden(name.text, (base.text, index), at: name.span)
    } else {
      reportUnknownMember(name, of: "the module `\(base.text)`", among: names)
    }
  }

  /// What `module.name` stands for, where the base is the name of a module.
  func qualified(_ base: SyntaxNode, _ name: String) -> (symbol: Symbol?, names: [String])? {
    guard base.kind == .nameExpr, lookupLocal(base.text) == nil,
      let index = moduleIndex(base.text), symbol(base.text) == nil,
      !selfFields().contains(base.text)
    else { return nil }
    let isOwn = index == module
    let names = scopes[index].symbols.keys.filter { isOwn || !$0.hasPrefix("_") }
    return (isOwn || !name.hasPrefix("_") ? scopes[index].symbols[name] : nil, names.sorted())
  }

  func member(
    _ base: Expr, _ nameNode: SyntaxNode, _ node: SyntaxNode, optionalAccess: Bool
  ) -> Expr {
    let name = nameNode.text
    var baseType = base.type
    if self.isOptional(baseType), baseType != nilType {
      if optionalAccess || unwrapped(baseType) == TypeTable.object {
        baseType = unwrapped(baseType)
      } else {
        report(
          .mayBeNil, "this may be nil, so it has no field to take", at: base.span,
          caption: "this is \(typeName(base.type))",
          help: "write `?.\(name)`, or test it first: `if … != nil { … }`",
          fixes: [
            Fix(
              "write `?.`", replacing: Span(base.span.file, base.span.end, base.span.end), with: "?"
            )
          ])
        return broken(node.span)
      }
    }
    switch type(baseType) {
    case .error: return broken(node.span)
    case .record(let id):
      guard let index = record(id).fields.firstIndex(where: { $0.name == name }) else {
        let fields = record(id).fields.map(\.name)
        reportUnknownMember(
          nameNode, of: withArticle(record(id).name), among: fields,
          label: Label(record(id).span, "\(record(id).name) is declared here"))
        return broken(node.span)
      }
      let fieldType = record(id).fields[index].type
      if optionalAccess {
        return Expr(.optionalField(base, index), optional(fieldType), node.span)
      }
      return Expr(.field(base, index), narrow(fieldType, node), node.span)
    case .object:
      let key = Expr(.string(name), TypeTable.string, nameNode.span)
      return Expr(.member(base, key), narrow(optional(TypeTable.object), node), node.span)
    case .union(let ids):
      return commonField(base, ids, nameNode, node)
    default:  // open: no other type has fields
      reportNoField(base, nameNode)
      return broken(node.span)
    }
  }

  private func reportNoField(_ base: Expr, _ nameNode: SyntaxNode) {
    let name = nameNode.text
    if functionSymbol(name) != nil, Self.foreignFunction(name) == nil {
      report(
        .unknownField, "\(describe(base.type)) has no field `\(name)`", at: nameNode.span,
        help: "call the function: `.\(name)(…)`")
      return
    }
    if case .map(TypeTable.string, _) = type(base.type) {
      let index = "[\"\(name)\"]"
      let place = Span(nameNode.span.file, base.span.end, nameNode.span.end)
      report(
        .unknownField, "\(describe(base.type)) has no fields", at: nameNode.span,
        help: "take what stands under a key: `…\(index)`",
        fixes: [Fix("write `\(index)`", replacing: place, with: index)])
      return
    }
    let near =
      Self.foreignFunction(name) ?? nearest(name, among: visibleModules.flatMap(functionNames))
    report(
      .unknownField, "\(describe(base.type)) has no field `\(name)`", at: nameNode.span,
      help: near.map { "did you mean the function `.\($0)()`?" }
        ?? "there is no function `\(name)` that could be called on it either")
  }

  /// A field of a choice among records is reached by `match`, unless it is one of every block.
  private func commonField(
    _ base: Expr, _ ids: [RecordID], _ nameNode: SyntaxNode, _ node: SyntaxNode
  ) -> Expr {
    report(
      .unknownField, "this is one of \(typeName(base.type)); which one is not known here",
      at: nameNode.span,
      help: "take it apart: match … { \(record(ids[0]).name) it: it.\(nameNode.text), … }")
    return broken(node.span)
  }

  func checkIndex(_ node: SyntaxNode) -> Expr {
    let parts = node.expressions
    guard parts.count == 2 else { return broken(node.span) }
    let base = checkExpression(parts[0])
    switch type(base.type) {
    case .list(let element):
      let index = checkExpression(parts[1], expected: TypeTable.int)
      return Expr(.index(base, index), element, node.span)
    case .map(let key, let value):
      let index = checkExpression(parts[1], expected: key)
      return Expr(.member(base, index), optional(value), node.span)
    case .object, .optional:
      guard unwrapped(base.type) == TypeTable.object else {
        report(
          .mayBeNil, "this may be nil, so it has no element to take", at: base.span,
          caption: "this is \(typeName(base.type))",
          help: "give a value for that case: `(… ?? [])[…]`, or test it: `if … != nil { … }`")
        return broken(node.span)
      }
      let index = checkExpression(parts[1], expected: TypeTable.string)
      return Expr(.member(base, index), optional(TypeTable.object), node.span)
    case .error: return broken(node.span)
    default:  // open: nothing else is indexed
      report(
        .typeMismatch, "only lists, maps and objects have `[…]`, not \(describe(base.type))",
        at: base.span, caption: "this is \(typeName(base.type))",
        help: base.type == TypeTable.string
          ? "cut a text into a list: `split(text, by: \",\")`, `lines(text)`"
          : "take a field with `.name`, or leave the brackets out")
      return broken(node.span)
    }
  }
}
