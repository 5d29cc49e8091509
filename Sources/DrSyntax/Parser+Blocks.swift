// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Parser {
  /// `{`, items up to the closing brace, `}`; `what` names in messages what the braces belong to.
  mutating func parseBraces(_ what: StaticString, _ item: (inout Parser) -> Void) {
    guard kind == .leftBrace else {
      if kind == .colon { return parseColonForBraces(what) }
      reportExpected(
        "`{` and the body of \(what)",
        help: "it stands in braces, be it short: `{ … }`")
      return missing()
    }
    guard enter() else { return }
    let open = position
    let saved = openBrace()
    skipSeparators()
    while kind != .rightBrace, kind != .endOfFile {
      let before = position
      item(&self)
      if position == before {
        reportExpected("an item of \(what)")
        skipItem()
      } else if !isItemEnd {
        reportItemEnd()
        skipItem()
      }
      skipSeparators()
    }
    context = saved
    closeBrace(open, what)
    depth -= 1
  }

  /// `if x: y`, with what belongs to it.
  private mutating func parseColonForBraces(_ what: StaticString) {
    let line = position
    report("\(what) stands in braces", help: "write `{ … }` for `:`")
    skipDeeper(than: line)
  }

  /// Says what is wrong with a token that should have begun a new item.
  mutating func reportItemEnd() {
    switch kind {
    case .equal:
      report(
        "`=` does not belong here", caption: "`=` gives a field its value",
        help: "write `==` to compare")
    case .colon:
      report("`:` does not belong here", help: "a field is written `name = value`")
    case .pipe:
      report("`|` joins types, not values", help: "write `or`, or call a function")
    case .rightParen, .rightBracket:
      report(
        "this `\(text(position))` closes nothing", help: "remove it",
        fixes: [Fix("remove it", replacing: span(position), with: "")])
    case _ where habitHere != nil:
      guard let habit = habitHere else { break }
      report(habit.message, at: habit.place, help: habit.help, fixes: habit.fixes)
    case .leftBrace where position > 1 && tokens[position - 2].kind == .dot:
      report(
        "what is called stands before `(…)`",
        help: "write a function between parentheses: `.\(text(position - 1))(x => …)`")
    case .stringOpen where lineBegins(with: [.require, .verify, .assert]):
      report("a message follows `else`", help: "write `else` before it")
    case .leftBrace:
      report(
        "expected the end of the item, found `{`",
        help: "put a block on a line of its own, as in `name { … }`")
    default:  // open: nothing better to say
      reportExpected("a new line, `,` or `;`")
    }
  }

  /// Whether the line of the current token begins with one of some words.
  private func lineBegins(with words: [Word]) -> Bool {
    var first = position
    while first > 0, !tokens[first].flags.contains(.newline) { first -= 1 }
    return words.contains(tokens[first].word)
  }

  /// `kind name "label" for subject { … }`
  mutating func parseBlock() {
    let start = mark
    advance()
    var isNamed = false
    if kind == .identifier, !isLineBreak {
      advance()
      skipDashedName()
      isNamed = true
    }
    if kind == .stringOpen || kind == .rawString, !isLineBreak {
      parseString()
      isNamed = true
    }
    parseSecondLabel(start)
    if kind == .forKeyword, !isLineBreak, peek() != .equal {
      advance()
      parseHead()
      isNamed = true
    }
    if kind == .colon, peek() == .leftBrace, !isOnNewLine(1) {
      report(
        "a block has no `:`", help: "write `kind name { … }`",
        fixes: [Fix("leave it out", replacing: span(position), with: "", .safe)])
      skipToken()
    }
    if kind == .leftBrace {
      parseBlockBody("this block")
    } else if isNamed, isBodyWithoutBraces(start.token) {
      reportExpected(
        "`{`", help: "the body of a block stands in braces: `{` here, `}` below its last line")
      skipDeeper(than: start.token)
    } else if !isNamed || !isItemEnd {
      reportBlockBody(start.token)
      missing()
    }
    finish(.block, start)
  }

  private mutating func reportBlockBody(_ head: Int) {
    switch kind {
    case .equal where position == head + 2 && text(head).first?.isUppercase == true:
      let name = text(head + 1)
      report("a value begins with `let`", help: "write `let \(name): \(text(head)) = …`")
    case .equal:
      report(
        "a block has no `=`",
        help: "write `kind name { … }` for a block and `name = value` for a field")
    case .identifier where text(head) == "from" && text(position) == "import":
      report("a module is taken with `use`", help: "write `use \(text(head + 1))`")
    case .inKeyword where text(head) == "foreach":
      report(
        "there is no `foreach`", at: span(head),
        help: "a list is made by `[for x in xs: …]`; a loop stands in code: `for x in xs { … }`")
    default:  // open: nothing better to say
      reportExpected("`{` and the body of the block")
    }
  }

  mutating func parseBlockBody(_ what: StaticString) {
    let start = mark
    parseBraces(what) { $0.parseBlockItem() }
    finish(.blockBody, start)
  }

  private mutating func parseBlockItem() {
    guard kind == .identifier || kind.isKeyword else {
      if kind == .minus { return skipDashes() }
      reportNoField()
      return skipItem()
    }
    let next = peek()
    if next == .equal { return parseField() }
    if kind == .identifier, !isOnNewLine(1) || next == .leftBrace {
      switch next {
      case .identifier, .stringOpen, .rawString, .leftBrace, .forKeyword: return parseBlock()
      default: break  // open: no head of a block
      }
    }
    parseBrokenItem(next)
  }

  mutating func parseField() {
    let start = mark
    if isBlockAfterEqual { return parseBlockAfterEqual() }
    takeName()
    advance()
    parseValue()
    finish(.fieldItem, start)
  }

  private mutating func reportNoField() {
    if kind == .stringOpen, peek() == .stringText, peek(2) == .stringClose,
      peek(3) == .equal || peek(3) == .colon
    {
      let name = text(position + 1)
      let place = span(position).joined(span(position + 3))
      return report(
        "the name of a field has no quotes", at: span(position).joined(span(position + 2)),
        help: "write `\(name) = …`",
        fixes: [Fix("write `\(name) =`", replacing: place, with: "\(name) =")])
    }
    report(
      "expected a field or a block, found \(foundToken)",
      help: "a field is written `name = value`, a block `kind name { … }`")
  }

  /// An item that begins with a name and is neither a field nor a block; what was meant is often
  /// plain.
  private mutating func parseBrokenItem(_ next: TokenKind) {
    switch next {
    case .colon, .equalEqual: parseFieldWithout(equal: next)
    case .minus where kind == .identifier && !tokens[position + 1].flags.contains(.space):
      let start = mark
      advance()
      skipDashedName()
      if take(.equal) { parseValue() }
      finish(.error, start)
    case .leftParen:
      report(
        "a call stands inside code, not in a block",
        help: "a field is written `name = value`, a block `kind name { … }`")
      skipItem()
    default:  // open: anything else
      parseOddItem()
    }
  }

  /// `name: value` or `name == value`
  private mutating func parseFieldWithout(equal wrong: TokenKind) {
    let start = mark
    let sign = span(position + 1)
    let isLast = isOnNewLine(2)
    let name = text(position)
    let instead =
      peek(2) == .minus
      ? "write a list in brackets, as in `\(name) = [a, b]`"
      : "write `\(name) { … }` for a block, `\(name) = …` for a value"
    takeName()
    let message = "a field is written `name = value`"
    let caption = wrong == .colon ? "`:` stands in objects and types" : "`==` compares"
    if isLast {
      report(message, at: sign, caption: caption, help: instead)
    } else {
      reportHabit(
        message, at: sign, caption: caption, help: "write `=`",
        fix: Fix("write `=`", replacing: sign, with: wrong == .colon ? " =" : "=", .safe))
    }
    skipToken()
    if isLast {
      explained = position
      if kind == .minus { skipDashes() } else { skipDeeper(than: start.token) }
    } else {
      parseValue()
    }
    finish(.error, start)
  }

  private mutating func parseOddItem() {
    if startsKeywordDeclaration {
      report(
        "`\(text(position))` stands at the top of a file", caption: "this is inside a block",
        help: "close the blocks around it first")
      let start = mark
      parseDeclaration()
      return finish(.error, start)
    }
    if kind == .letKeyword || kind == .ifKeyword || kind == .forKeyword || kind == .matchKeyword {
      report(
        "`\(text(position))` stands inside code, not in a block",
        help: "a field is written `name = value`; the value may be an `if` or `match`")
      return skipItem()
    }
    if kind == .identifier, peek() == .dot, peek(2) == .identifier, peek(3) == .equal {
      report(
        "a field of a block is given inside it", at: span(position).joined(span(position + 2)),
        help: "write `\(text(position)) { \(text(position + 2)) = … }`")
      return skipItem()
    }
    if kind == .identifier {
      let name = text(position)
      let start = mark
      advance()
      report(
        "expected `=` after `\(name)`, found \(found)", at: here, caption: "expected here",
        help: "a field is written `name = value`, a block `kind name { … }`",
        fixes: isItemEnd ? [] : [Fix("write `=`", replacing: gapBefore(position), with: " = ")])
      missing()
      if !isItemEnd { skipItem() }
      return finish(.error, start)
    }
    reportNoField()
    skipItem()
  }
}

