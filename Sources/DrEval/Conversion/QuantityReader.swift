// SPDX-License-Identifier: Apache-2.0

/// Reads quantities as people and files write them: `1h30m`, `16Gi`, `15G`, `70%`, `50rps`,
/// `2GB/s`.
enum QuantityReader {
  /// The number of base units, or nil when the text is no such quantity or does not fit.
  static func read(_ text: String, as tag: Tag) -> Int64? {
    switch tag {
    case .duration: duration(text)
    case .bytes: bytes(text)
    case .percent: suffixed(text, "%", scale: 10_000_000)
    case .rate: suffixed(text, "rps", scale: 1_000_000)
    case .throughput: text.hasSuffix("/s") ? bytes(String(text.dropLast(2))) : nil
    case .int: Int64(text)
    case .nilValue, .unit, .bool, .float, .string, .secret, .list, .map, .object, .range, .record,
      .function, .closure, .pending, .evaluating:
      nil
    }
  }

  private static func duration(_ text: String) -> Int64? {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative { rest = rest.dropFirst() }
    if rest.isEmpty { return nil }
    var sum: Int128 = 0
    var previous = Int128.max
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(number.count)
      let name = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let size = durationUnits[String(name)], size < previous,
        let amount = decimal(number, scale: size)
      else { return nil }
      previous = size
      sum += amount
    }
    return Int64(exactly: isNegative ? -sum : sum)
  }

  private static let durationUnits: [String: Int128] = [
    "d": 86_400_000_000_000, "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000,
    "ms": 1_000_000, "us": 1_000, "ns": 1,
  ]

  private static func bytes(_ text: String) -> Int64? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-") }
    guard let size = byteUnits[String(text.dropFirst(number.count))],
      let amount = signed(number, scale: size)
    else { return nil }
    return Int64(exactly: amount)
  }

  private static let byteUnits: [String: Int128] = [
    "": 1, "B": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
    "Ei": 1 << 60, "k": 1_000, "KB": 1_000, "kB": 1_000, "M": 1_000_000, "MB": 1_000_000,
    "G": 1_000_000_000, "GB": 1_000_000_000, "T": 1_000_000_000_000, "TB": 1_000_000_000_000,
    "P": 1_000_000_000_000_000, "PB": 1_000_000_000_000_000,
  ]

  private static func suffixed(_ text: String, _ suffix: String, scale: Int128) -> Int64? {
    guard text.hasSuffix(suffix),
      let amount = signed(text.dropLast(suffix.count), scale: scale)
    else { return nil }
    return Int64(exactly: amount)
  }

  private static func signed(_ text: Substring, scale: Int128) -> Int128? {
    guard text.first == "-" else { return decimal(text, scale: scale) }
    return decimal(text.dropFirst(), scale: scale).map { -$0 }
  }

  /// A decimal number times a scale, where that is a whole number.
  private static func decimal(_ text: Substring, scale: Int128) -> Int128? {
    guard text.utf8.count <= 30 else { return nil }
    var digits: Int128 = 0
    var divisor: Int128 = 1
    var sawPoint = false
    var sawDigit = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: "."), !sawPoint {
        sawPoint = true
        continue
      }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 1 << 64 else {
        return nil
      }
      sawDigit = true
      digits = digits * 10 + Int128(byte - UInt8(ascii: "0"))
      if sawPoint {
        guard divisor < 1 << 64 else { return nil }
        divisor *= 10
      }
    }
    guard sawDigit else { return nil }
    let (product, overflow) = digits.multipliedReportingOverflow(by: scale)
    guard !overflow, product % divisor == 0 else { return nil }
    return product / divisor
  }
}
