// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Turns tokens into nodes: one function per production of docs/grammar.md.
///
/// A function takes a mark, consumes tokens, lets others append child nodes, and ends with
/// `finish`. It always leaves its node, with `missing` leaves where a required part is absent.
/// Every loop consumes a token per turn.
struct Parser {
  let source: SourceFile
  let maximumDepth: Int
  var tokens: [Token]
  var nodes = NodeColumns()
  var diagnostics: [Diagnostic] = []
  var position = 0
  /// The kind of the token at `position`.
  var kind: TokenKind
  /// Nested nodes around `position`.
  var depth = 0
  /// What the brackets and words around `position` change.
  var context = Context()
  /// The token at which a mistake was last reported: it explains whatever else is wrong there.
  var explained = -1
  /// What is wrong with the brackets of a file that is read again.
  var bracketMistakes: [Diagnostic] = []
  var hasVirtualTokens = false

  init(source: SourceFile, limits: Limits, tokens: [Token]) {
    self.source = source
    maximumDepth = limits.nestingDepth
    self.tokens = tokens
    kind = tokens[0].kind
    nodes.reserve(tokens.count)
  }

  /// What the reading of a token depends on besides the token.
  struct Context {
    /// Whether a newline ends an item here: inside `{ }` it does, inside `( )` and `[ ]` it does
    /// not.
    var newlinesEnd = true
    /// Whether `{` after a name opens the code that follows, not a record.
    var isHead = false
  }

  var newlinesEnd: Bool { context.newlinesEnd }

  /// Takes `(`, `[` or what else newlines mean nothing in; gives back the context to restore.
  mutating func openBracket() -> Context {
    let saved = context
    context = Context(newlinesEnd: false, isHead: false)
    takeOpening()
    return saved
  }

  /// Takes `{`; gives back the context to restore.
  mutating func openBrace() -> Context {
    let saved = context
    context = Context(newlinesEnd: true, isHead: false)
    takeOpening()
    return saved
  }

  private mutating func takeOpening() {
    guard flags.contains(.virtual) else { return advance() }
    takeVirtual()
  }

  /// Where a node may begin: the nodes before it and the token.
  struct Mark {
    var node: Int
    var token: Int
  }

  var mark: Mark { Mark(node: nodes.count, token: position) }

  mutating func finish(_ kind: NodeKind, _ mark: Mark) {
    nodes.append(kind, since: mark.node, tokens: mark.token..<position)
  }

  /// Goes to the next token; the one left behind becomes a leaf of the node being parsed.
  @inline(__always)
  mutating func advance() {
    if position < tokens.count - 1 { position += 1 }
    kind = tokens[position].kind
  }

  func peek(_ distance: Int = 1) -> TokenKind {
    let index = position + distance
    return index < tokens.count ? tokens[index].kind : .endOfFile
  }

  var flags: TokenFlags { tokens[position].flags }

  var word: Word { tokens[position].word }

  /// Whether the current token stands on a new line that ends an item here.
  var isLineBreak: Bool { newlinesEnd && flags.contains(.newline) }

  func isOnNewLine(_ distance: Int) -> Bool {
    let index = position + distance
    return index >= tokens.count || tokens[index].flags.contains(.newline)
  }

  mutating func take(_ expected: TokenKind) -> Bool {
    guard kind == expected else { return false }
    advance()
    return true
  }

  /// Takes a word of the grammar and marks it as such, so that its leaf is no name.
  mutating func takeWord() {
    tokens[position].kind = .word
    advance()
  }

  /// Takes an identifier or a reserved word as a name.
  mutating func takeName() {
    tokens[position].kind = .identifier
    advance()
  }

  mutating func missing() { finish(.missing, mark) }

  /// Takes a name that must be here; `what` says what it names.
  mutating func expectName(_ what: StaticString) {
    if kind == .identifier, !isLineBreak {
      advance()
      return skipDashedName()
    }
    if kind.isKeyword, !isLineBreak {
      report(
        "`\(text(position))` is a reserved word and cannot be \(what)",
        help: "choose another name")
      explained = position + 1
      return takeName()
    }
    reportExpected("\(what)")
    missing()
  }

  /// Takes a token that must be here.
  mutating func expect(_ expected: TokenKind, _ context: StaticString) {
    if take(expected) { return }
    reportExpected("`\(expected.spelling.map(\.description) ?? "")` \(context)")
    missing()
  }

  /// Runs a production one level deeper; past the limit, reports and skips what it would have
  /// taken.
  mutating func nested(_ body: (inout Parser) -> Void) {
    guard enter() else { return }
    body(&self)
    depth -= 1
  }

  /// Counts one level; false when that is one too many, and then what stands here has been skipped.
  mutating func enter() -> Bool {
    depth += 1
    if depth <= maximumDepth { return true }
    depth -= 1
    skipTooDeep()
    return false
  }
}

/// Parses a whole file. Never fails: mistakes are in the tree's `diagnostics`.
package func parse(_ source: SourceFile, limits: Limits = Limits()) -> SyntaxTree {
  parse(source, limits: limits) { $0.parseFile() }
}

/// Parses one expression, as a command line argument holds it: the root is a `file` with an
/// `exprStmt`.
package func parseExpression(_ source: SourceFile, limits: Limits = Limits()) -> SyntaxTree {
  parse(source, limits: limits) { $0.parseExpressionFile() }
}

private func parse(
  _ source: SourceFile, limits: Limits, _ production: (inout Parser) -> Void
) -> SyntaxTree {
  guard source.bytes.count <= min(limits.fileBytes, Int(Int32.max)) else {
    return refuse(source, limits)
  }
  var lexer = Lexer(file: source.id)
  lexer.run(source.bytes.span)
  var parser = Parser(source: source, limits: limits, tokens: lexer.tokens)
  lexer.tokens = []
  production(&parser)
  if !parser.diagnostics.isEmpty {
    let again = readAgain(source, limits, production)
    if let again { parser = again }
  }
  parser.nodes.finishRoot()
  return SyntaxTree(
    source: source, diagnostics: parser.causes(lexer: lexer.diagnostics),
    tokens: parser.tokens, nodes: parser.nodes)
}

/// The second reading of a file whose brackets do not pair up; `nil` when they do.
private func readAgain(
  _ source: SourceFile, _ limits: Limits, _ production: (inout Parser) -> Void
) -> Parser? {
  var lexer = Lexer(file: source.id)
  lexer.run(source.bytes.span)
  var parser = Parser(source: source, limits: limits, tokens: lexer.tokens)
  lexer.tokens = []
  guard parser.mendBrackets(lexer: lexer.diagnostics) else { return nil }
  production(&parser)
  parser.dropVirtualTokens()
  return parser
}

/// A tree that says nothing about a file but that it is too large: all of it is the gap before the
/// end.
private func refuse(_ source: SourceFile, _ limits: Limits) -> SyntaxTree {
  let end = UInt32(clamping: source.bytes.count)
  let token = Token(start: end, end: end, kind: .endOfFile, word: .none, flags: [])
  var nodes = NodeColumns()
  nodes.append(.file, since: 0, tokens: 0..<0)
  nodes.finishRoot()
  let diagnostic = Diagnostic(
    .unreadableFile,
    "this file has \(source.bytes.count) bytes; \(limits.fileBytes) are the most that are read",
    at: Span(source.id, 0, 0), help: "split it into several files and `use` them")
  return SyntaxTree(source: source, diagnostics: [diagnostic], tokens: [token], nodes: nodes)
}
