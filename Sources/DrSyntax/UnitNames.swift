// SPDX-License-Identifier: Apache-2.0

/// The unit that was most likely meant by one that does not exist, and whether that is beyond
/// doubt.
func nearestUnit(to text: String) -> (unit: String, isSure: Bool)? {
  if let unit = unitAliases[text] { return (unit, true) }
  let lower = text.lowercased()
  if let unit = unitAliases[lower] { return (unit, false) }
  for unit in Unit.allCases where unit.rawValue.lowercased() == lower {
    return (unit.rawValue, false)
  }
  if let suffix = ["/sec", "/second", "/s", "ps"].first(where: lower.hasSuffix) {
    let size = String(lower.dropLast(suffix.count))
    if size == "req" { return ("rps", true) }
    for unit in Unit.allCases where unit.isSize && unit.rawValue.lowercased() == size {
      return (unit.rawValue + "/s", false)
    }
    if let unit = unitAliases[size], let size = Unit(rawValue: unit), size.isSize {
      return (unit + "/s", false)
    }
  }
  // A chain such as 1h30min: mend its last part.
  let tail = text.drop { !$0.isNumber }
  let part = tail.drop { $0.isNumber }
  if !part.isEmpty, let mended = nearestUnit(to: String(part)) {
    return (String(text.dropLast(part.count)) + mended.unit, mended.isSure)
  }
  return nil
}

private let unitAliases: [String: String] = [
  "nsec": "ns", "nanos": "ns", "nanoseconds": "ns",
  "µs": "us", "μs": "us", "usec": "us", "micros": "us", "microseconds": "us",
  "msec": "ms", "msecs": "ms", "millis": "ms", "milliseconds": "ms",
  "sec": "s", "secs": "s", "second": "s", "seconds": "s", "秒": "s",
  "min": "m", "mins": "m", "minute": "m", "minutes": "m", "分": "m", "分钟": "m",
  "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "小时": "h",
  "day": "d", "days": "d", "天": "d",
  "byte": "B", "bytes": "B",
  "kB": "KB", "KiB": "Ki", "kib": "Ki", "k": "KB", "kb": "KB",
  "MiB": "Mi", "mib": "Mi", "mb": "MB", "Mb": "MB",
  "GiB": "Gi", "gib": "Gi", "g": "GB", "gb": "GB", "Gb": "GB", "G": "GB",
  "TiB": "Ti", "tib": "Ti", "t": "TB", "tb": "TB", "Tb": "TB", "T": "TB",
  "M": "MB", "K": "KB",
  "pct": "%", "percent": "%",
  "qps": "rps", "req/s": "rps", "reqs/s": "rps", "requests/s": "rps", "r/s": "rps", "rps/s": "rps",
]
