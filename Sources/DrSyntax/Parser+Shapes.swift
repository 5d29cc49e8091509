// SPDX-License-Identifier: Apache-2.0
//
// Other shapes of what the grammar has: each is told how it is written, once, and read as what was
// meant.

import DrBase

// MARK: - Clauses and fields

extension Parser {
  private static let foreignClauses = [
    "timeout": "within", "deadline": "within", "retries": "retry", "attempts": "retry",
    "interval": "every", "delay": "every", "concurrency": "limit", "times": "",
  ]

  /// Whether a clause stands here that is called something else, or has a `=`.
  var isForeignClause: Bool {
    guard kind == .identifier, !isLineBreak, !isOnNewLine(1) else { return false }
    let next = peek()
    if next == .equal || next == .colon {
      return word.isClause && (position == 0 || tokens[position - 1].kind != .comma)
    }
    guard let own = Self.foreignClauses[text(position)] else { return false }
    return own.isEmpty
      ? tokens[position - 1].kind == .integer : next == .quantity || next == .integer
  }

  mutating func parseForeignClause() {
    let start = mark
    let name = text(position)
    if let own = Self.foreignClauses[name] {
      report(
        own.isEmpty ? "a number of attempts has no `times`" : "there is no `\(name)`",
        help: own.isEmpty ? "leave it out: `retry 3`" : "write `\(own)`",
        fixes: own.isEmpty
          ? [] : [Fix("write `\(own)`", replacing: span(position), with: own, .safe)])
      skipToken()
      if own.isEmpty { return }
    } else {
      takeName()
      report(
        "a clause has no `\(text(position))`",
        help: "write `\(name) …`, as in `within 5m`, `retry 3 every 10s`",
        fixes: [Fix("leave it out", replacing: span(position), with: "", .safe)])
      skipToken()
    }
    parseHead()
    finish(.error, start)
  }

  /// `needs = { cpu = 1 }`
  var isBlockAfterEqual: Bool {
    peek(2) == .leftBrace && peek(3) == .identifier && peek(4) == .equal
  }

  mutating func parseBlockAfterEqual() {
    let start = mark
    takeName()
    let sign = span(position)
    report(
      "what has fields with `=` is a block, and has no `=` itself", at: sign,
      help: "write `\(text(position - 1)) { … }`; in an object, write `name: value`",
      fixes: [Fix("leave it out", replacing: sign, with: "")])
    skipToken()
    parseBlockBody("this block")
    finish(.error, start)
  }
}

// MARK: - Names, types and loops

extension Parser {
  /// `my-service` where a name is declared: the rest of it.
  mutating func skipDashedName() {
    guard kind == .minus, !flags.contains(.space) else { return }
    let first = position - 1
    var end = position
    while tokens[end].kind == .minus, !tokens[end].flags.contains(.space),
      end + 1 < tokens.count, tokens[end + 1].kind.isPartOfName,
      !tokens[end + 1].flags.contains(.space)
    {
      end += 2
    }
    guard end > position else { return }
    let place = span(first).joined(span(end - 1))
    let name = source.text(place).split(separator: "-").joined(separator: "_")
    report(
      "a name has no `-`", at: place, help: "write `\(name)`",
      fixes: [Fix("write `\(name)`", replacing: place, with: name, .safe)])
    let rest = mark
    while position < end { advance() }
    explained = position
    finish(.error, rest)
  }

  /// Takes the `:` in front of a type.
  mutating func expectColon(_ what: StaticString) {
    if take(.colon) { return }
    if kind == .question, peek() == .colon { return parseQuestionedField() }
    let name = text(position - 1)
    let end = tokens[position - 1].end
    let isType = kind == .identifier && !isLineBreak
    reportExpected(
      "`:` and \(what)", help: "write `\(name): \(isType ? text(position) : "Type")`",
      fixes: isType
        ? [Fix("write `:`", replacing: Span(source.id, end, end), with: ":", .safe)] : [])
    missing()
  }

  /// `Int -> Int`
  mutating func parseResultOfType(_ start: Mark) {
    let parameter = span(start.token).joined(span(position - 1))
    let name = source.text(parameter)
    report(
      "the type of a function has parentheses", help: "write `(\(name)) -> …`",
      fixes: [Fix("write `(\(name))`", replacing: parameter, with: "(\(name))", .safe)])
    explained = position
    advance()
    parseType()
    finish(.functionType, start)
  }

