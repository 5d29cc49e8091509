// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// What may stand before a token, and what the token does to the lines around it. Plain and small,
/// since there is one for every token.
struct TokenLayout {
  /// Whether a space stands before it when no line break does.
  var isSpaced = true
  /// Whether an item of a block or an element of a list begins with it.
  var isItemStart = false
  /// Whether a line break before it in the source is not kept.
  var joinsLine = false
  /// For `{`: whether its items stand on lines of their own. For `(` and `[`: whether they must.
  var isBroken = false
  /// For `(` and `[`: whether lines in it are indented once, without regard to where elements
  /// begin.
  var isFlat = false
  /// For `{`: whether code stands in it.
  var isCode = false
  /// For an opening bracket: whether there are commas between its elements.
  var hasCommas = false
  var role = Role.plain
  /// For a bracket: the one that goes with it. For the first token of a string or a field: the token
  /// after that.
  var end: UInt32 = 0
}

/// What a token is for the layout.
enum Role: UInt8 {
  case plain
  /// What stands between items in braces, which a line break replaces: written `,` between members
  /// and `;` between statements.
  case comma, semicolon
  case openBrace, openBracket, close
  /// What begins a string, which is written as it is.
  case string
  /// What begins a field, `name = value`; `=` is the token after it.
  case field

  var isSeparator: Bool { self == .comma || self == .semicolon }
}

/// The layout of every token of a tree.
struct Layout {
  let tree: SyntaxTree
  let table: TreeColumns
  private(set) var tokens: [TokenLayout]

  init(_ tree: SyntaxTree) {
    self.tree = tree
    table = tree.columns
    tokens = Array(repeating: TokenLayout(), count: tree.tokenCount + 1)
    visit(tree.nodeCount - 1)
  }

  subscript(token: Int) -> TokenLayout { tokens[token] }

  /// The token after this one, or after the string that begins with it.
  func end(of token: Int) -> Int {
    tokens[token].role == .string ? Int(tokens[token].end) : token + 1
  }

  /// Whether there is something in an opening bracket.
  func hasItems(_ open: Int) -> Bool { Int(tokens[open].end) > open + 1 }

  private mutating func visit(_ node: Int) {
    let range = table.tokens(of: node)
    guard !range.isEmpty else { return }
    let kind = table.kinds[node]
    switch kind {
    case .stringExpr:
      tokens[range.lowerBound].role = .string
      tokens[range.lowerBound].end = UInt32(range.upperBound)
      return
    case .file: markItems(of: node)
    case .blockBody, .codeBlock, .objectExpr, .trailingBlock, .typeDecl, .policyDecl, .drillDecl,
      .matchExpr, .guardClause, .drillItem:
      markBraces(of: node, kind)
    case .argumentList, .parameterList, .listExpr, .mapExpr, .parenExpr, .indexExpr,
      .listComprehension, .mapComprehension, .lambdaParameters, .detector, .listType, .mapType,
      .functionType, .optionalType, .namedType, .typeParameters:
      markBrackets(of: node, kind)
    case .memberExpr, .optionalMemberExpr, .rangeExpr, .unaryExpr, .spread: markOperator(of: node)
    case .ifExpr:
      if let word = table.token(.elseKeyword, of: node) { tokens[word].joinsLine = true }
    case .fieldItem:
      tokens[range.lowerBound].role = .field
      tokens[range.lowerBound].end = UInt32(range.upperBound)
    default: break  // open: nothing but its tokens to lay out
    }
    var children = Children(of: node, in: table)
    while let child = children.next(in: table) {
      switch child {
      case .token(let token): markToken(token)
      case .node(let node): visit(node)
      }
    }
  }

  private mutating func markToken(_ token: Int) {
    switch table.tokens[token].kind {
    case .comma, .semicolon:
      tokens[token].isSpaced = false
      tokens[token].joinsLine = true
    case .colon:
      tokens[token].isSpaced = false
      tokens[token].joinsLine = true
    case .question,
      .questionQuestion where tokens[token].joinsLine:
      tokens[token].isSpaced = isAfterQuestion(token)
    default: break  // open: one space before it
    }
  }

  /// Two question marks that touch would be read as one token.
  private func isAfterQuestion(_ token: Int) -> Bool {
    token > 0 && table.tokens[token - 1].kind == .question
  }

  /// The first token of an inner child; nil of one that covers none.
  private func firstToken(of node: Int) -> Int? {
    let range = table.tokens(of: node)
    return range.isEmpty ? nil : range.lowerBound
  }

  /// The items of a file, which stand in no braces.
  private mutating func markItems(of node: Int) {
    var children = Children(of: node, in: table)
    while let child = children.next(in: table) {
      switch child {
      case .node(let item):
        if let first = firstToken(of: item) { tokens[first].isItemStart = true }
      case .token(let token):
        let kind = table.tokens[token].kind
        if kind == .comma || kind == .semicolon { tokens[token].role = .comma }
      }
    }
  }

