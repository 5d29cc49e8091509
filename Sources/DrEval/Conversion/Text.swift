// SPDX-License-Identifier: Apache-2.0

/// How numbers and quantities are written, for people and for files. All of it round-trips.
enum Text {
  /// `1h30m`, `250ms`, `0s`. With days (`7d`) only where a person reads it: Go does not know them.
  static func duration(_ nanoseconds: Int64, days: Bool) -> String {
    if nanoseconds == 0 { return "0s" }
    var rest = nanoseconds.magnitude
    var text = nanoseconds < 0 ? "-" : ""
    let day: UInt64 = 86_400_000_000_000
    if days, rest % day == 0 { return "\(text)\(rest / day)d" }
    for (size, name) in units where rest >= size {
      text += "\(rest / size)\(name)"
      rest %= size
    }
    return text
  }

  private static let units: [(UInt64, String)] = [
    (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"),
    (1_000, "us"), (1, "ns"),
  ]

  /// `16Gi`, `100GB`, else `1000B`: the unit that leaves the smallest whole number.
  static func bytes(_ count: Int64) -> String {
    scaled(count, binary: binaryUnits.dropFirst(2), decimal: decimalUnits) ?? "\(count)B"
  }

  /// `16Gi`, `15G`, else `1000`, as Kubernetes writes quantities.
  static func kubernetesBytes(_ count: Int64) -> String {
    scaled(count, binary: binaryUnits[...], decimal: kubernetesUnits) ?? "\(count)"
  }

  /// Literals end at `Ti`; Kubernetes knows two more.
  private static let binaryUnits: [(UInt64, String)] = [
    (1 << 60, "Ei"), (1 << 50, "Pi"), (1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"),
    (1 << 10, "Ki"),
  ]
  private static let decimalUnits: [(UInt64, String)] = [
    (1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"),
  ]
  private static let kubernetesUnits: [(UInt64, String)] = [
    (1_000_000_000_000_000, "P"), (1_000_000_000_000, "T"), (1_000_000_000, "G"),
    (1_000_000, "M"), (1_000, "k"),
  ]

  private static func scaled(
    _ count: Int64, binary: ArraySlice<(UInt64, String)>, decimal: [(UInt64, String)]
  ) -> String? {
    if count == 0 { return nil }
    let amount = count.magnitude
    let binary = binary.first { amount % $0.0 == 0 }
    let decimal = decimal.first { amount % $0.0 == 0 }
    guard let best = [binary, decimal].compactMap({ $0 }).max(by: { $0.0 < $1.0 }) else {
      return nil
    }
    return "\(count < 0 ? "-" : "")\(amount / best.0)\(best.1)"
  }

  /// `99.95%`
  static func percent(_ units: Int64) -> String { "\(decimal(units, digits: 7))%" }

  /// `50rps`
  static func rate(_ units: Int64) -> String { "\(decimal(units, digits: 6))rps" }

  /// `2GB/s`
  static func throughput(_ bytes: Int64) -> String { "\(Text.bytes(bytes))/s" }

  /// A whole number of units of 10^-digits, without needless zeros.
  private static func decimal(_ units: Int64, digits: Int) -> String {
    var scale: UInt64 = 1
    for _ in 0..<digits { scale *= 10 }
    let amount = units.magnitude
    var text = "\(units < 0 ? "-" : "")\(amount / scale)"
    var rest = amount % scale
    if rest > 0 {
      text += "."
      while rest > 0 {
        scale /= 10
        text += "\(rest / scale)"
        rest %= scale
      }
    }
    return text
  }

  /// The shortest text that reads back as the same number; a whole one keeps its `.0`.
  static func float(_ number: Double) -> String { "\(number)" }

  static func whole(_ value: Value) -> String {
    switch value.tag {
    case .duration: duration(value.whole, days: true)
    case .bytes: bytes(value.whole)
    case .percent: percent(value.whole)
    case .rate: rate(value.whole)
    case .throughput: throughput(value.whole)
    case .nilValue, .unit, .bool, .int, .float, .string, .secret, .list, .map, .object, .range,
      .record, .function, .closure, .pending, .evaluating:
      "\(value.whole)"
    }
  }

  /// A memory limit for people: `512 MiB`.
  static func memory(_ bytes: Int) -> String {
    bytes > 0 && bytes % (1 << 20) == 0 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
  }
}
