// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Lexer {
  func span(_ range: Range<Int>) -> Span {
    Span(file, UInt32(range.lowerBound), UInt32(range.upperBound))
  }

  mutating func add(_ diagnostic: Diagnostic) {
    if diagnostics.count < Self.maximumDiagnostics { diagnostics.append(diagnostic) }
    pending.insert(.mistake)
  }

  mutating func report(
    _ code: DiagnosticCode, _ message: String, _ range: Range<Int>, caption: String? = nil,
    help: String? = nil, fixes: [Fix] = []
  ) {
    add(
      Diagnostic(code, message, at: span(range), caption: caption, help: help, fixes: fixes))
  }

  /// Skips a byte order mark and finds bytes that are not UTF-8; false when nothing in the file can
  /// be read.
  mutating func start(_ bytes: Bytes) -> Bool {
    if bytes.count >= 2, bytes[0] ^ bytes[1] == 1, bytes[0] >= 0xFE {
      report(
        .invalidUtf8, "this file is UTF-16", 0..<2, caption: "a UTF-16 byte order mark",
        help: "save the file as UTF-8")
      return false
    }
    if bytes[orZero: 0] == 0xEF, bytes[orZero: 1] == 0xBB, bytes[orZero: 2] == 0xBF {
      position = 3
      lineStart = 3
    }
    var index = 0
    while let range = bytes.invalidRun(from: index) {
      guard diagnostics.count < Self.maximumDiagnostics else { break }
      report(
        .invalidUtf8, "this is not UTF-8", range,
        caption: range.count == 1 ? "this byte" : "these \(range.count) bytes",
        help: "save the file as UTF-8")
      index = range.upperBound
    }
    pending = []
    return true
  }

  /// Reports what another language would write and emits the token that was meant.
  mutating func lexInstead(
    _ text: String, _ kind: TokenKind, _ instead: String, fix: String? = nil
  ) {
    let end = position + text.utf8.count
    report(
      .unexpectedToken, "there is no `\(text)`", position..<end, help: "write `\(instead)`",
      fixes: [
        Fix("write `\(instead)`", replacing: span(position..<end), with: fix ?? instead, .safe)
      ])
    emit(kind, position, end)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  /// Whether `!` stands behind a value and in front of none, so that it does not mean `not`.
  func isForced(_ next: UInt8) -> Bool {
    guard lastEnd == position, let last = tokens.last, !next.continuesIdentifier else {
      return false
    }
    return next != UInt8(ascii: "(")
      && [.identifier, .rightParen, .rightBracket].contains(last.kind)
  }

  /// `value!`
  mutating func skipForce() {
    report(
      .unexpectedToken, "there is no `!`", position..<position + 1,
      caption: "this promises that a value is not nil",
      help: "give a value for that case: `… ?? some_default`, or test it: `if … != nil { … }`")
    position += 1
    pending.remove(.mistake)
  }

  /// `+=` and its like.
  mutating func lexAssignment(_ bytes: Bytes) {
    let text = String(UnicodeScalar(bytes[position])) + "="
    report(
      .unexpectedToken, "there is no `\(text)`", position..<position + 2,
      caption: "values do not change", help: "give the new value a name of its own with `let`")
    emit(.equal, position, position + 2)
  }

  /// `// …` and `/* … */`.
  mutating func skipForeignComment(_ bytes: Bytes) {
    let start = position
    var end = endOfLine(bytes, from: start)
    if bytes[start + 1] == UInt8(ascii: "*") {
      var index = start + 2
      while index + 1 < bytes.count {
        if bytes[index] == UInt8(ascii: "*"), bytes[index + 1] == UInt8(ascii: "/") { break }
        index += 1
      }
      if index + 1 < bytes.count { end = index + 2 }
      report(
        .unexpectedToken, "a comment begins with `#`", start..<start + 2,
        help: "write `#` before each line")
    } else if start > 0, bytes[start - 1] == UInt8(ascii: ":"), tokens.count >= 2 {
      return lexAddress(bytes)
    } else {
      report(
        .unexpectedToken, "a comment begins with `#`", start..<start + 2, help: "write `#`",
        fixes: [Fix("write `#`", replacing: span(start..<start + 2), with: "#", .safe)])
      pending.remove(.mistake)
    }
    for index in start..<end where bytes[index] == UInt8(ascii: "\n") {
      lineStart = index + 1
      pending.insert(.newline)
    }
    position = end
  }

  /// `http://…` outside a string: what was taken for a name and a colon belongs to it.
  private mutating func lexAddress(_ bytes: Bytes) {
    let scheme = tokens[tokens.count - 2]
    var start = position - 1
    tokens.removeLast()
    if scheme.kind == .identifier, Int(scheme.end) == start {
      start = Int(scheme.start)
      tokens.removeLast()
      pending = scheme.flags
    }
    var end = position
    while end < bytes.count, bytes[end] > UInt8(ascii: " "), bytes[end] != UInt8(ascii: ","),
      bytes[end] != UInt8(ascii: "}"), bytes[end] != UInt8(ascii: ";"),
      bytes[end] != UInt8(ascii: ")"), bytes[end] != UInt8(ascii: "]")
    {
      end += 1
    }
    let text = String(decoding: (start..<end).map { bytes[$0] }, as: UTF8.self)
    report(
      .unexpectedToken, "an address is a string", start..<end, help: "put it in double quotes",
      fixes: [
        Fix("put it in double quotes", replacing: span(start..<end), with: "\"\(text)\"", .safe)
      ])
    emit(.rawString, start, end)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  mutating func reportControl(_ byte: UInt8, at index: Int) {
    report(
      .invalidCharacter,
      byte == 0 ? "there is a NUL byte here" : "there is a control character here",
      index..<index + 1, caption: "byte 0x" + hexadecimal(UInt32(byte), digits: 2),
      help: "remove it",
      fixes: [Fix("remove it", replacing: span(index..<index + 1), with: "")])
  }

  mutating func lexUnusual(_ byte: UInt8, _ bytes: Bytes) {
    if byte >= 0x80 { return lexUnicode(bytes) }
    let start = position
    switch byte {
    case UInt8(ascii: "'"): return lexQuoted(bytes, openLength: 1, closing: [[byte]])
    case 0..<0x20, 0x7F:
      if start == 0 || start != invalidEnd { reportControl(byte, at: start) }
    case UInt8(ascii: "\\"):
      let isLast = endOfLine(bytes, from: start) == start + 1
      reportCharacter(
        start, 1, "`\\`",
        help: isLast
          ? "end the line with an operator or put the expression in parentheses"
          : "write `\\(…)` only inside a string")
    case UInt8(ascii: "$"):
      reportCharacter(
        start, 1, "`$`", help: "write a name as it is, and `\\(name)` inside a string")
    default:  // open: @ ^ ~ and what else ASCII has
      reportCharacter(start, 1, "`\(UnicodeScalar(byte))`", help: "remove it")
    }
    position = start + 1
    invalidEnd = position
  }

  private mutating func lexUnicode(_ bytes: Bytes) {
    let start = position
    guard let (scalar, length) = bytes.scalar(at: start) else {
      position += 1
      pending.insert(.mistake)  // reported before
      return
    }
    if lexFullWidth(bytes) || lexForeignSign(scalar, bytes, length) { return }
    if scalar.startsIdentifier {
      return emit(.identifier, start, endOfIdentifier(bytes, from: start + length))
    }
    if let closing = Self.closingQuotes(scalar) {
      return lexQuoted(bytes, openLength: length, closing: closing)
    }
    if let (kind, spelling) = Self.lookAlike(scalar) { return lexLookAlike(kind, spelling, length) }
    position = start + length
    if (0x200B...0x200F).contains(scalar.value) || scalar.value == 0xFEFF || scalar.value == 0x2060
    {
      return skipInvisible(scalar, bytes, start)
    }
    if scalar.properties.isWhitespace {
      report(
        .invalidCharacter,
        "U+\(hexadecimal(scalar.value, digits: 4)) is no space that a program may hold",
        start..<position, help: "write a plain space",
        fixes: [Fix("write a plain space", replacing: span(start..<position), with: " ", .safe)])
      pending.remove(.mistake)
      return
    }
    reportCharacter(
      start, length, "`\(scalar)` (U+\(hexadecimal(scalar.value, digits: 4)))",
      help: "put text in double quotes")
    invalidEnd = position
  }

  /// A character of no width. In the midst of a name it becomes a part of it, so that the name stays one.
  private mutating func skipInvisible(_ scalar: UnicodeScalar, _ bytes: Bytes, _ start: Int) {
    report(
      .invalidCharacter,
      "a character that is not seen stands here (U+\(hexadecimal(scalar.value, digits: 4)))",
      start..<position, help: "take it out",
      fixes: [Fix("take it out", replacing: span(start..<position), with: "", .safe)])
    guard lastEnd == start, let name = tokens.last, name.kind == .identifier,
      bytes[orZero: position].continuesIdentifier
    else { return }
    tokens.removeLast()
    pending = name.flags
    emit(.identifier, Int(name.start), endOfIdentifier(bytes, from: position))
  }

  private mutating func reportCharacter(
    _ start: Int, _ length: Int, _ name: String, help: String
  ) {
    if start == invalidEnd, start != 0 {
      pending.insert(.mistake)
      return
    }
    report(
      .invalidCharacter, "\(name) means nothing here", start..<start + length, help: help)
  }

  private mutating func lexLookAlike(_ kind: TokenKind, _ spelling: String, _ length: Int) {
    let range = position..<position + length
    reportLookAlike(spelling, range)
    emit(kind, range.lowerBound, range.upperBound)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  /// Says which ASCII character a full-width one should be: once for a line, with a fix for each.
  private mutating func reportLookAlike(_ spelling: String, _ range: Range<Int>) {
    let fix = Fix("write `\(spelling)`", replacing: span(range), with: spelling, .safe)
    pending.insert(.mistake)
    if let last = diagnostics.last, last.code == .invalidCharacter, !last.fixes.isEmpty,
      last.message.hasPrefix("this is not the ASCII"), Int(last.span?.start ?? 0) >= lineStart
    {
      let index = diagnostics.count - 1
      diagnostics[index].labels.append(Label(fix.span, "nor is this `\(spelling)`"))
      diagnostics[index].fixes.append(fix)
      diagnostics[index].help = "write the ASCII characters; an input method may type the others"
      return
    }
    report(
      .invalidCharacter, "this is not the ASCII `\(spelling)`", range, help: "write `\(spelling)`",
      fixes: [fix])
  }

  /// A sign of Chinese text that ends a sentence or belongs to no expression.
  private mutating func lexForeignSign(_ scalar: Unicode.Scalar, _ bytes: Bytes, _ length: Int)
    -> Bool
  {
    let range = position..<position + length
    switch scalar {
    case "！" where bytes[orZero: range.upperBound] == UInt8(ascii: "="):
      reportLookAlike("!", range)
      emit(.notEqual, range.lowerBound, range.upperBound + 1)
    case "！":
      report(
        .invalidCharacter, "there is no `！`", range, help: "write `not`",
        fixes: [Fix("write `not`", replacing: span(range), with: "not ", .safe)])
      emit(.notKeyword, range.lowerBound, range.upperBound)
    case "％":
      reportLookAlike("%", range)
      position = range.upperBound
      pending.remove(.mistake)
      return true
    case "＃":
      reportLookAlike("#", range)
      pending.remove(.mistake)
      skipComment(bytes)
      return true
    case "。" where bytes[orZero: range.upperBound].continuesIdentifier:
      reportLookAlike(".", range)
      emit(.dot, range.lowerBound, range.upperBound)
    case "。":
      report(
        .invalidCharacter, "no sign ends a statement", range, help: "remove `。`",
        fixes: [Fix("remove it", replacing: span(range), with: "", .safe)])
      position = range.upperBound
      pending.remove(.mistake)
      return true
    default: return false  // open: no such sign
    }
    tokens[tokens.count - 1].flags.remove(.mistake)
    return true
  }

  /// Letters and digits as wide as Chinese characters, in place of ASCII ones.
  private mutating func lexFullWidth(_ bytes: Bytes) -> Bool {
    let start = position
    var end = start
    var text = ""
    while let (scalar, length) = bytes.scalar(at: end), let ascii = scalar.asciiOfFullWidth {
      text.unicodeScalars.append(ascii)
      end += length
    }
    guard end > start else { return false }
    report(
      .invalidCharacter, "these are full-width characters, not ASCII", start..<end,
      help: "write `\(text)`",
      fixes: [Fix("write `\(text)`", replacing: span(start..<end), with: text, .safe)])
    let packed = text.utf8.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let keyword = text.utf8.count <= 8 ? keywords.find(packed) : nil
    emit(keyword?.kind ?? .identifier, start, end, word: keyword?.word ?? .none)
    tokens[tokens.count - 1].flags.remove(.mistake)
    return true
  }

  /// `'''` … `'''`; false where nothing closes it.
  private mutating func lexTripleQuoted(_ bytes: Bytes) -> Bool {
    let quotes = [UInt8](repeating: UInt8(ascii: "'"), count: 3)
    guard bytes.holds(quotes, at: position) else { return false }
    var end = position + 3
    while end < bytes.count, !bytes.holds(quotes, at: end) { end += 1 }
    guard end < bytes.count else { return false }
    let range = position..<end + 3
    report(
      .invalidCharacter, Self.wrongQuotes, range.lowerBound..<position + 3,
      help: "write `\"\"\"` at both ends",
      fixes: [position..<position + 3, end..<end + 3].map {
        Fix("write `\"\"\"`", replacing: span($0), with: "\"\"\"")
      })
    emit(.rawString, range.lowerBound, range.upperBound)
    tokens[tokens.count - 1].flags.remove(.mistake)
    return true
  }

  /// A string between quotes that are not the right ones; becomes a string all the same.
  private mutating func lexQuoted(_ bytes: Bytes, openLength: Int, closing: [[UInt8]]) {
    if lexTripleQuoted(bytes) { return }
    let start = position
    let lineEnd = endOfLine(bytes, from: start)
    var index = start + openLength
    var closingLength = 0
    search: while start >= quoteSearchEnd, index < lineEnd {
      for quote in closing where bytes.holds(quote, at: index) {
        closingLength = quote.count
        break search
      }
      index += 1
    }
    guard closingLength > 0 else {
      quoteSearchEnd = max(quoteSearchEnd, lineEnd)
      reportCharacter(start, openLength, "this quote", help: "put text in double quotes")
      position = start + openLength
      invalidEnd = position
      return
    }
    let text = start + openLength..<index
    let isPlain = !text.contains {
      bytes[$0] == UInt8(ascii: "\"") || bytes[$0] == UInt8(ascii: "\\")
    }
    let range = start..<index + closingLength
    let content = String(decoding: text.map { bytes[$0] }, as: UTF8.self)
    let fix = Fix("write `\"`", replacing: span(range), with: "\"\(content)\"", .safe)
    if isPlain, let last = diagnostics.last, last.message == Self.wrongQuotes,
      let before = last.fixes.last, Int(before.span.end) >= previousLineStart
    {
      // Whoever writes one string so writes all of them so.
      diagnostics[diagnostics.count - 1].fixes.append(fix)
      if last.labels.count < 3 {
        diagnostics[diagnostics.count - 1].labels.append(Label(fix.span, "and here"))
      }
    } else {
      report(
        .invalidCharacter, Self.wrongQuotes, range, help: "write `\"` at both ends",
        fixes: isPlain ? [fix] : [])
    }
    emit(.rawString, range.lowerBound, range.upperBound)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  private static let wrongQuotes = "a string stands between double quotes"

  private static func closingQuotes(_ scalar: Unicode.Scalar) -> [[UInt8]]? {
    let double: [[UInt8]] = [Array("”".utf8), Array("“".utf8), Array("\"".utf8)]
    switch scalar {
    case "“", "”", "„", "‟": return double
    case "‘", "’", "‚": return [Array("’".utf8), Array("‘".utf8), Array("'".utf8)]
    case "«": return [Array("»".utf8)]
    case "「": return [Array("」".utf8)]
    case "『": return [Array("』".utf8)]
    case "《": return [Array("》".utf8)]
    case "〈": return [Array("〉".utf8)]
    case "＂": return [Array("＂".utf8), Array("\"".utf8)]
    default: return nil  // open: no quote
    }
  }

  private static func lookAlike(_ scalar: Unicode.Scalar) -> (TokenKind, String)? {
    switch scalar {
    case "，", "、": (.comma, ",")
    case "；": (.semicolon, ";")
    case "：": (.colon, ":")
    case "（": (.leftParen, "(")
    case "）": (.rightParen, ")")
    case "｛": (.leftBrace, "{")
    case "｝": (.rightBrace, "}")
    case "［", "【": (.leftBracket, "[")
    case "］", "】": (.rightBracket, "]")
    case "＝": (.equal, "=")
    case "＜": (.less, "<")
    case "＞": (.greater, ">")
    case "≤", "≦": (.lessEqual, "<=")
    case "≥", "≧": (.greaterEqual, ">=")
    case "≠": (.notEqual, "!=")
    case "−", "–", "—", "－": (.minus, "-")
    case "×": (.star, "*")
    case "＋": (.plus, "+")
    case "＊": (.star, "*")
    case "／": (.slash, "/")
    case "．": (.dot, ".")
    case "｜": (.pipe, "|")
    case "？": (.question, "?")
    case "→": (.arrow, "->")
    case "⇒": (.fatArrow, "=>")
    case "…": (.ellipsis, "...")
    default: nil  // open: looks like nothing
    }
  }
}

extension Unicode.Scalar {
  /// The ASCII letter or digit that this is the full-width form of.
  var asciiOfFullWidth: Unicode.Scalar? {
    switch value {
    case 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF41...0xFF5A: Unicode.Scalar(value - 0xFEE0)
    default: nil  // open: no full-width letter or digit
    }
  }
}

func hexadecimal(_ value: UInt32, digits: Int) -> String {
  let text = String(value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

extension Swift.Span<UInt8> {
  func holds(_ text: [UInt8], at index: Int) -> Bool {
    guard index + text.count <= count else { return false }
    for offset in text.indices where self[index + offset] != text[offset] { return false }
    return true
  }

  /// The next bytes that are not UTF-8; `nil` when there are none.
  func invalidRun(from start: Int) -> Range<Int>? {
    var index = start
    while index < count {
      if self[index] < 0x80 {
        index += 1
      } else if let length = scalar(at: index)?.length {
        index += length
      } else {
        var end = index + 1
        while end < count, self[end] >= 0x80, scalar(at: end) == nil { end += 1 }
        return index..<end
      }
    }
    return nil
  }
}
