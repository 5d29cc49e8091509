// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Cuts the tokens of a tree into lines, and writes these a paragraph at a time.
struct LineBuilder {
  private let tree: SyntaxTree
  private let layout: Layout
  private let source: [UInt8]
  private var output: Output
  private var paragraph = Paragraph()
  /// The text of the paragraph that is being written out.
  private var written: [UInt8] = []
  /// The tokens of each line that is too long.
  private var longLines: [Range<Int>] = []
  /// What of the source goes to the end of the paragraph's bytes: tokens that stand there as they are written
  /// are copied together.
  private var copied = 0..<0
  private var current: Line?
  /// The first token of that line.
  private var firstOfLine = 0
  /// The brackets that are open, and how far the lines are indented on which they were opened.
  private var open: [(token: Int, indent: Int)] = []
  /// Trivia and a separator that wait for the token after them.
  private var waiting = Waiting()
  private var separator: Role?
  private var previous: Int?

  /// The gaps between tokens that were not written out yet.
  private struct Waiting {
    /// The first token that has one of them before it; they go on up to the token being placed.
    var first = 0
    var newlines = 0
    var hasComment = false
  }

  /// The text of a tree, and the tokens of each line in it that is too long.
  static func lines(
    of tree: SyntaxTree, _ layout: Layout
  ) -> (text: [UInt8], longLines: [Range<Int>]) {
    var builder = LineBuilder(tree: tree, layout: layout)
    builder.build()
    return (builder.output.bytes, builder.longLines)
  }

  private init(tree: SyntaxTree, layout: Layout) {
    self.tree = tree
    self.layout = layout
    source = tree.source.bytes
    output = Output(source: source)
  }

  private mutating func build() {
    var token = 0
    while token < tree.tokenCount {
      lookAtGap(before: token)
      let role = layout[token].role
      if role.isSeparator {
        separator = role
        token += 1
        continue
      }
      place(token)
      token = layout.end(of: token)
      waiting = Waiting(first: token)
    }
    lookAtGap(before: tree.tokenCount)
    writeComments(before: nil)
    endLine()
    endParagraph()
  }

  private mutating func lookAtGap(before token: Int) {
    let start = token == 0 ? 0 : layout.table.tokens[token - 1].end
    let end = layout.table.tokens[token].start
    for offset in Int(start)..<Int(end) {
      let byte = source[offset]
      if byte == UInt8(ascii: "\n") {
        waiting.newlines += 1
      } else if byte == UInt8(ascii: "#") {
        waiting.hasComment = true
      }
    }
  }

  // MARK: Tokens

  private mutating func place(_ token: Int) {
    if breaksLine(before: token) {
      let isBlank = writeComments(before: token)
      startLine(token, isBlank)
      write(token, after: "")
    } else if let separator, layout[token].role != .close {
      write(token, after: separator == .comma ? ", " : "; ")
    } else {
      write(token, after: needsSpace(before: token) ? " " : "")
    }
    separator = nil
  }

  // This and `needsSpace` are `mutating` though they only look: otherwise the compiler copies the whole builder for
  // them, once a token.
  private mutating func breaksLine(before token: Int) -> Bool {
    guard let previous else { return true }
    if waiting.hasComment { return true }
    let before = layout[previous]
    switch before.role {
    case .openBrace, .openBracket:
      if before.isBroken { return layout.hasItems(previous) }
      if before.role == .openBrace { return false }
    case .plain, .comma, .semicolon, .close, .string, .field: break
    }
    let here = layout[token]
    if here.role == .close {
      let opener = layout[Int(here.end)]
      if opener.isBroken { return layout.hasItems(Int(here.end)) }
      if opener.role == .openBrace { return false }
    }
    if here.joinsLine, !isJoinForbidden(token) { return false }
    if here.isItemStart, let innermost = open.last, layout[innermost.token].isBroken,
      layout[innermost.token].role == .openBracket || isForced(innermost.token)
    {
      return true
    }
    return waiting.newlines > 0
  }

  /// Whether a brace was on one line in the source and has to be broken, every item of it.
  private func isForced(_ brace: Int) -> Bool {
    let close = Int(layout[brace].end)
    return !layout.hasNewline(before: brace + 1) && !layout.hasNewline(before: close)
  }

  /// `else` joins the line of a brace only.
  private func isJoinForbidden(_ token: Int) -> Bool {
    guard tree.tokenKind(token) == .elseKeyword, let previous else { return false }
    return tree.tokenKind(previous) != .rightBrace
  }

  private mutating func needsSpace(before token: Int) -> Bool {
    guard let previous else { return false }
    let (before, here) = (layout[previous], layout[token])
    if before.role == .openBrace { return here.role != .close || Int(before.end) != token }
    if here.role == .close, layout[Int(here.end)].role == .openBrace { return true }
    return here.isSpaced
  }

  /// Writes a token, or the string that begins with it, after what stands between it and the one before.
  private mutating func write(_ token: Int, after between: StaticString) {
    let entry = layout[token]
    let end = layout.end(of: token)
    let start = Int(layout.table.tokens[token].start)
    let last = Int(layout.table.tokens[end - 1].end)
    let indent = current?.indent ?? 0
    if !copied.isEmpty, stands(between, from: copied.upperBound, to: start) {
      copied = copied.lowerBound..<start
    } else {
      copy()
      between.withUTF8Buffer { paragraph.bytes.append(contentsOf: $0) }
      copied = start..<start
    }
    noteEqual(token)
    copied = copied.lowerBound..<last
    current?.tokens = firstOfLine..<end
    switch entry.role {
    case .openBrace, .openBracket: open.append((token, indent))
    case .close: if open.last?.token == Int(entry.end) { open.removeLast() }
    case .plain, .comma, .semicolon, .string, .field: break
    }
    previous = end - 1
  }