  /// `List[Int]`
  mutating func skipTypeArguments(_ start: Mark) {
    var end = position
    while end + 1 < tokens.count, tokens[end].kind != .rightBracket,
      !isOnNewLine(end + 1 - position)
    {
      end += 1
    }
    let name = text(start.token)
    report(
      "a type has no `[…]` behind its name", at: span(start.token).joined(span(end)),
      help: name.lowercased() == "optional"
        ? "write `Type?`" : "write `[Type]` for a list and `[Key: Value]` for a map")
    let brackets = mark
    while position <= end { advance() }
    explained = max(explained, position - 1)
    finish(.error, brackets)
  }

  /// `String[]`
  mutating func skipBracketsOfType(_ start: Mark) {
    let name = source.text(span(start.token).joined(span(position - 1)))
    reportList(of: name, span(start.token).joined(span(position + 1)))
    let brackets = mark
    advance()
    advance()
    finish(.error, brackets)
    finish(.listType, start)
  }

  /// `[]String`
  mutating func parseBracketsBeforeType() {
    let start = mark
    let isName = peek(2) == .identifier
    let name = isName ? text(position + 2) : "T"
    let place = span(position).joined(span(position + 1))
    reportList(of: name, isName ? place.joined(span(position + 2)) : place, isWhole: isName)
    advance()
    advance()
    finish(.error, start)
    explained = position - 1
    parseType()
    finish(.listType, start)
  }

  private mutating func reportList(of name: String, _ place: Span, isWhole: Bool = true) {
    report(
      "the type of a list is written in brackets", at: place, help: "write `[\(name)]`",
      fixes: isWhole
        ? [Fix("write `[\(name)]`", replacing: place, with: "[\(name)]", .safe)] : [])
  }

  // MARK: let

  /// `let mut name`
  mutating func skipForeignMutable() {
    guard kind == .identifier, peek() == .identifier, !isOnNewLine(1), !isLineBreak,
      ["mut", "var", "const"].contains(text(position))
    else { return }
    let word = text(position)
    report(
      "there is no `\(word)`", help: "leave it out: values do not change",
      fixes: [
        Fix(
          "leave it out",
          replacing: Span(source.id, tokens[position].start, tokens[position + 1].start), with: "",
          .safe)
      ])
    explained = position
    skipToken()
  }

  /// `let (a, b) = …` and `let { a, b } = …`
  mutating func parseForeignPattern() -> Bool {
    guard kind == .leftParen || kind == .leftBrace || kind == .leftBracket, !isLineBreak else {
      return false
    }
    report("a `let` names one value", help: "write a `let` for each name")
    missing()
    skipItem()
    return true
  }

  /// Whether a value stands where a type should: `let a: 5m`.
  var isValueForType: Bool {
    switch kind {
    case .integer, .float, .quantity, .trueKeyword, .falseKeyword, .leftBrace: !isLineBreak
    default: false  // open: it may be a type
    }
  }

  mutating func parseValueForType(_ start: Mark, _ result: NodeKind) {
    let sign = span(position - 1)
    report(
      "a type follows `:`, a value follows `=`", at: sign,
      help: "write `let \(text(position - 2)) = …`",
      fixes: [Fix("write `=`", replacing: sign, with: " =", .safe)])
    explained = position
    parseValue()
    finish(result, start)
  }

  // MARK: Ranges

  /// Whether `...` here begins an element, in front of which a comma is missing.
  var isSpread: Bool {
    flags.contains(.space) && position + 1 < tokens.count
      && !tokens[position + 1].flags.contains(.space)
  }

  /// `a...b`
  mutating func replaceEllipsis() {
    reportRange(span(position))
    explained = position
    tokens[position].kind = .dotDot
    kind = .dotDot
  }

  /// `a..=b` and `a..<b`: the sign behind the dots.
  mutating func skipSignOfRange() {
    guard kind == .equal || kind == .less, !flags.contains(.space) else { return }
    reportRange(span(position - 1).joined(span(position)))
    skipToken()
  }

  private mutating func reportRange(_ sign: Span) {
    report(
      "a range is written `a..b`", at: sign,
      help: "write `..`; the range ends in front of b, so that 0..3 is 0, 1, 2",
      fixes: source.text(sign) == "..<"
        ? [Fix("write `..`", replacing: sign, with: "..", .safe)] : [])
  }

  // MARK: match

