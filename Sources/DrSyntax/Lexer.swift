// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Cuts a file into significant tokens in one pass.
///
/// What no program may hold is reported and left in the gap between two tokens, so that the parser
/// never meets it; a habit from another language (`&&`, `'text'`, `//`) is reported and becomes the
/// token that was meant.
struct Lexer {
  /// Mistakes reported for one file; what comes after says nothing new.
  static let maximumDiagnostics = 100

  let file: FileID
  let keywords: KeywordTable
  var position = 0
  var tokens: [Token] = []
  var diagnostics: [Diagnostic] = []
  /// The strings whose interpolation is being read, the outermost first.
  var modes: [StringMode] = []
  /// What to say about the next token.
  var pending: TokenFlags = []
  var lineStart = 0
  var previousLineStart = 0
  var lastEnd = 0
  /// The places of the last delimiter of a kind in the file, once they were looked for.
  var lastTripleQuote: Int?
  var lastBacktick: Int?
  /// Where the last run of bytes ends that no program may hold.
  var invalidEnd = 0
  /// Offsets on one line up to its end, as far as they were looked at.
  var lineEnds: ClosedRange<Int>?
  /// Up to where no foreign closing quote was found.
  var quoteSearchEnd = 0

  init(file: FileID) {
    self.file = file
    keywords = .all
  }

  mutating func run(_ bytes: Bytes) {
    tokens.reserveCapacity(bytes.count / 3 + 16)
    guard start(bytes) else {
      position = bytes.count
      finish(bytes)
      return
    }
    while position < bytes.count { lexNext(bytes) }
    while !modes.isEmpty { interruptStrings(bytes) }
    finish(bytes)
  }

  private mutating func finish(_ bytes: Bytes) {
    // The end counts as a new line, so that what is missing there is shown after the last token.
    pending.insert(.newline)
    emit(.endOfFile, bytes.count, bytes.count)
  }

