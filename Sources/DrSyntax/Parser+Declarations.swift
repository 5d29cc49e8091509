// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Parser {
  mutating func parseFile() {
    let start = mark
    skipSeparators()
    while kind != .endOfFile {
      let before = position
      parseDeclaration()
      if !isItemEnd || kind == .rightBrace { parseAfterDeclaration(before) }
      skipSeparators()
    }
    nodes.append(.file, since: start.node, tokens: 0..<tokens.count - 1)
  }

  /// Reports what stands after a declaration on its line and skips it.
  private mutating func parseAfterDeclaration(_ before: Int) {
    if position == before {
      parseStray()
    } else if kind == .rightBrace {
      reportStrayBrace()
      skipToken()
    } else if startsKeywordDeclaration {
      reportExpected("a new line between two declarations")
    } else {
      reportItemEnd()
      skipItem()
    }
  }

  private mutating func reportStrayBrace() {
    report(
      "this `}` closes nothing", caption: "no `{` is open here", help: "remove it",
      fixes: [Fix("remove it", replacing: span(position), with: "")])
  }

  mutating func parseExpressionFile() {
    let start = mark
    let statement = mark
    context.newlinesEnd = false
    parseExpression()
    finish(.exprStmt, statement)
    if kind != .endOfFile {
      let rest = mark
      report("expected the end of the expression, found \(found)")
      while kind != .endOfFile { advance() }
      finish(.error, rest)
    }
    nodes.append(.file, since: start.node, tokens: 0..<tokens.count - 1)
  }

  mutating func parseDeclaration() {
    switch kind {
    case .useKeyword: parseUse()
    case .moduleKeyword: parseModule()
    case .inputKeyword: parseInput()
    case .letKeyword: parseLet(.letDecl)
    case .typeKeyword: parseTypeDeclaration()
    case .fnKeyword, .readsKeyword, .actsKeyword: parseFunction()
    case .emitKeyword: parseCodeDeclaration(.emitDecl, "the name of an emit function")
    case .ruleKeyword: parseRule()
    case .runbookKeyword: parseCodeDeclaration(.runbookDecl, "the name of a runbook")
    case .policyKeyword: parsePolicy()
    case .drillKeyword: parseDrill()
    case .testKeyword: parseTest()
    case .identifier where isForeignModifier:
      skipForeignModifier()
      parseDeclaration()
    case .identifier where startsDeclaration: if !parseForeignDeclaration() { parseBlock() }
    case .identifier where isForeignLet:
      reinterpret(.letKeyword, "let")
      parseLet(.letDecl)
    default: parseStray()  // open: no declaration begins here
    }
  }

  /// What is no declaration, up to where the next one seems to begin: one mistake, however much it
  /// is.
  private mutating func parseStray() {
    let start = mark
    reportStray()
    var open = 0
    while kind != .endOfFile {
      if position > start.token, flags.contains(.newline) {
        if flags.contains(.column0), startsDeclaration { break }
        if open <= 0, startsKeywordDeclaration { break }
      }
      if kind == .leftBrace { open += 1 }
      if kind == .rightBrace { open -= 1 }
      advance()
    }
    explained = max(explained, position - 1)
    finish(.error, start)
  }

  private mutating func reportStray() {
    switch kind {
    case .rightBrace: reportStrayBrace()
    case .identifier where peek() == .equal:
      // The lexer has spoken of `:=`.
      guard tokens[position + 1].end - tokens[position + 1].start == 1 else { break }
      report(
        "a field stands inside a block", caption: "this is at the top of the file",
        help: "write `let \(text(position)) = …`, or move it into the block that it belongs to",
        fixes: [
          Fix(
            "write `let`",
            replacing: Span(source.id, tokens[position].start, tokens[position].start),
            with: "let ")
        ])
    case .identifier where peek() == .colon:
      let name = text(position)
      report(
        isOnNewLine(2)
          ? "a block stands in braces"
          : "a field stands inside a block and is written `name = value`",
        help: isOnNewLine(2)
          ? "write `kind name { … }`, as in `\(name) main { … }`"
          : "open a block first, as in `service web { … }`")
    case .minus: reportDash()
    case .plus, .star, .slash, .equalEqual, .notEqual, .less, .lessEqual, .greater, .greaterEqual,
      .andKeyword, .orKeyword:
      report(
        "expected a declaration, found \(foundToken)",
        help: "end the line before with the operator to go on with its expression")
    case .identifier where peek() == .leftParen:
      report(
        "a call stands inside code", caption: "this is at the top of the file",
        help: "put it into a `runbook`, `fn` or `test`")
    case .integer
    where position > 1 && !flags.contains(.space) && !flags.contains(.newline)
      && tokens[position - 1].kind == .comma && tokens[position - 2].kind == .integer:
      let place = span(position - 2).joined(span(position))
      let number = "\(text(position - 2)).\(text(position))"
      report(
        "a number has a point", at: place, help: "write `\(number)`",
        fixes: [Fix("write `\(number)`", replacing: place, with: number)])
    default:  // open: nothing better to say
      report(
        "expected a declaration, found \(foundToken)", caption: "no declaration begins so",
        help: "begin with a block such as `service web { … }`, or with \(Self.declarationWords)")
    }
  }

  static let declarationWords =
    "use, module, input, let, type, fn, reads, acts, rule, emit, runbook, policy, drill or test"

  mutating func reportDash() {
    if peek() == .minus, peek(2) != .minus, !tokens[position + 1].flags.contains(.space) {
      return report("a comment begins with `#`", help: "write `#` for `--`")
    }
    report(
      "`-` begins no item", help: "write a list in brackets, as in `zones = [az1, az2]`")
  }

  /// Takes lines that begin with `-`, as in YAML, with one remark.
  mutating func skipDashes() {
    reportDash()
    while kind == .minus {
      skipItem()
      skipSeparators()
    }
  }

  private mutating func parseUse() {
    let start = mark
    advance()
    repeat {
      let item = mark
      if kind == .stringOpen || kind == .rawString {
        parseString()
      } else if (kind == .dot || kind == .dotDot || kind == .slash), !isLineBreak {
        parseBarePath()
      } else {
        expectName("the name of a module or a file in quotes")
      }
      if take(.asKeyword) { expectName("the name to use") }
      skipForeignUse(item)
      finish(.useItem, item)
    } while takeComma()
    finish(.useDecl, start)
  }

  /// `use ./zones.dr`
  private mutating func parseBarePath() {
    var end = position
    while end + 1 < tokens.count, !tokens[end + 1].flags.contains(.newline),
      !tokens[end + 1].flags.contains(.space)
    {
      end += 1
    }
    let place = span(position).joined(span(end))
    let path = "\"\(source.text(place))\""
    report(
      "a path stands in double quotes", at: place, help: "write `use \(path)`",
      fixes: [Fix("put it in double quotes", replacing: place, with: path, .safe)])
    let start = mark
    while position <= end { advance() }
    explained = max(explained, end)
    finish(.error, start)
  }

  /// Takes the comma between two items of a `use`, or says that it is missing.
  private mutating func takeComma() -> Bool {
    if take(.comma) { return true }
    guard kind == .identifier || kind == .stringOpen, !isLineBreak else { return false }
    let end = tokens[position - 1].end
    report(
      "expected `,` between two modules, found \(found)", help: "write `,`",
      fixes: [Fix("write `,`", replacing: Span(source.id, end, end), with: ",", .safe)])
    return true
  }

  private mutating func parseModule() {
    let start = mark
    advance()
    expectName("the name of the module")
    finish(.moduleDecl, start)
  }

  private mutating func parseInput() {
    let start = mark
    advance()
    expectName("the name of the input")
    expectColon("the type of the input")
    parseType()
    parseDefault()
    finish(.inputDecl, start)
  }

  mutating func parseLet(_ result: NodeKind) {
    let start = mark
    advance()
    skipForeignMutable()
    if parseForeignPattern() { return finish(result, start) }
    expectName("a name")
    if take(.colon) {
      if isValueForType { return parseValueForType(start, result) }
      parseType()
    }
    expectEqual("a `let` is written `let name = value`")
    parseValue()
    finish(result, start)
  }

  /// Takes `=`, or `==` and `:` in its place with a remark.
  mutating func expectEqual(_ rule: String) {
    if take(.equal) { return }
    if kind == .equalEqual {
      report(
        "`==` compares", help: rule,
        fixes: [Fix("write `=`", replacing: span(position), with: "=", .safe)])
      return skipToken()
    }
    reportExpected("`=`", help: rule)
    missing()
  }

  /// `= value` after a type, when it is there.
  private mutating func parseDefault() {
    guard !isLineBreak else { return }
    if kind == .colon {
      report(
        "a value follows `=`", help: "write `=`",
        fixes: [Fix("write `=`", replacing: span(position), with: " =", .safe)])
      skipToken()
      return parseValue()
    }
    guard kind == .equal || kind == .equalEqual else { return }
    expectEqual("write `= value` after the type")
    parseValue()
  }

  /// The expression after `=`, which may begin on the next line unless the next item does there.
  mutating func parseValue() {
    if isItemBegun || kind == .rightBrace || kind == .comma || kind == .semicolon {
      reportExpected("a value")
      return missingExpression()
    }
    let saved = context.isHead
    context.isHead = false
    parseExpression()
    context.isHead = saved
  }

  /// Whether the current token is the first of the next item, so that what should stand before it
  /// is missing.
  var isItemBegun: Bool {
    guard newlinesEnd else { return kind == .endOfFile }
    guard isLineBreak else { return false }
    if kind == .identifier || kind.isKeyword, peek() == .equal { return true }
    return startsKeywordDeclaration || kind == .letKeyword
  }

  private mutating func parseTypeDeclaration() {
    let start = mark
    advance()
    expectName("the name of the type")
    if kind == .less { parseTypeParameters() }
    if kind == .equal, peek() == .leftBrace {
      report(
        "a type with fields has no `=`", help: "write `type \(text(position - 1)) { … }`",
        fixes: [Fix("leave it out", replacing: span(position), with: "", .safe)])
      skipToken()
    } else if take(.equal) {
      parseType()
      return finish(.typeDecl, start)
    }
    if take(.declaresKeyword) {
      // Policies and drills have a declaration of their own, whose word is reserved.
      if [.policyKeyword, .drillKeyword, .runbookKeyword].contains(kind) {
        takeName()
      } else {
        expectName("the word that begins its blocks")
      }
    }
    parseBraces("this type") { $0.parseFieldDeclaration() }
    finish(.typeDecl, start)
  }

  mutating func parseTypeParameters() {
    let start = mark
    let open = position
    advance()
    repeat { expectName("the name of a type parameter") } while take(.comma)
    closeBracket(.greater, open)
    finish(.typeParameters, start)
  }

  private mutating func parseFieldDeclaration() {
    let start = mark
    if kind == .subjectKeyword || kind == .parentKeyword, peek() != .colon { advance() }
    guard kind == .identifier || kind.isKeyword else {
      if kind == .minus { return skipDashes() }
      reportExpected("a field, written `name: Type`")
      return skipItem()
    }
    takeName()
    if kind == .equal {
      report(
        "a field is declared `name: Type`, with `= value` after the type if it may be left out",
        help: "write the type before `=`")
      missing()
      let type = mark
      missing()
      finish(.namedType, type)
    } else {
      expectColon("the type of the field")
      parseType()
    }
    parseDefault()
    if kind == .whereKeyword, peek() != .colon { parseConstraint() }
    finish(.fieldDecl, start)
  }

  private mutating func parseConstraint() {
    let start = mark
    advance()
    parseExpression()
    if isElse {
      advance()
      parseExpression()
    }
    finish(.constraint, start)
  }

  /// Whether an `else` stands here, be it on the next line; a field of that name does not count.
  var isElse: Bool { kind == .elseKeyword && peek() != .colon && peek() != .equal }
}

