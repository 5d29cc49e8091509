// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Parser {
  mutating func parseExpression() {
    guard enter() else { return }
    if isLambda { parseLambda() } else { parseBinary(1) }
    if kind == .arrow, !isLineBreak { parseAfterArrow() }
    depth -= 1
  }

  /// An expression in which `{` after a name does not begin a record, because code follows.
  mutating func parseHead() {
    let saved = context.isHead
    context.isHead = true
    if kind == .leftBrace {
      reportExpected("an expression")
      missingExpression()
    } else {
      parseOperand()
    }
    if kind == .equal, !isLineBreak { parseAfterEqual() }
    context.isHead = saved
  }

  /// `x = 1` where a condition stands
  private mutating func parseAfterEqual() {
    report(
      "`=` gives a name its value", help: "write `==` to compare",
      fixes: [Fix("write `==`", replacing: span(position), with: "==", .safe)])
    skipToken()
    parseOperand()
  }

  /// `x -> y` where a function stands
  private mutating func parseAfterArrow() {
    report(
      "a function is written `x => …`", help: "write `=>`",
      fixes: [Fix("write `=>`", replacing: span(position), with: "=>", .safe)])
    skipToken()
    parseExpression()
  }

  /// The expression after a word, on the same line.
  mutating func parseOperand() {
    if isLineBreak {
      reportExpected("an expression")
      missingExpression()
    } else {
      parseExpression()
    }
  }

  mutating func missingExpression() {
    let start = mark
    missing()
    finish(.nameExpr, start)
  }

  // MARK: Lambdas

  private var isLambda: Bool {
    if kind == .identifier { return peek() == .fatArrow }
    guard kind == .leftParen else { return false }
    var distance = 1
    while peek(distance) == .identifier {
      distance += 1
      guard peek(distance) == .comma else { break }
      distance += 1
    }
    return peek(distance) == .rightParen && peek(distance + 1) == .fatArrow
  }

  private mutating func parseLambda() {
    let start = mark
    if kind == .identifier {
      advance()
    } else {
      while kind != .rightParen { advance() }
      advance()
    }
    finish(.lambdaParameters, start)
    advance()
    parseBody("this function")
    finish(.lambdaExpr, start)
  }

  /// After `=>` and after the `:` of an arm: an object, a code block, or an expression.
  mutating func parseBody(_ what: StaticString) {
    if kind == .leftBrace, !startsObject {
      parseCode(what)
    } else if startsStatementOnly {
      parseStatementWithoutBraces()
    } else {
      parseExpression()
    }
  }

  /// Whether `{` here begins an object: `}`, `...`, or a member's key and `:` come next.
  private var startsObject: Bool {
    switch peek() {
    case .rightBrace, .ellipsis: return true
    case .rawString: return peek(2) == .colon
    case .stringOpen: return peek(endOfString(1)) == .colon
    default:  // open: a name, or what begins a statement
      return (peek() == .identifier || peek().isKeyword) && peek(2) == .colon
    }
  }

  /// How far away the token after a string is that begins at a distance.
  private func endOfString(_ distance: Int) -> Int {
    var distance = distance
    var open = 0
    while true {
      switch peek(distance) {
      case .stringOpen: open += 1
      case .stringClose:
        open -= 1
        if open == 0 { return distance + 1 }
      case .endOfFile: return distance
      case .leftBrace, .rightBrace: if open <= 1 { return distance }
      default: break  // open: inside the string
      }
      distance += 1
    }
  }

  // MARK: Operators

  /// How tightly the operator here binds; 0 when there is none.
  private var power: Int {
    switch kind {
    case .questionQuestion: return 1
    case .orKeyword: return 2
    case .andKeyword: return 3
    case .equalEqual, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .inKeyword:
      return Self.comparison
    case .notKeyword: return peek() == .inKeyword ? Self.comparison : 0
    case .dotDot: return Self.range
    case .plus, .minus: return 7
    case .star, .slash: return 8
    default: return 0  // open: no operator
    }
  }

  private static let not = 4
  private static let comparison = 5
  private static let range = 6

  /// Whether an operator on a new line goes on with the expression before it.
  private var goesOn: Bool {
    guard isLineBreak else { return true }
    switch kind {
    case .questionQuestion, .dot, .questionDot: return true
    case .andKeyword, .orKeyword: return peek() != .colon && peek() != .equal
    default: return false  // open: it begins an item, or is a mistake
    }
  }

  private mutating func parseBinary(_ minimum: Int) {
    let start = mark
    if kind == .notKeyword { parseNot(minimum) } else { parseUnary() }
    var levels = 0
    while true {
      if kind == .ellipsis, minimum <= Self.range, !isLineBreak, !isSpread { replaceEllipsis() }
      let power = power
      guard power >= minimum, power > 0, goesOn else { break }
      levels += 1
      guard depth + levels <= maximumDepth else { return skipTooDeep() }
      let isNotIn = kind == .notKeyword
      advance()
      if isNotIn { advance() }
      if power == Self.range { skipSignOfRange() }
      depth += levels
      parseBinary(power + 1)
      depth -= levels
      finish(power == Self.range ? .rangeExpr : .binaryExpr, start)
      if power == Self.comparison || power == Self.range, self.power == power, goesOn {
        reportChain(isRange: power == Self.range)
      }
    }
  }

  private mutating func reportChain(isRange: Bool) {
    if !isRange, kind == .greater, peek() == .leftParen, tokens[position - 1].kind == .identifier {
      return report(
        "a call names no types", at: span(position), help: "leave the `<…>` out")
    }
    report(
      isRange ? "a range has two ends" : "comparisons do not chain", at: span(position),
      help: isRange ? "remove this end" : "write `a < b and b < c`")
  }

  private mutating func parseNot(_ minimum: Int) {
    let start = mark
    if minimum > Self.not {
      report(
        "`not` applies to a whole comparison", at: span(position),
        help: "put it in front of the comparison or in parentheses")
    }
    guard enter() else { return }
    advance()
    parseBinary(Self.not)
    depth -= 1
    finish(.unaryExpr, start)
  }

  private mutating func parseUnary() {
    guard kind == .minus else { return parsePostfix() }
    let start = mark
    guard enter() else { return }
    advance()
    parseUnary()
    depth -= 1
    finish(.unaryExpr, start)
  }

  // MARK: Members, indexes and calls

  private mutating func parsePostfix() {
    let start = mark
    parsePrimary()
    var levels = 0
    while goesOn {
      switch kind {
      case .dot, .questionDot, .leftBracket, .leftParen: break
      default: return  // open: the expression ends here
      }
      levels += 1
      guard depth + levels <= maximumDepth else { return skipTooDeep() }
      depth += levels
      parsePostfixPart(start)
      depth -= levels
    }
  }

  private mutating func parsePostfixPart(_ start: Mark) {
    switch kind {
    case .dot, .questionDot:
      let result: NodeKind = kind == .dot ? .memberExpr : .optionalMemberExpr
      advance()
      if kind == .identifier || kind.isKeyword, !isLineBreak {
        takeName()
      } else {
        reportNoMember()
        missing()
      }
      finish(result, start)
    case .leftBracket:
      let open = position
      let saved = openBracket()
      parseExpression()
      if kind == .colon || kind == .comma { reportNoIndex(open) }
      context = saved
      closeBracket(.rightBracket, open)
      finish(.indexExpr, start)
    default:  // open: only ( is left
      parseArguments()
      if kind == .leftBrace, !context.isHead, !flags.contains(.newline) { parseTrailingBlock() }
      finish(.callExpr, start)
    }
  }

  /// `f(a [k: v])`: a comma is missing, and `[` was taken for an index.
  private mutating func reportNoIndex(_ open: Int) {
    if kind == .colon, !tokens[open].flags.contains(.space) {
      report(
        "a list is not cut with `:`",
        help: "take the elements: `[for i in a..b: xs[i]]`, or the only one, `xs[i]`")
      return skipInBrackets()
    }
    let end = tokens[open - 1].end
    report(
      "an index is one expression", caption: "found `\(text(position))`",
      labels: [Label(span(open), "this `[` begins an index")],
      help: "write `,` before the `[` of a list or map of its own",
      fixes: [Fix("write `,`", replacing: Span(source.id, end, end), with: ",")])
    skipInBrackets()
    while kind == .comma {
      advance()
      skipInBrackets()
    }
  }

  private mutating func parseArguments() {
    let start = mark
    let open = position
    let saved = openBracket()
    while kind != .rightParen, !isCutShort {
      let before = position
      parseArgument()
      if !continueList(before, open, .rightParen) { break }
    }
    context = saved
    closeBracket(.rightParen, open)
    finish(.argumentList, start)
  }

  private mutating func parseArgument() {
    let start = mark
    if kind == .identifier || kind.isKeyword {
      if peek() == .colon {
        takeName()
        advance()
      } else if peek() == .equal {
        reportEqualForColon("an argument")
        takeName()
        skipToken()
      }
    }
    parseExpression()
    finish(.argument, start)
  }

  mutating func reportEqualForColon(_ what: StaticString) {
    let sign = span(position + 1)
    let next = position + 2 < tokens.count && tokens[position + 2].flags.contains(.space)
    reportHabit(
      "\(what) is written `name: value`", at: sign, caption: "`=` stands in blocks",
      help: "write `:`", fix: Fix("write `:`", replacing: sign, with: next ? ":" : ": ", .safe))
  }

  /// After an element of a bracketed list: whether there is another one.
  mutating func continueList(_ before: Int, _ open: Int, _ closing: TokenKind) -> Bool {
    if take(.comma) { return true }
    if kind == closing || isCutShort { return false }
    if kind == .semicolon {
      report("elements are separated by `,`", at: span(position), help: "write `,`")
      skipToken()
      return true
    }
    let spelling = closing.spelling?.description ?? ""
    if kind == .equal, position > before, closing == .rightBracket {
      report(
        "an entry of a map is written `key: value`", help: "write `:`",
        fixes: [Fix("write `:`", replacing: gapBefore(position).joined(span(position)), with: ":")])
      skipInBrackets()
      return take(.comma)
    }
    guard position > before, beginsExpression else {
      report(
        "expected `,` or `\(spelling)`, found \(found)", at: span(position),
        labels: [Label(span(open), "opened here")],
        help: kind == .forKeyword
          ? "write the loop first: `[for x in xs: …]`" : "write `,` between elements")
      skipInBrackets()
      return take(.comma)
    }
    let end = tokens[position - 1].end
    let gap = Span(source.id, end, end)
    report(
      "expected `,` or `\(spelling)`, found \(found)", at: span(position),
      labels: [Label(span(open), "opened here")], help: "write `,` between elements",
      fixes: [Fix("write `,`", replacing: gap, with: ",")])
    return true
  }

  /// Takes what does not belong into a list, up to the next comma or the end of the list; `over` the commas as well.
  mutating func skipInBrackets(over commas: Bool = false) {
    let start = mark
    var open = 0
    while kind != .endOfFile {
      if open == 0, kind == .comma, !commas { break }
      switch kind {
      case .leftParen, .leftBracket, .leftBrace, .interpolationOpen: open += 1
      case .rightParen, .rightBracket, .rightBrace, .interpolationClose: open -= 1
      default: break  // open: no bracket
      }
      if open < 0 { break }
      advance()
    }
    finish(.error, start)
    explained = position
  }

  /// Whether an expression may begin with the current token.
  var beginsExpression: Bool {
    switch kind {
    case .identifier, .integer, .float, .quantity, .stringOpen, .rawString, .trueKeyword,
      .falseKeyword, .nilKeyword, .notKeyword, .ifKeyword, .matchKeyword, .leftParen, .leftBracket,
      .leftBrace, .minus:
      true
    default: false  // open: no expression begins so
    }
  }

  private mutating func parseTrailingBlock() {
    let start = mark
    parseBraces("this timeline") { $0.parseTimelineItem() }
    finish(.trailingBlock, start)
  }

  private mutating func parseTimelineItem() {
    let start = mark
    guard word == .at, kind == .identifier else {
      reportExpected("`at` and a time", help: "write `at 1m: what happens`")
      return skipItem()
    }
    takeWord()
    parseExpression()
    expect(.colon, "and what happens then")
    parseExpression()
    finish(.timelineItem, start)
  }
}
