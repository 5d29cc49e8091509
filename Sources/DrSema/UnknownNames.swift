// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// What to say of names that stand for nothing.
extension Checker {
  func reportUnknownName(_ node: SyntaxNode, expected: TypeID? = nil) {
    // Next to what the parser could not read, a name may be half of something.
    if hasSyntaxMistake(onLineOf: node.span) { return }
    let key = AliasKey(module: module, name: node.text)
    if unknownNames[key] != nil {
      unknownNames[key]?.count += 1
      return
    }
    let before = diagnostics.count
    if let expected, case .choice(let words) = type(unwrapped(expected)), words.contains(node.text)
    {
      reportBareWord(node)
    } else {
      explainUnknownName(node)
    }
    if diagnostics.count > before { unknownNames[key] = (before, 1) }
  }

  /// Says of a name that is missing in several places how many they are.
  func countUnknownNames() {
    for (diagnostic, count) in unknownNames.values where count > 1 {
      diagnostics[diagnostic].notes.append(
        "the same name stands in \(count == 2 ? "another place" : "\(count - 1) other places")")
    }
  }

  /// A word of a choice without its quotes.
  private func reportBareWord(_ node: SyntaxNode) {
    report(
      .unknownName, "there is nothing called `\(node.text)` here", at: node.span,
      help: "write the word as a text: \"\(node.text)\"",
      fixes: [
        Fix("put it in quotes", replacing: node.span, with: "\"\(node.text)\"", .safe)
      ])
  }

  private func explainUnknownName(_ node: SyntaxNode) {
    let name = node.text
    if let several = scopes[module].nested[name], several.count > 1 {
      report(
        .unknownName, "several blocks are called `\(name)`", at: node.span,
        labels: several.prefix(3).map { Label(program[$0].span, "one of them") },
        help: "give the one that is meant a name of its own")
    } else if let index = moduleIndex(name) {
      report(
        .unknownName, "`\(name)` is a module, not a value", at: node.span,
        help: "name what you need of it: `\(name).\(functionNames(of: index).min() ?? "…")`")
    } else if let use = moduleInUse(thatDeclares: name) {
      reportHidden(name, use, at: node.span)
    } else if let own = Self.foreignName(name)
      ?? (isCalled(node) ? Self.foreignFunction(name) : nil)
    {
      report(
        .unknownName, "there is nothing called `\(name)` here", at: node.span,
        help: "write `\(own)`",
        fixes: [Fix("write `\(own)`", replacing: node.span, with: own, .safe)])
    } else if let help = Self.foreignWord(name) {
      report(
        .unknownName, "there is nothing called `\(name)` here", at: node.span, help: help)
    } else if let twin = twin(of: name) {
      // Either name may be the one with the foreign letter.
      let letters = zip(twin, name).first { $0 != $1 }.map { $0.isASCII ? $1 : $0 }
      let other = letters?.unicodeScalars.first?.value ?? 0
      report(
        .unknownName, "there is nothing called `\(name)` here", at: node.span,
        labels: declarationLabel(twin).map { [$0] } ?? [],
        help: "one of the two has a letter that only looks the same "
          + "(U+0\(String(other, radix: 16, uppercase: true))): write both in one alphabet",
        fixes: [Fix("write `\(twin)`", replacing: node.span, with: twin)])
    } else if modules[module].hasLostNames,
      nearest(name, among: visibleValues() + selfFields()) == nil
    {
      return  // It may be one of those that are lost.
    } else if let provider = unusedModule(thatDeclares: name) {
      report(
        .unknownName, "there is nothing called `\(name)` here", at: node.span,
        help: provider.alias == name
          ? "it is a module: add `use \(provider.path)`"
          : "it is part of a module: add `use \(provider.path)`"
            + (provider.acts.contains(name) ? ", and write `\(provider.alias).\(name)`" : ""),
        fixes: fixesForUse(provider.path))
    } else if keyword(name) != nil {
      report(
        .unknownName, "`\(name)` begins a block, and has no value of its own", at: node.span,
        help: "write `\(name) { … }`")
    } else {
      let near = nearest(name, among: visibleValues() + selfFields())
      report(
        .unknownName, "there is nothing called `\(name)` here", at: node.span,
        labels: near.flatMap(declarationLabel).map { [$0] } ?? [],
        help: near.map { "did you mean `\($0)`?" }
          ?? "declare it, `let \(name) = …`, or `use` the module or file that has it",
        fixes: near.map { [Fix("write `\($0)`", replacing: node.span, with: $0)] } ?? [])
    }
  }

