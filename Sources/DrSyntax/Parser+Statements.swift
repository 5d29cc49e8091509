// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Parser {
  mutating func parseCode(_ what: StaticString) {
    let start = mark
    parseBraces(what) { $0.parseStatement() }
    finish(.codeBlock, start)
  }

  private mutating func parseStatement() {
    switch kind {
    case .letKeyword: return parseLet(.letStmt)
    case .forKeyword:
      let start = mark
      parseFor("this loop")
      return finish(.forStmt, start)
    case .yieldKeyword:
      let start = mark
      advance()
      parseOperand()
      return finish(.yieldStmt, start)
    case .identifier where isForeignLet:
      reinterpret(.letKeyword, "let")
      return parseLet(.letStmt)
    case .identifier where word != .none && startsRunbookStatement: return parseRunbookStatement()
    default: break  // open: an expression
    }
    if startsKeywordDeclaration {
      report(
        "`\(text(position))` stands at the top of a file", caption: "this is inside code",
        help: "close the blocks around it first")
      let start = mark
      parseDeclaration()
      return finish(.error, start)
    }
    if kind == .identifier, peek() == .leftBrace, let habit = foreignStatement(position) {
      report(habit.message, help: habit.help, fixes: habit.fixes)
      return skipItem()
    }
    if startsDashedElement { return skipDashedStatements() }
    let start = mark
    if kind == .identifier, peek() == .equal {
      advance()
      finish(.nameExpr, start)
    } else {
      parseExpression()
    }
    if kind == .equal, position > start.token, !isLineBreak { return parseAssignment(start) }
    finish(.exprStmt, start)
    if position == start.token + 1, !isItemEnd, tokens[start.token].kind == .identifier {
      parseAfterLoneName(start)
    }
  }

  /// Whether a statement begins here that is no expression.
  var startsStatementOnly: Bool {
    kind == .yieldKeyword || kind == .identifier && word != .none && startsRunbookStatement
  }

  /// `_: fail "…"` and `x => yield x`, where an expression stands.
  mutating func parseStatementWithoutBraces() {
    let start = mark
    let first = span(position)
    parseStatement()
    let place = first.joined(span(position - 1))
    report(
      "a statement stands between braces here", at: place,
      help: "write `{ \(source.text(first)) … }`",
      fixes: [
        Fix("put it between braces", replacing: place, with: "{ \(source.text(place)) }", .safe)
      ])
    finish(.error, start)
  }

  /// A name and something else on its line: a block, or a runbook statement in the wrong shape.
  private mutating func parseAfterLoneName(_ start: Mark) {
    let shape: (expected: String, help: String)
    switch tokens[start.token].word {
    case .step: shape = ("the title of the step in double quotes", "write `step \"title\" { … }`")
    case .wait where kind == .quantity:
      shape = ("`until` after `wait`", "write `pause \(text(position))` to let time pass")
    case .wait: shape = ("`until` after `wait`", "write `wait until condition within 5m`")
    case .run: shape = ("the name of a runbook", "write `run name(…)`")
    case .lock: shape = ("the name of the lock", "write `lock \"name\" for 15m`")
    case .on: shape = ("`failure` after `on`", "write `on failure { … }`")
    case .undo: shape = ("`{` and what undoes the act", "write `undo { … }`")
    case .parallel:
      shape = ("`{` or `for`", "write `parallel { … }` or `parallel for x in xs { … }`")
    case .none, .until, .failure, .guard, .failback, .when, .lasting, .steady, .load, .fault,
      .abort, .expect, .within, .retry, .every, .backoff, .jitter, .limit, .quorum, .by, .after,
      .ask, .at, .pause,
      .require,
      .verify, .approve, .fail, .assert, .report:
      if let habit = foreignStatement(start.token) {
        report(
          habit.message, at: span(start.token), help: habit.help, fixes: habit.fixes)
        return skipItem()
      }
      let next = peek()
      guard kind == .identifier, next == .leftBrace || next == .stringOpen || next == .forKeyword
      else { return }
      report(
        "a block stands at the top of a file or in another block", at: span(start.token),
        caption: "this is inside code", help: "move it out of the code")
      return skipItem()
    }
    report("expected \(shape.expected), found \(found)", help: shape.help)
    skipItem()
  }

  /// The condition or subject of a statement that clauses may follow.
  private mutating func parseSubject() {
    if isClauseBeforeOperand {
      reportExpected("an expression")
      missingExpression()
    } else {
      parseHead()
    }
  }

  /// `x = 1` in code
  private mutating func parseAssignment(_ start: Mark) {
    report(
      "values do not change", caption: "`=` gives a name its value once",
      help: "write `let name = value`, or `==` to compare")
    skipToken()
    parseValue()
    finish(.error, start)
  }

  /// `for name in head { … }`
  private mutating func parseFor(_ what: StaticString) {
    advance()
    if kind == .leftParen {
      report("a loop has no parentheses", help: "write `for x in xs { … }`")
      let start = mark
      while kind != .leftBrace, !isItemEnd { advance() }
      explained = max(explained, position)
      finish(.error, start)
      return parseCode(what)
    }
    parseElementName()
    parseHead()
    parseCode(what)
  }

  /// `name in` of a loop or comprehension
  mutating func parseElementName() {
    expectName("a name for each element")
    if kind == .comma, peek() == .identifier, peek(2) == .inKeyword {
      report(
        "a loop has one name",
        help: "a loop over a map goes through its keys: `for k in m`, and `m[k]` is the value")
      let second = mark
      advance()
      advance()
      finish(.error, second)
    }
    if kind == .identifier, text(position) == "of" {
      report(
        "there is no `of`", help: "write `in`",
        fixes: [Fix("write `in`", replacing: span(position), with: "in", .safe)])
      skipToken()
    } else {
      expect(.inKeyword, "and what to go through")
    }
  }

  /// Whether the word at the current token begins a statement: what follows must fit.
  private var startsRunbookStatement: Bool {
    let next = peek()
    guard !isOnNewLine(1) else { return false }
    switch word {
    case .step: return next == .stringOpen || next == .rawString || next == .leftBrace
    case .undo: return next == .leftBrace
    case .wait: return wordAhead == .until
    case .run, .lock: return next == .identifier || next == .stringOpen || next == .rawString
    case .pause, .require, .verify, .approve, .fail, .assert, .report: return beginsOperand(next)
    case .parallel:
      return next == .leftBrace || next == .forKeyword || next == .ifKeyword || next == .identifier
    case .on: return wordAhead == .failure
    case .none, .until, .failure, .guard, .failback, .when, .lasting, .steady, .load, .fault,
      .abort, .expect, .within, .retry, .every, .backoff, .jitter, .limit, .quorum, .by, .after,
      .ask, .at:
      return false
    }
  }

  private var wordAhead: Word { peek() == .identifier ? tokens[position + 1].word : .none }

  /// Whether a token after a word can only be the beginning of its operand.
  private func beginsOperand(_ next: TokenKind) -> Bool {
    switch next {
    case .identifier, .integer, .float, .quantity, .stringOpen, .rawString, .notKeyword, .ifKeyword,
      .matchKeyword, .trueKeyword, .falseKeyword, .nilKeyword:
      true
    case .leftParen: tokens[position + 1].flags.contains(.space)
    default: false  // open: the word is a name
    }
  }

  private mutating func parseRunbookStatement() {
    let start = mark
    let word = word
    takeWord()
    switch word {
    case .step:
      parseRequiredString("the title of the step")
      parseClauses()
      parseCode("this step")
      finish(.stepStmt, start)
    case .undo:
      parseCode("this undo")
      finish(.undoStmt, start)
    case .wait:
      takeWord()
      parseSubject()
      parseClauses()
      finish(.waitStmt, start)
    case .pause:
      parseExpression()
      finish(.pauseStmt, start)
    case .require, .assert:
      parseExpression()
      if isElse {
        advance()
        parseExpression()
      }
      finish(word == .require ? .requireStmt : .assertStmt, start)
    case .verify, .approve, .lock:
      if word == .approve, kind == .identifier, self.word == .by, peek() == .stringOpen {
        report("an approval begins with its question", help: "write `approve \"…?\" by \"…\"`")
      }
      parseSubject()
      parseClauses()
      finish(word == .verify ? .verifyStmt : word == .approve ? .approveStmt : .lockStmt, start)
    case .parallel: parseParallel(start)
    case .run:
      parseExpression()
      finish(.runStmt, start)
    case .on:
      takeWord()
      if kind == .identifier, !isLineBreak { advance() }
      parseCode("this failure handler")
      finish(.onFailureStmt, start)
    case .fail:
      parseExpression()
      finish(.failStmt, start)
    case .report: parseReport(start)
    case .none, .until, .failure, .guard, .failback, .when, .lasting, .steady, .load, .fault,
      .abort, .expect, .within, .retry, .every, .backoff, .jitter, .limit, .quorum, .by, .after,
      .ask, .at:
      finish(.error, start)
    }
  }

  /// `report block, message, help: text, at: field`; what follows a comma may stand on the next line.
  private mutating func parseReport(_ start: Mark) {
    parseExpression()
    if take(.comma) {
      parseExpression()
    } else {
      reportExpected("`,` and what is wrong", help: "write `report block, \"message\"`")
      missingExpression()
    }
    while kind == .comma && isLabelled(position + 1) || isLineBreak && isLabelled(position) {
      if !take(.comma) { reportExpected("`,` and what else is reported", help: "write `,`") }
      let option = mark
      takeName()
      advance()
      parseExpression()
      finish(.argument, option)
    }
    finish(.reportStmt, start)
  }

  /// Whether a name and `:` stand at a token.
  private func isLabelled(_ index: Int) -> Bool {
    index + 1 < tokens.count && tokens[index].kind == .identifier
      && tokens[index + 1].kind == .colon
  }

  private mutating func parseParallel(_ start: Mark) {
    parseClauses(isParallel: true)
    if kind == .forKeyword, !isLineBreak {
      parseFor("this loop")
    } else {
      parseCode("this parallel block")
    }
    finish(.parallelStmt, start)
  }

  // MARK: Clauses

  mutating func parseClauses(isParallel: Bool = false) {
    while isForeignClause || isClause(at: position, isParallel: isParallel)
      || isClauseAfterComma(isParallel)
    {
      if isForeignClause {
        parseForeignClause()
        continue
      }
      _ = take(.comma)
      let start = mark
      if kind == .elseKeyword || kind == .ifKeyword || kind == .forKeyword {
        takeName()
      } else {
        advance()
      }
      if !isItemEnd, kind != .leftBrace, !isClauseBeforeOperand { parseHead() }
      finish(.clause, start)
    }
  }

  /// Whether a clause begins at a token on the same line; only `else` may begin a line.
  private func isClause(at index: Int, isParallel: Bool) -> Bool {
    let token = tokens[index]
    let isNewLine = index == position ? isLineBreak : false
    switch token.kind {
    case .identifier: if isNewLine || !token.word.isClause { return false }
    case .elseKeyword: break
    case .ifKeyword: if isNewLine { return false }
    case .forKeyword: if isNewLine || isParallel { return false }
    default: return false  // open: no clause begins so
    }
    let next = index + 1 < tokens.count ? tokens[index + 1].kind : .endOfFile
    return next != .equal && next != .colon
  }

  /// Whether a comma here leads on to another clause; `if` and `for` must then be on its line, for
  /// they begin statements too.
  private func isClauseAfterComma(_ isParallel: Bool) -> Bool {
    guard kind == .comma, !isLineBreak, isClause(at: position + 1, isParallel: isParallel) else {
      return false
    }
    let next = tokens[position + 1]
    return next.kind == .identifier || !next.flags.contains(.newline)
  }

  /// Whether the word here begins the next clause, so that the one before has no operand: `retry
  /// every 10s`.
  private var isClauseBeforeOperand: Bool {
    guard kind == .identifier, word.isClause, !isOnNewLine(1) else { return false }
    let next = peek()
    if next == .identifier { return !tokens[position + 1].word.isClause }
    return beginsOperand(next) && next != .leftParen
  }
}

extension Word {
  /// Whether a clause begins with this word.
  var isClause: Bool {
    switch self {
    case .within, .retry, .every, .backoff, .jitter, .limit, .quorum, .by, .after, .ask: true
    case .none, .step, .undo, .wait, .until, .pause, .require, .verify, .approve, .parallel, .run,
      .lock, .on, .failure, .fail, .assert, .report, .guard, .failback, .when, .lasting, .steady,
      .load,
      .fault, .abort, .expect, .at:
      false
    }
  }
}