// MARK: - Policies and drills

extension Parser {
  mutating func parsePolicy() {
    let start = mark
    advance()
    parseTitle("the name of the policy")
    parseBraces("this policy") { $0.parsePolicyItem() }
    finish(.policyDecl, start)
  }

  /// `name "label" for subject`
  private mutating func parseTitle(_ what: StaticString) {
    expectName(what)
    if kind == .stringOpen || kind == .rawString, !isLineBreak { parseString() }
    if kind == .forKeyword, !isLineBreak {
      advance()
      parseHead()
    }
  }

  private mutating func parsePolicyItem() {
    if kind == .identifier || kind.isKeyword, peek() == .equal { return parseField() }
    switch word {
    case .on: return parseDetector()
    case .guard: return parseGuard()
    case .failback:
      let start = mark
      takeWord()
      parseClauses()
      return finish(.failback, start)
    default: break  // open: no word of a policy
    }
    if kind == .identifier, peek() == .colon { return parseBrokenItem(.colon) }
    if kind == .minus { return skipDashes() }
    report(
      "expected an item of a policy, found \(foundToken)",
      help:
        "write `on name when …`, `guard \"title\" { … }`, `failback …` or `name = value`")
    skipItem()
  }

  private mutating func parseDetector() {
    let start = mark
    takeWord()
    expectName("the name of what is detected")
    if kind == .leftParen, !isLineBreak {
      let open = position
      let saved = openBracket()
      expectName("a name for each element")
      expect(.inKeyword, "and the list to look at")
      parseExpression()
      context = saved
      closeBracket(.rightParen, open)
    }
    if word == .when {
      takeWord()
    } else {
      reportExpected("`when` and a condition")
      missing()
    }
    parseHead()
    if kind == .forKeyword, !isLineBreak {
      report(
        "how long a condition holds is written `lasting`", help: "write `lasting`",
        fixes: [Fix("write `lasting`", replacing: span(position), with: "lasting", .safe)])
      skipToken()
      parseHead()
    } else if word == .lasting, kind == .identifier {
      takeWord()
      parseHead()
    }
    parseCode("this detector")
    finish(.detector, start)
  }

