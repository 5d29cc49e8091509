// SPDX-License-Identifier: Apache-2.0
//
// Values and types as data and configuration languages write them: each is told how it is written here, once,
// and passed over to its end.

import DrBase

// MARK: - Values

extension Parser {
  /// Takes a value of another language where an expression should begin; false when none does.
  mutating func parseForeignValue() -> Bool {
    switch (kind, peek()) {
    case (.dot, .integer), (.dot, .float), (.dot, .quantity):
      guard !tokens[position + 1].flags.contains(.space) else { return false }
      parseNumberWithoutDigit()
    case (.less, .less): parseHereDocument()
    case (.pipe, _), (.greater, _):
      let end = peek() == .minus ? 2 : 1
      guard !isLineBreak, isOnNewLine(end),
        indentation(of: position + end) > indentation(of: position)
      else { return false }
      report(Self.longText, help: Self.helpForLongText)
      skipDeeper(than: position)
    case (.letKeyword, .identifier):
      guard context.isHead, !isLineBreak else { return false }
      parseOptionalBinding()
    default: return false  // open: nothing that other languages write so
    }
    return true
  }

  private static let longText = "a text of several lines stands between `\"\"\"`"
  private static let helpForLongText = "write `\"\"\"` on a line before it and on one after it"

  /// `.5`
  private mutating func parseNumberWithoutDigit() {
    let place = span(position).joined(span(position + 1))
    let number = "0" + source.text(place)
    report(
      "a number does not begin with a point", at: place, help: "write `\(number)`",
      fixes: [Fix("write `\(number)`", replacing: place, with: number, .safe)])
    let start = mark
    advance()
    advance()
    finish(.error, start)
  }

  /// `<<EOT` and the lines up to `EOT`
  private mutating func parseHereDocument() {
    report(Self.longText, help: Self.helpForLongText)
    let start = mark
    advance()
    advance()
    if kind == .minus { advance() }
    let word = text(position)
    advance()
    let rest = (position..<tokens.count).first { text($0) == word }
    while kind != .endOfFile, rest.map({ position <= $0 }) ?? !isLineBreak { advance() }
    explained = max(explained, position)
    finish(.error, start)
  }

  /// `if let m = n`
  private mutating func parseOptionalBinding() {
    let start = mark
    advance()
    let name = text(position)
    let tested = peek() == .equal && peek(2) == .identifier ? text(position + 2) : name
    report(
      "a condition gives nothing a name", at: span(start.token),
      help: "test it, `if \(tested) != nil { … }`: between the braces it is not nil")
    explained = max(explained, position + 2)
    advance()
    if kind == .equal {
      advance()
      parseHead()
    }
    finish(.error, start)
  }

  /// `lambda x: x + 1`
  var startsPythonLambda: Bool {
    guard kind == .identifier, peek() == .identifier, !isOnNewLine(1), text(position) == "lambda"
    else { return false }
    return peek(2) == .colon || peek(2) == .comma
  }

  mutating func parsePythonLambda() {
    let start = mark
    let first = position + 1
    var end = first
    while tokens[end].kind == .identifier || tokens[end].kind == .comma { end += 1 }
    let names = source.text(span(first).joined(span(end - 1)))
    let head = end - first == 1 ? names : "(\(names))"
    report("there is no `lambda`", help: "write `\(head) => …`")
    while position < end { advance() }
    explained = max(explained, position)
    if kind == .colon { advance() }
    parseExpression()
    finish(.error, start)
  }

  /// Whether `- name: value` stands here, an element of YAML.
  var startsDashedElement: Bool {
    kind == .minus && (peek() == .identifier || peek() == .stringOpen) && peek(2) == .colon
  }

  /// Steps as a list in YAML, where statements stand.
  mutating func skipDashedStatements() {
    report(
      "`-` begins no statement", help: "a step is written `step \"title\" { … }`, a call `name(…)`")
    while startsDashedElement {
      explained = max(explained, position)
      skipDeeper(than: position)
      skipSeparators()
    }
  }

  /// The elements of a list in YAML, between `[` and `]`.
  mutating func skipDashedElements() {
    report(
      "an element with members is an object",
      help: "write `{ name: value }`, and `,` between elements")
    skipDeeper(than: position)
    while startsDashedElement {
      explained = max(explained, position)
      skipDeeper(than: position)
    }
  }

  /// The condition of a comprehension behind its value.
  mutating func parseLateCondition() {
    report(
      "the condition of a comprehension stands before the `:`",
      help: "write `[for x in xs if …: …]`")
    let start = mark
    advance()
    parseExpression()
    finish(.error, start)
  }
}

// MARK: - Types

extension Parser {
  /// `*Int`, and `*1 | Int`
  mutating func parseStarredType() {
    let isPointer = peek() == .identifier
    report(
      isPointer ? "there are no pointers" : "a default follows the type",
      help: isPointer
        ? "write `\(text(position + 1))`" : "write `name: Type = \(text(position + 1))`",
      fixes: isPointer ? [Fix("leave it out", replacing: span(position), with: "", .safe)] : [])
    skipToken()
    if isPointer { return parseType() }
    skipRestOfType()
  }

  /// `int & >0`, of which the lexer has said that `&` is `and`.
  mutating func parseNarrowing() {
    report("a type is narrowed by `where`", help: "write `n: Int where n > 0`")
    skipRestOfType()
  }

  private mutating func skipRestOfType() {
    let start = mark
    while !isItemEnd, kind != .equal, kind.opening == nil { advance() }
    explained = max(explained, position)
    if position > start.token { finish(.error, start) }
  }

  /// `name?: Type`
  mutating func parseQuestionedField() {
    let name = text(position - 1)
    report(
      "what may be left out has a type with `?`",
      help: "write `\(name): \(peek(2) == .identifier ? text(position + 2) : "Type")?`")
    explained = max(explained, position + 1)
    skipToken()
    advance()
  }
}
