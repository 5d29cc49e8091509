// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Cuts the tokens of a tree into lines.
struct LineBuilder {
  private let tree: SyntaxTree
  private let layout: Layout
  private var lines: [Line] = []
  private var current: Line?
  /// The brackets that are open, and how far the lines are indented on which they were opened.
  private var open: [(token: Int, indent: Int)] = []
  /// Trivia and a separator that wait for the token after them.
  private var pieces: [TriviaPiece] = []
  private var separator: String?
  private var previous: Int?

  init(tree: SyntaxTree, layout: Layout) {
    self.tree = tree
    self.layout = layout
  }

  mutating func build() -> [Line] {
    var token = 0
    while token < tree.tokenCount {
      pieces += tree.trivia(before: token)
      if case .separator(let text) = layout[token].role {
        separator = text
        token += 1
        continue
      }
      place(token)
      token = max(layout[token].stringEnd, token + 1)
    }
    pieces += tree.trivia(before: tree.tokenCount)
    writeComments(before: nil)
    endLine()
    return lines
  }

  // MARK: Tokens

  private mutating func place(_ token: Int) {
    if breaksLine(before: token) {
      let isBlank = writeComments(before: token)
      startLine(token, isBlank)
    } else if let separator, !isClose(token) {
      current?.text.append(separator)
      current?.text.append(" ")
    } else if needsSpace(before: token) {
      current?.text.append(" ")
    }
    pieces.removeAll(keepingCapacity: true)
    separator = nil
    write(token)
  }

  private func breaksLine(before token: Int) -> Bool {
    guard let previous else { return true }
    if pieces.contains(where: { $0.kind.isComment }) { return true }
    switch layout[previous].role {
    case .openBrace, .openBracket:
      if layout[previous].isBroken { return layout[previous].hasItems }
      if case .openBrace = layout[previous].role { return false }
    case .plain, .separator, .close: break
    }
    let layoutHere = layout[token]
    if case .close = layoutHere.role {
      let opener = layout[layoutHere.partner]
      if opener.isBroken { return opener.hasItems }
      if case .openBrace = opener.role { return false }
    }
    if layoutHere.joinsLine, !isJoinForbidden(token) { return false }
    if layoutHere.isItemStart, let innermost = open.last, layout[innermost.token].isBroken,
      case .openBracket = layout[innermost.token].role
    {
      return true
    }
    if layoutHere.isItemStart, let innermost = open.last, layout[innermost.token].isBroken,
      isForced(innermost.token)
    {
      return true
    }
    return pieces.contains { $0.kind == .newline }
  }

  /// Whether a brace was on one line in the source and has to be broken, every item of it.
  private func isForced(_ brace: Int) -> Bool {
    let close = layout[brace].partner
    return !layout.hasNewline(before: brace + 1) && !layout.hasNewline(before: close)
  }

  /// `else` joins the line of a brace only.
  private func isJoinForbidden(_ token: Int) -> Bool {
    guard tree.tokenKind(token) == .elseKeyword, let previous else { return false }
    return tree.tokenKind(previous) != .rightBrace
  }

  private func needsSpace(before token: Int) -> Bool {
    guard let previous else { return false }
    let isClose = isClose(token)
    if case .openBrace = layout[previous].role {
      return !isClose || layout[previous].partner != token
    }
    if isClose, case .openBrace = layout[layout[token].partner].role { return true }
    return layout[token].isSpaced
  }

  private mutating func write(_ token: Int) {
    let entry = layout[token]
    let end = max(entry.stringEnd, token + 1)
    let span = tree.tokenSpan(token).joined(tree.tokenSpan(end - 1))
    let indent = current?.indent ?? 0
    if current?.equal == nil, let first = current?.tokens.lowerBound,
      layout[first].fieldEqual == token,
      let text = current?.text
    {
      current?.equal = (text.utf8.count, columns(text))
      current?.block = open.last?.token ?? -1
    }
    current?.text.append(tree.source.text(span))
    if let line = current { current?.tokens = line.tokens.lowerBound..<end }
    switch entry.role {
    case .openBrace, .openBracket: open.append((token, indent))
    case .close: if open.last?.token == entry.partner { open.removeLast() }
    case .plain, .separator: break
    }
    previous = end - 1
  }

  // MARK: Lines

  private mutating func startLine(_ token: Int, _ isBlank: Bool) {
    endLine()
    current = Line(
      indent: indent(of: token), text: "", isBlankBefore: isBlank, tokens: token..<token)
  }

  private mutating func endLine() {
    guard var line = current else { return }
    let first = line.tokens.lowerBound
    // Only a field that has its line for itself, and one line, is aligned.
    if line.equal != nil,
      layout[first].fieldEnd != line.tokens.upperBound || line.text.contains("\n")
    {
      line.equal = nil
    }
    lines.append(line)
    current = nil
  }

  private func indent(of token: Int) -> Int {
    guard let innermost = open.last else { return isContinued(token, in: nil) ? 1 : 0 }
    if case .close = layout[token].role, layout[token].partner == innermost.token {
      return innermost.indent
    }
    return innermost.indent + (isContinued(token, in: innermost.token) ? 2 : 1)
  }

  /// Whether a line that begins with a token goes on with an item of the line before.
  private func isContinued(_ token: Int, in bracket: Int?) -> Bool {
    if layout[token].isItemStart { return false }
    if let bracket, layout[bracket].isFlat { return false }
    if case .openBrace = layout[token].role { return !layout[token].joinsLine }
    return true
  }

  /// Writes the comments that wait, the first at the end of the current line when it stands there
  /// in the source; tells whether a blank line goes before the token.
  @discardableResult
  private mutating func writeComments(before token: Int?) -> Bool {
    var newlines = previous == nil ? 1 : 0
    // No blank line at the start of a block or of the file.
    var mayBeBlank = previous.map { !isOpener($0) } ?? false
    let level = token.map { indentOfComments(before: $0) } ?? 0
    for piece in pieces {
      if piece.kind == .newline {
        newlines += 1
      } else if piece.kind.isComment {
        let text = trimmed(tree.source.text(piece.span))
        if newlines == 0, current != nil, current?.comment == nil {
          current?.comment = text
        } else {
          endLine()
          lines.append(
            Line(
              indent: level, text: "", comment: text, isBlankBefore: mayBeBlank && newlines > 1,
              tokens: 0..<0))
          mayBeBlank = true
        }
        newlines = 0
      }
    }
    guard let token else { return false }
    if case .close = layout[token].role { return false }
    return mayBeBlank && newlines > 1
      && (layout[token].isItemStart || lines.last?.tokens.isEmpty == true)
  }

  private func isClose(_ token: Int) -> Bool {
    if case .close = layout[token].role { true } else { false }
  }

  private func isOpener(_ token: Int) -> Bool {
    switch layout[token].role {
    case .openBrace, .openBracket: true
    case .plain, .separator, .close: false
    }
  }

  private func indentOfComments(before token: Int) -> Int {
    if case .close = layout[token].role, let innermost = open.last { return innermost.indent + 1 }
    return indent(of: token)
  }

  private func trimmed(_ text: String) -> String {
    var text = Substring(text)
    while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
    return String(text)
  }
}

extension TokenKind {
  var isComment: Bool { self == .comment || self == .docComment }
}
