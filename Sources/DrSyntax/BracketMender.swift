// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Finds which brackets of a declaration are lost, or one too many; see Parser+Brackets.swift.
///
/// One pass with two stacks: the brackets that are open, and the lines that are less indented than
/// the current one, which are the heads that a closing brace may belong to.
struct BracketMender {
  let tokens: [Token]
  let source: SourceFile
  let range: Range<Int>
  var edits: [BracketEdit] = []

  struct Open {
    let token: Int
    /// Of the line that it stands on, in bytes.
    let indentation: Int
    /// The first token of that line.
    let line: Int
  }

  struct Line {
    let indentation: Int
    var first: Int
    /// One more than its last token.
    var end: Int
  }

  private var open: [Open] = []
  private var lines: [Line] = []
  /// How many brackets of a kind are open.
  private var opened: [TokenKind: Int] = [:]
  /// How many more brackets close than open, by the kind that opens.
  private var excess: [TokenKind: Int] = [:]
  private var indentation = 0
  private var line = 0

  init(tokens: [Token], source: SourceFile, range: Range<Int>) {
    self.tokens = tokens
    self.source = source
    self.range = range
    line = range.lowerBound
  }

  /// Whether a lost bracket is looked for along its line; not in what has nothing but mistakes, which
  /// would take quadratic time.
  private var isSearching: Bool {
    edits.count < (range.count < 10_000 ? Lexer.maximumDiagnostics : 5)
  }

  func kind(_ index: Int) -> TokenKind {
    range.contains(index) ? tokens[index].kind : .endOfFile
  }

  func isFirstOfLine(_ index: Int) -> Bool {
    index == range.lowerBound || index >= range.upperBound || tokens[index].flags.contains(.newline)
  }

  /// The changes that pair the brackets and nothing else.
  mutating func mendByPairs() -> [BracketEdit] {
    for index in range {
      if kind(index).closing != nil {
        begin(index)
      } else if let opening = kind(index).opening {
        if opened[opening, default: 0] > 0 {
          closeDown(to: opening, index)
        } else {
          edits.append(.remove(index))
        }
      }
    }
    while !open.isEmpty { closeLast(before: range.upperBound) }
    return edits
  }

  /// The changes that the indentation speaks for.
  mutating func mend() -> [BracketEdit] {
    for index in range {
      if kind(index).closing != nil { excess[kind(index), default: 0] -= 1 }
      if let opening = kind(index).opening { excess[opening, default: 0] += 1 }
    }
    for index in range {
      if isFirstOfLine(index) { beginLine(index) }
      if kind(index).closing != nil {
        begin(index)
      } else if let opening = kind(index).opening {
        close(opening, index)
      }
    }
    while !open.isEmpty { closeLast(before: range.upperBound) }
    return edits
  }

  private mutating func begin(_ index: Int) {
    open.append(Open(token: index, indentation: indentation, line: line))
    opened[kind(index), default: 0] += 1
  }

  private mutating func end() {
    if let last = open.popLast() { opened[kind(last.token), default: 0] -= 1 }
  }

  /// Ends the innermost bracket of a kind, of which one is open, and what is open inside it.
  private mutating func closeDown(to opening: TokenKind, _ index: Int) {
    while let last = open.last, kind(last.token) != opening { closeLast(before: index) }
    end()
  }

  // MARK: Lines

  private mutating func beginLine(_ index: Int) {
    line = index
    indentation = indentation(of: index)
    while let last = lines.last, last.indentation > indentation { lines.removeLast() }
    let opening = kind(index).opening
    while let last = open.last, isEnded(last, opening) {
      closeLast(before: index)
    }
    guard opening == nil else { return }
    beginHead(index)
  }

  /// Remembers the line as one that a brace below may belong to.
  private mutating func beginHead(_ index: Int) {
    if lines.last?.indentation == indentation { lines.removeLast() }
    lines.append(Line(indentation: indentation, first: index, end: endOfLine(index)))
  }

  /// Whether a line that begins with no bracket, or with one that closes, leaves a bracket behind.
  private func isEnded(_ last: Open, _ opening: TokenKind?) -> Bool {
    guard kind(last.token) != .interpolationOpen, last.line != line else { return false }
    guard let opening else {
      // What is left of `} else {` without its `}` is one column to the right.
      return indentation <= last.indentation + (kind(line) == .elseKeyword ? 1 : 0)
    }
    return indentation < last.indentation && opened[opening, default: 0] > 0
      && kind(last.token) == .leftBrace
  }

  private func endOfLine(_ index: Int) -> Int {
    var end = index + 1
    while end < range.upperBound, !tokens[end].flags.contains(.newline) { end += 1 }
    return end
  }

  private func indentation(of index: Int) -> Int {
    var start = Int(tokens[index].start)
    let end = start
    while start > 0, source.bytes[start - 1] == 0x20 || source.bytes[start - 1] == 0x09 {
      start -= 1
    }
    return end - start
  }

  // MARK: Closing brackets

  private mutating func close(_ opening: TokenKind, _ index: Int) {
    defer { if isFirstOfLine(index) { beginHead(index) } }
    let hasExcess = excess[opening, default: 0] > 0
    if let last = open.last, kind(last.token) == opening {
      let isElsewhere = last.line != line
      if isFirstOfLine(index), last.indentation < indentation, hasExcess,
        insertAtHead(opening, index)
      {
        excess[opening, default: 0] -= 1
        return
      }
      if !isFirstOfLine(index), isElsewhere, hasExcess { return mendLostOpening(opening, index) }
      return end()
    }
    guard !hasExcess, opened[opening, default: 0] > 0 else {
      return mendLostOpening(opening, index)
    }
    closeDown(to: opening, index)
  }

  /// A bracket closes something whose opening is lost.
  private mutating func mendLostOpening(_ opening: TokenKind, _ index: Int) {
    defer { excess[opening, default: 0] -= 1 }
    if let last = open.last, last.line == line, let wanted = kind(last.token).closing,
      excess[kind(last.token), default: 0] < 0, opening != .interpolationOpen
    {
      // The wrong one of two was written.
      excess[kind(last.token), default: 0] += 1
      edits.append(.replace(index, wanted, partner: last.token))
      return end()
    }
    if isFirstOfLine(index), insertAtHead(opening, index) { return }
    let start = max(line, open.last.map { $0.token + 1 } ?? line)
    guard isSearching, let place = placeForOpening(opening, start..<index) else {
      edits.append(.remove(index))
      return
    }
    edits.append(.insert(opening, before: place, partner: index))
  }

  /// The opening bracket at the end of the line that is indented as the one that closes it.
  private mutating func insertAtHead(_ opening: TokenKind, _ index: Int) -> Bool {
    guard let head = lines.last, head.indentation == indentation, head.end < index,
      open.last.map({ $0.token < head.end }) ?? true
    else { return false }
    edits.append(.insert(opening, before: head.end, partner: index))
    return true
  }

  private mutating func closeLast(before index: Int) {
    guard let last = open.last else { return }
    end()
    guard let closing = kind(last.token).closing, closing != .interpolationClose else { return }
    excess[kind(last.token), default: 0] += 1
    let place = isSearching ? placeForClosing(last, before: index) : index
    edits.append(.insert(closing, before: place, partner: last.token))
  }
}