// MARK: - Functions

extension Parser {
  private mutating func parseFunction() {
    let start = mark
    if kind == .readsKeyword || kind == .actsKeyword { advance() }
    expect(.fnKeyword, "after `reads` or `acts`")
    expectName("the name of the function")
    if kind == .less { parseTypeParameters() }
    parseParameters()
    if take(.arrow) {
      parseType()
    } else if kind == .colon {
      report(
        "a result type is written `-> Type`", help: "write `->`",
        fixes: [Fix("write `->`", replacing: span(position), with: " ->", .safe)])
      skipToken()
      parseType()
    }
    if kind == .fatArrow {
      report(
        "a function is written `fn name() = …`", help: "write `=`",
        fixes: [Fix("write `=`", replacing: span(position), with: "=", .safe)])
      skipToken()
      parseValue()
    } else if kind == .leftBrace {
      parseCode("this function")
    } else if take(.equal) {
      if kind == .nativeKeyword { parseNative() } else { parseValue() }
    } else {
      reportExpected("the body of the function", help: "write `= expression` or `{ … }`")
      missing()
    }
    finish(.fnDecl, start)
  }

  private mutating func parseNative() {
    let start = mark
    advance()
    parseRequiredString("the name of the native function")
    if kind == .identifier, !isLineBreak { advance() }
    finish(.native, start)
  }

