// SPDX-License-Identifier: Apache-2.0
//
// A file whose brackets do not pair up is read twice. The second time the tokens are mended first:
// a bracket that was lost is put where the indentation says that it stood, and one that closes
// nothing is left out. So the parser meets pairs only, and a lost bracket is one mistake. What was
// put in has no length, and is no token of the tree. What else the parser finds on
// such a line, and on that of a string without an end, is a consequence and is not said.
//
// A declaration at the margin ends what is open before it, so each is mended by itself. Where the
// indentation explains a file with more changes than pairing the brackets alone does, the file is
// not indented, and the pairs decide.

import DrBase

/// A change of the tokens of a file.
enum BracketEdit {
  /// Put a bracket in front of the token.
  case insert(TokenKind, before: Int, partner: Int)
  case remove(Int)
  /// The wrong bracket was written.
  case replace(Int, TokenKind, partner: Int)

  var token: Int {
    switch self {
    case .insert(_, let token, _), .remove(let token), .replace(let token, _, _): token
    }
  }
}

extension BracketEdit {
  /// What is put in front of a token comes before what is done to it.
  fileprivate var rank: Int {
    if case .insert = self { 0 } else { 1 }
  }
}

extension TokenKind {
  /// What closes this bracket.
  var closing: TokenKind? {
    switch self {
    case .leftBrace: .rightBrace
    case .leftParen: .rightParen
    case .leftBracket: .rightBracket
    case .interpolationOpen: .interpolationClose
    default: nil  // open: opens nothing
    }
  }

  /// What this bracket closes.
  var opening: TokenKind? {
    switch self {
    case .rightBrace: .leftBrace
    case .rightParen: .leftParen
    case .rightBracket: .leftBracket
    case .interpolationClose: .interpolationOpen
    default: nil  // open: closes nothing
    }
  }
}

extension Parser {
  /// Makes the brackets pair up; false when they do.
  mutating func mendBrackets(lexer: [Diagnostic]) -> Bool {
    guard !arePaired(0..<tokens.count), unpairedCount <= Self.unpairedAtMost else { return false }
    var edits: [BracketEdit] = []
    var unsaid: [Range<Int>] = []
    let openStrings = lexer.compactMap { $0.code == .unterminatedString ? $0.span?.start : nil }
    for part in declarationRanges() where !arePaired(part) {
      var mender = BracketMender(tokens: tokens, source: source, range: part)
      edits += mender.mend()
      // A string without an end may have taken brackets with it.
      let bytes = tokens[part.lowerBound].start...tokens[part.upperBound].start
      if openStrings.contains(where: bytes.contains) { unsaid.append(part) }
    }
    var whole = BracketMender(tokens: tokens, source: source, range: 0..<tokens.count - 1)
    let pairs = whole.mendByPairs()
    apply(pairs.count < edits.count ? pairs : edits, unsaid: unsaid)
    return true
  }

  /// A file with more lost brackets is no program, and mending it would take memory without end.
  private static let unpairedAtMost = 100_000

  private var unpairedCount: Int {
    var open: [TokenKind] = []
    var stray = 0
    for token in tokens {
      if let closing = token.kind.closing {
        open.append(closing)
      } else if token.kind.opening != nil, open.popLast() != token.kind {
        stray += 1
      }
    }
    return open.count + stray
  }

  private func arePaired(_ range: Range<Int>) -> Bool {
    var open: [TokenKind] = []
    for token in tokens[range] {
      if let closing = token.kind.closing {
        open.append(closing)
      } else if token.kind.opening != nil, open.popLast() != token.kind {
        return false
      }
    }
    return open.isEmpty
  }

