// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Parser {
  mutating func parsePrimary() {
    switch kind {
    case .identifier: parseName()
    case .integer, .float, .quantity, .trueKeyword, .falseKeyword, .nilKeyword:
      let start = mark
      advance()
      finish(.literal, start)
    case .stringOpen, .rawString: parseString()
    case .leftParen: parseParen()
    case .leftBracket: parseBracket()
    case .leftBrace: parseObject()
    case .ifKeyword: parseIf()
    case .matchKeyword: parseMatch()
    default: parseNoExpression()  // open: no expression begins so
    }
  }

  private mutating func parseName() {
    if isItemBegun { return parseNoExpression() }
    if startsPythonLambda { return parsePythonLambda() }
    let start = mark
    advance()
    if kind == .leftBrace, !context.isHead, !flags.contains(.newline) {
      parseBlockBody("this record")
      finish(.recordExpr, start)
    } else {
      finish(.nameExpr, start)
    }
  }

  private mutating func parseNoExpression() {
    if parseForeignValue() { return }
    let start = mark
    switch kind {
    case .plus, .star, .slash, .equalEqual, .notEqual, .less, .lessEqual, .greater, .greaterEqual,
      .andKeyword, .orKeyword, .questionQuestion, .pipe:
      if let habit = doubledOperator {
        report(habit.message, help: habit.help)
        explained = position + 1
        break
      }
      guard !isLineBreak else {
        reportExpected("an expression", help: "end the line before with the operator")
        break
      }
      reportExpected("an expression", help: helpForSign)
    case .fatArrow: reportExpected("a name before `=>`")
    case .forKeyword:
      reportExpected(
        "an expression", help: "write `[for x in xs: …]` to make a list from another")
    default:  // open: keywords and punctuation
      if kind.isKeyword, !isItemBegun, !isItemEnd {
        report(
          "expected an expression, found the reserved word `\(text(position))`",
          help: "choose another name")
        explained = position + 1
        takeName()
        return finish(.nameExpr, start)
      }
      reportExpected("an expression", help: operatorBefore)
    }
    missing()
    finish(.nameExpr, start)
  }

  /// What to write for a sign that begins an expression elsewhere.
  private var helpForSign: String? {
    switch (kind, peek()) {
    case (.pipe, .identifier): "a function is written `x => …`"
    case (.star, .identifier): "write `...\(text(position + 1))` to put its elements in"
    default: nil  // open: no such habit
    }
  }

  /// What to do about the operator that nothing follows on its line.
  private var operatorBefore: String? {
    guard position > 0, flags.contains(.newline) else { return nil }
    switch tokens[position - 1].kind {
    case .plus, .minus, .star, .slash, .equalEqual, .notEqual, .less, .lessEqual, .greater,
      .greaterEqual, .andKeyword, .orKeyword, .questionQuestion, .dotDot:
      return "write what follows `\(text(position - 1))`, or leave it out"
    default: return nil  // open: no operator with two sides
    }
  }

  // MARK: Strings

  mutating func parseString() {
    let start = mark
    if take(.rawString) { return finish(.stringExpr, start) }
    advance()
    while true {
      switch kind {
      case .stringText: advance()
      case .interpolationOpen: parseInterpolation()
      case .stringClose:
        advance()
        return finish(.stringExpr, start)
      default:  // open: the lexer has said that the string is not closed
        missing()
        return finish(.stringExpr, start)
      }
    }
  }

  private mutating func parseInterpolation() {
    let start = mark
    let open = position
    let saved = openBracket()
    if kind == .interpolationClose {
      report(
        "expected an expression in `\\( )`", at: span(open),
        help: "write the name of a value, or `\\\\(` for the plain characters")
      missingExpression()
    } else {
      parseExpression()
    }
    if kind != .interpolationClose { skipToInterpolationEnd(open) }
    context = saved
    if !take(.interpolationClose) { missing() }
    finish(.interpolation, start)
  }

  private mutating func skipToInterpolationEnd(_ openToken: Int) {
    if !tokens[openToken].flags.contains(.mistake) {
      report(
        "expected `)`, found \(found)", labels: [Label(span(openToken), "opened here")],
        help: "close the interpolation with `)`")
    }
    let start = mark
    var open = 0
    while kind != .endOfFile, !flags.contains(.mistake) {
      if open == 0, kind == .interpolationClose || kind == .stringClose || kind == .stringText {
        break
      }
      if flags.contains(.column0), startsKeywordDeclaration { break }
      if kind == .stringOpen { open += 1 }
      if kind == .stringClose { open -= 1 }
      advance()
    }
    if position > start.token { finish(.error, start) }
    explained = position
  }

  // MARK: Parentheses, lists and maps

  private mutating func parseParen() {
    let start = mark
    let open = position
    let saved = openBracket()
    parseExpression()
    if kind != .rightParen, !isCutShort {
      let isComma = kind == .comma
      report(
        "expected `)`, found \(found)", at: span(position),
        labels: [Label(span(open), "opened here")],
        help: isComma ? "write a list in brackets, as in `[a, b]`" : nil)
      skipToParen()
    }
    context = saved
    closeBracket(.rightParen, open)
    finish(.parenExpr, start)
  }

  private mutating func skipToParen() {
    let start = mark
    var open = 0
    while kind != .endOfFile {
      switch kind {
      case .leftParen, .leftBracket, .leftBrace, .interpolationOpen: open += 1
      case .rightParen, .rightBracket, .rightBrace, .interpolationClose: open -= 1
      default: break  // open: no bracket
      }
      if open < 0 { break }
      advance()
    }
    if position > start.token { finish(.error, start) }
    explained = position
  }

  private mutating func parseBracket() {
    let start = mark
    let open = position
    let saved = openBracket()
    let result = parseBracketContent(open)
    context = saved
    closeBracket(.rightBracket, open)
    finish(result, start)
  }

  private mutating func parseBracketContent(_ open: Int) -> NodeKind {
    if kind == .forKeyword, peek() == .identifier { return parseComprehension() }
    if kind == .colon, peek() == .rightBracket {
      advance()
      return .mapExpr
    }
    var isMap: Bool?
    while kind != .rightBracket, !isCutShort {
      if startsDashedElement {
        skipDashedElements()
        continue
      }
      let before = position
      let element = mark
      if take(.ellipsis) {
        parseExpression()
        finish(.spread, element)
      } else {
        parseExpression()
        if kind == .colon {
          advance()
          parseExpression()
          finish(.mapEntry, element)
          checkEntry(&isMap, true, element)
        } else {
          checkEntry(&isMap, false, element)
        }
      }
      if !continueList(before, open, .rightBracket) { break }
    }
    return isMap == true ? .mapExpr : .listExpr
  }

  private mutating func checkEntry(_ isMap: inout Bool?, _ isEntry: Bool, _ element: Mark) {
    if isMap == nil { isMap = isEntry }
    guard isMap != isEntry, position > element.token else { return }
    let place = span(element.token).joined(span(position - 1))
    report(
      isEntry ? "an entry of a map stands in a list" : "an element without a key stands in a map",
      at: place, help: "write `[k: v, …]` for a map and `[a, b, …]` for a list")
  }

  private mutating func parseComprehension() -> NodeKind {
    advance()
    parseElementName()
    parseExpression()
    if take(.ifKeyword) { parseExpression() }
    expect(.colon, "and what to make of each element")
    parseExpression()
    if take(.colon) {
      parseExpression()
      if kind == .ifKeyword { parseLateCondition() }
      return .mapComprehension
    }
    if kind == .ifKeyword { parseLateCondition() }
    return .listComprehension
  }

  // MARK: Objects

  private mutating func parseObject() {
    let start = mark
    parseBraces("this object") { $0.parseMember() }
    finish(.objectExpr, start)
  }

  private mutating func parseMember() {
    let start = mark
    if take(.ellipsis) {
      parseExpression()
      return finish(.spread, start)
    }
    if kind == .stringOpen || kind == .rawString {
      parseString()
    } else if kind == .identifier || kind.isKeyword {
      if let end = endOfBareKey { return parseBareKey(start, end) }
      if peek() == .equal {
        reportEqualForColon("a member")
        takeName()
        skipToken()
        parseValue()
        return finish(.objectMember, start)
      }
      takeName()
    } else {
      if kind == .minus { return skipDashes() }
      if tokens[position - 1].kind == .leftBrace, beginsExpression { return skipSet() }
      reportExpected("a member, written `name: value`")
      return skipItem()
    }
    if kind != .colon {
      reportExpected(
        "`:` and the value of the member",
        help: text(position - 1) == "for"
          ? "a map is made from a list by `[for x in xs: key: value]`"
          : "a member is written `name: value`")
      missing()
      if !isItemEnd { skipItem() }
      return finish(.objectMember, start)
    }
    advance()
    parseMemberValue()
    finish(.objectMember, start)
  }

  /// `{1, 2}`
  private mutating func skipSet() {
    report("a list stands in brackets", help: "write `[a, b]` for `{a, b}`")
    skipInBrackets(over: true)
  }

  private mutating func parseMemberValue() {
    if isLineBreak, kind == .identifier || kind.isKeyword, peek() == .colon {
      reportExpected("the value of the member")
      return missingExpression()
    }
    parseValue()
  }

  // MARK: Choices

  private mutating func parseIf() {
    let start = mark
    guard enter() else { return }
    advance()
    parseHead()
    if isBranchWithoutBraces { return skipBranches(start) }
    parseCode("this branch")
    if kind == .identifier, !isLineBreak, ["elif", "elsif", "elseif"].contains(text(position)) {
      report(
        "there is no `\(text(position))`", help: "write `else if`",
        fixes: [Fix("write `else if`", replacing: span(position), with: "else if", .safe)])
      tokens[position].kind = .ifKeyword
      kind = .ifKeyword
      parseIf()
    } else if isElse {
      advance()
      if kind == .ifKeyword { parseIf() } else { parseCode("this branch") }
    }
    depth -= 1
    finish(.ifExpr, start)
  }

  /// Takes what follows a condition without braces, with its `else`.
  private mutating func skipBranches(_ start: Mark) {
    report("a branch stands in braces", help: "write `if condition { … } else { … }`")
    let rest = mark
    var open = 0
    while kind != .endOfFile, open > 0 || !isItemEnd {
      if kind.closing != nil { open += 1 }
      if kind.opening != nil { open -= 1 }
      if open < 0 { break }
      advance()
    }
    explained = position
    finish(.error, rest)
    depth -= 1
    finish(.ifExpr, start)
  }

  private mutating func parseMatch() {
    let start = mark
    advance()
    parseHead()
    parseBraces("this match") { $0.parseArm() }
    finish(.matchExpr, start)
  }

  private mutating func parseArm() {
    let start = mark
    skipCase()
    parsePattern()
    skipMorePatterns()
    if kind == .ifKeyword, !isLineBreak {
      report("an arm has no condition", help: "write `_: if … { … } else { … }`")
      skipTo(.colon)
    }
    if kind == .fatArrow || kind == .arrow || kind == .equal {
      reportHabit(
        "an arm is written `pattern: value`", at: span(position), help: "write `:`",
        fix: Fix(
          "write `:`", replacing: gapBefore(position).joined(span(position)), with: ":", .safe)
      )
      skipToken()
    } else {
      expect(.colon, "and what to do then")
      if isItemEnd { return finish(.matchArm, start) }
    }
    parseBody("this arm")
    finish(.matchArm, start)
  }

  private mutating func parseElsePattern() {
    report(
      "the arm for everything else begins with `_`", help: "write `_`",
      fixes: [Fix("write `_`", replacing: span(position), with: "_", .safe)])
    takeName()
  }

  private mutating func parsePattern() {
    let start = mark
    switch kind {
    case .identifier where text(position) == "default" && peek() == .colon: parseElsePattern()
    case .identifier:
      advance()
      if kind == .identifier, !isLineBreak { advance() }
    case .integer, .float, .quantity, .trueKeyword, .falseKeyword, .nilKeyword: parsePrimary()
    case .minus:
      advance()
      parsePrimary()
      finish(.unaryExpr, start)
    case .stringOpen, .rawString: parseString()
    case .elseKeyword: parseElsePattern()
    default:  // open: no pattern begins so
      report(
        "expected a pattern, found \(foundToken)",
        help: "write a string, a number, a type's name or `_`")
      missing()
    }
    finish(.pattern, start)
  }
}
