// SPDX-License-Identifier: Apache-2.0
//
// The language's quantities that Swift has no type of its own for. Its Duration is Swift's.

/// An amount of memory or storage, the language's `Bytes`: `16Gi`, `100GB`.
public struct Bytes: Sendable, Hashable, Comparable, Codable {
  /// How many bytes.
  public var count: Int

  /// So many bytes.
  public init(_ count: Int) { self.count = count }

  /// 1,048,576 bytes each; as much as there can be where that does not fit.
  public static func mebibytes(_ count: Int) -> Bytes { Bytes(saturated(count, 1 << 20)) }
  /// 1,073,741,824 bytes each; as much as there can be where that does not fit.
  public static func gibibytes(_ count: Int) -> Bytes { Bytes(saturated(count, 1 << 30)) }

  /// Whether the first is the smaller one.
  public static func < (a: Bytes, b: Bytes) -> Bool { a.count < b.count }
}

/// A ratio, the language's `Percent`: `70%`, `99.95%`.
public struct Percent: Sendable, Hashable, Comparable, Codable {
  /// Units of 1e-9: 70% is 700,000,000. Exact.
  public var billionths: Int

  /// A ratio in units of 1e-9.
  public init(billionths: Int) { self.billionths = billionths }

  /// So many hundredths: `Percent(70)` is 70%; as much as there can be where that does not fit.
  public init(_ hundredths: Int) { billionths = saturated(hundredths, 10_000_000) }

  /// The ratio as a number: 0.7 for 70%.
  public var fraction: Double { Double(billionths) / 1_000_000_000 }

  /// Whether the first is the smaller one.
  public static func < (a: Percent, b: Percent) -> Bool { a.billionths < b.billionths }
}

/// Requests per second, the language's `Rate`: `50rps`.
public struct Rate: Sendable, Hashable, Comparable, Codable {
  /// Units of 1e-6 per second: 50rps is 50,000,000. Exact.
  public var millionths: Int

  /// A rate in units of 1e-6 per second.
  public init(millionths: Int) { self.millionths = millionths }

  /// So many per second; as much as there can be where that does not fit.
  public init(perSecond: Int) { millionths = saturated(perSecond, 1_000_000) }

  /// The rate as a number.
  public var perSecond: Double { Double(millionths) / 1_000_000 }

  /// Whether the first is the smaller one.
  public static func < (a: Rate, b: Rate) -> Bool { a.millionths < b.millionths }
}

/// Bytes per second, the language's `Throughput`: `2GB/s`.
public struct Throughput: Sendable, Hashable, Comparable, Codable {
  /// Bytes per second.
  public var bytesPerSecond: Int

  /// So many bytes per second.
  public init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

  /// Whether the first is the smaller one.
  public static func < (a: Throughput, b: Throughput) -> Bool {
    a.bytesPerSecond < b.bytesPerSecond
  }
}

/// Where a secret is kept, the language's `secret("namespace/name")`. What the secret is, a program
/// never tells its host.
public struct SecretReference: Sendable, Hashable, Decodable {
  /// `nil` where the program leaves it to the service that uses the secret.
  public var namespace: String?
  /// The name of the object that holds it.
  public var name: String

  /// A reference to the object of that name.
  public init(namespace: String? = nil, name: String) {
    self.namespace = namespace
    self.name = name
  }
}

private func saturated(_ count: Int, _ unit: Int) -> Int {
  let (product, overflow) = count.multipliedReportingOverflow(by: unit)
  return overflow ? (count < 0 ? .min : .max) : product
}

extension Duration {
  /// The language's durations are whole nanoseconds, up to 292 years; `nil` for what does not fit.
  var nanoseconds: Int64? {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow, attoseconds % 1_000_000_000 == 0 else { return nil }
    let (sum, sumOverflow) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return sumOverflow ? nil : sum
  }
}
