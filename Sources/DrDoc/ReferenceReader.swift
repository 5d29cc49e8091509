// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrSyntax

extension Reference {
  /// The reference of a checked program: the user's modules, the first file first, or the standard
  /// library's, those that every module sees first. What begins with `_` is left out.
  package init(_ checker: Checker, title: String, ofStandardLibrary: Bool) {
    let reader = ReferenceReader(checker)
    let modules = checker.modules.filter { $0.isStandard == ofStandardLibrary }
    self.title = title
    self.modules =
      ofStandardLibrary
      ? modules.map(reader.module).sorted { Self.rank($0.path) < Self.rank($1.path) }
      : modules.reversed().map(reader.module)
  }

  /// The reference of the standard library that a loader gives, backends and rules included.
  package init(library loader: any ModuleLoader, title: String) {
    var options = CheckOptions()
    options.includesBackends = true
    options.includesRules = true
    let checker = Checker(loader: loader, options: options)
    let used = loader.standardModules.filter {
      !$0.contains("/") && !ModuleGraph.prelude.contains($0)
    }
    checker.check(path: "library.dr", bytes: Array("use \(used.joined(separator: ", "))".utf8))
    self.init(checker, title: title, ofStandardLibrary: true)
  }

  private static func rank(_ path: String) -> (Int, Int, String) {
    let place = ModuleGraph.prelude.firstIndex(of: path) ?? ModuleGraph.prelude.count
    return (path.contains("/") ? 1 : 0, place, path)
  }
}

/// Reads what modules declare from their trees.
private struct ReferenceReader {
  private let checker: Checker
  private let effects: [Span: Effect]
  private let types: [Span: TypeID]

  init(_ checker: Checker) {
    self.checker = checker
    effects = Dictionary(
      checker.program.functions.map { ($0.span, $0.effect) }, uniquingKeysWith: { a, _ in a })
    types = Dictionary(
      checker.program.globals.map { ($0.span, $0.type) }, uniquingKeysWith: { a, _ in a })
  }

  func module(_ module: Module) -> DocModule {
    let root = module.tree.root
    var items: [DocItem] = []
    var section: String?
    for node in root.children {
      section = heading(before: node) ?? section
      if let item = item(node, module, section) { items.append(item) }
    }
    return DocModule(
      path: module.path, name: module.alias,
      documentation: root.documentation ?? root.first(.moduleDecl)?.documentation, items: items)
  }

  /// A comment that stands by itself between two declarations: `# Lists`.
  private func heading(before node: SyntaxNode) -> String? {
    guard !node.tokenRange.isEmpty else { return nil }
    var lines: [String] = []
    var newlines = 2
    var found: String?
    func end() {
      if lines.count == 1, let line = lines.first, line.count <= 60, !line.hasSuffix(".") {
        found = line
      }
      lines = []
    }
    for piece in node.tree.trivia(before: node.tokenRange.lowerBound) {
      switch piece.kind {
      case .newline:
        newlines += 1
        if newlines > 1 { end() }
      case .comment:
        lines.append(String(node.tree.source.text(piece.span).dropFirst().drop { $0 == " " }))
        newlines = 0
      case .docComment:
        lines = []
        newlines = 0
      default: break  // open: spaces change nothing
      }
    }
    return found
  }

  private func item(_ node: SyntaxNode, _ module: Module, _ section: String?) -> DocItem? {
    let names = node.names
    let nameNode: SyntaxNode?
    let kind: DocItem.Kind
    switch node.kind {
    case .typeDecl: (kind, nameNode) = (.type, names.first)
    case .fnDecl: (kind, nameNode) = (.function, names.first)
    case .letDecl: (kind, nameNode) = (.value, names.first)
    case .inputDecl: (kind, nameNode) = (.input, names.first)
    case .emitDecl: (kind, nameNode) = (.emit, names.first)
    case .ruleDecl: (kind, nameNode) = (.rule, names.first)
    case .runbookDecl: (kind, nameNode) = (.runbook, names.first)
    case .policyDecl: (kind, nameNode) = (.policy, names.first)
    case .drillDecl: (kind, nameNode) = (.drill, names.first)
    case .block: (kind, nameNode) = (.block, names.count > 1 ? names[1] : nil)
    default: return nil  // open: nothing else declares something to look up
    }
    guard let nameNode, !nameNode.text.hasPrefix("_"), !nameNode.text.isEmpty else { return nil }
    var item = DocItem(
      kind: kind, name: nameNode.text, module: module.alias,
      signature: signature(node, nameNode), documentation: node.documentation, section: section,
      place: checker.program.sources.location(nameNode.span))
    switch kind {
    case .type:
      item.word = names.count > 1 ? names[1].text : nil
      item.fields = node.all(.fieldDecl).compactMap(field)
    case .function:
      item.receiver = node.first(.parameterList)?.first(.parameter)?.type?.text
    case .runbook: item.steps = steps(node)
    case .input, .block, .policy, .drill, .value, .emit, .rule: break
    }
    return item
  }

  // MARK: Parts

  /// What is written before the body, on one line.
  private func signature(_ node: SyntaxNode, _ name: SyntaxNode) -> String {
    var end = node.span.end
    for child in node.children {
      let isBody =
        child.kind == .codeBlock || child.kind == .blockBody || child.tokenKind == .leftBrace
        || child.tokenKind == .equal && node.kind != .inputDecl && node.type == nil
        || child.tokenKind == .equal && node.kind == .fnDecl
      if isBody { break }
      end = child.span.end
    }
    if node.kind == .typeDecl, let alias = node.type { end = alias.span.end }
    var text = oneLine(node.tree.source.text(Span(node.span.file, node.span.start, end)))
    if node.kind == .fnDecl, let effect = effects[name.span], text.hasPrefix("fn ") {
      switch effect {
      case .pure: break
      case .reads: text = "reads " + text
      case .acts: text = "acts " + text
      }
    }
    if node.kind == .letDecl, node.type == nil, let type = types[name.span] {
      text += ": " + checker.typeName(type)
    }
    return text
  }

  private func field(_ node: SyntaxNode) -> DocField? {
    guard let name = node.name, let type = node.type else { return nil }
    let mark = node.children.first {
      $0.tokenKind == .subjectKeyword || $0.tokenKind == .parentKeyword
    }
    let constraint = node.first(.constraint)?.expressions ?? []
    return DocField(
      name: name, mark: mark?.text, type: oneLine(type.text),
      defaultValue: node.expression(after: "=").map { oneLine($0.text) },
      constraint: constraint.first.map { oneLine($0.text) },
      message: constraint.count > 1
        ? constraint[1].stringText() ?? oneLine(constraint[1].text) : nil,
      documentation: node.documentation)
  }

  /// The titles of the steps of a runbook, those in loops and branches included.
  private func steps(_ node: SyntaxNode) -> [String] {
    node.children.flatMap { child -> [String] in
      guard !child.isLeaf else { return [] }
      guard child.kind == .stepStmt, let title = child.first(.stringExpr) else {
        return steps(child)
      }
      return [String(title.text.drop { $0 == "\"" || $0 == "`" }.dropLast())]
    }
  }

  private func oneLine(_ text: String) -> String {
    guard text.contains("\n") else { return text }
    return text.split { $0 == "\n" || $0 == " " }.joined(separator: " ")
      .replacing("( ", with: "(").replacing(" )", with: ")")
      .replacing("[ ", with: "[").replacing(" ]", with: "]")
  }
}
