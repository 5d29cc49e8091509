// SPDX-License-Identifier: Apache-2.0

/// The bytes of a file while they are being read.
typealias Bytes = Swift.Span<UInt8>

extension UInt8 {
  var isDigit: Bool { self &- 0x30 < 10 }

  /// An ASCII letter.
  var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

  /// An ASCII letter, digit or underscore.
  var continuesIdentifier: Bool { isLetter || isDigit || self == 0x5F }

  var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil  // open: no digit
    }
  }
}

extension Swift.Span<UInt8> {
  /// The byte at an index, 0 after the end.
  subscript(orZero index: Int) -> UInt8 { index < count ? self[index] : 0 }

  /// The scalar that begins at an index and its length in bytes; `nil` where the bytes are not
  /// UTF-8.
  func scalar(at index: Int) -> (scalar: Unicode.Scalar, length: Int)? {
    let first = self[index]
    if first < 0x80 { return (Unicode.Scalar(first), 1) }
    let length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
    guard length > 0, index + length <= count else { return nil }
    var value = UInt32(first) & (0x7F >> UInt32(length))
    for offset in 1..<length {
      let byte = self[index + offset]
      guard byte & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    guard length < 3 || value >= (length == 3 ? 0x800 : 0x10000),
      let scalar = Unicode.Scalar(value)
    else { return nil }
    return (scalar, length)
  }
}
