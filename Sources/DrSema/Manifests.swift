// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// `manifests`, through which rules see the objects that a program gives.
extension Checker {
  /// Whether a name stands for the program's objects; a value of that name hides it.
  func isManifests(_ node: SyntaxNode) -> Bool {
    guard node.kind == .nameExpr, node.text == "manifests", lookupLocal("manifests") == nil,
      !selfFields().contains("manifests")
    else { return false }
    switch symbol("manifests") {
    case nil, .function: return true
    case .global, .record, .alias: return false
    }
  }

  /// Whether `manifests.name` is what the module `manifests` declares.
  func isHiddenByModule(_ base: SyntaxNode, _ name: SyntaxNode) -> Bool {
    qualified(base, name.text)?.symbol != nil
  }

  func reportBareManifests(_ node: SyntaxNode) -> Expr {
    report(
      .unknownName, "`manifests` holds the program's objects, all or its own", at: node.span,
      help: "write `manifests.all` or `manifests.own`")
    return broken(node.span)
  }

  /// `manifests.own`: objects as the API server gets them.
  func checkManifests(_ name: SyntaxNode, _ node: SyntaxNode) -> Expr {
    guard let list = ManifestList(rawValue: name.text) else {
      reportUnknownMember(name, of: "`manifests`", among: ManifestList.allCases.map(\.rawValue))
      return broken(node.span)
    }
    if !modules[module].isStandard { program.namesManifests = true }
    let objects = intern(.list(TypeTable.object))
    let type = list == .kubernetes ? TypeTable.string : objects
    if let known = program.manifests[list] { return Expr(.global(known), type, node.span) }
    let nothing: Expr.Kind = list == .kubernetes ? .string("") : .list([])
    let global = GlobalID(Int32(program.globals.count))
    program.globals.append(
      Global(
        name: "manifests.\(list.rawValue)", module: "", type: type,
        body: .value(Expr(nothing, type, node.span)), localCount: 0, span: node.span))
    program.manifests[list] = global
    return Expr(.global(global), type, node.span)
  }
}
