// SPDX-License-Identifier: Apache-2.0

/// Points in time as protocols write them, in seconds since 1970-01-01 UTC.
package enum Timestamp {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Mon, 23 Nov 2026 20:15:00 GMT` (RFC 9110, section 5.6.7); `nil` for any other form.
  static func parseHTTPDate(_ text: String) -> Int64? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]),
      let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
      let seconds = parseClock(parts[4]), isDate(year, Int64(month) + 1, day)
    else { return nil }
    return days(year, Int64(month) + 1, day) * 86_400 + seconds
  }

  /// `2026-11-23T20:15:00.000000Z` (RFC 3339 as Kubernetes' MicroTime); fractions are dropped.
  package static func parseRFC3339(_ text: String) -> Int64? {
    guard text.hasSuffix("Z") else { return nil }
    let halves = text.dropLast().split(separator: "T")
    guard halves.count == 2 else { return nil }
    let date = halves[0].split(separator: "-")
    guard date.count == 3, let year = Int64(date[0]), let month = Int64(date[1]),
      let day = Int64(date[2]), isDate(year, month, day),
      let seconds = parseClock(halves[1].prefix { $0 != "." })
    else { return nil }
    return days(year, month, day) * 86_400 + seconds
  }

  /// `2026-11-23T20:15:00.000000Z`, the form of a Lease's times.
  package static func microTime(_ seconds: Int64) -> String {
    let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let clock = seconds - day * 86_400
    let (year, month, dayOfMonth) = civil(day)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))"
    let hours = padded(clock / 3600, 2)
    return "\(date)T\(hours):\(padded(clock / 60 % 60, 2)):\(padded(clock % 60, 2)).000000Z"
  }

  private static func parseClock(_ text: some StringProtocol) -> Int64? {
    let parts = text.split(separator: ":")
    guard parts.count == 3, let hour = Int64(parts[0]), let minute = Int64(parts[1]),
      let second = Int64(parts[2]), (0...23).contains(hour), (0...59).contains(minute),
      (0...60).contains(second)
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private static func isDate(_ year: Int64, _ month: Int64, _ day: Int64) -> Bool {
    (1970...9999).contains(year) && (1...12).contains(month) && (1...31).contains(day)
  }

  /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar: years are counted from
  /// March, so that the leap day is the last of its year.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let leapDays = y / 4 - y / 100 + y / 400
    return y * 365 + leapDays + dayOfYear - 719_468
  }

  private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    // Search the year from an estimate that is at most one off.
    var year = 1970 + day / 366
    while days(year + 1, 1, 1) <= day { year += 1 }
    var month: Int64 = 12
    while days(year, month, 1) > day { month -= 1 }
    return (year, month, day - days(year, month, 1) + 1)
  }

  private static func padded(_ value: Int64, _ count: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}
