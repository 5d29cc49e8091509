// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// What stands before the cursor, by its tokens.
struct CodeBefore {
  /// The word that the cursor ends, and where it begins, in bytes.
  private(set) var word = ""
  private(set) var wordStart: Int
  /// The digits of a number without a whole unit: `5` of `5G`.
  private(set) var number: String?
  /// Whether the cursor is in a text.
  private(set) var isInText = false
  /// `deepseek.objective` of `deepseek.objective.r`.
  private(set) var expressionBeforeDot: String?
  /// The words that open the blocks around the cursor, outermost first: `service`, `needs`.
  private(set) var blocks: [String] = []
  /// Whether an item of a block begins here.
  private(set) var isAtItem = false
  /// Whether an input begins here.
  private(set) var isAtStart = false
  /// `access` of `access = `.
  private(set) var fieldBeforeEqual: String?
  /// The function whose arguments these are, as it is written: `kube.scale`.
  private(set) var function: String?

  private let tree: SyntaxTree

  init(_ code: String) {
    tree = InputShape.tree(code)
    wordStart = code.utf8.count
    var count = tree.tokenCount
    let end = UInt32(code.utf8.count)
    if count > 0, tree.tokenSpan(count - 1).end == end { takeWord(code, &count) }
    if isInText { takeField(before: count) }
    guard !isInText || !blocks.isEmpty || count > 0 else { return }
    if count > 0, isDot(count - 1) {
      expressionBeforeDot = text(expressionStart(before: count - 1)..<count - 1)
    }
    isAtStart = count == 0
    readBrackets(count)
    if !isInText { takeField(before: count) }
  }

  private func kind(_ token: Int) -> TokenKind {
    token >= 0 && token < tree.tokenCount ? tree.tokenKind(token) : .endOfFile
  }

  private func text(_ tokens: Range<Int>) -> String? {
    guard !tokens.isEmpty else { return nil }
    let start = tree.tokenSpan(tokens.lowerBound).start
    return tree.source.text(
      Span(tree.source.id, start, tree.tokenSpan(tokens.upperBound - 1).end))
  }

  private func isName(_ token: Int) -> Bool {
    kind(token) == .identifier || kind(token) == .word || kind(token).isKeyword
  }

  private func isDot(_ token: Int) -> Bool {
    kind(token) == .dot || kind(token) == .questionDot
  }

  private mutating func takeWord(_ code: String, _ count: inout Int) {
    let last = count - 1
    let span = tree.tokenSpan(last)
    let text = tree.source.text(span)
    switch kind(last) {
    case _ where isName(last): break
    case .integer, .float, .quantity:
      number = String(text.prefix { $0.isNumber || $0 == "." || $0 == "_" })
    case .stringOpen, .stringText:
      isInText = true
      let open = kind(last) == .stringOpen ? last : last - 1
      wordStart = Int(tree.tokenSpan(max(0, open)).start)
      word = String(decoding: Array(code.utf8).dropFirst(wordStart), as: UTF8.self)
      count = max(0, open)
      return
    default: return  // open: punctuation is no word
    }
    word = text
    wordStart = Int(span.start)
    count -= 1
  }

  private mutating func takeField(before count: Int) {
    if kind(count - 1) == .equal, isName(count - 2) {
      fieldBeforeEqual = text(count - 2..<count - 1)
    }
  }

  /// Where the names, calls and brackets before a token that belong together begin.
  private func expressionStart(before end: Int) -> Int {
    var token = end
    while token > 0 {
      switch kind(token - 1) {
      case .rightParen, .rightBracket, .rightBrace:
        guard let open = opening(of: token - 1) else { return token }
        token = open
        // `f(x)`, `xs[0]`: what is called or indexed stands before the bracket.
        guard kind(open) != .leftBrace, isName(open - 1) || isClosing(open - 1) else {
          return token
        }
        if isClosing(open - 1) { continue }
        token = open - 1
      case .stringClose:
        var open = token - 1
        while open > 0, kind(open) != .stringOpen { open -= 1 }
        return open
      case _ where isName(token - 1) || isNumber(token - 1): token -= 1
      default: return token  // open: anything else ends an expression
      }
      guard isDot(token - 1) else { return token }
      token -= 1
    }
    return token
  }

  private func isNumber(_ token: Int) -> Bool {
    kind(token) == .integer || kind(token) == .float || kind(token) == .quantity
  }

  private func isClosing(_ token: Int) -> Bool {
    kind(token) == .rightParen || kind(token) == .rightBracket
  }

  private func opening(of closing: Int) -> Int? {
    var depth = 0
    for token in stride(from: closing, through: 0, by: -1) {
      switch kind(token) {
      case .rightParen, .rightBracket, .rightBrace, .interpolationClose: depth += 1
      case .leftParen, .leftBracket, .leftBrace, .interpolationOpen:
        depth -= 1
        if depth == 0 { return token }
      default: break  // open: no bracket
      }
    }
    return nil
  }

  /// The brackets that are open at the cursor.
  private mutating func readBrackets(_ count: Int) {
    var open: [Int] = []
    for token in 0..<count {
      switch kind(token) {
      case .leftParen, .leftBracket, .leftBrace, .interpolationOpen: open.append(token)
      case .rightParen, .rightBracket, .rightBrace, .interpolationClose: _ = open.popLast()
      default: break  // open: no bracket
      }
    }
    blocks = open.filter { kind($0) == .leftBrace }.compactMap(head)
    guard let innermost = open.last else { return }
    if kind(innermost) == .leftBrace {
      let before = count - 1
      let isSeparated =
        before == innermost || kind(before) == .comma || kind(before) == .semicolon
        || isOnNewLine(after: before)
      isAtItem = isSeparated && kind(before) != .equal
    } else if kind(innermost) == .leftParen, isName(innermost - 1) {
      function = text(expressionStart(before: innermost)..<innermost)
    }
  }

  private func isOnNewLine(after token: Int) -> Bool {
    let start = Int(tree.tokenSpan(token).end)
    return tree.source.bytes[start..<min(wordStart, tree.source.bytes.count)]
      .contains(UInt8(ascii: "\n"))
  }

  /// The first word of the item that a brace belongs to: `service` of `service web "label" {`.
  private func head(of brace: Int) -> String? {
    var token = brace - 1
    while token >= 0 {
      switch kind(token) {
      case .stringOpen, .stringText, .stringClose, .rawString, .forKeyword, .dot: token -= 1
      case _ where isName(token):
        let span = tree.tokenSpan(token)
        let isFirst =
          token == 0
          || [
            .leftBrace, .comma, .semicolon, .equal, .colon, .rightBrace, .leftParen,
            .leftBracket,
          ].contains(kind(token - 1))
          || tree.source.bytes[Int(tree.tokenSpan(token - 1).end)..<Int(span.start)]
            .contains(UInt8(ascii: "\n"))
        if isFirst { return tree.source.text(span) }
        token -= 1
      default: return nil  // open: no block begins so
      }
    }
    return nil
  }
}
