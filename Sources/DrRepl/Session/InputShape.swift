// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// What a text that was typed is, as far as its tokens and the parser say.
package enum InputShape: Sendable, Equatable {
  case empty
  /// `:type 5m`
  case command
  case definition
  case expression

  package init(_ text: String) {
    let trimmed = text.drop { $0.isWhitespace }
    if trimmed.hasPrefix(":") {
      self = .command
      return
    }
    let tree = Self.tree(text)
    guard tree.tokenCount > 0 else {
      self = .empty
      return
    }
    let second = tree.tokenCount > 1 ? tree.tokenKind(1) : .endOfFile
    switch tree.tokenKind(0) {
    case .useKeyword, .moduleKeyword, .inputKeyword, .letKeyword, .typeKeyword, .fnKeyword,
      .readsKeyword, .actsKeyword, .ruleKeyword, .emitKeyword, .runbookKeyword, .policyKeyword,
      .drillKeyword,
      .testKeyword:
      self = .definition
    case .identifier, .word:
      // `service web { … }`: two names side by side are a block. `x.f` and `k8gb { … }` are not.
      let isBlock = second == .identifier || second == .word || second == .stringOpen
      self = isBlock ? .definition : .expression
    default: self = .expression  // open: everything else begins an expression
    }
  }

  /// Whether a text may be handed in, or waits for more: a bracket, a block or a string is open, or
  /// it ends in an operator.
  package static func isComplete(_ text: String) -> Bool {
    let trimmed = text.drop { $0.isWhitespace }
    if trimmed.hasPrefix(":") { return true }
    let tree = tree(text)
    let count = tree.tokenCount
    guard count > 0 else { return true }
    let openTexts = openTexts(tree)
    // A text in plain quotes ends with its line, whole or not.
    if !openTexts.isEmpty { return openTexts.contains { $0.hasPrefix("\"") && $0 != "\"\"\"" } }
    var open = 0
    for token in 0..<count {
      switch tree.tokenKind(token) {
      case .leftBrace, .leftParen, .leftBracket, .interpolationOpen: open += 1
      case .rightBrace, .rightParen, .rightBracket, .interpolationClose: open -= 1
      default: break  // open: no bracket
      }
    }
    if open > 0 || continues(tree.tokenKind(count - 1)) { return false }
    if InputShape(text) != .definition { return true }
    // What the parser misses at the very end may still come: the body of a function.
    let end = tree.tokenSpan(count - 1).end
    let missing = tree.diagnostics.first { ($0.span?.start ?? 0) >= end }
    return missing == nil || trailingNewlines(text) > 1
  }

  /// How deep the brackets are that are open at the end of a text: what the next line is indented
  /// by.
  package static func depth(_ text: String) -> Int {
    let tree = tree(text)
    var open = 0
    for token in 0..<tree.tokenCount {
      switch tree.tokenKind(token) {
      case .leftBrace, .leftParen, .leftBracket: open += 1
      case .rightBrace, .rightParen, .rightBracket: open = max(0, open - 1)
      default: break  // open: no bracket
      }
    }
    return open
  }

  private static func trailingNewlines(_ text: String) -> Int {
    text.reversed().prefix { $0.isWhitespace }.count { $0 == "\n" }
  }

  /// The quotes that open the texts without an end: only three quotes and backticks may have
  /// several lines.
  private static func openTexts(_ tree: SyntaxTree) -> [String] {
    tree.diagnostics.compactMap { diagnostic in
      guard diagnostic.code == .unterminatedString, let span = diagnostic.span else { return nil }
      let start = tree.source.text(span)
      return ["\"\"\"", "`"].first(where: start.hasPrefix) ?? "\""
    }
  }

  /// Whether a line that ends in this token goes on.
  private static func continues(_ kind: TokenKind) -> Bool {
    switch kind {
    case .plus, .minus, .star, .slash, .equalEqual, .notEqual, .less, .lessEqual, .greater,
      .greaterEqual, .andKeyword, .orKeyword, .notKeyword, .inKeyword, .questionQuestion,
      .questionDot, .dot, .dotDot, .equal, .fatArrow, .arrow, .pipe, .comma, .colon, .elseKeyword:
      true
    default: false  // open: everything else may end a line
    }
  }

  static func tree(_ text: String) -> SyntaxTree {
    var sources = SourceMap()
    let id = sources.add(name: "", bytes: Array(text.utf8))
    return parse(sources[id])
  }
}