  private func isCalled(_ node: SyntaxNode) -> Bool {
    let bytes = program.sources[node.span.file].bytes
    return Int(node.span.end) < bytes.count && bytes[Int(node.span.end)] == UInt8(ascii: "(")
  }

  /// The functions of a module that others see, in no order.
  func functionNames(of index: Int) -> [String] {
    scopes[index].symbols.compactMap { name, symbol in
      guard case .function = symbol, index == module || !name.hasPrefix("_") else { return nil }
      return name
    }
  }

  private func moduleInUse(thatDeclares name: String) -> (alias: String, module: Int)? {
    modules[module].uses.first { scopes[$0.module].symbols[name] != nil }
  }

  /// A name of a module in use that is not seen without a dot: an act, or one of its own.
  func reportHidden(_ name: String, _ use: (alias: String, module: Int), at span: Span) {
    if name.hasPrefix("_") {
      report(
        .unknownName, "`\(name)` is private to the module `\(use.alias)`", at: span,
        labels: scopes[use.module].spans[name].map { [Label($0, "declared here")] } ?? [],
        help: "names that begin with `_` are seen only in their own file")
      return
    }
    report(
      .unknownName, "an act is called by its module's name", at: span,
      help: "write `\(use.alias).\(name)`",
      fixes: [Fix("write `\(use.alias).\(name)`", replacing: span, with: "\(use.alias).\(name)")])
  }

  func selfFields() -> [String] {
    selfRecord.map { record($0).fields.map(\.name) } ?? []
  }

  private func declarationLabel(_ name: String) -> Label? {
    for index in visibleModules {
      if let span = scopes[index].spans[name] { return Label(span, "`\(name)` is declared here") }
    }
    return nil
  }

