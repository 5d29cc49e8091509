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
    let traits = Traits(of: bytes)
    if traits.all & Traits.lineBreak != 0 {
      self = Self.isLiteral(bytes, traits) ? .literal : .doubleQuoted
    } else {
      self = Self.isPlain(bytes, traits) ? .plain : .doubleQuoted
    }
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
    var packed: UInt64 = 0
    for byte in bytes { packed = packed << 8 | UInt64(byte | 0x20) }
    return words.contains(packed)
  }

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
  static func appendDoubleQuoted(_ bytes: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    if bytes.allSatisfy({ byte in
      byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }) {
      text.append(contentsOf: bytes)
      text.append(UInt8(ascii: "\""))
      return
    }
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\"": text += "\\\"".utf8
      case "\\": text += "\\\\".utf8
      case "\n": text += "\\n".utf8
      case "\r": text += "\\r".utf8
      case "\t": text += "\\t".utf8
      case _ where isPlainScalar(scalar): text += UTF8.encode(scalar).map(Array.init) ?? []
      case _ where scalar.value < 0x100: text += ("\\x" + padded(scalar.value, 2)).utf8
      case _ where scalar.value < 0x10000: text += ("\\u" + padded(scalar.value, 4)).utf8
      case _: text += ("\\U" + padded(scalar.value, 8)).utf8
      }
    }
    text.append(UInt8(ascii: "\""))
  }

  private static func padded(_ value: UInt32, _ count: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}