  @inline(__always)
  mutating func emit(_ kind: TokenKind, _ start: Int, _ end: Int, word: Word = .none) {
    var flags = pending
    if start != lastEnd { flags.insert(.space) }
    if start == lineStart { flags.insert(.column0) }
    tokens.append(
      Token(
        start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end),
        kind: kind, word: word, flags: flags))
    pending = []
    lastEnd = end
    position = end
  }

  @inline(__always)
  private mutating func punctuation(_ kind: TokenKind, _ length: Int) {
    emit(kind, position, position + length)
  }

  private mutating func lexNext(_ bytes: Bytes) {
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
    case UInt8(ascii: "\n"): newline(bytes)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      lexIdentifier(bytes)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): lexNumber(bytes)
    case UInt8(ascii: "\""): lexString(bytes)
    case UInt8(ascii: "`"): lexRawString(bytes)
    case UInt8(ascii: "#"): skipComment(bytes)
    case UInt8(ascii: "{"): punctuation(.leftBrace, 1)
    case UInt8(ascii: "}"): punctuation(.rightBrace, 1)
    case UInt8(ascii: "("):
      if !modes.isEmpty { modes[modes.count - 1].parenDepth += 1 }
      punctuation(.leftParen, 1)
    case UInt8(ascii: ")"): rightParen(bytes)
    case UInt8(ascii: "["): punctuation(.leftBracket, 1)
    case UInt8(ascii: "]"): punctuation(.rightBracket, 1)
    case UInt8(ascii: ","): punctuation(.comma, 1)
    case UInt8(ascii: ";"): punctuation(.semicolon, 1)
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"),
      UInt8(ascii: "%"):
      lexArithmetic(byte, bytes)
    case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: ":"):
      lexComparison(byte, bytes)
    case UInt8(ascii: "."): lexDots(bytes)
    case UInt8(ascii: "?"):
      let next = bytes[orZero: position + 1]
      if next == UInt8(ascii: "?") {
        punctuation(.questionQuestion, 2)
      } else if next == UInt8(ascii: ".") {
        punctuation(.questionDot, 2)
      } else {
        punctuation(.question, 1)
      }
    case UInt8(ascii: "|"), UInt8(ascii: "&"): lexLogic(byte, bytes)
    default: lexUnusual(byte, bytes)  // open: what starts no ASCII token
    }
  }

  private mutating func newline(_ bytes: Bytes) {
    if !modes.isEmpty {
      interruptStrings(bytes)
      // What goes on now is the text of a string.
      if position >= bytes.count || bytes[position] != UInt8(ascii: "\n") { return }
    }
    position += 1
    previousLineStart = lineStart
    lineStart = position
    pending.insert(.newline)
  }

  private mutating func lexIdentifier(_ bytes: Bytes) {
    let start = position
    var index = start
    var packed: UInt64 = 0
    while index < bytes.count {
      let byte = bytes[index]
      guard byte.continuesIdentifier else { break }
      packed = packed << 8 | UInt64(byte)
      index += 1
    }
    if index < bytes.count, bytes[index] >= 0x80 { index = endOfIdentifier(bytes, from: index) }
    if index - start <= 8, let keyword = keywords.find(packed) {
      emit(keyword.kind, start, index, word: keyword.word)
    } else {
      emit(.identifier, start, index)
    }
  }

  /// Where an identifier ends that goes on at `from`, with letters of every script.
  func endOfIdentifier(_ bytes: Bytes, from: Int) -> Int {
    var index = from
    while index < bytes.count {
      if bytes[index].continuesIdentifier {
        index += 1
      } else if bytes[index] >= 0x80, let (scalar, length) = bytes.scalar(at: index),
        scalar.continuesIdentifier
      {
        index += length
      } else {
        break
      }
    }
    return index
  }

  mutating func skipComment(_ bytes: Bytes) {
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
      if bytes[position] == 0 { reportControl(0, at: position) }
      position += 1
    }
  }

  private mutating func lexDots(_ bytes: Bytes) {
    guard bytes[orZero: position + 1] == UInt8(ascii: ".") else { return punctuation(.dot, 1) }
    if bytes[orZero: position + 2] == UInt8(ascii: ".") { return punctuation(.ellipsis, 3) }
    punctuation(.dotDot, 2)
  }

  private mutating func lexArithmetic(_ byte: UInt8, _ bytes: Bytes) {
    let next = bytes[orZero: position + 1]
    if next == UInt8(ascii: "="), byte != UInt8(ascii: "/") || bytes[orZero: position + 2] != next {
      return lexAssignment(bytes)
    }
    switch byte {
    case UInt8(ascii: "+"): punctuation(.plus, 1)
    case UInt8(ascii: "-"):
      punctuation(next == UInt8(ascii: ">") ? .arrow : .minus, next == UInt8(ascii: ">") ? 2 : 1)
    case UInt8(ascii: "*"): punctuation(.star, 1)
    case UInt8(ascii: "/"):
      if next == UInt8(ascii: "/") || next == UInt8(ascii: "*") {
        skipForeignComment(bytes)
      } else {
        punctuation(.slash, 1)
      }
    case UInt8(ascii: "%") where isLoosePercent(bytes):
      // A sign of its own, since a quantity is one token.
      report(
        .unexpectedToken, "a unit follows its number without a space", position..<position + 1,
        help: "write the `%` directly behind the number",
        fixes: [
          Fix(
            "write it behind the number", replacing: span(lastEnd..<position + 1), with: "%", .safe)
        ])
      position += 1
      pending.remove(.mistake)
    default:  // open: only % is left
      report(
        .unexpectedToken, "there is no `%` operator", position..<position + 1,
        caption: "`%` is a unit",
        help: "write a ratio as a quantity, such as 70%, or call a function"
      )
      punctuation(.slash, 1)
    }
  }

  /// Whether `%` stands behind a number and a space, and in front of no operand.
  private func isLoosePercent(_ bytes: Bytes) -> Bool {
    guard let last = tokens.last, last.kind == .integer || last.kind == .float, lastEnd < position
    else { return false }
    var index = position + 1
    while bytes[orZero: index] == UInt8(ascii: " ") { index += 1 }
    let next = bytes[orZero: index]
    return !next.continuesIdentifier && next != UInt8(ascii: "(") && next < 0x80
  }

  private mutating func lexComparison(_ byte: UInt8, _ bytes: Bytes) {
    let next = bytes[orZero: position + 1]
    let isEqual = next == UInt8(ascii: "=")
    switch byte {
    case UInt8(ascii: "="):
      if next == UInt8(ascii: ">") { return punctuation(.fatArrow, 2) }
      if isEqual, bytes[orZero: position + 2] == UInt8(ascii: "=") {
        return lexInstead("===", .equalEqual, "==")
      }
      punctuation(isEqual ? .equalEqual : .equal, isEqual ? 2 : 1)
    case UInt8(ascii: "!"):
      if isEqual, bytes[orZero: position + 2] == UInt8(ascii: "=") {
        return lexInstead("!==", .notEqual, "!=")
      }
      if isEqual { return punctuation(.notEqual, 2) }
      if isForced(next) { return skipForce() }
      lexInstead("!", .notKeyword, "not", fix: "not ")
    case UInt8(ascii: "<"):
      if next == UInt8(ascii: ">") { return lexInstead("<>", .notEqual, "!=") }
      punctuation(isEqual ? .lessEqual : .less, isEqual ? 2 : 1)
    case UInt8(ascii: ">"): punctuation(isEqual ? .greaterEqual : .greater, isEqual ? 2 : 1)
    default:  // open: only : is left
      if isEqual, bytes[orZero: position + 2] != UInt8(ascii: "=") {
        return lexDefinition()
      }
      punctuation(.colon, 1)
    }
  }

  /// `name := value`
  private mutating func lexDefinition() {
    let sign = position..<position + 2
    guard let name = tokens.last, name.kind == .identifier,
      tokens.count < 2 || tokens[tokens.count - 2].kind != .letKeyword
    else {
      return lexInstead(":=", .equal, "=")
    }
    let text = span(Int(name.start)..<Int(name.start))
    report(
      .unexpectedToken, "there is no `:=`", sign, help: "write `let name = value`",
      fixes: [
        Fix("write `let`", replacing: text, with: "let ", .safe),
        Fix("write `=`", replacing: span(sign), with: "=", .safe),
      ])
    emit(.equal, sign.lowerBound, sign.upperBound)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  private mutating func lexLogic(_ byte: UInt8, _ bytes: Bytes) {
    let isDouble = bytes[orZero: position + 1] == byte
    if byte == UInt8(ascii: "|") {
      return isDouble ? lexInstead("||", .orKeyword, "or") : punctuation(.pipe, 1)
    }
    if !isDouble, let last = tokens.last, last.kind == .equal || last.kind == .colon {
      report(
        .unexpectedToken, "there are no anchors", position..<position + 1,
        help: "give the value a name with `let`, and write the name where it is needed")
      position += 1
      return
    }
    lexInstead(isDouble ? "&&" : "&", .andKeyword, "and")
  }

  private mutating func rightParen(_ bytes: Bytes) {
    guard let mode = modes.last else { return punctuation(.rightParen, 1) }
    if mode.parenDepth > 0 {
      modes[modes.count - 1].parenDepth -= 1
      return punctuation(.rightParen, 1)
    }
    modes.removeLast()
    punctuation(.interpolationClose, 1)
    lexStringRest(bytes, mode)
  }
}