  /// Lays out the braces that a node has directly.
  private mutating func markBraces(of node: Int, _ kind: NodeKind) {
    guard let open = table.token(.leftBrace, of: node),
      let close = table.token(.rightBrace, of: node)
    else { return }
    let isCode = kind == .codeBlock
    pair(open, close, .openBrace)
    tokens[open].isCode = isCode
    if kind != .objectExpr { tokens[open].joinsLine = true }
    var isBroken = hasNewline(before: close)
    var children = Children(of: node, in: table)
    while let child = children.next(in: table) {
      switch child {
      case .node(let item):
        guard let first = firstToken(of: item), first > open else { continue }
        tokens[first].isItemStart = true
        if hasNewline(before: first) { isBroken = true }
      case .token(let token):
        let kind = table.tokens[token].kind
        guard token > open, kind == .comma || kind == .semicolon else { continue }
        tokens[token].role = isCode ? .semicolon : .comma
        if hasNewline(before: token) { isBroken = true }
      }
    }
    tokens[open].isBroken = isBroken && (hasItems(open) || hasComment(before: close))
  }

  private mutating func pair(_ open: Int, _ close: Int, _ role: Role) {
    tokens[open].role = role
    tokens[open].end = UInt32(close)
    tokens[close].role = .close
    tokens[close].end = UInt32(open)
  }

  private mutating func markBrackets(of node: Int, _ kind: NodeKind) {
    var open: Int?
    var children = Children(of: node, in: table)
    while let child = children.next(in: table) {
      switch child {
      case .node(let item):
        if open != nil, let first = firstToken(of: item) { tokens[first].isItemStart = true }
      case .token(let token): markBracket(token, of: kind, &open)
      }
    }
  }

  /// One token that a node with brackets has directly; `open` is the bracket that is open before it.
  private mutating func markBracket(_ token: Int, of kind: NodeKind, _ open: inout Int?) {
    switch table.tokens[token].kind {
    case .leftParen, .leftBracket, .less:
      open = token
      if isTight(kind) { tokens[token].isSpaced = false }
    case .rightParen, .rightBracket, .greater:
      tokens[token].isSpaced = false
      if let open {
        pair(open, token, .openBracket)
        tokens[open].isFlat = isFlat(kind)
        if hasItems(open) { tokens[open + 1].isSpaced = false }
      }
      open = nil
    case .question, .questionQuestion:
      tokens[token].isSpaced = isAfterQuestion(token)
      tokens[token].joinsLine = true
    case .comma: if let open { tokens[open].hasCommas = true }
    case .identifier:
      if open != nil, kind != .detector { tokens[token].isItemStart = true }
    default: break  // open: laid out by its kind alone
    }
  }

  /// Whether no space stands before the opening bracket.
  private func isTight(_ kind: NodeKind) -> Bool {
    switch kind {
    case .argumentList, .parameterList, .indexExpr, .namedType, .typeParameters, .detector: true
    default: false  // open: a bracket that begins an expression or a type
    }
  }

  private func isFlat(_ kind: NodeKind) -> Bool {
    switch kind {
    case .parenExpr, .indexExpr, .listComprehension, .mapComprehension, .detector, .optionalType:
      true
    default: false  // open: a list of elements
    }
  }

  private mutating func markOperator(of node: Int) {
    var children = Children(of: node, in: table)
    while let child = children.next(in: table) {
      guard case .token(let token) = child else { continue }
      switch table.tokens[token].kind {
      case .dot, .questionDot, .dotDot:
        tokens[token].isSpaced = false
        tokens[token + 1].isSpaced = false
      case .ellipsis, .minus: tokens[token + 1].isSpaced = false
      default: break  // open: `not`, and names
      }
    }
  }

  // MARK: What the source has

  func hasNewline(before token: Int) -> Bool { tree.gapHolds(UInt8(ascii: "\n"), before: token) }

  func hasComment(before token: Int) -> Bool { tree.gapHolds(UInt8(ascii: "#"), before: token) }

  // MARK: Long lines

  /// Content narrower than this is not worth a line of its own.
  private static let minimumColumns = 30

  /// Notes which brackets to break on lines that are too long, each given as its tokens; false when
  /// there are none.
  mutating func breakLines(_ lines: [Range<Int>]) -> Bool {
    var hasChanged = false
    for line in lines {
      let candidates = outermost(in: line)
      guard let widest = candidates.max(by: { width($0) < width($1) }),
        width(widest) >= Self.minimumColumns
      else { continue }
      hasChanged = true
      tokens[widest].isBroken = true
      guard tokens[widest].isCode else { continue }
      // The branches of an `if` look alike.
      for token in candidates where tokens[token].isCode { tokens[token].isBroken = true }
    }
    return hasChanged
  }

  private func width(_ open: Int) -> Int {
    Int(tree.tokenSpan(Int(tokens[open].end)).end - tree.tokenSpan(open).start)
  }

  /// The opening brackets on a line whose content lies on it and can be broken; those inside others
  /// are left out.
  private func outermost(in range: Range<Int>) -> [Int] {
    var found: [Int] = []
    var token = range.lowerBound
    while token < range.upperBound {
      let layout = tokens[token]
      if layout.role == .string {
        token = Int(layout.end)
        continue
      }
      let isCandidate: Bool
      switch layout.role {
      case .openBrace: isCandidate = hasItems(token)
      case .openBracket: isCandidate = !layout.isFlat && layout.hasCommas
      case .plain, .comma, .semicolon, .close, .string, .field: isCandidate = false
      }
      if isCandidate, !layout.isBroken, Int(layout.end) < range.upperBound {
        found.append(token)
        token = Int(layout.end)
      }
      token += 1
    }
    return found
  }
}