  private mutating func parseCodeDeclaration(_ result: NodeKind, _ what: StaticString) {
    let start = mark
    advance()
    expectName(what)
    parseParameters()
    if kind == .arrow, !isLineBreak {
      report(
        result == .emitDecl ? "an emit function yields manifests" : "a runbook gives no value",
        help: "leave the type of a result out")
      skipTo(.leftBrace)
    }
    if result == .runbookDecl { parseNeeds() }
    parseCode(result == .emitDecl ? "this emit function" : "this runbook")
    finish(result, start)
  }

  /// `needs kube, http.get`
  private mutating func parseNeeds() {
    guard kind == .identifier, !isLineBreak, text(position) == "needs" else { return }
    let start = mark
    takeWord()
    repeat { parseNeed() } while take(.comma)
    finish(.needs, start)
  }

  private mutating func parseNeed() {
    let start = mark
    guard kind == .identifier || kind.isKeyword else {
      reportExpected("what the runbook calls", help: "write `needs kube, http`")
      return missingExpression()
    }
    expectName("what a runbook needs")
    finish(.nameExpr, start)
    guard take(.dot) else { return }
    expectName("the name of a function")
    finish(.memberExpr, start)
  }

  private mutating func parseRule() {
    let start = mark
    advance()
    expectName("the code of the rule, such as DR101")
    expectName("what the rule finds, such as two_zone_quorum")
    expectName("how bad it is: error, warning or note")
    parseCode("this rule")
    finish(.ruleDecl, start)
  }