  /// Notes where `=` stands in a line that is one field.
  private mutating func noteEqual(_ token: Int) {
    guard token == firstOfLine + 1, layout[firstOfLine].role == .field, let line = current else {
      return
    }
    copy()
    copied = copied.upperBound..<copied.upperBound
    let text = paragraph.bytes[line.text.lowerBound...]
    current?.equal = (text.count, columns(text))
    current?.block = open.last?.token ?? -1
  }

  /// Whether the source has this text there.
  private func stands(_ text: StaticString, from start: Int, to end: Int) -> Bool {
    guard end - start == text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { bytes in
      for index in 0..<bytes.count where source[start + index] != bytes[index] { return false }
      return true
    }
  }

  /// Writes what waits to be copied.
  private mutating func copy() {
    guard !copied.isEmpty else { return }
    paragraph.bytes.append(contentsOf: source[copied])
    copied = copied.upperBound..<copied.upperBound
  }

  // MARK: Lines

  private mutating func startLine(_ token: Int, _ isBlank: Bool) {
    endLine()
    if isBlank { endParagraph() }
    let start = paragraph.bytes.count
    firstOfLine = token
    current = Line(
      indent: indent(of: token), text: start..<start, isBlankBefore: isBlank, tokens: token..<token)
  }

  private mutating func endLine() {
    copy()
    guard var line = current else { return }
    line.text = line.text.lowerBound..<paragraph.bytes.count
    // Only a field that has its line for itself, and one line, is aligned.
    if line.equal != nil,
      Int(layout[line.tokens.lowerBound].end) != line.tokens.upperBound
        || paragraph.bytes[line.text].contains(UInt8(ascii: "\n"))
    {
      line.equal = nil
    }
    if paragraph.isTooLong(line) { longLines.append(line.tokens) }
    paragraph.lines.append(line)
    current = nil
  }

  private mutating func endParagraph() {
    paragraph.alignFields()
    paragraph.alignComments()
    paragraph.write(to: &written, source: source)
    output.append(written)
    written.removeAll(keepingCapacity: true)
    paragraph.lines.removeAll(keepingCapacity: true)
    paragraph.bytes.removeAll(keepingCapacity: true)
  }

  private func indent(of token: Int) -> Int {
    guard let innermost = open.last else { return isContinued(token, in: nil) ? 1 : 0 }
    if layout[token].role == .close, Int(layout[token].end) == innermost.token {
      return innermost.indent
    }
    return innermost.indent + (isContinued(token, in: innermost.token) ? 2 : 1)
  }

  /// Whether a line that begins with a token goes on with an item of the line before.
  private func isContinued(_ token: Int, in bracket: Int?) -> Bool {
    if layout[token].isItemStart { return false }
    if let bracket, layout[bracket].isFlat { return false }
    if layout[token].role == .openBrace { return !layout[token].joinsLine }
    return true
  }

  /// Writes the comments that wait, the first at the end of the current line when it stands there
  /// in the source; tells whether a blank line goes before the token.
  @discardableResult
  private mutating func writeComments(before token: Int?) -> Bool {
    var newlines = previous == nil ? 1 : 0
    // No blank line at the start of a block or of the file.
    var mayBeBlank = previous.map { !isOpener($0) } ?? false
    if waiting.hasComment {
      let level = token.map { indentOfComments(before: $0) } ?? 0
      for gap in waiting.first...(token ?? tree.tokenCount) {
        for piece in tree.trivia(before: gap) {
          if piece.kind == .newline {
            newlines += 1
          } else if piece.kind.isComment {
            write(comment: piece, level, isBlankBefore: mayBeBlank && newlines > 1, newlines)
            if current == nil { mayBeBlank = true }
            newlines = 0
          }
        }
      }
    } else {
      newlines += waiting.newlines
    }
    guard let token else { return false }
    if layout[token].role == .close { return false }
    // Without a current line, one with a comment stands before it.
    return mayBeBlank && newlines > 1 && (layout[token].isItemStart || current == nil)
  }

  private mutating func write(
    comment piece: TriviaPiece, _ level: Int, isBlankBefore: Bool, _ newlines: Int
  ) {
    let text = trimmed(piece.span)
    if newlines == 0, current != nil, current?.comment == nil {
      current?.comment = text
      return
    }
    endLine()
    if isBlankBefore { endParagraph() }
    let end = paragraph.bytes.count
    paragraph.lines.append(
      Line(
        indent: level, text: end..<end, comment: text, isBlankBefore: isBlankBefore, tokens: 0..<0))
  }

  private func isOpener(_ token: Int) -> Bool {
    layout[token].role == .openBrace || layout[token].role == .openBracket
  }

  private func indentOfComments(before token: Int) -> Int {
    if layout[token].role == .close, let innermost = open.last { return innermost.indent + 1 }
    return indent(of: token)
  }

  /// Without spaces at its end.
  private func trimmed(_ span: Span) -> Range<Int> {
    var end = Int(span.end)
    while end > Int(span.start),
      source[end - 1] == UInt8(ascii: " ") || source[end - 1] == UInt8(ascii: "\t")
        || source[end - 1] == UInt8(ascii: "\r")
    {
      end -= 1
    }
    return Int(span.start)..<end
  }
}

extension TokenKind {
  var isComment: Bool { self == .comment || self == .docComment }
}