  /// Warns of `"${name}"` where there is a value of that name: the text would hold the dollar sign.
  func warnOfForeignInterpolation(_ node: SyntaxNode) {
    guard !modules[module].isStandard, node.holds(UInt8(ascii: "$")) else { return }
    let text = node.text
    guard text.hasPrefix("\""),
      let start = text.firstRange(of: "${")
    else { return }
    let name = text[start.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    guard !name.isEmpty, text[name.endIndex...].hasPrefix("}"),
      lookupLocal(String(name)) != nil || symbol(String(name)) != nil
    else { return }
    let offset = node.span.start + UInt32(text[..<start.lowerBound].utf8.count)
    let span = Span(node.span.file, offset, offset + UInt32(name.utf8.count) + 3)
    diagnostics.append(
      Diagnostic(
        .invalidEscape, "`${\(name)}` is plain text here", at: span,
        help: "write `\\(\(name))` to put the value in",
        fixes: [Fix("write `\\(\(name))`", replacing: span, with: "\\(\(name))")],
        severity: .warning))
  }

  // MARK: Members

  func reportUnknownMember(
    _ name: SyntaxNode, of owner: String, among candidates: [String], label: Label? = nil
  ) {
    let near =
      Self.foreignField(name.text).flatMap { candidates.contains($0) ? $0 : nil }
      ?? nearest(name.text, among: candidates)
    let shown = candidates.sorted()
    let all = shown.prefix(12).joined(separator: ", ") + (shown.count > 12 ? ", …" : "")
    report(
      .unknownField, "\(owner) has no `\(name.text)`", at: name.span,
      labels: label.map { [$0] } ?? [],
      help: near.map { "did you mean `\($0)`?" }
        ?? (candidates.contains("probes") ? Self.foreignBlock(name) : nil)
          ?? (shown.isEmpty ? "it has no fields" : "it has \(all)"),
      fixes: near.map { [Fix("write `\($0)`", replacing: name.span, with: $0)] } ?? [])
  }

  // MARK: Kinds of blocks

  /// `isQuery`: it is written as what a monitoring system is asked, `up{job="web"}`.
  func reportUnknownBlock(_ kind: SyntaxNode, fields: [String] = [], isQuery: Bool = false) {
    if hasSyntaxMistake(onLineOf: kind.span) { return }
    if isQuery {
      return report(
        .unknownBlock, "there is no kind of block called `\(kind.text)`", at: kind.span,
        help: "a query is a text, between backticks: `up{job=\"web\"} == 0`")
    }
    if let help = Self.foreignBlock(kind) {
      return report(
        .unknownBlock, "there is no kind of block called `\(kind.text)`", at: kind.span, help: help)
    }
    let provider = unusedModule { $0.keywords.contains(kind.text) }
    let near =
      provider == nil || modules[module].hasLostNames
      ? nearest(kind.text, among: visibleKeywords() + fields + ["runbook"]) : nil
    if near == nil, modules[module].hasLostNames { return }
    report(
      .unknownBlock, "there is no kind of block called `\(kind.text)`", at: kind.span,
      help: near.map { "did you mean `\($0)`?" }
        ?? provider.map { "it is part of a module: add `use \($0.path)`" }
        ?? "kinds of blocks here are \(Set(visibleKeywords()).sorted().joined(separator: ", "))",
      fixes: near.map { [Fix("write `\($0)`", replacing: kind.span, with: $0)] }
        ?? provider.map { fixesForUse($0.path) } ?? [])
  }

  private static func foreignBlock(_ kind: SyntaxNode) -> String? {
    switch kind.text {
    case "foreach":
      "a list is made by `[for x in xs: …]`; a loop stands in code: `for x in xs { … }`"
    case "import", "from", "include", "require":
      "a module is taken with `use`, as in `use kubernetes`"
    case "variable", "parameter", "arg": "what is passed in is written `input name: Type = value`"
    case "locals", "output": "a value is written `let name = value`"
    case "env", "environment", "envs": "a service has `environment = [\"NAME\": \"value\"]`"
    case "resources", "requests", "limits": "a service has `needs { cpu = 1, memory = 1Gi }`"
    case "livenessProbe", "liveness", "healthcheck", "health_check": "write `probe live { … }`"
    case "readinessProbe", "readiness": "write `probe ready { … }`"
    case "startupProbe", "startup": "write `probe start { … }`"
    default: nil  // open: any other word
    }
  }

  /// Whether a declaration or block could not be read or has no name, so that what it would have
  /// declared is not known.
  func losesNames(_ node: SyntaxNode) -> Bool {
    for child in node.children {
      switch child.kind {
      case .error: return true
      case .block:
        guard child.first(.blockBody) != nil, child.names.count > 1 || node.kind != .file,
          !child.hasBrokenName
        else { return true }
        if losesNames(child) { return true }
      case .blockBody: if losesNames(child) { return true }
      case .letDecl, .fnDecl, .typeDecl, .inputDecl, .runbookDecl, .policyDecl, .drillDecl:
        if child.name?.isEmpty ?? true || child.hasBrokenName { return true }
      default: continue  // open: nothing else declares names
      }
    }
    return false
  }

  // MARK: Modules that the program does not use

  func unusedModule(thatDeclares name: String) -> UnusedModule? {
    unusedModule { $0.alias == name || $0.names.contains(name) }
  }

  /// The first standard module, not seen from here, that something holds for.
  private func unusedModule(where matches: (UnusedModule) -> Bool) -> UnusedModule? {
    let seen = Set(visibleModules.filter { modules[$0].isStandard }.map { modules[$0].path })
    let all = otherModules ?? readModules()
    otherModules = all
    return all.first { !seen.contains($0.path) && matches($0) }
  }

  private func readModules() -> [UnusedModule] {
    var found: [UnusedModule] = []
    for path in loader.standardModules where !path.contains("/") {
      guard let bytes = loader.standardModule(path) else { continue }
      let source = SourceFile(id: FileID(.max), name: path, bytes: bytes)
      found.append(UnusedModule(path: path, root: parse(source, limits: options.limits).root))
    }
    return found
  }
}

extension SyntaxNode {
  /// Whether what follows the node's name belongs to the name.
  fileprivate var hasBrokenName: Bool {
    let parts = children.filter { $0.kind != .token }
    guard let name = parts.lastIndex(where: { $0.kind == .name }) else { return false }
    return name + 1 < parts.count && parts[name + 1].kind == .error
  }
}

/// What a module would give to a program that used it.
struct UnusedModule {
  let path: String
  let alias: String
  private(set) var names: Set<String> = []
  private(set) var acts: Set<String> = []
  private(set) var keywords: Set<String> = []

  init(path: String, root: SyntaxNode) {
    self.path = path
    alias = root.first(.moduleDecl)?.name ?? path
    for node in root.children where !node.isLeaf {
      guard let name = node.name, !name.hasPrefix("_") else { continue }
      switch node.kind {
      case .typeDecl:
        names.insert(name)
        if node.names.count > 1 { keywords.insert(node.names[1].text) }
      case .fnDecl:
        names.insert(name)
        if node.token(.actsKeyword) != nil { acts.insert(name) }
      case .letDecl: names.insert(name)
      default: continue  // open: nothing else can be used by others
      }
    }
  }
}
