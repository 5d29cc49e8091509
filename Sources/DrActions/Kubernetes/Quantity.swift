// SPDX-License-Identifier: Apache-2.0

/// Kubernetes quantities (apimachinery, pkg/api/resource): a decimal number with a binary suffix
/// (Ki … Ei), a decimal one (n, u, m, k … E) or an exponent.
enum Quantity {
  /// The quantity in units of 1/`scale`, rounded up as the scheduler does; saturates. `nil` where
  /// it is none.
  static func parse(_ text: String, scale: Int64 = 1) -> Int64? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
    guard let decimal = Decimal(number),
      let factor = factor(String(text.dropFirst(number.count)))
    else { return nil }
    return decimal.scaled(by: factor, scale)
  }

  /// Thousandths of a core.
  static func milliCPU(_ text: String) -> Int64? { parse(text, scale: 1000) }

  /// Bytes, GPUs, pods.
  static func whole(_ text: String) -> Int64? { parse(text) }

  /// What a suffix multiplies by: 2^binary × 10^decimal.
  private struct Factor {
    var binary = 0
    var decimal = 0
  }

  private static func factor(_ suffix: String) -> Factor? {
    switch suffix {
    case "": return Factor()
    case "n": return Factor(decimal: -9)
    case "u": return Factor(decimal: -6)
    case "m": return Factor(decimal: -3)
    case "k": return Factor(decimal: 3)
    case "M": return Factor(decimal: 6)
    case "G": return Factor(decimal: 9)
    case "T": return Factor(decimal: 12)
    case "P": return Factor(decimal: 15)
    case "E": return Factor(decimal: 18)
    case "Ki": return Factor(binary: 10)
    case "Mi": return Factor(binary: 20)
    case "Gi": return Factor(binary: 30)
    case "Ti": return Factor(binary: 40)
    case "Pi": return Factor(binary: 50)
    case "Ei": return Factor(binary: 60)
    case _: break
    }
    guard suffix.first == "e" || suffix.first == "E", let exponent = Int(suffix.dropFirst()),
      abs(exponent) <= 30
    else { return nil }
    return Factor(decimal: exponent)
  }

  /// A decimal number as digits and how many of them are behind the point.
  private struct Decimal {
    var isNegative = false
    var digits: [UInt8] = []
    var fraction = 0

    init?(_ text: some StringProtocol) {
      var seenPoint = false
      for (index, byte) in text.utf8.enumerated() {
        switch byte {
        case UInt8(ascii: "+") where index == 0: break
        case UInt8(ascii: "-") where index == 0: isNegative = true
        case UInt8(ascii: ".") where !seenPoint: seenPoint = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
          digits.append(byte - UInt8(ascii: "0"))
          if seenPoint { fraction += 1 }
        case _: return nil
        }
      }
      guard !digits.isEmpty, digits.count <= 40 else { return nil }
    }

    /// digits × 10^(decimal − fraction) × 2^binary × scale, rounded away from zero.
    func scaled(by factor: Factor, _ scale: Int64) -> Int64 {
      var value: UInt128 = 0
      var saturated = false
      func multiply(_ by: UInt128) {
        let (product, overflow) = value.multipliedReportingOverflow(by: by)
        value = product
        saturated = saturated || overflow
      }
      for digit in digits {
        multiply(10)
        value &+= UInt128(digit)
      }
      multiply(UInt128(1) << UInt128(factor.binary))
      multiply(UInt128(scale))
      var power = factor.decimal - fraction
      while power > 0 {
        multiply(10)
        power -= 1
      }
      var remainder = false
      while power < 0 {
        remainder = remainder || value % 10 != 0
        value /= 10
        power += 1
      }
      if remainder { value += 1 }
      let limit = UInt128(Int64.max)
      let magnitude = saturated || value > limit ? Int64.max : Int64(value)
      return isNegative ? -magnitude : magnitude
    }
  }
}
