// SPDX-License-Identifier: Apache-2.0

/// A domain name: labels of 1 to 63 bytes, 255 with their lengths. Letters' case does not count.
struct DNSName: Hashable {
  /// In small letters.
  let labels: [[UInt8]]

  static let root = DNSName(labels: [])

  private init(labels: [[UInt8]]) { self.labels = labels }

  /// `nil` where no name has such labels.
  init?(_ labels: [[UInt8]]) {
    guard labels.allSatisfy({ (1...63).contains($0.count) }),
      labels.reduce(1, { $0 + $1.count + 1 }) <= 255
    else { return nil }
    self.init(
      labels: labels.map { label in
        label.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
      })
  }

  /// `example.net`, with or without a dot at its end.
  init?(_ text: String) {
    let text = text.hasSuffix(".") ? text.dropLast() : text[...]
    if text.isEmpty { return nil }
    self.init(
      text.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) })
  }

  /// As it stands in a message, not compressed.
  var wire: [UInt8] { labels.flatMap { [UInt8(truncatingIfNeeded: $0.count)] + $0 } + [0] }

  /// Without the last dot; bytes that are no plain letters as `\DDD`.
  var text: String {
    if labels.isEmpty { return "." }
    return labels.map { label in
      label.map { byte in
        switch byte {
        case 0x21...0x7e where byte != UInt8(ascii: ".") && byte != UInt8(ascii: "\\"):
          String(UnicodeScalar(byte))
        case _:
          "\\" + String(String(1000 + Int(byte)).dropFirst())
        }
      }.joined()
    }.joined(separator: ".")
  }
}
