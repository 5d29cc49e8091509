// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrFormat
import DrSyntax
import Foundation
import Testing

@Suite struct FormatTests {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().resolvingSymlinksInPath()

  static func files(_ folder: String) -> [Input] {
    let base = root.appending(path: folder).path
    let found = FileManager.default.enumerator(atPath: base)?.allObjects as? [String] ?? []
    return found.filter { $0.hasSuffix(".dr") }.sorted().compactMap { path in
      guard let data = FileManager.default.contents(atPath: base + "/" + path) else { return nil }
      return Input(path: folder + "/" + path, text: String(decoding: data, as: UTF8.self))
    }
  }

  static let goldens = files("Golden/format")
  static let inputs = (goldens + files("Golden/syntax")).filter { $0.tree.diagnostics.isEmpty }

  static let isBlessing = ProcessInfo.processInfo.environment["DR_BLESS"] == "1"

  @Test("gives the one style", arguments: goldens) func style(_ input: Input) throws {
    let found = try #require(format(input.tree))
    let file = Self.root.appending(path: input.path.replacing(".dr", with: ".formatted"))
    if Self.isBlessing { try Data(found.utf8).write(to: file) }
    #expect(found == (try String(contentsOf: file, encoding: .utf8)))
  }

  @Test("there are inputs") func thereAreInputs() {
    #expect(Self.inputs.count >= 10)
    #expect(Self.goldens.count >= 5)
  }

  @Test("keeps what the program means", arguments: inputs) func meaning(_ input: Input) {
    check(input.text, input.path)
  }

  @Test("keeps it whatever stands between the tokens", arguments: inputs)
  func gaps(_ input: Input) {
    var random = Generator(state: 1)
    let tree = input.tree
    for round in 0..<12 {
      var text = ""
      for token in 0..<tree.tokenCount {
        var gap = tree.source.text(tree.gap(before: token))
        let isInString = tree.leaf(token).parent?.kind == .stringExpr
        if !isInString, random.below(8) == 0 {
          gap =
            ["\n", "\n\n\n", " # c\n", "   ", "\n# d\n\n", "\t", gap + "\n## e\n"][random.below(7)]
        }
        text += gap + tree.source.text(tree.tokenSpan(token))
      }
      text += "\n"
      guard parsed(text).diagnostics.isEmpty else { continue }
      check(text, "\(input.path) round \(round)")
    }
  }

  /// Breaks more lines than random gaps would: every gap in turn, where the program stays whole.
  @Test("keeps it with a comment in any gap", arguments: inputs) func everyGap(_ input: Input) {
    let tree = input.tree
    for token in stride(from: 1, to: tree.tokenCount, by: max(1, tree.tokenCount / 80)) {
      guard tree.leaf(token).parent?.kind != .stringExpr else { continue }
      var bytes = tree.source.bytes
      bytes.insert(contentsOf: Array(" # c\n".utf8), at: Int(tree.tokenSpan(token).start))
      let text = String(decoding: bytes, as: UTF8.self)
      guard parsed(text).diagnostics.isEmpty else { continue }
      check(text, "\(input.path) before token \(token)")
    }
  }

  @Test("a program with a mistake is not touched") func mistakes() {
    #expect(format(parsed("let a = = 1")) == nil)
  }

  @Test("what is empty stays empty") func empty() {
    #expect(format(parsed("")) == "")
    #expect(format(parsed("\n\n  \n")) == "")
    #expect(format(parsed("# a\n\n\n\n# b")) == "# a\n\n# b\n")
  }

  private func check(_ text: String, _ note: String) {
    let before = parsed(text)
    guard let once = format(before) else {
      Issue.record("not formatted: \(note)")
      return
    }
    let after = parsed(once)
    #expect(after.diagnostics.isEmpty, "\(note)\n\(text)\n---\n\(once)")
    #expect(shape(after.root) == shape(before.root), "\(note)\n\(text)\n---\n\(once)")
    #expect(commentTexts(after) == commentTexts(before), "\(note)\n\(text)\n---\n\(once)")
    #expect(format(after) == once, "\(note)\n\(text)\n---\n\(once)\n---\n\(format(after) ?? "")")
    for line in once.split(separator: "\n", omittingEmptySubsequences: false) {
      if once.contains("`") || once.contains("\"\"\"") { break }
      #expect(line.last != " ", "\(note)")
    }
    #expect(!once.contains("\n\n\n") || text.contains("\"\"\"") || text.contains("`"), "\(note)")
  }
}

struct Input: Sendable, CustomTestStringConvertible {
  let path: String
  let text: String

  var testDescription: String { path }
  var tree: SyntaxTree { parsed(text) }
}

func parsed(_ text: String) -> SyntaxTree {
  parse(SourceFile(id: FileID(0), name: "test.dr", bytes: Array(text.utf8)))
}

/// A tree as text, without the separators that a newline may replace.
func shape(_ node: SyntaxNode) -> String {
  if node.isLeaf { return node.text }
  if node.kind == .stringExpr { return node.text }
  let hasBraces = node.kind == .file || node.token(.leftBrace) != nil
  let children = node.children.filter { child in
    !(hasBraces && (child.tokenKind == .comma || child.tokenKind == .semicolon))
  }
  return "(\(node.kind) \(children.map(shape).joined(separator: " ")))"
}

func commentTexts(_ tree: SyntaxTree) -> [String] {
  (0...tree.tokenCount).flatMap { tree.trivia(before: $0) }
    .filter { $0.kind == .comment || $0.kind == .docComment }
    .map { tree.source.text($0.span).trimmingCharacters(in: .whitespaces) }
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
