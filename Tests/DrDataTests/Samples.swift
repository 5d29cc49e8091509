// SPDX-License-Identifier: Apache-2.0

import DrData

/// Documents made from a seed, rich in strings that readers get wrong.
struct Samples {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  static let strings: [String] = [
    "", " ", "a", " a", "a ", "yes", "No", "ON", "off", "y", "N", "null", "~", "NULL", "true",
    "False", "1", "-1", "+1", "1.5", "1e3", "1E3", "0x1f", "0o17", "012", "0b1", "1_000", "12:30",
    "190:20:30", "2026-11-23", "2026-11-23T20:15:00Z", "=", "<<", ".", "..", "...", ".inf", "-.inf",
    ".nan", "-", "--", "---", "- a", "-a", "? a", "?", ": a", ":", "a:", "a: b", "a:b", "a #b",
    "a#b", "#a", "&a", "*a", "!a", "|", ">", "|a", "%a", "@a", "`a", "'a'", "\"a\"", "a'b", "a\"b",
    "{a}", "[a]", "a,b", "a]", "{", "}", "500m", "4Gi", "30s", "10.0.0.1", "10.0.0.0/8", "/healthz",
    "nginx:1.27", "--port=8080", "a\nb", "a\nb\n", "a\nb\n\n", "\na", "a\n", "\n", "a \nb", " a\nb",
    "a\n b", "a\n\nb\n", "a\n\tb", "\ta", "a\tb", "a\r\nb", "\u{85}", "a\u{2028}b", "é", "日本",
    "😀", "\u{feff}a", "\u{1}", "\u{7f}", "\u{a0}", "#!/bin/sh\nset -eu\necho \"$1\"\n", "a\\b",
    "x: |\n  y\n", "5d", "1 2", "a: ", "---\na\n", "...\n", "key", "infinity", "nan", "NaN", "inf",
  ]

  mutating func string() -> String { Samples.strings[below(Samples.strings.count)] }

  mutating func document(depth: Int) -> Document {
    switch below(depth > 0 ? 9 : 7) {
    case 0: return .null
    case 1: return .bool(below(2) == 0)
    case 2: return .int(Int64(bitPattern: next()) >> Int64(below(64)))
    case 3: return .float(Double(Int64(bitPattern: next()) >> Int64(below(60))) / 1024)
    case 4, 5, 6: return .string(string())
    case 7: return .array((0..<below(5)).map { _ in document(depth: depth - 1) })
    default:
      var object = DocumentObject()
      for _ in 0..<below(5) { object[string()] = document(depth: depth - 1) }
      return .object(object)
    }
  }
}
