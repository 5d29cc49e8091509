// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Code that a fix puts where there was none.
package struct Insertion: Sendable, Equatable {
  package let span: Span
  package let text: String

  package init(_ span: Span, _ text: String) {
    (self.span, self.text) = (span, text)
  }
}

extension SyntaxTree {
  /// An item at the end of the first `{ … }` from an offset on, such as the body of the block whose
  /// name stands there; `nil` where there is none.
  package func adding(_ item: String, toBodyAfter offset: UInt32) -> Insertion? {
    guard let (open, close) = body(from: offset) else { return nil }
    let brace = tokenSpan(close)
    let last = tokenSpan(close - 1)
    if close == open + 1 {
      return Insertion(Span(source.id, last.end, brace.start), " \(item) ")
    }
    if line(of: last) == line(of: brace) {
      return Insertion(Span(source.id, last.end, last.end), ", \(item)")
    }
    let start = source.lineStarts[line(of: brace)]
    return Insertion(Span(source.id, start, start), "\(indent(of: brace))  \(item)\n")
  }

  /// An item beside the block whose name stands at an offset, after it.
  package func adding(_ item: String, besideBlockAt offset: UInt32) -> Insertion? {
    let name = tokenIndex(at: offset)
    guard let (_, close) = body(from: offset), name > 0 else { return nil }
    let (first, last) = (tokenSpan(name - 1), tokenSpan(close))
    let begins = name == 1 || line(of: tokenSpan(name - 2)) < line(of: first)
    let ends = close + 1 >= tokenCount || line(of: tokenSpan(close + 1)) > line(of: last)
    guard begins, ends else { return Insertion(Span(source.id, last.end, last.end), ", \(item)") }
    let row = line(of: last)
    let end = source.lineStarts[row] + UInt32(source.lineBytes(row).count)
    return Insertion(Span(source.id, end, end), "\n\(indent(of: first))\(item)")
  }

  /// A clause of the one statement of a line that has its word there: `lasting` of a detector,
  /// `limit` of a `parallel`.
  package func adding(clause: String, _ value: String, toLineAt offset: UInt32) -> Insertion? {
    let line = source.line(at: offset)
    let word = clause == "lasting" ? "on" : "parallel"
    let kind: NodeKind = clause == "lasting" ? .detector : .parallelStmt
    var found: [(token: Int, node: SyntaxNode)] = []
    var token = tokenIndex(at: source.lineStarts[line])
    while token < tokenCount, source.line(at: tokenSpan(token).start) <= line {
      if source.text(tokenSpan(token)) == word, let node = leaf(token).parent, node.kind == kind {
        found.append((token, node))
      }
      token += 1
    }
    guard found.count == 1, let (first, node) = found.first else { return nil }
    if kind == .parallelStmt {
      let end = tokenSpan(first).end
      return Insertion(Span(source.id, end, end), " \(clause) \(value)")
    }
    guard let start = node.first(.codeBlock)?.span.start else { return nil }
    return Insertion(Span(source.id, start, start), "\(clause) \(value) ")
  }

  /// The braces of the first `{ … }` from an offset on.
  package func body(from offset: UInt32) -> (open: Int, close: Int)? {
    var depth = 0
    var open: Int?
    for token in tokenIndex(at: offset)..<tokenCount {
      switch tokenKind(token) {
      case .leftBrace:
        open = open ?? token
        depth += 1
      case .rightBrace:
        depth -= 1
        if depth == 0, let open { return (open, token) }
        if depth < 0 { return nil }
      case _: continue  // open: only braces count
      }
    }
    return nil
  }

  private func line(of token: Span) -> Int { source.line(at: token.start) }

  private func indent(of token: Span) -> String {
    let spaces = source.lineBytes(line(of: token)).prefix {
      $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t")
    }
    return String(decoding: spaces, as: UTF8.self)
  }
}
