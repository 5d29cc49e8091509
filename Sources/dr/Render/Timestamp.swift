// SPDX-License-Identifier: Apache-2.0

import DrRun
import Glibc

/// Points in time for people.
enum Timestamp {
  /// `20261123T201500Z`, UTC.
  static func compact(_ instant: Instant) -> String { format(instant, "%Y%m%dT%H%M%SZ", utc: true) }

  /// `2026-11-23 20:15:00 +0100`, local time.
  static func local(_ instant: Instant) -> String {
    format(instant, "%Y-%m-%d %H:%M:%S %z", utc: false)
  }

  private static func format(_ instant: Instant, _ pattern: String, utc: Bool) -> String {
    var seconds = time_t(instant.nanoseconds / 1_000_000_000)
    var parts = tm()
    if utc { gmtime_r(&seconds, &parts) } else { localtime_r(&seconds, &parts) }
    var buffer = [CChar](repeating: 0, count: 64)
    let count = strftime(&buffer, buffer.count, pattern, &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
