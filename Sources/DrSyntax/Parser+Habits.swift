// SPDX-License-Identifier: Apache-2.0
//
// What people write who come from another language: each is told what it is called here, once, and
// read as what was meant where that is plain.

import DrBase

/// What to say of a word or sign of another language.
struct Habit {
  let message: String
  let help: String
  var fixes: [Fix] = []
  /// Where it stands; `nil` is the current token.
  var place: Span?
}

extension Parser {
  // MARK: Declarations

  /// Takes a declaration that begins with a word of another language; false when none does.
  mutating func parseForeignDeclaration() -> Bool {
    guard kind == .identifier, !isOnNewLine(1), peek() == .identifier || peek() == .stringOpen
    else {
      return false
    }
    let word = text(position)
    switch (Self.foreignDeclarations[word], peek(2)) {
    case (.value, .equal), (.value, .colon): reinterpret(.letKeyword, "let")
    case (.function, .leftParen), (.function, .less):
      if tokens[endOfLine - 1].kind == .colon || tokens[endOfLine - 1].kind == .rightParen {
        skipForeignFunction()
        return true
      }
      reinterpret(.fnKeyword, "fn")
    case (.type, .leftBrace) where peek(3) == .identifier && peek(4) == .colon:
      reinterpret(.typeKeyword, "type")
    case (.choice, .leftBrace):
      reportAndSkip(
        Habit(
          message: "there is no `\(word)`",
          help: "a choice is written `type \(text(position + 1)) = \"one\" | \"other\"`"))
      return true
    case (nil, .leftParen):
      guard let near = nearestName(to: word, among: ["runbook", "emit", "fn"]) else { return false }
      let keyword: TokenKind =
        near == "runbook" ? .runbookKeyword : near == "emit" ? .emitKeyword : .fnKeyword
      report(
        "no declaration begins with `\(word)`", help: "did you mean `\(near)`?",
        fixes: [Fix("write `\(near)`", replacing: span(position), with: near)])
      tokens[position].kind = keyword
      kind = keyword
    default: return false  // open: no declaration of another language
    }
    parseDeclaration()
    return true
  }

  private enum ForeignDeclaration { case value, function, type, choice }

  private static let foreignDeclarations: [String: ForeignDeclaration] = [
    "const": .value, "var": .value, "val": .value, "local": .value, "auto": .value,
    "final": .value, "def": .function, "func": .function, "function": .function, "fun": .function,
    "proc": .function, "sub": .function, "class": .type, "struct": .type, "record": .type,
    "interface": .type, "message": .type, "enum": .choice,
  ]

  /// Whether `const name =` or its like stands in code.
  var isForeignLet: Bool {
    guard peek() == .identifier, peek(2) == .equal || peek(2) == .colon, !isOnNewLine(1) else {
      return false
    }
    guard case .value = Self.foreignDeclarations[text(position)] else { return false }
    return true
  }

  /// Says what a word is called here and goes on as if that had been written.
  mutating func reinterpret(_ keyword: TokenKind, _ spelling: String) {
    report(
      "there is no `\(text(position))`", help: "write `\(spelling)`",
      fixes: [Fix("write `\(spelling)`", replacing: span(position), with: spelling, .safe)])
    explained = max(explained, endOfLine - 1)
    tokens[position].kind = keyword
    kind = keyword
  }

  /// `def f(x):` and the lines that belong to it.
  private mutating func skipForeignFunction() {
    let name = text(position + 1)
    reportAndSkip(
      Habit(
        message: "there is no `\(text(position))`",
        help: "a function is written `fn \(name)(n: Int) -> Int = n * 2`, or with `{ … }`"))
  }

  private mutating func reportAndSkip(_ habit: Habit) {
    let start = position
    report(habit.message, help: habit.help, fixes: habit.fixes)
    skipDeeper(than: start)
  }