  /// The tokens from each declaration at the margin to the next.
  private mutating func declarationRanges() -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    for index in tokens.indices where tokens[index].flags.contains(.column0) {
      position = index
      kind = tokens[index].kind
      guard index > start, startsDeclaration else { continue }
      ranges.append(start..<index)
      start = index
    }
    position = 0
    kind = tokens[0].kind
    return ranges + [start..<tokens.count - 1]
  }

  private mutating func apply(_ edits: [BracketEdit], unsaid: [Range<Int>]) {
    let inOrder = edits.enumerated().sorted {
      ($0.element.token, $0.element.rank, $0.offset)
        < ($1.element.token, $1.element.rank, $1.offset)
    }
    var mended: [Token] = []
    mended.reserveCapacity(tokens.count + edits.count)
    var next = 0
    for (_, edit) in inOrder {
      mended += tokens[next..<edit.token]
      next = edit.token
      let isSaid =
        bracketMistakes.count < Lexer.maximumDiagnostics
        && !unsaid.contains { ($0.lowerBound...$0.upperBound).contains(edit.token) }
      hasVirtualTokens = true
      switch edit {
      case .insert(let kind, let before, let partner):
        let end = mended.last?.end ?? tokens[before].start
        if isSaid { reportLost(kind, Span(source.id, end, end), span(partner)) }
        var flags: TokenFlags = [.virtual]
        if kind.opening == nil { flags.insert(.space) }
        mended.append(Token(start: end, end: end, kind: kind, word: .none, flags: flags))
      case .remove(let index):
        if isSaid { reportStray(span(index), tokens[index].kind) }
        tokens[index + 1].flags.formUnion(tokens[index].flags.subtracting(.column0))
        next = index + 1
      case .replace(let index, let kind, let partner):
        if isSaid { reportWrong(span(index), kind, span(partner)) }
        tokens[index].kind = kind
      }
    }
    tokens = mended + tokens[next...]
    kind = tokens[0].kind
  }

  private mutating func reportLost(_ kind: TokenKind, _ place: Span, _ partner: Span) {
    let spelling = kind.spelling?.description ?? ""
    let isClosing = kind.opening != nil
    let opening = kind.opening?.spelling?.description ?? ""
    bracketMistakes.append(
      Diagnostic(
        .unexpectedToken,
        isClosing ? "this `\(opening)` is not closed" : "a `\(spelling)` is missing",
        at: place, caption: "expected `\(spelling)`",
        labels: [Label(partner, isClosing ? "opened here" : "closed here")],
        help: isClosing ? "close it with `\(spelling)`" : "open it with `\(spelling)`",
        fixes: [
          Fix(
            "write `\(spelling)`", replacing: place,
            with: isClosing ? lineBreak(before: kind, partner) + spelling : " " + spelling)
        ]))
  }

  /// `}` stands on a line of its own, below the line that ends in its `{`.
  private func lineBreak(before kind: TokenKind, _ partner: Span) -> String {
    let bytes = source.bytes
    guard kind == .rightBrace, Int(partner.end) < bytes.count else { return "" }
    guard bytes[Int(partner.end)] == 0x0A || bytes[Int(partner.end)] == 0x0D else { return "" }
    let line = source.lineBytes(source.line(at: partner.start))
    let indentation = line.prefix { $0 == 0x20 || $0 == 0x09 }
    return "\n" + String(decoding: indentation, as: UTF8.self)
  }

  private mutating func reportWrong(_ place: Span, _ kind: TokenKind, _ partner: Span) {
    let spelling = kind.spelling?.description ?? ""
    bracketMistakes.append(
      Diagnostic(
        .unexpectedToken, "expected `\(spelling)`, found `\(source.text(place))`", at: place,
        caption: "expected `\(spelling)`", labels: [Label(partner, "opened here")],
        help: "write `\(spelling)`",
        fixes: [Fix("write `\(spelling)`", replacing: place, with: spelling)]))
  }

  private mutating func reportStray(_ place: Span, _ kind: TokenKind) {
    let opening = kind.opening?.spelling?.description ?? ""
    bracketMistakes.append(
      Diagnostic(
        .unexpectedToken, "this `\(source.text(place))` closes nothing", at: place,
        caption: "no `\(opening)` is open here",
        help: "remove it, or write `\(opening)` where it belongs",
        fixes: [Fix("remove it", replacing: place, with: "")]))
  }

  /// Takes a bracket that was put in.
  mutating func takeVirtual() {
    let start = mark
    advance()
    finish(.missing, start)
  }

  /// Leaves out of the tree what was put in.
  mutating func dropVirtualTokens() {
    guard hasVirtualTokens else { return }
    var index: [UInt32] = []
    index.reserveCapacity(tokens.count + 1)
    var kept: UInt32 = 0
    for token in tokens {
      index.append(kept)
      if !token.flags.contains(.virtual) { kept += 1 }
    }
    index.append(kept)
    nodes.renumberTokens(index)
    tokens.removeAll { $0.flags.contains(.virtual) }
  }

  /// Whether two halves of a string stand on lines of their own.
  private func isOtherHalf(_ end: Diagnostic, of start: Diagnostic) -> Bool {
    guard end.caption == "ends no string", start.caption == "opened here",
      !start.fixes.isEmpty, let first = start.span?.start, let last = end.span?.start
    else { return false }
    return source.line(at: last) - source.line(at: first) < 40
  }

  /// What was found, without what follows from a lost bracket or a string without an end on the same
  /// line.
  func causes(lexer: [Diagnostic]) -> [Diagnostic] {
    func line(_ diagnostic: Diagnostic) -> Int { source.line(at: diagnostic.span?.start ?? 0) }
    var causes: [Diagnostic] = []
    var lines: Set<Int> = []
    for diagnostic in lexer.inSourceOrder() where diagnostic.code == .unterminatedString {
      if let last = causes.last, isOtherHalf(diagnostic, of: last) {
        lines.formUnion(line(last)...line(diagnostic))
        causes[causes.count - 1].help = "a text of several lines stands between `\"\"\"`"
        causes[causes.count - 1].fixes = []
      } else if lines.insert(line(diagnostic)).inserted {
        causes.append(diagnostic)
      }
    }
    // Of a sign that the lexer could mend, the parser may know better what was meant.
    let told = Set(diagnostics.compactMap(\.span))
    causes += lexer.filter { diagnostic in
      let isTold = diagnostic.span.map(told.contains) ?? false
      return !lines.contains(line(diagnostic)) && (diagnostic.fixes.isEmpty || !isTold)
    }
    for diagnostic in lexer where diagnostic.fixes.isEmpty { lines.insert(line(diagnostic)) }
    lines.formUnion(diagnostics.filter { $0.code == .nestingTooDeep }.map(line))
    for diagnostic in bracketMistakes where lines.insert(line(diagnostic)).inserted {
      causes.append(diagnostic)
    }
    causes += diagnostics.filter { $0.code == .nestingTooDeep || !lines.contains(line($0)) }
    return Array(causes.inSourceOrder().prefix(Lexer.maximumDiagnostics))
  }
}