/// Finds reserved words and words of the grammar by their bytes.
struct KeywordTable: Sendable {
  struct Entry {
    var packed: UInt64
    var kind: TokenKind
    var word: Word
  }

  /// Made once, since it takes longer than a small file.
  static let all = KeywordTable()

  private let slots: [Entry]

  private init() {
    var slots = [Entry](repeating: Entry(packed: 0, kind: .identifier, word: .none), count: 256)
    func insert(_ text: StaticString, _ kind: TokenKind, _ word: Word) {
      let packed = text.withUTF8Buffer { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
      var slot = Self.slot(packed)
      while slots[slot].packed != 0 { slot = (slot + 1) & 255 }
      slots[slot] = Entry(packed: packed, kind: kind, word: word)
    }
    for kind in TokenKind.allCases where kind.isKeyword {
      if let spelling = kind.spelling { insert(spelling, kind, .none) }
    }
    for word in Word.allCases where word != .none { insert(word.spelling, .identifier, word) }
    self.slots = slots
  }

  @inline(__always)
  func find(_ packed: UInt64) -> Entry? {
    var slot = Self.slot(packed)
    while true {
      let entry = slots[slot]
      if entry.packed == packed { return entry }
      if entry.packed == 0 { return nil }
      slot = (slot + 1) & 255
    }
  }

  @inline(__always)
  private static func slot(_ packed: UInt64) -> Int {
    Int(truncatingIfNeeded: (packed &* 0x9E37_79B9_7F4A_7C15) >> 56)
  }
}

extension Unicode.Scalar {
  /// Whether an identifier may begin with this letter.
  var startsIdentifier: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false  // open: no letter
    }
  }

  /// Whether an identifier may go on with this letter, mark or digit.
  var continuesIdentifier: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
      true
    default: false  // open: neither letter nor mark nor number
    }
  }
}