  /// The token after the last one on the line.
  private var endOfLine: Int {
    var end = position + 1
    while end < tokens.count - 1, !tokens[end].flags.contains(.newline) { end += 1 }
    return end
  }

  /// Takes the rest of the line and the lines that are indented deeper than that of a token, or go on
  /// with `else`, into an error node.
  mutating func skipDeeper(than token: Int) {
    let margin = indentation(of: token)
    let start = mark
    var open = 0
    while kind != .endOfFile {
      if position > start.token || flags.contains(.newline), flags.contains(.newline), open <= 0,
        position > token, indentation(of: position) <= margin, kind != .elseKeyword
      {
        break
      }
      if kind.closing != nil { open += 1 }
      if kind.opening != nil { open -= 1 }
      if open < 0 { break }
      advance()
    }
    explained = max(explained, position - 1)
    if position > start.token { finish(.error, start) }
  }

  /// A second string behind the kind of a block: `resource "service" "web" { … }`.
  mutating func parseSecondLabel(_ start: Mark) {
    guard kind == .stringOpen || kind == .rawString, !isLineBreak else { return }
    report(
      "a block has one label", help: "a block is written `kind name \"label\" { … }`")
    explained = max(explained, endOfLine - 1)
    parseString()
  }

  /// Whether the lines below a head without braces look like its body.
  func isBodyWithoutBraces(_ head: Int) -> Bool {
    // In a block the next line may be one of the block around it, badly indented.
    guard depth == 0, isLineBreak, kind == .identifier || kind.isKeyword,
      indentation(of: position) > indentation(of: head)
    else { return false }
    switch peek() {
    case .equal, .colon, .leftBrace, .identifier, .stringOpen: return true
    default: return false  // open: no item of a block
    }
  }

  // MARK: Statements

  /// What a word at the beginning of a statement is called here.
  func foreignStatement(_ token: Int) -> Habit? {
    let word = text(token)
    func rewrite(_ new: String) -> [Fix] {
      [Fix("write `\(new)`", replacing: span(token), with: new, .safe)]
    }
    switch word {
    case "return":
      let end = token + 1 < tokens.count ? tokens[token + 1].start : tokens[token].end
      return Habit(
        message: "there is no `return`", help: "code is worth its last expression: leave it out",
        fixes: [
          Fix("leave it out", replacing: Span(source.id, tokens[token].start, end), with: "", .safe)
        ])
    case "while", "loop", "until", "repeat":
      return Habit(
        message: "there is no `\(word)`",
        help: "go through a list or a range with `for x in 0..3 { … }`, or `wait until …`")
    case "foreach":
      return Habit(message: "there is no `foreach`", help: "write `for`", fixes: rewrite("for"))
    case "kubectl", "helm", "terraform", "bash", "sh", "curl", "ssh", "aws", "gcloud":
      return Habit(
        message: "a program runs no commands", help: "its drivers act, as in `kube.scale(…)`")
    case "switch", "case", "when":
      return Habit(
        message: "there is no `\(word)`", help: "write `match`", fixes: rewrite("match"))
    case "sleep":
      return Habit(message: "there is no `sleep`", help: "write `pause`", fixes: rewrite("pause"))
    case "throw", "raise", "panic", "error":
      return Habit(message: "there is no `\(word)`", help: "write `fail`", fixes: rewrite("fail"))
    case "rollback", "revert", "compensate":
      return Habit(
        message: "there is no `\(word)`", help: "write `undo { … }` in the step, after its act")
    case "catch", "rescue", "finally", "except":
      return Habit(
        message: "there is no `\(word)`", help: "write `on failure { … }` in the runbook")
    case "expect", "should":
      return Habit(
        message: "there is no `\(word)` here", help: "write `assert`", fixes: rewrite("assert"))
    case "echo", "print", "log":
      return Habit(
        message: "a program does not print", help: "look at a value with `dr eval FILE NAME`")
    case "new", "await", "async", "defer":
      let end = token + 1 < tokens.count ? tokens[token + 1].start : tokens[token].end
      return Habit(
        message: "there is no `\(word)`",
        help: word == "new" ? "write `Name { field = value }`" : "leave it out",
        fixes: [
          Fix("leave it out", replacing: Span(source.id, tokens[token].start, end), with: "")
        ])
    case "try":
      return Habit(
        message: "there is no `try`", help: "a step that fails is undone; see `on failure { … }`")
    default: return nil  // open: a name
    }
  }

