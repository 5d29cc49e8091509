// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Parser {
  mutating func parseType() {
    guard enter() else { return }
    defer { depth -= 1 }
    let start = mark
    parsePostfixType()
    if kind == .pipe {
      while take(.pipe) { parsePostfixType() }
      finish(.unionType, start)
    }
    if kind == .arrow, !isLineBreak { parseResultOfType(start) }
    if kind == .andKeyword, !isLineBreak, text(position) == "&" { parseNarrowing() }
  }

  private mutating func parsePostfixType() {
    let start = mark
    parsePrimaryType()
    if kind == .leftBracket, peek() == .rightBracket, !isLineBreak { skipBracketsOfType(start) }
    var levels = 0
    while kind == .question || kind == .questionQuestion, !isLineBreak {
      levels += 1
      guard depth + levels <= maximumDepth else { return skipTooDeep() }
      advance()
      finish(.optionalType, start)
    }
  }

  private mutating func parsePrimaryType() {
    switch kind {
    case .identifier: parseNamedType()
    case .leftBracket: parseBracketType()
    case .leftParen: parseParenType()
    case .stringOpen, .rawString: parseChoiceType()
    default:  // open: no type begins here
      let start = mark
      if kind == .star, [.identifier, .integer, .stringOpen].contains(peek()), !isLineBreak {
        parseStarredType()
      } else if kind.isKeyword, !isLineBreak, peek() != .colon, peek() != .equal {
        report("`\(text(position))` is a reserved word and names no type", help: "write a type")
        takeName()
      } else {
        reportExpected("a type")
        missing()
      }
      finish(.namedType, start)
    }
  }

  private mutating func parseNamedType() {
    let start = mark
    advance()
    if kind == .less, !isLineBreak {
      let open = position
      let saved = openBracket()
      parseType()
      while take(.comma) { parseType() }
      context = saved
      closeBracket(.greater, open)
    } else if kind == .leftBracket, peek() != .rightBracket, !isLineBreak, !flags.contains(.space) {
      skipTypeArguments(start)
    }
    finish(.namedType, start)
  }

  private mutating func parseBracketType() {
    let start = mark
    let open = position
    if peek() == .rightBracket, !isOnNewLine(2), [.identifier, .leftBracket].contains(peek(2)) {
      return parseBracketsBeforeType()
    }
    let saved = openBracket()
    parseType()
    var result = NodeKind.listType
    if take(.colon) {
      result = .mapType
      parseType()
    }
    context = saved
    closeBracket(.rightBracket, open)
    finish(result, start)
  }

  /// A function type, or a type in parentheses, which has no node of its own.
  private mutating func parseParenType() {
    let start = mark
    let open = position
    let saved = openBracket()
    var count = 0
    while kind != .rightParen, kind != .endOfFile {
      parseType()
      count += 1
      if !take(.comma) { break }
    }
    context = saved
    closeBracket(.rightParen, open)
    if kind == .fatArrow {
      report(
        "the type of a function is written `(Int) -> Int`", help: "write `->`",
        fixes: [Fix("write `->`", replacing: span(position), with: "->", .safe)])
      skipToken()
      parseType()
      finish(.functionType, start)
    } else if kind == .arrow || count != 1 {
      expect(.arrow, "before the result of a function type")
      parseType()
      finish(.functionType, start)
    }
  }

  private mutating func parseChoiceType() {
    let start = mark
    parseString()
    while kind == .pipe, peek() == .stringOpen || peek() == .rawString {
      advance()
      parseString()
    }
    finish(.choiceType, start)
  }
}
