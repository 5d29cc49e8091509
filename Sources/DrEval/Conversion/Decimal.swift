// SPDX-License-Identifier: Apache-2.0

/// Whole numbers as digits, without a `String` on the way.
enum Decimal {
  /// How many bytes the text of a number takes.
  static func length(_ number: Int64) -> Int {
    var rest = number.magnitude
    var count = number < 0 ? 2 : 1
    while rest >= 10 {
      rest /= 10
      count += 1
    }
    return count
  }

  /// Writes a number to the beginning of a buffer that has room for it; gives its length.
  static func write(_ number: Int64, to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let count = length(number)
    var rest = number.magnitude
    var place = count
    repeat {
      place -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      buffer.initializeElement(at: place, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
      rest = quotient
    } while rest > 0
    if number < 0 { buffer.initializeElement(at: 0, to: UInt8(ascii: "-")) }
    return count
  }
}
