// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  func checkName(_ node: SyntaxNode) -> Expr {
    let name = node.text
    if let local = lookupLocal(name) {
      return Expr(.local(local.id), narrow(local.type, node), node.span)
    }
    if let id = selfRecord, let index = record(id).fields.firstIndex(where: { $0.name == name }) {
      let me = Expr(.local(LocalID(0)), intern(.record(id)), node.span)
      return Expr(
        .field(me, index), narrow(record(id).fields[index].type, node), node.span)
    }
    guard let symbol = symbol(name) else {
      reportUnknownName(node)
      return broken(node.span)
    }
    return value(of: symbol, node)
  }

  private func value(of symbol: Symbol, _ node: SyntaxNode) -> Expr {
    switch symbol {
    case .global(let id):
      return Expr(.global(id), narrow(typeOf(id), node), node.span)
    case .function(let id):
      recordCall(id, at: node.span)
      let function = program[id]
      let type = intern(
        .function(parameters: function.parameters.map(\.type), result: result(of: id)))
      return Expr(.function(id), type, node.span)
    case .record(let id):
      report(
        .typeMismatch, "`\(record(id).name)` is a type, not a value", at: node.span,
        help: "make a value of it: `\(node.text) { … }`")
      return broken(node.span)
    case .alias:
      report(.typeMismatch, "`\(node.text)` is a type, not a value", at: node.span)
      return broken(node.span)
    }
  }

  /// The type of a global; a `let` whose type is not written is checked now.
  func typeOf(_ id: GlobalID) -> TypeID {
    checkGlobalIfNeeded(id)
    return program[id].type
  }

  private func narrow(_ type: TypeID, _ node: SyntaxNode) -> TypeID {
    guard isOptional(type), let path = path(node), narrowed.contains(path) else { return type }
    return unwrapped(type)
  }

  private func reportUnknownName(_ node: SyntaxNode) {
    let name = node.text
    if let several = scopes[module].nested[name], several.count > 1 {
      report(
        .unknownName, "several blocks are called `\(name)`", at: node.span,
        labels: several.prefix(3).map { Label(program[$0].span, "one of them") },
        help: "give the one that is meant a name of its own")
      return
    }
    if moduleIndex(name) != nil {
      report(
        .unknownName, "`\(name)` is a module, not a value", at: node.span,
        help: "name what you need of it: `\(name).…`")
      return
    }
    // An act of a module in use, written without the module's name.
    for use in modules[module].uses where scopes[use.module].symbols[name] != nil {
      report(
        .unknownName, "an act is called by its module's name", at: node.span,
        help: "write `\(use.alias).\(name)`",
        fixes: [
          Fix("write `\(use.alias).\(name)`", replacing: node.span, with: "\(use.alias).\(name)")
        ])
      return
    }
    if let provider = moduleThatDeclares(name) {
      report(
        .unknownName, "there is nothing called `\(name)` here", at: node.span,
        help: "it is part of a module: add `use \(provider)`")
      return
    }
    let nearest = nearestName(to: name, among: visibleNames() + selfFields())
    report(
      .unknownName, "there is nothing called `\(name)` here", at: node.span,
      labels: nearest.flatMap(declarationLabel).map { [$0] } ?? [],
      help: nearest.map { "did you mean `\($0)`?" },
      fixes: nearest.map { [Fix("write `\($0)`", replacing: node.span, with: $0)] } ?? [])
  }

  private func selfFields() -> [String] {
    selfRecord.map { record($0).fields.map(\.name) } ?? []
  }

  private func declarationLabel(_ name: String) -> Label? {
    for index in visibleModules {
      if let span = scopes[index].spans[name] { return Label(span, "`\(name)` is declared here") }
    }
    return nil
  }

  /// A standard module, loaded but not used here, that declares the name.
  private func moduleThatDeclares(_ name: String) -> String? {
    for (index, other) in modules.enumerated()
    where other.isStandard && !visibleModules.contains(index) && !other.path.contains("/") {
      if scopes[index].symbols[name] != nil { return other.path }
    }
    return nil
  }

  // MARK: Members

  func checkMember(_ node: SyntaxNode, isOptional optionalAccess: Bool) -> Expr {
    guard let baseNode = node.expression, let nameNode = node.names.last else {
      return broken(node.span)
    }
    if !optionalAccess, let found = qualified(baseNode, nameNode.text) {
      guard let symbol = found.symbol else {
        reportUnknownMember(nameNode, of: "the module `\(baseNode.text)`", among: found.names)
        return broken(node.span)
      }
      return value(of: symbol, node)
    }
    let base = checkExpression(baseNode)
    return member(base, nameNode, node, optionalAccess: optionalAccess)
  }

  /// What `module.name` stands for, where the base is the name of a module.
  func qualified(_ base: SyntaxNode, _ name: String) -> (symbol: Symbol?, names: [String])? {
    guard base.kind == .nameExpr, lookupLocal(base.text) == nil,
      let index = moduleIndex(base.text), symbol(base.text) == nil,
      !selfFields().contains(base.text)
    else { return nil }
    return (scopes[index].symbols[name], Array(scopes[index].symbols.keys))
  }

  private func member(
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
          help: "write `?.\(name)`, or test it first: `if … != nil { … }`")
        return broken(node.span)
      }
    }
    switch type(baseType) {
    case .error: return broken(node.span)
    case .record(let id):
      guard let index = record(id).fields.firstIndex(where: { $0.name == name }) else {
        let fields = record(id).fields.map(\.name)
        reportUnknownMember(
          nameNode, of: "a \(record(id).name)", among: fields,
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
      report(
        .unknownField, "\(describe(base.type)) has no field `\(name)`", at: nameNode.span,
        help: isFunction(name) ? "call it: `.\(name)()`" : nil)
      return broken(node.span)
    }
  }

  private func isFunction(_ name: String) -> Bool {
    if case .function = symbol(name) { true } else { false }
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

  func reportUnknownMember(
    _ name: SyntaxNode, of owner: String, among candidates: [String], label: Label? = nil
  ) {
    let nearest = nearestName(to: name.text, among: candidates)
    report(
      .unknownField, "\(owner) has no `\(name.text)`", at: name.span,
      labels: label.map { [$0] } ?? [],
      help: nearest.map { "did you mean `\($0)`?" }
        ?? (candidates.count <= 12
          ? "it has \(candidates.sorted().joined(separator: ", "))" : nil),
      fixes: nearest.map { [Fix("write `\($0)`", replacing: name.span, with: $0)] } ?? [])
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
        reportMismatch(base, wanted: TypeTable.object)
        return broken(node.span)
      }
      let index = checkExpression(parts[1], expected: TypeTable.string)
      return Expr(.member(base, index), optional(TypeTable.object), node.span)
    case .error: return broken(node.span)
    default:  // open: nothing else is indexed
      report(
        .typeMismatch, "only lists, maps and objects have `[…]`, not \(describe(base.type))",
        at: base.span)
      return broken(node.span)
    }
  }
}
