// SPDX-License-Identifier: Apache-2.0

/// Which strings may stand without quotes, which as a literal block.
///
/// A string stays plain only where no reader of YAML 1.1 or 1.2 could take it for something else,
/// so `no`, `1e3`, `0x1f`, `12:30`, `2026-11-23` and `=` are quoted, `500m` and `4Gi` are not.
enum YAMLStyle {
  /// YAML 1.1's words for booleans and null, in lowercase, and those of 1.2 with them.
  private static let words: Set<String> = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
  ]

  static func isPlain(_ string: String) -> Bool {
    let bytes = Array(string.utf8)
    guard let first = bytes.first, let last = bytes.last, last != UInt8(ascii: " "),
      last != UInt8(ascii: ":"), isPlainStart(first)
    else { return false }
    var previous = first
    for (index, byte) in bytes.enumerated() {
      if byte < 0x20 || byte == 0x7f { return false }
      if byte == UInt8(ascii: "#"), previous == UInt8(ascii: " ") { return false }
      if byte == UInt8(ascii: " "), index > 0, previous == UInt8(ascii: ":") { return false }
      previous = byte
    }
    if isNumberLike(bytes) { return false }
    if bytes.count <= 5, words.contains(string.lowercased()) { return false }
    return bytes.allSatisfy { $0 < 0x80 } || string.unicodeScalars.allSatisfy(isPlainScalar)
  }

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

  /// Whether some reader could take it for a number, a time or a date: it begins with a digit and
  /// has only characters that occur in those.
  private static func isNumberLike(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else {
      return false
    }
    return bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "x"), UInt8(ascii: "X"),
        UInt8(ascii: "o"), UInt8(ascii: "O"), UInt8(ascii: "."), UInt8(ascii: ","),
        UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"),
        UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: "Z"), UInt8(ascii: "z"),
        UInt8(ascii: " "):
        true
      case _: false
      }
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

  /// Whether a literal block gives the string back exactly: several lines, of which the first has
  /// text and no leading space, no tabs at their ends that an editor would drop, one newline at
  /// the end at most.
  static func isLiteral(_ string: String) -> Bool {
    let bytes = Array(string.utf8)
    guard bytes.contains(UInt8(ascii: "\n")), let first = bytes.first,
      first != UInt8(ascii: "\n"), first != UInt8(ascii: " "), first != UInt8(ascii: "\t")
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
    if bytes.suffix(2) == [0x0a, 0x0a] || previous == 0x20 || previous == 0x09 { return false }
    return bytes.allSatisfy { $0 < 0x80 }
      || string.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || isPlainScalar($0) }
  }

  /// Double-quoted on one line, with the escapes that both versions know.
  static func doubleQuoted(_ string: String) -> String {
    var text = "\""
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
    return text + "\""
  }

  private static func padded(_ value: UInt32, _ count: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}
