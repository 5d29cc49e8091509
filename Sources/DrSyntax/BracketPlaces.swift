// SPDX-License-Identifier: Apache-2.0

/// Where on a line a lost bracket stood, as far as the words around it tell.
extension BracketMender {
  /// In front of which token the bracket is to be closed, `end` at the latest.
  func placeForClosing(_ open: Open, before end: Int) -> Int {
    let isBrace = kind(open.token) == .leftBrace
    let isInHead = isHead(open.token)
    var depth = 0
    var choices = 0
    for index in open.token + 1..<max(end, open.token + 1) {
      if tokens[index].flags.contains(.newline), !isBrace { break }
      if depth == 0 {
        if isBrace {
          let next = kind(index + 1)
          if kind(index) == .ifKeyword { choices += 1 }
          if kind(index) == .elseKeyword, next == .leftBrace || next == .ifKeyword {
            guard choices > 0 else { return index }
            choices -= 1
          }
        } else if endsHead(index, isInHead)
          || kind(index) == .equal && kind(open.token) == .leftBracket
        {
          return index
        }
      }
      if kind(index).closing != nil { depth += 1 }
      if kind(index).opening != nil { depth -= 1 }
    }
    // A comma at the end of the line separates what is around the bracket.
    let isWhole = end > range.lowerBound && kind(end - 1) == .comma && isFirstOfLine(end)
    return isWhole && isOnOneLine(open.token + 1..<end) ? end - 1 : end
  }

  private func isOnOneLine(_ part: Range<Int>) -> Bool {
    part.count > 1 && !part.contains { tokens[$0].flags.contains(.newline) }
  }

  /// Whether the words before a bracket on its line lead to code in braces.
  private func isHead(_ token: Int) -> Bool {
    var index = token
    while index > range.lowerBound {
      index -= 1
      switch kind(index) {
      case .forKeyword, .ifKeyword, .matchKeyword, .fnKeyword, .runbookKeyword, .emitKeyword:
        return true
      case .leftBrace, .rightBrace, .semicolon: return false
      default: break  // open: goes on
      }
      switch tokens[index].word {
      case .step, .parallel, .on, .when, .lasting: return true
      default: break  // open: leads to no code
      }
      if isFirstOfLine(index) { return false }
    }
    return false
  }

  /// Whether what is in parentheses has ended before a token.
  private func endsHead(_ index: Int, _ isInHead: Bool) -> Bool {
    switch kind(index) {
    case .leftBrace: return isInHead && endsOperand(index - 1)
    case .elseKeyword: return kind(index + 1) != .leftBrace && kind(index + 1) != .ifKeyword
    case .arrow, .semicolon: return true
    case .identifier, .word:
      let word = tokens[index].word
      guard word.isClause || word == .when || word == .lasting else { return false }
      return endsOperand(index - 1) && beginsOperand(index + 1)
    default: return false  // open: goes on
    }
  }

  /// In front of which token of a line the bracket stood that is closed at the end of it.
  func placeForOpening(_ opening: TokenKind, _ part: Range<Int>) -> Int? {
    switch opening {
    case .leftBrace: return placeForBrace(part)
    case .leftParen:
      if let place = firstGap(part) { return place }
      // `1)` is rather a `)` too many than a `(` too few.
      guard let sign = lastSign(part, [.equal, .fatArrow, .colon, .comma]),
        part.upperBound > sign + 2
      else { return nil }
      return sign + 1
    case .leftBracket:
      let sign = lastSign(part, [.equal, .inKeyword]) ?? lastSign(part, [.colon])
      return sign.map { $0 + 1 } ?? firstGap(part)
    default: return nil  // open: no bracket that is lost
    }
  }

  private func placeForBrace(_ part: Range<Int>) -> Int? {
    let start = part.lowerBound
    switch tokens[start].word {
    case .undo, .steady: return start + 1
    case .step, .guard, .parallel, .on: return firstGap(part)
    default: break  // open: no word that braces follow
    }
    if kind(start) == .identifier, kind(start + 1) == .identifier || kind(start + 1) == .stringOpen
    {
      return endOfBlockHead(part)
    }
    var depth = 0
    for index in part {
      if kind(index).closing != nil { depth += 1 }
      if kind(index).opening != nil { depth -= 1 }
      guard depth == 0, index > start else { continue }
      let next = kind(index + 1)
      let isKey = kind(index) == .identifier || kind(index).isKeyword
      if isKey, next == .equal || next == .colon, !declares(index - 1) { return index }
      if kind(index - 1) == .elseKeyword || kind(index - 1) == .fatArrow { return index }
    }
    return firstGap(part)
  }

  /// Behind `kind name "label"`.
  private func endOfBlockHead(_ part: Range<Int>) -> Int? {
    var index = part.lowerBound + 1
    if kind(index) == .identifier, kind(index + 1) != .equal { index += 1 }
    if kind(index) == .stringOpen {
      while index < part.upperBound, kind(index) != .stringClose { index += 1 }
      index += 1
    }
    return index < part.upperBound && kind(index) != .forKeyword ? index : firstGap(part)
  }

  private func declares(_ index: Int) -> Bool {
    switch kind(index) {
    case .letKeyword, .inputKeyword, .leftParen, .comma: true
    default: false  // open: declares nothing
    }
  }

  /// The last of some signs that is not in brackets of its own.
  private func lastSign(_ part: Range<Int>, _ signs: [TokenKind]) -> Int? {
    var depth = 0
    var found: Int?
    for index in part {
      if kind(index).closing != nil { depth += 1 }
      if kind(index).opening != nil { depth -= 1 }
      if depth == 0, signs.contains(kind(index)) { found = index }
    }
    return found
  }

  /// The first place where one operand follows another without anything between them.
  private func firstGap(_ part: Range<Int>) -> Int? {
    var depth = 0
    for index in part {
      defer {
        if kind(index).closing != nil { depth += 1 }
        if kind(index).opening != nil { depth -= 1 }
      }
      guard depth == 0, index > part.lowerBound, beginsOperand(index), endsOperand(index - 1) else {
        continue
      }
      let before = tokens[index - 1]
      if kind(index) == .forKeyword || kind(index) == .ifKeyword { continue }
      let isWord = before.word != .none && (before.word.isClause || index - 1 == part.lowerBound)
      let isLabelled = kind(index).isKeyword && kind(index + 1) == .colon
      if isWord && kind(index + 1) != .equal || tokens[index].word.isClause && !isLabelled {
        continue
      }
      return index
    }
    return nil
  }

  private func endsOperand(_ index: Int) -> Bool {
    switch kind(index) {
    case .identifier, .word, .integer, .float, .quantity, .stringClose, .rawString, .trueKeyword,
      .falseKeyword, .nilKeyword, .rightParen, .rightBracket, .rightBrace:
      true
    default: false  // open: an operand follows
    }
  }

  private func beginsOperand(_ index: Int) -> Bool {
    switch kind(index) {
    case .identifier, .word, .integer, .float, .quantity, .stringOpen, .rawString, .trueKeyword,
      .falseKeyword, .nilKeyword, .notKeyword, .letKeyword, .forKeyword, .ifKeyword, .yieldKeyword,
      .matchKeyword:
      true
    case .leftBracket: tokens[index].flags.contains(.space)
    case .inKeyword: kind(index + 1) == .colon
    default: false  // open: no operand begins so
    }
  }
}
