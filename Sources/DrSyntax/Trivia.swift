// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A piece of what stands between two tokens.
package struct TriviaPiece: Sendable, Equatable {
  /// `space`, `newline`, `comment`, `docComment` or `invalid`.
  package let kind: TokenKind
  package let span: Span
}

extension SyntaxTree {
  /// The bytes between a token and the one before it; `tokenCount` asks for what follows the last
  /// one.
  package func gap(before token: Int) -> Span {
    let start = token == 0 ? 0 : tokens[token - 1].end
    return Span(source.id, start, tokens[token].start)
  }

  /// Whether a byte stands between a token and the one before it: a line break for a new line, `#`
  /// for a comment.
  package func gapHolds(_ byte: UInt8, before token: Int) -> Bool {
    let gap = gap(before: token)
    return source.bytes[Int(gap.start)..<Int(gap.end)].contains(byte)
  }

  /// The pieces of trivia between a token and the one before it, in order and without gaps.
  package func trivia(before token: Int) -> [TriviaPiece] {
    let gap = gap(before: token)
    var pieces: [TriviaPiece] = []
    var position = Int(gap.start)
    let end = Int(gap.end)
    while position < end {
      let start = position
      let kind = scanTrivia(&position, end)
      pieces.append(
        TriviaPiece(kind: kind, span: Span(source.id, UInt32(start), UInt32(position))))
    }
    return pieces
  }

  private func scanTrivia(_ position: inout Int, _ end: Int) -> TokenKind {
    let bytes = source.bytes
    let start = position
    position += 1
    switch bytes[start] {
    case UInt8(ascii: "\n"):
      return .newline
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
      while position < end, Self.isSpace(bytes[position]) { position += 1 }
      return .space
    case UInt8(ascii: "#"):
      while position < end, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      if bytes[position - 1] == UInt8(ascii: "\r") { position -= 1 }
      return start + 1 < position && bytes[start + 1] == UInt8(ascii: "#") ? .docComment : .comment
    case 0xEF where start == 0 && end >= 3 && bytes[1] == 0xBB && bytes[2] == 0xBF:
      position = 3
      return .space
    default:  // open: every other byte is a mistake that the lexer has reported
      while position < end, !Self.isSpace(bytes[position]), bytes[position] != UInt8(ascii: "\n"),
        bytes[position] != UInt8(ascii: "#")
      {
        position += 1
      }
      return .invalid
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}

extension SyntaxNode {
  /// The `##` lines directly before this node, markers removed; for a declaration with code that
  /// has none, those that open the code; for the file, those at its top that a blank line follows.
  package var documentation: String? {
    if kind == .file { return tree.fileDocumentation }
    let first = tokenRange.lowerBound
    if !tokenRange.isEmpty, let text = tree.documentation(before: first) { return text }
    guard
      kind == .runbookDecl || kind == .fnDecl || kind == .emitDecl || kind == .ruleDecl
        || kind == .testDecl,
      let code = self.first(.codeBlock), code.tokenRange.count > 1
    else { return nil }
    return tree.documentation(before: code.tokenRange.lowerBound + 1)
  }
}

extension SyntaxTree {
  fileprivate func documentation(before token: Int) -> String? {
    guard gapHolds(UInt8(ascii: "#"), before: token) else { return nil }
    var lines: [String] = []
    var newlines = token == 0 ? 1 : 0
    for piece in trivia(before: token) {
      switch piece.kind {
      case .newline:
        newlines += 1
        if newlines > 1 { lines.removeAll() }
      case .docComment where newlines > 0:
        lines.append(documentationText(piece.span))
        newlines = 0
      case .comment:
        lines.removeAll()
        newlines = 0
      default: break  // open: spaces change nothing
      }
    }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  fileprivate var fileDocumentation: String? {
    var lines: [String] = []
    var newlines = 1
    for piece in trivia(before: 0) {
      switch piece.kind {
      case .newline:
        newlines += 1
        if newlines > 1, !lines.isEmpty { return lines.joined(separator: "\n") }
      case .docComment:
        lines.append(documentationText(piece.span))
        newlines = 0
      case .comment: newlines = 0
      default: break  // open: spaces change nothing
      }
    }
    return tokenCount == 0 && !lines.isEmpty ? lines.joined(separator: "\n") : nil
  }

  private func documentationText(_ span: Span) -> String {
    var bytes = source.bytes[Int(span.start) + 2..<Int(span.end)]
    if bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    while let last = bytes.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") {
      bytes.removeLast()
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
