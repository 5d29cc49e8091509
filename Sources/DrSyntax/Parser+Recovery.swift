// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Parser {
  func span(_ token: Int) -> Span { Span(source.id, tokens[token].start, tokens[token].end) }

  /// What stands between a token and the one before.
  func gapBefore(_ token: Int) -> Span {
    Span(source.id, token == 0 ? 0 : tokens[token - 1].end, tokens[token].start)
  }

  func text(_ token: Int) -> String { source.text(span(token)) }

  /// How a message names what stands where something else was expected.
  var found: String {
    kind != .endOfFile && isLineBreak ? "the end of the line" : foundToken
  }

  /// How a message names the current token, be it on a new line or not.
  var foundToken: String {
    let text = text(position)
    switch kind {
    case .endOfFile: return "the end of the file"
    case .stringOpen, .rawString, .stringText: return "a string"
    case .stringClose: return "the end of the string"
    default: return text.utf8.count > 40 ? "this" : "`\(text)`"  // open: named by its text
    }
  }

  /// Where something is missing: after the last token when the line ends here, else at the current
  /// one.
  var here: Span {
    guard position > 0, kind == .endOfFile || isLineBreak else { return span(position) }
    let end = tokens[position - 1].end
    return Span(source.id, end, end)
  }

  /// Whether what is wrong at the current token was said before.
  var isExplained: Bool { explained >= position || flags.contains(.mistake) }

  /// Reports a mistake at the current token, once.
  mutating func report(
    _ message: String, at place: Span? = nil, caption: String? = nil,
    labels: [Label] = [], help: String? = nil, fixes: [Fix] = [],
    code: DiagnosticCode = .unexpectedToken
  ) {
    guard !isExplained else { return }
    explained = position
    guard diagnostics.count < Lexer.maximumDiagnostics else { return }
    diagnostics.append(
      Diagnostic(
        code, message, at: place ?? span(position), caption: caption, labels: labels, help: help,
        fixes: fixes))
  }

  /// Reports a mistake that people make on line after line: once for lines that follow each other.
  mutating func reportHabit(
    _ message: String, at place: Span, caption: String? = nil, help: String, fix: Fix
  ) {
    guard !isExplained, let last = diagnostics.last, last.message == message,
      let before = last.fixes.last?.span,
      source.line(at: place.start) - source.line(at: before.start) <= 1
    else {
      return report(message, at: place, caption: caption, help: help, fixes: [fix])
    }
    explained = position
    let index = diagnostics.count - 1
    diagnostics[index].fixes.append(fix)
    if diagnostics[index].labels.count < 3 {
      diagnostics[index].labels.append(Label(place, "and here"))
    }
  }

  mutating func reportExpected(
    _ what: String, labels: [Label] = [], help: String? = nil, fixes: [Fix] = []
  ) {
    report(
      "expected \(what), found \(found)", at: here, caption: "expected here", labels: labels,
      help: help,
      fixes: fixes)
  }

  /// Whether an item, be it a declaration, field or statement, may end before the current token.
  var isItemEnd: Bool {
    switch kind {
    case .comma, .semicolon, .rightBrace, .endOfFile: true
    default: isLineBreak  // open: a newline ends an item too
    }
  }

  /// Takes separators between items.
  mutating func skipSeparators() {
    while kind == .comma || kind == .semicolon { advance() }
  }

  /// Takes the current token and everything up to the end of the item into an error node, brackets
  /// and all.
  mutating func skipItem() {
    let start = mark
    var open = 0
    while kind != .endOfFile {
      if open == 0, position > start.token, isItemEnd { break }
      if position > start.token, flags.contains(.column0), startsDeclaration { break }
      countBracket(&open)
      if open < 0 { break }
      advance()
    }
    if position == start.token { advance() }
    explained = max(explained, position - 1)
    finish(.error, start)
  }

  /// Takes one token into an error node.
  mutating func skipToken() {
    let start = mark
    advance()
    finish(.error, start)
  }

  private func countBracket(_ open: inout Int) {
    switch kind {
    case .leftBrace, .leftParen, .leftBracket, .interpolationOpen: open += 1
    case .rightBrace, .rightParen, .rightBracket, .interpolationClose: open -= 1
    default: break  // open: no bracket
    }
  }

  /// Reports nesting past the limit and takes what is nested too deep without recursion.
  mutating func skipTooDeep() {
    report(
      "this is nested more than \(maximumDepth) levels deep",
      help: "give a part of it a name of its own with `let`, or split it", code: .nestingTooDeep)
    let start = mark
    var open = 0
    while kind != .endOfFile {
      if open == 0, position > start.token {
        if isItemEnd || kind == .rightParen || kind == .rightBracket || kind == .interpolationClose
        {
          break
        }
        if kind == .colon || kind == .stringText || kind == .stringClose { break }
      }
      if flags.contains(.column0), position > start.token, startsDeclaration { break }
      countBracket(&open)
      if open < 0 { break }
      advance()
    }
    finish(.error, start)
    explained = position
  }

  /// Whether a declaration of the closed set begins here; in a block none of these words begins an
  /// item.
  var startsKeywordDeclaration: Bool {
    switch kind {
    case .useKeyword, .moduleKeyword, .inputKeyword, .typeKeyword, .fnKeyword, .readsKeyword,
      .actsKeyword, .ruleKeyword, .emitKeyword, .runbookKeyword, .policyKeyword, .drillKeyword,
      .testKeyword:
      peek() != .equal && peek() != .colon && peek() != .leftBrace
    default: false  // open: no declaration
    }
  }

  /// Whether a declaration may begin here, blocks and `let` among them.
  var startsDeclaration: Bool {
    if startsKeywordDeclaration { return true }
    if kind == .letKeyword { return peek() == .identifier }
    guard kind == .identifier, !isOnNewLine(1) else { return false }
    switch peek() {
    case .identifier, .stringOpen, .leftBrace, .forKeyword: return true
    default: return false  // open: not the head of a block
    }
  }

  /// Takes the brace that closes `open`, or says that it is missing.
  mutating func closeBrace(_ open: Int, _ what: StaticString) {
    if kind == .rightBrace {
      guard flags.contains(.virtual) else { return advance() }
      return takeVirtual()
    }
    report(
      "the `{` of \(what) is not closed", at: here, caption: "expected `}`",
      labels: [Label(span(open), "opened here")], help: "close it with `}`")
    missing()
  }

  /// Takes the bracket that closes `open`, or says that it is missing.
  mutating func closeBracket(_ closing: TokenKind, _ open: Int) {
    if kind == closing {
      guard flags.contains(.virtual) else { return advance() }
      return takeVirtual()
    }
    let spelling = closing.spelling?.description ?? ""
    let place = Span(source.id, tokens[position - 1].end, tokens[position - 1].end)
    // `[a)` may lack a `]` or have the wrong bracket.
    let isOtherBracket = kind == .rightParen || kind == .rightBracket
    report(
      "expected `\(spelling)`, found \(foundAcrossLines)",
      at: kind == .endOfFile || flags.contains(.newline) ? place : nil,
      caption: "expected `\(spelling)`", labels: [Label(span(open), "opened here")],
      help: "close it with `\(spelling)`",
      fixes: isOtherBracket
        ? [] : [Fix("close it with `\(spelling)`", replacing: place, with: spelling)])
    missing()
  }

  private var foundAcrossLines: String {
    kind != .endOfFile && flags.contains(.newline) ? "the end of the line" : foundToken
  }

  /// Whether what is in `( )` or `[ ]` cannot go on.
  var isCutShort: Bool { kind == .endOfFile || kind == .rightBrace }

  /// How far the line of a token is indented, in bytes.
  func indentation(of token: Int) -> Int {
    let start = Int(source.lineStarts[source.line(at: tokens[token].start)])
    var end = start
    while end < source.bytes.count, source.bytes[end] == 0x20 || source.bytes[end] == 0x09 {
      end += 1
    }
    return end - start
  }
}
