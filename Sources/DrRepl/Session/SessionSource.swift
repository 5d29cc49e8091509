// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// What a session has defined so far, as one module: a loaded file and what was typed after it.
///
/// The checker sees one text. A part that was replaced is blanked there, byte for byte, so that
/// every other place stays where it is, and diagnostics are translated back to the part they are
/// about.
struct SessionSource {
  /// One input, or the loaded file.
  struct Part {
    /// What diagnostics call it: a path, or `<3>`.
    let name: String
    let bytes: [UInt8]
    /// The same, with spaces for what was defined anew later.
    var visible: [UInt8]
  }

  /// What the checker calls the module.
  let display: String
  private(set) var parts: [Part] = []

  init(display: String) { self.display = display }

  /// The text of the module.
  var bytes: [UInt8] { parts.flatMap { $0.visible + [UInt8(ascii: "\n")] } }

  /// Adds a part; gives the names that it defines anew.
  mutating func add(name: String, bytes: [UInt8]) -> [String] {
    let new = Set(Self.declarations(in: bytes).map(\.key))
    var replaced: [String] = []
    for index in parts.indices {
      for declaration in Self.declarations(in: parts[index].visible)
      where new.contains(declaration.key) {
        parts[index].blank(declaration.range)
        replaced.append(declaration.key.name)
      }
    }
    parts.append(Part(name: name, bytes: bytes, visible: bytes))
    return replaced
  }

  /// Takes out what defines a name.
  mutating func remove(_ name: String) {
    for index in parts.indices {
      for declaration in Self.declarations(in: parts[index].visible)
      where declaration.key.name == name {
        parts[index].blank(declaration.range)
      }
    }
    parts.removeAll { part in part.visible.allSatisfy { $0 == 0x20 || $0 == 0x0A } }
  }

  // MARK: Declarations

  /// What must be defined once.
  struct Key: Hashable {
    /// Names of values, functions and types share one space; others are apart.
    let space: String
    let name: String
  }

  struct Declaration {
    let key: Key
    let kind: NodeKind
    let range: Range<Int>
  }

  /// The named declarations at the top of a text, with the comments before them.
  static func declarations(in bytes: [UInt8]) -> [Declaration] {
    var sources = SourceMap()
    let id = sources.add(name: "", bytes: bytes)
    let tree = parse(sources[id])
    return tree.root.children.compactMap { node in
      guard let key = key(of: node) else { return nil }
      let span = node.span
      let start = start(of: node, tree)
      return Declaration(key: key, kind: node.kind, range: start..<Int(span.end))
    }
  }

  private static func key(of node: SyntaxNode) -> Key? {
    switch node.kind {
    case .letDecl, .inputDecl, .typeDecl, .fnDecl, .runbookDecl, .policyDecl, .drillDecl:
      node.name.map { Key(space: "", name: $0) }
    case .block: node.names.count > 1 ? Key(space: "", name: node.names[1].text) : nil
    case .ruleDecl: node.name.map { Key(space: "rule", name: $0) }
    case .emitDecl: node.name.map { Key(space: "emit", name: $0) }
    case .testDecl:
      node.first(.stringExpr)?.stringText().map { Key(space: "test", name: $0) }
    default: nil  // open: other nodes define nothing
    }
  }

  /// Where the comments directly before a declaration begin.
  private static func start(of node: SyntaxNode, _ tree: SyntaxTree) -> Int {
    var start = Int(node.span.start)
    guard !node.tokenRange.isEmpty else { return start }
    for piece in tree.trivia(before: node.tokenRange.lowerBound).reversed() {
      if piece.kind == .docComment { start = Int(piece.span.start) }
      if piece.kind == .comment { break }
    }
    return start
  }

  // MARK: Places

  /// Diagnostics about the module's text as diagnostics about its parts, with the sources to show
  /// them with.
  func translated(
    _ diagnostics: [Diagnostic], _ sources: SourceMap
  ) -> (diagnostics: [Diagnostic], sources: SourceMap) {
    let text = bytes
    guard
      let module = sources.files.first(where: {
        $0.name == display && $0.bytes.count == text.count
      })
    else { return (diagnostics, sources) }
    var sources = sources
    var places: [(start: UInt32, end: UInt32, file: FileID)] = []
    var start: UInt32 = 0
    for part in parts {
      let end = start + UInt32(part.bytes.count)
      places.append((start, end, sources.add(name: part.name, bytes: part.bytes)))
      start = end + 1
    }
    func place(_ span: Span) -> Span {
      guard span.file == module.id,
        let part = places.last(where: { $0.start <= span.start })
      else { return span }
      return Span(
        part.file, min(span.start, part.end) - part.start, min(span.end, part.end) - part.start)
    }
    let moved = diagnostics.map { diagnostic in
      var moved = diagnostic
      moved.span = diagnostic.span.map(place)
      moved.labels = diagnostic.labels.map { Label(place($0.span), $0.text) }
      moved.fixes = []
      return moved
    }
    return (moved, sources)
  }
}

extension SessionSource.Part {
  mutating func blank(_ range: Range<Int>) {
    for index in range where visible[index] != UInt8(ascii: "\n") {
      visible[index] = UInt8(ascii: " ")
    }
  }
}
