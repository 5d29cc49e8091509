// SPDX-License-Identifier: Apache-2.0

/// Base64 with the standard alphabet of RFC 4648, section 4, padded.
package enum Base64 {
  /// Text without line breaks.
  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let left = bytes.count - index
      let b0 = UInt32(bytes[index]) << 16
      let b1 = left > 1 ? UInt32(bytes[index + 1]) << 8 : 0
      let b2 = left > 2 ? UInt32(bytes[index + 2]) : 0
      let group = b0 | b1 | b2
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      text.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
      text.append(left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text; white space between characters is skipped, as kubeconfigs wrap lines.
  /// `nil` where a character is foreign, padding is missing or misplaced, or unused bits are set.
  package static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var count = 0
    var padding = 0
    for character in text.utf8 {
      switch character {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
        continue
      case UInt8(ascii: "="):
        padding += 1
        group <<= 6
      case let other:
        guard padding == 0, let value = value(of: other) else { return nil }
        group = group << 6 | UInt32(value)
      }
      count += 1
      guard count % 4 == 0 else { continue }
      guard padding <= 2 else { return nil }
      if padding == 1, group & 0xff != 0 { return nil }
      if padding == 2, group & 0xffff != 0 { return nil }
      bytes.append(UInt8(truncatingIfNeeded: group >> 16))
      if padding < 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
      if padding < 1 { bytes.append(UInt8(truncatingIfNeeded: group)) }
      group = 0
    }
    // A full group after a padded one would have been refused above as a character after padding.
    return count % 4 == 0 && padding <= 2 ? bytes : nil
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
