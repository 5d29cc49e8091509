// SPDX-License-Identifier: Apache-2.0

/// Work on UTF-8 bytes that several natives share.
enum Bytes {
  typealias Text = UnsafeBufferPointer<UInt8>

  /// Where `part` first stands in `text` at or after an offset.
  static func position(
    of part: Text, in text: Text, from start: Int, _ heap: Heap
  ) throws(Stop) -> Int? {
    guard let first = part.first else { return start }
    var offset = start
    while offset + part.count <= text.count {
      if text[offset] == first {
        try heap.charge(1 + part.count / 16)
        if begins(text, at: offset, with: part) { return offset }
      }
      offset += 1
    }
    return nil
  }

  /// Whether `part` stands in `text` at an offset.
  static func begins(_ text: Text, at offset: Int, with part: Text) -> Bool {
    guard offset >= 0, offset + part.count <= text.count else { return false }
    for index in 0..<part.count where text[offset + index] != part[index] { return false }
    return true
  }

  static func slice(_ text: Text, _ start: Int, _ end: Int) -> Text {
    Text(rebasing: text[start..<end])
  }

  /// Whether a name can stand without quotes.
  static func isIdentifier(_ text: Text) -> Bool {
    guard let first = text.first, !isDigit(first) else { return false }
    return text.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "_") || $0 >= 0x80 }
  }

  static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (byte >= 9 && byte <= 13)
  }

  /// FNV-1a.
  static func hash(_ text: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }

  /// Eight hexadecimal digits of a stable hash.
  static func shortHash(_ text: some Sequence<UInt8>) -> String {
    let hash = hash(text)
    let folded = UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    let digits = String(folded, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
