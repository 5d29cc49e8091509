// SPDX-License-Identifier: Apache-2.0

/// Figures for people.
package enum Words {
  /// A duration as `.dr` code writes it: `1h30m`, `2m5s`, `250ms`.
  package static func duration(_ nanoseconds: Int64) -> String {
    if nanoseconds == 0 { return "0s" }
    if nanoseconds < 0 { return "-" + duration(nanoseconds == .min ? .max : -nanoseconds) }
    var rest = nanoseconds
    var text = ""
    for (unit, length) in units where rest >= length {
      text += "\(rest / length)\(unit)"
      rest %= length
    }
    return text
  }

  /// The same to the tenth of a second, and to the second from 100 s on: enough for people.
  package static func brief(_ nanoseconds: Int64) -> String {
    let unit: Int64 =
      switch nanoseconds {
      case ..<1_000_000: 1_000
      case ..<1_000_000_000: 1_000_000
      case ..<100_000_000_000: 100_000_000
      case _: 1_000_000_000
      }
    return duration(nanoseconds / unit * unit)
  }

  private static let units: [(String, Int64)] = [
    ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
    ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
  ]

  /// `1:05.3`: minutes, seconds and tenths, in at least 7 columns.
  package static func clock(_ nanoseconds: Int64) -> String {
    let tenths = max(0, nanoseconds) / 100_000_000
    let seconds = tenths / 10 % 60
    let text = "\(tenths / 600):\(seconds < 10 ? "0" : "")\(seconds).\(tenths % 10)"
    return String(repeating: " ", count: max(0, 7 - text.utf8.count)) + text
  }

  /// `1 undo`, `2 undos`, `3 branches`.
  package static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
  }

  /// `az1`, `az1 and az2`, `az1, az2 and az3`.
  package static func list(_ texts: [String]) -> String {
    guard texts.count > 1, let last = texts.last else { return texts.first ?? "" }
    return texts.dropLast().joined(separator: ", ") + " and " + last
  }
}
