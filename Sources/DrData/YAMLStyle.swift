// SPDX-License-Identifier: Apache-2.0

/// How a string stands in YAML.
///
/// A string stays plain only where no reader of YAML 1.1 or 1.2 could take it for something else,
/// so `no`, `1e3`, `0x1f`, `12:30`, `2026-11-23` and `=` are quoted, `500m` and `4Gi` are not.
enum YAMLStyle {
  case plain
  /// A block of lines behind `|`.
  case literal
  case doubleQuoted

  init(of bytes: UnsafeBufferPointer<UInt8>) {
    if Self.isNameLike(bytes) {
      self = bytes.count <= 5 && Self.isWord(bytes) ? .doubleQuoted : .plain
      return
    }
    let traits = Traits(of: bytes)
    if traits.all & Traits.lineBreak != 0 {
      self = Self.isLiteral(bytes, traits) ? .literal : .doubleQuoted
    } else {
      self = Self.isPlain(bytes, traits) ? .plain : .doubleQuoted
    }
  }

  /// Whether it is a letter and then letters, digits, `-`, `.`, `/` and `_`, as nearly all strings are:
  /// then it is plain unless it is a word with a meaning.
  private static func isNameLike(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first, (first | 0x20) &- UInt8(ascii: "a") < 26 else { return false }
    guard bytes.count >= 8 else { return bytes.allSatisfy(isNameLike) }
    let raw = UnsafeRawBufferPointer(bytes)
    var start = 0
    while start < bytes.count {
      // The last eight may overlap those before.
      start = min(start, bytes.count - 8)
      guard isNameLike(eight: raw.loadUnaligned(fromByteOffset: start, as: UInt64.self)) else {
        return false
      }
      start += 8
    }
    return true
  }

  @inline(__always)
  private static func isNameLike(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
      // `-`, `.`, `/` and digits stand side by side.
      || (UInt8(ascii: "-")...UInt8(ascii: "9")).contains(byte)
  }

  /// The same of eight bytes in one word, the answer for each in its highest bit.
  @inline(__always)
  private static func isNameLike(eight word: UInt64) -> Bool {
    let every: UInt64 = 0x0101_0101_0101_0101
    let highest = every << 7
    guard word & highest == 0 else { return false }
    func within(_ low: UInt8, _ high: UInt8, _ word: UInt64) -> UInt64 {
      (word &+ every &* UInt64(0x80 - low)) & ~(word &+ every &* UInt64(0x7f - high))
    }
    let letters = within(UInt8(ascii: "a"), UInt8(ascii: "z"), word | every << 5)
    let others = within(UInt8(ascii: "-"), UInt8(ascii: "9"), word)
    let lines = within(UInt8(ascii: "_"), UInt8(ascii: "_"), word)
    return (letters | others | lines) & highest == highest
  }

  /// What one pass over a string finds out.
  private struct Traits {
    /// A control character other than a line break.
    static let control: UInt8 = 1
    static let lineBreak: UInt8 = 2
    /// Occurs in no reader's numbers, times or dates.
    static let notNumberLike: UInt8 = 4
    static let nonASCII: UInt8 = 8
    /// A blank, `:` or `#`, which mean something beside one another.
    static let indicator: UInt8 = 16

    /// The traits of any of its bytes.
    var all: UInt8 = 0

    init(of bytes: UnsafeBufferPointer<UInt8>) {
      for byte in bytes { all |= Self.of(byte) }
    }

    @inline(__always)
    private static func of(_ byte: UInt8) -> UInt8 {
      // 64 bytes to a word: a lookup in registers.
      if byte < 0x40 {
        if byte < 0x20 { return byte == 0x0a ? lineBreak | notNumberLike : control | notNumberLike }
        let bit = UInt64(1) << UInt64(byte)
        return (numberLikeLow & bit == 0 ? notNumberLike : 0)
          | (indicators & bit == 0 ? 0 : indicator)
      }
      if byte < 0x80 {
        let bit = UInt64(1) << UInt64(byte - 0x40)
        return (numberLikeHigh & bit == 0 ? notNumberLike : 0) | (byte == 0x7f ? control : 0)
      }
      return nonASCII | notNumberLike
    }

    private static let numberLikeLow = bits("0123456789.,+-: ", from: 0)
    private static let numberLikeHigh = bits("abcdefABCDEFxXoO_TtZz", from: 0x40)
    private static let indicators = bits(" :#", from: 0)

    private static func bits(_ characters: StaticString, from base: UInt8) -> UInt64 {
      var bits: UInt64 = 0
      for index in 0..<characters.utf8CodeUnitCount {
        bits |= 1 << UInt64(characters.utf8Start[index] - base)
      }
      return bits
    }
  }