  private mutating func parseTest() {
    let start = mark
    advance()
    parseRequiredString("the title of the test")
    if kind == .leftParen, !isLineBreak {
      report("a test takes nothing", help: "write `test \"title\" { … }`")
      skipTo(.leftBrace)
    }
    parseCode("this test")
    finish(.testDecl, start)
  }

  /// A string that must be here; its node is there in any case.
  mutating func parseRequiredString(_ what: StaticString) {
    if kind == .stringOpen || kind == .rawString { return parseString() }
    reportExpected("\(what) in double quotes", help: "write a text, `\"…\"`")
    let start = mark
    missing()
    finish(.stringExpr, start)
  }

  private mutating func parseParameters() {
    let start = mark
    let open = position
    guard kind == .leftParen else {
      reportExpected(
        "`(` and the parameters", help: "write `\(text(position - 1))()` if it takes none")
      missing()
      return finish(.parameterList, start)
    }
    let saved = openBracket()
    while kind != .rightParen, kind != .leftBrace, kind != .equal, kind != .arrow,
      !isCutShort
    {
      let before = position
      parseParameter()
      if take(.comma) { continue }
      if kind == .rightParen || isCutShort { break }
      reportExpected("`,` or `)`", labels: [Label(span(open), "opened here")])
      if position == before { skipToken() }
    }
    context = saved
    closeBracket(.rightParen, open)
    finish(.parameterList, start)
  }

  private mutating func parseParameter() {
    let start = mark
    guard kind == .identifier || kind.isKeyword else {
      reportExpected("a parameter, written `name: Type`")
      return
    }
    takeName()
    if kind == .identifier, peek() == .colon { advance() }
    expectColon("the type of the parameter")
    parseType()
    parseDefault()
    finish(.parameter, start)
  }
}