  private mutating func parseGuard() {
    let start = mark
    takeWord()
    parseRequiredString("the title of the guard")
    parseBracedExpression("this guard")
    finish(.guardClause, start)
  }

  /// `{ expression }`, newlines around it allowed.
  private mutating func parseBracedExpression(_ what: StaticString) {
    guard kind == .leftBrace else {
      reportExpected(
        "`{` and the condition of \(what)", help: "it stands in braces: `{ condition }`")
      return missing()
    }
    guard enter() else { return }
    let open = position
    let saved = openBrace()
    parseExpression()
    if kind != .rightBrace, kind != .endOfFile {
      report(
        "expected `}`, found \(found)", help: "join conditions with `and`")
      while kind != .rightBrace, kind != .endOfFile {
        skipItem()
        skipSeparators()
      }
    }
    context = saved
    closeBrace(open, what)
    depth -= 1
  }

  mutating func parseDrill() {
    let start = mark
    advance()
    parseTitle("the name of the drill")
    parseBraces("this drill") { $0.parseDrillItem() }
    finish(.drillDecl, start)
  }

  private mutating func parseDrillItem() {
    let start = mark
    guard kind == .identifier else {
      if kind == .minus { return skipDashes() }
      reportDrillItem()
      return skipItem()
    }
    switch word {
    case .steady:
      advance()
      parseBracedExpression("the steady state")
    case .abort:
      advance()
      parseBracedExpression("what ends the drill at once")
    case .load:
      advance()
      parseOperand()
    case .fault:
      advance()
      parseOperand()
      if kind == .forKeyword, !isLineBreak {
        advance()
        parseOperand()
      }
    case .expect:
      advance()
      parseOperand()
      if word == .within, kind == .identifier, !isLineBreak {
        takeWord()
        parseOperand()
      }
    default:  // open: no word of a drill
      reportDrillItem()
      return skipItem()
    }
    finish(.drillItem, start)
  }

  private mutating func reportDrillItem() {
    report(
      "expected an item of a drill, found \(foundToken)",
      help: "write `steady { … }`, `load …`, `fault … for …`, `abort { … }` or `expect … within …`")
  }
}