  // MARK: Signs behind an expression

  /// What is meant by the token that should have begun a new item; `nil` when nobody knows.
  var habitHere: Habit? {
    guard position > 0, !isLineBreak else { return nil }
    let before = tokens[position - 1]
    if var habit = foreignStatement(position - 1) {
      habit.place = span(position - 1)
      return habit
    }
    switch kind {
    case .question:
      return Habit(
        message: "there is no `? :`", help: "write `if condition { … } else { … }`")
    case .ifKeyword:
      return Habit(
        message: "an `if` begins with its condition",
        help: "write `if condition { … } else { … }`")
    case .stringOpen where before.kind == .identifier && !flags.contains(.space):
      return Habit(
        message: "a text has no prefix",
        help: "leave `\(text(position - 1))` out; `\\(name)` puts a value in",
        fixes: [Fix("leave it out", replacing: span(position - 1), with: "")])
    case .identifier where before.kind == .stringClose && !flags.contains(.space):
      return Habit(
        message: "a `\"` ends the text",
        help: "write `\\\"` for one in it, or put the text between backticks")
    case .identifier where before.kind == .rightBrace && word.isClause:
      return Habit(
        message: "`\(text(position))` stands in front of the braces",
        help: "write `step \"title\" \(text(position)) … { … }`")
    case .identifier: return habitOfName(before)
    default: return nil  // open: nobody knows
    }
  }

  private func habitOfName(_ before: Token) -> Habit? {
    let word = text(position)
    if before.kind == .integer || before.kind == .float {
      let unit = Unit(rawValue: word)?.rawValue ?? nearestUnit(to: word)?.unit
      guard let unit else { return nil }
      let place = Span(source.id, before.end, tokens[position].end)
      return Habit(
        message: "a unit follows its number without a space",
        help: "write \(text(position - 1))\(unit)",
        fixes: [
          Fix("write \(text(position - 1))\(unit)", replacing: place, with: unit, .safe)
        ])
    }
    if word == "is" {
      let isNot = peek() == .notKeyword
      let place = isNot ? span(position).joined(span(position + 1)) : span(position)
      let sign = isNot ? "!=" : "=="
      return Habit(
        message: "there is no `\(source.text(place))`", help: "write `\(sign)`",
        fixes: [Fix("write `\(sign)`", replacing: place, with: sign, .safe)])
    }
    if before.kind == .identifier {
      return Habit(
        message: "expected a new line, `,` or `;`, found `\(word)`",
        help: "text stands in double quotes; two items are separated by `,` or a new line")
    }
    return nil
  }

  /// A point that no name follows: `1.` or `zone.`
  mutating func reportNoMember() {
    let before = position - 2
    guard before >= 0, tokens[before].kind == .integer else {
      return reportExpected("the name of a member")
    }
    let place = span(before).joined(span(position - 1))
    let number = source.text(place) + "0"
    report(
      "a number does not end with a point", at: place, help: "write `\(number)`",
      fixes: [Fix("write `\(number)`", replacing: place, with: number, .safe)])
  }

  /// `++`, `--` and `**`.
  var doubledOperator: Habit? {
    guard position > 0, !flags.contains(.space), tokens[position - 1].kind == kind else {
      return nil
    }
    switch kind {
    case .plus:
      return Habit(
        message: "there is no `++`", help: "give the new value a name of its own with `let`")
    case .star: return Habit(message: "there is no `**`", help: "multiply as often as needed")
    default: return nil  // open: no operator that other languages double
    }
  }
}
