// SPDX-License-Identifier: Apache-2.0

/// An address of a host: 4 bytes of IPv4 or 16 of IPv6.
struct IPAddress: Hashable {
  let bytes: [UInt8]

  /// `nil` where there are neither 4 nor 16 of them.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// `192.0.2.10` or `2001:db8::10`.
  init?(_ text: String) {
    guard let bytes = text.contains(":") ? Self.six(text) : Self.four(text[...]) else {
      return nil
    }
    self.bytes = bytes
  }

  var type: UInt16 { bytes.count == 4 ? DNSType.a : DNSType.aaaa }

  private static func four(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { part in
      part.count <= 3 && part.allSatisfy({ $0.isASCII && $0.isNumber }) ? UInt8(part) : nil
    }
    return parts.count == 4 && bytes.count == 4 ? bytes : nil
  }

  /// RFC 4291, section 2.2.
  private static func six(_ text: String) -> [UInt8]? {
    func groups(_ text: Substring) -> [UInt8]? {
      if text.isEmpty { return [] }
      var bytes: [UInt8] = []
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() {
        if part.contains(".") {
          guard index == parts.count - 1, let last = four(part) else { return nil }
          bytes += last
        } else {
          guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
            let word = UInt16(part, radix: 16)
          else { return nil }
          bytes += DNSWire.bytes(word)
        }
      }
      return bytes
    }
    guard let gap = text.firstRange(of: "::") else {
      return groups(text[...]).flatMap { $0.count == 16 ? $0 : nil }
    }
    guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
      head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// As RFC 5952 writes it.
  var text: String {
    if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
    let words = stride(from: 0, to: 16, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
    var gap = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || words[index] != 0 {
      if index - start > max(1, gap.count) { gap = start..<index }
      start = index + 1
    }
    func join(_ words: ArraySlice<UInt16>) -> String {
      words.map { String($0, radix: 16) }.joined(separator: ":")
    }
    return gap.isEmpty
      ? join(words[...]) : join(words[..<gap.lowerBound]) + "::" + join(words[gap.upperBound...])
  }
}