  /// `case 1: …`
  mutating func skipCase() {
    guard kind == .identifier, text(position) == "case", peek() != .colon, !isOnNewLine(1) else {
      return
    }
    reportHabit(
      "an arm has no `case`", at: span(position), help: "write `pattern: value`",
      fix: Fix(
        "leave it out",
        replacing: Span(source.id, tokens[position].start, tokens[position + 1].start), with: "",
        .safe))
    explained = position
    skipToken()
  }

  /// `1 | 2: …`, `1, 2: …` and `0..3: …`
  mutating func skipMorePatterns() {
    switch kind {
    case .pipe, .comma, .orKeyword, .dotDot, .ellipsis: break
    default: return  // open: the pattern ends here
    }
    report(
      "an arm has one pattern",
      help: "write an arm for each, or `_: if … { … } else { … }`")
    skipTo(.colon)
  }

  /// Takes what stands before a token of a kind on its line into an error node.
  mutating func skipTo(_ end: TokenKind) {
    let start = mark
    while kind != end, kind != .endOfFile, !isLineBreak, kind != .rightBrace { advance() }
    explained = kind == end ? position - 1 : position
    finish(.error, start)
  }

  // MARK: if

  /// Whether the condition of an `if` is followed by a value, or by `then`.
  var isBranchWithoutBraces: Bool {
    guard kind != .leftBrace, beginsExpression, !isLineBreak else { return false }
    var index = position
    repeat {
      if tokens[index].kind == .leftBrace { return false }
      index += 1
    } while index < tokens.count && !tokens[index].flags.contains(.newline)
    return true
  }

  // MARK: Objects

  /// Behind a key such as `app.kubernetes.io/name` that should stand in quotes: its `:`.
  var endOfBareKey: Int? {
    var index = position + 1
    guard [.minus, .dot, .slash].contains(tokens[index].kind) else { return nil }
    while index < tokens.count, !tokens[index].flags.contains(.space),
      !tokens[index].flags.contains(.newline)
    {
      switch tokens[index].kind {
      case .colon: return index
      case .minus, .dot, .slash, .identifier, .integer, .float: index += 1
      default:
        guard tokens[index].kind.isKeyword else { return nil }  // open: no part of a key
        index += 1
      }
    }
    return nil
  }

  mutating func parseBareKey(_ start: Mark, _ end: Int) {
    let place = span(position).joined(span(end - 1))
    let key = "\"\(source.text(place))\""
    report(
      "a key that is no name stands in quotes", at: place, help: "write `\(key): …`",
      fixes: [Fix("put it in quotes", replacing: place, with: key, .safe)])
    while position < end { advance() }
    explained = position
    advance()
    parseValue()
    finish(.error, start)
  }

  // MARK: use

  /// What `import` of another language says of a part of a module.
  mutating func skipForeignUse(_ item: Mark) {
    guard !isLineBreak, position > item.token else { return }
    let isFrom = kind == .identifier && text(position) == "from"
    guard kind == .dot || isFrom || kind == .leftBrace else { return }
    report(
      kind == .dot ? "a module has one name" : "a module is taken as a whole",
      help: "write `use name`, as in `use kubernetes`")
    let start = mark
    while !isItemEnd { advance() }
    explained = position - 1
    finish(.error, start)
  }

  // MARK: Words in front of a declaration

  /// Whether `export`, `async` or its like stands before a declaration.
  var isForeignModifier: Bool {
    guard !isOnNewLine(1), position + 1 < tokens.count else { return false }
    let next = peek()
    guard
      next == .fnKeyword || next == .letKeyword || next == .typeKeyword || next == .runbookKeyword
    else { return false }
    return Self.foreignModifiers.contains(text(position))
  }

  private static let foreignModifiers = [
    "export", "public", "pub", "private", "internal", "static", "async", "default", "open",
    "override", "inline", "extern", "pure",
  ]

  mutating func skipForeignModifier() {
    let word = text(position)
    let isPrivate = word == "private" || word == "internal"
    report(
      "there is no `\(word)`",
      help: isPrivate
        ? "a name that begins with `_` is seen in its own file only"
        : ["export", "public", "pub", "open"].contains(word)
          ? "leave it out; what a file declares is seen where it is used" : "leave it out",
      fixes: isPrivate
        ? []
        : [
          Fix(
            "leave it out",
            replacing: Span(source.id, tokens[position].start, tokens[position + 1].start),
            with: "", .safe)
        ])
    skipToken()
  }
}

extension TokenKind {
  /// Whether the token may go on with a name behind a `-`.
  fileprivate var isPartOfName: Bool {
    self == .identifier || self == .integer || isKeyword
  }
}