  private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>, _ traits: Traits) -> Bool {
    guard traits.all & Traits.control == 0, let first = bytes.first, let last = bytes.last,
      last != UInt8(ascii: " "), last != UInt8(ascii: ":"), isPlainStart(first)
    else { return false }
    if traits.all & Traits.notNumberLike == 0,
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    {
      return false
    }
    if traits.all & Traits.indicator != 0 {
      var previous = first
      for byte in bytes {
        if byte == UInt8(ascii: "#"), previous == UInt8(ascii: " ") { return false }
        if byte == UInt8(ascii: " "), previous == UInt8(ascii: ":") { return false }
        previous = byte
      }
    }
    if bytes.count <= 5, isWord(bytes) { return false }
    return traits.all & Traits.nonASCII == 0
      || String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy(isPlainScalar)
  }

  /// YAML 1.1's words for booleans and null, and those of 1.2 with them, in any case.
  private static func isWord(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first, firstLetters >> UInt64(first & 31) & 1 == 1 else { return false }
    var packed: UInt64 = 0
    for byte in bytes { packed = packed << 8 | UInt64(byte | 0x20) }
    return words.contains(packed)
  }

  /// A bit for each letter that one of the words begins with, by its number in the alphabet.
  private static let firstLetters: UInt64 =
    1 << 6 | 1 << 9 | 1 << 14 | 1 << 15 | 1 << 20 | 1 << 25  // f i n o t y

  /// Small letters, the last in the low byte.
  private static let words: [UInt64] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
  ].map { word in word.utf8.reduce(0) { $0 << 8 | UInt64($1) } }

  /// Letters, digits, `_` and `/`; everything else that could begin a plain scalar is rare enough
  /// to be quoted. Non-ASCII scalars are judged by `isPlainScalar`.
  private static func isPlainStart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "/"), 0x80...:
      true
    case _: false
    }
  }

  /// Printable in both versions and no line break in either (1.1 breaks at U+0085, U+2028, U+2029).
  private static func isPlainScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7e, 0xa1...0x2027, 0x202a...0xd7ff, 0xe000...0xfefe, 0xff00...0xfffd,
      0x10000...0x10ffff:
      !scalar.properties.isWhitespace || scalar == " "
    case _: false
    }
  }

  /// Whether a literal block gives a string of several lines back exactly: the first has text and no
  /// leading space, no tabs at their ends that an editor would drop, one newline at the end at most.
  private static func isLiteral(_ bytes: UnsafeBufferPointer<UInt8>, _ traits: Traits) -> Bool {
    guard let first = bytes.first, first != UInt8(ascii: "\n"), first != UInt8(ascii: " "),
      first != UInt8(ascii: "\t")
    else { return false }
    var previous: UInt8 = 0
    for byte in bytes {
      if byte == UInt8(ascii: "\n"), previous == UInt8(ascii: " ") || previous == 0x09 {
        return false
      }
      if byte < 0x20, byte != UInt8(ascii: "\n"), byte != 0x09 { return false }
      if byte == 0x7f { return false }
      previous = byte
    }
    if bytes.suffix(2).elementsEqual([0x0a, 0x0a]) { return false }
    if previous == 0x20 || previous == 0x09 { return false }
    return traits.all & Traits.nonASCII == 0
      || String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy {
        $0 == "\n" || $0 == "\t" || isPlainScalar($0)
      }
  }

  /// Double-quoted on one line, with the escapes that both versions know.
  static func appendDoubleQuoted(_ bytes: UnsafeBufferPointer<UInt8>, to text: inout TextBuffer) {
    let quote = UInt8(ascii: "\"")
    let needsNoEscapes = bytes.allSatisfy { byte in
      byte >= 0x20 && byte < 0x7f && byte != quote && byte != UInt8(ascii: "\\")
    }
    if needsNoEscapes {
      text.append(atMost: bytes.count + 2) { $0.writing(quote).writing(bytes).writing(quote) }
    } else {
      text.append(("\"" + escaped(String(decoding: bytes, as: UTF8.self)) + "\"").utf8)
    }
  }

  private static func escaped(_ string: String) -> String {
    var text = ""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where isPlainScalar(scalar): text.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x100: text += "\\x" + padded(scalar.value, 2)
      case _ where scalar.value < 0x10000: text += "\\u" + padded(scalar.value, 4)
      case _: text += "\\U" + padded(scalar.value, 8)
      }
    }
    return text
  }

  private static func padded(_ value: UInt32, _ count: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}
