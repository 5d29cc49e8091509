// SPDX-License-Identifier: Apache-2.0

/// Natives on durations, sizes and shares.
enum Quantities {
  static let all: [NativeFunction] = [
    NativeFunction("duration.seconds", "(duration: Duration) -> Int") {
      _, arguments throws(Stop) in
      .int(roundedUp(arguments.whole(0), 1_000_000_000))
    },
    NativeFunction("duration.milliseconds", "(duration: Duration) -> Int") {
      _, arguments throws(Stop) in
      .int(roundedUp(arguments.whole(0), 1_000_000))
    },
    NativeFunction("duration.text", "(duration: Duration) -> String") {
      machine, arguments throws(Stop) in
      try machine.heap.makeString(Text.duration(arguments.whole(0), days: false))
    },
    NativeFunction("bytes.quantity", "(size: Bytes) -> String") { machine, arguments throws(Stop) in
      try machine.heap.makeString(Text.kubernetesBytes(arguments.whole(0)))
    },
    NativeFunction("bytes.count", "(size: Bytes) -> Int") { _, arguments throws(Stop) in
      .int(arguments.whole(0))
    },
    NativeFunction("cpu.quantity", "(cores: Float) -> String") { machine, arguments throws(Stop) in
      try cores(machine, arguments[0].double)
    },
    NativeFunction("percent.whole", "(share: Percent) -> Int") { _, arguments throws(Stop) in
      .int(Rounding.nearest.whole(Double(arguments.whole(0)) / Double(onePercent)) ?? 0)
    },
    NativeFunction("percent.float", "(share: Percent) -> Float") { _, arguments throws(Stop) in
      .float(Double(arguments.whole(0)) / 1e9)
    },
    NativeFunction("percent.of", "(part: Int, whole: Int) -> Percent") {
      _, arguments throws(Stop) in
      try share(arguments.whole(0), of: arguments.whole(1))
    },
    NativeFunction("percent.from", "(number: Int) -> Percent") { _, arguments throws(Stop) in
      let (units, overflow) = arguments.whole(0).multipliedReportingOverflow(by: onePercent)
      if overflow { throw .arithmetic("\(arguments.whole(0))% is out of range") }
      return .percent(units)
    },
  ]

  private static let onePercent: Int64 = 10_000_000

  /// Never less than was asked for: a timeout of 1500ms is 2 whole seconds.
  private static func roundedUp(_ amount: Int64, _ unit: Int64) -> Int64 {
    let (quotient, remainder) = amount.quotientAndRemainder(dividingBy: unit)
    return remainder > 0 ? quotient + 1 : quotient
  }

  /// `4`, `500m`: thousandths, rounded up.
  private static func cores(_ machine: Machine, _ number: Double) throws(Stop) -> Value {
    // What is a whole number of thousandths but for the error of a float is not rounded up.
    let scaled = number * 1000
    guard let nearest = Rounding.nearest.whole(scaled), let above = Rounding.up.whole(scaled),
      number >= 0
    else { throw .arithmetic("\(Text.float(number)) is no number of cores") }
    let thousandths = (scaled - Double(nearest)).magnitude < 1e-6 ? nearest : above
    return try machine.heap.makeString(
      thousandths % 1000 == 0 ? "\(thousandths / 1000)" : "\(thousandths)m")
  }

  private static func share(_ part: Int64, of whole: Int64) throws(Stop) -> Value {
    if whole == 0 { return .percent(0) }
    let (quotient, remainder) = (Int128(part) * 1_000_000_000).quotientAndRemainder(
      dividingBy: Int128(whole))
    let isUp = remainder.magnitude * 2 >= Int128(whole).magnitude
    let rounded = isUp ? quotient + ((part < 0) == (whole < 0) ? 1 : -1) : quotient
    guard let units = Int64(exactly: rounded) else {
      throw .arithmetic("\(part) of \(whole) is out of range as a Percent")
    }
    return .percent(units)
  }
}
