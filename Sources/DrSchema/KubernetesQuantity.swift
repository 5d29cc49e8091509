// SPDX-License-Identifier: Apache-2.0

/// A quantity as Kubernetes writes it: `4`, `0.5`, `250m`, `16Gi`, `1e3` (kubernetes/apimachinery,
/// pkg/api/resource). Kept as digits × 10^tens × 2^twos, so that it is exact.
struct KubernetesQuantity: Equatable {
  /// Without zeros at the end; 0 for nothing.
  private let digits: UInt64
  private let tens: Int
  private let twos: Int
  let isNegative: Bool

  /// nil for what is no quantity, or has more than 18 digits that count.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    var rest = bytes[...]
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest = rest.dropFirst()
    }
    var digits: UInt64 = 0
    var tens = 0
    var count = 0
    var point: Int?
    while let byte = rest.first, NameRules.isDigit(byte) || byte == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: ".") {
        guard point == nil else { return nil }
        point = count
        continue
      }
      count += 1
      guard digits < 100_000_000_000_000_000 else { return nil }
      digits = digits * 10 + UInt64(byte - UInt8(ascii: "0"))
      if point != nil { tens -= 1 }
    }
    guard count > 0, let suffix = Self.suffix(rest) else { return nil }
    while digits != 0, digits % 10 == 0 {
      digits /= 10
      tens += 1
    }
    self.digits = digits
    self.tens = tens + suffix.tens
    twos = suffix.twos
    self.isNegative = isNegative && digits != 0
  }

  private static func suffix(
    _ text: Slice<UnsafeBufferPointer<UInt8>>
  ) -> (tens: Int, twos: Int)? {
    guard let first = text.first else { return (0, 0) }
    if text.count == 1 {
      switch first {
      case UInt8(ascii: "n"): return (-9, 0)
      case UInt8(ascii: "u"): return (-6, 0)
      case UInt8(ascii: "m"): return (-3, 0)
      case UInt8(ascii: "k"): return (3, 0)
      case _: return power(first).map { (3 * $0, 0) }
      }
    }
    if text.count == 2, text.last == UInt8(ascii: "i") {
      let power = first == UInt8(ascii: "K") ? 1 : power(first)
      return power.map { (0, 10 * $0) }
    }
    guard first | 0x20 == UInt8(ascii: "e") else { return nil }
    let number = String(decoding: text.dropFirst(), as: UTF8.self)
    return Int(number).flatMap { abs($0) <= 30 ? ($0, 0) : nil }
  }

  private static func power(_ letter: UInt8) -> Int? {
    switch letter {
    case UInt8(ascii: "M"): 2
    case UInt8(ascii: "G"): 3
    case UInt8(ascii: "T"): 4
    case UInt8(ascii: "P"): 5
    case UInt8(ascii: "E"): 6
    case _: nil
    }
  }

  /// Whether it is a whole number of units of 10^-`places`.
  func isWhole(places: Int) -> Bool {
    let missing = -(tens + places)
    if missing <= 0 || digits == 0 { return true }
    // 10^missing must divide digits × 2^twos.
    guard digits.trailingZeroBitCount + twos >= missing else { return false }
    var rest = digits
    for _ in 0..<missing {
      guard rest % 5 == 0 else { return false }
      rest /= 5
    }
    return true
  }

  /// What a resource is counted in, and how: places after the point, and the unit's name.
  static func places(ofResource name: String) -> (Int, String) {
    for prefix in ["requests.", "limits."] where name.hasPrefix(prefix) {
      return places(ofResource: String(name.dropFirst(prefix.count)))
    }
    switch name {
    case "cpu": return (3, "thousandths of a CPU")
    case "memory", "storage", "ephemeral-storage": return (0, "whole bytes")
    case _:
      if name.hasPrefix("hugepages-") { return (0, "whole bytes") }
      return name.utf8.contains(UInt8(ascii: "/")) ? (0, "whole devices") : (9, "billionths")
    }
  }
}
