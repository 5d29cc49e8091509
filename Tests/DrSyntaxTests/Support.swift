// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Foundation
import Testing

/// One sample file below `Tests/Golden/syntax`.
struct Sample: Sendable, CustomTestStringConvertible {
  let path: String
  let bytes: [UInt8]

  var testDescription: String { path }

  var tree: SyntaxTree {
    parse(SourceFile(id: FileID(0), name: path, bytes: bytes))
  }

  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/syntax")

  /// All samples, in order of their paths.
  static let all: [Sample] = {
    let root = folder.resolvingSymlinksInPath().path
    let found = FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
    return found.filter { $0.hasSuffix(".dr") }.sorted().map { path in
      let data = FileManager.default.contents(atPath: root + "/" + path) ?? Data()
      return Sample(path: path, bytes: Array(data))
    }
  }()

  static let clean = all.filter { $0.path.hasPrefix("clean/") }
}

func tree(_ text: String, limits: Limits = Limits()) -> SyntaxTree {
  parse(SourceFile(id: FileID(0), name: "test.dr", bytes: Array(text.utf8)), limits: limits)
}

/// A tree on one line: `(kind child child)`, leaves by their text, missing ones as `∅`.
func outline(_ node: SyntaxNode) -> String {
  if node.kind == .missing { return "∅" }
  if node.isLeaf { return node.text }
  let children = node.children.map(outline)
  return children.isEmpty ? "(\(node.kind))" : "(\(node.kind) \(children.joined(separator: " ")))"
}

/// The outline of the only declaration of a file without mistakes.
func declaration(
  _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) -> String {
  let tree = tree(text)
  #expect(tree.diagnostics.isEmpty, "\(tree.diagnostics)", sourceLocation: sourceLocation)
  return tree.root.children.filter { !$0.isLeaf }.map(outline).joined(separator: "\n")
}

/// The outline of an expression without mistakes.
func expression(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
  let outline = declaration("let x = " + text, sourceLocation: sourceLocation)
  return String(outline.dropFirst("(letDecl let x = ".count).dropLast())
}

/// The outline of a statement without mistakes.
func statement(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
  let outline = declaration("runbook r() {\n\(text)\n}", sourceLocation: sourceLocation)
  let head = "(runbookDecl runbook r (parameterList ( )) (codeBlock { "
  return String(outline.dropFirst(head.count).dropLast(" }))".count))
}

/// Checks that leaves and trivia add up to the file, and that parents and children agree.
func checkLossless(_ tree: SyntaxTree, sourceLocation: SourceLocation = #_sourceLocation) {
  var leaves: [Int] = []
  var inner = 0
  func walk(_ node: SyntaxNode) {
    if let token = node.tokenIndex {
      leaves.append(token)
    } else {
      inner += 1
      for child in node.children { walk(child) }
    }
  }
  walk(tree.root)
  #expect(leaves == Array(0..<tree.tokenCount), sourceLocation: sourceLocation)
  #expect(inner == tree.nodeCount, sourceLocation: sourceLocation)
  var bytes: [UInt8] = []
  for token in 0...tree.tokenCount {
    for piece in tree.trivia(before: token) { bytes += tree.source.bytes[piece.span] }
    bytes += tree.source.bytes[tree.tokenSpan(token)]
  }
  #expect(bytes == tree.source.bytes, sourceLocation: sourceLocation)
}

extension [UInt8] {
  subscript(span: Span) -> ArraySlice<UInt8> { self[Int(span.start)..<Int(span.end)] }
}

/// Diagnostics as the golden files hold them.
func describe(_ tree: SyntaxTree) -> String {
  let source = tree.source
  func place(_ span: Span) -> String {
    func position(_ offset: UInt32) -> String {
      let line = source.line(at: offset)
      return "\(line + 1):\(offset - source.lineStarts[line] + 1)"
    }
    return span.start == span.end
      ? position(span.start) : "\(position(span.start))-\(position(span.end))"
  }
  var text = ""
  for diagnostic in tree.diagnostics {
    let span = diagnostic.span.map(place) ?? "-"
    text += "\(diagnostic.code.rawValue) \(span) \(diagnostic.message)\n"
    if let caption = diagnostic.caption { text += "  caption: \(caption)\n" }
    for label in diagnostic.labels { text += "  \(place(label.span)): \(label.text)\n" }
    if let help = diagnostic.help { text += "  help: \(help)\n" }
    for fix in diagnostic.fixes {
      text += "  fix (\(fix.applicability)): \(fix.title): "
      text += "\(place(fix.span)) → \(fix.replacement.debugDescription)\n"
    }
  }
  return text
}

/// A small generator of random numbers that is the same on every machine.
struct Generator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// The time that this thread ran in `body`; what other tests and programs do adds nothing.
func processorTime(_ body: () -> Void) -> Duration {
  func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(Int(time.tv_nsec))
  }
  let start = now()
  body()
  return now() - start
}
