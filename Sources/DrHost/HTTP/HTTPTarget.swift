// SPDX-License-Identifier: Apache-2.0

/// A URL of `http` or `https`, taken apart as far as a request needs (RFC 3986).
struct HTTPTarget: Sendable {
  /// Who is asked.
  struct Origin: Sendable, Hashable {
    let isEncrypted: Bool
    /// IPv6 addresses without brackets.
    let host: String
    let port: Int

    /// As the header `host` says it.
    var authority: String {
      let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
      return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
    }
  }

  let origin: Origin
  /// Path and query, in characters that a request may hold.
  let path: String

  /// `nil` for another scheme, or without a host. What is before an `@` and behind a `#` is left out.
  init?(_ url: String) {
    let bytes = url.utf8
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      bytes[colon...].starts(with: "://".utf8)
    else { return nil }
    let isEncrypted: Bool
    switch url[..<colon].lowercased() {
    case "http": isEncrypted = false
    case "https": isEncrypted = true
    case _: return nil
    }
    let rest = bytes[bytes.index(colon, offsetBy: 3)...]
    let end = rest.firstIndex { Self.endsAuthority($0) } ?? rest.endIndex
    var place = rest[..<end]
    if let at = place.lastIndex(of: UInt8(ascii: "@")) { place = place[place.index(after: at)...] }
    guard let (host, port) = Self.hostAndPort(place) else { return nil }
    origin = Origin(isEncrypted: isEncrypted, host: host, port: port ?? (isEncrypted ? 443 : 80))
    path = Self.path(rest[end...])
  }

  private static func endsAuthority(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  private static func hostAndPort(
    _ place: Substring.UTF8View
  ) -> (host: String, port: Int?)? {
    let isBracketed = place.first == UInt8(ascii: "[")
    let end =
      isBracketed
      ? place.firstIndex(of: UInt8(ascii: "]"))
      : place.firstIndex(of: UInt8(ascii: ":")) ?? place.endIndex
    guard let end else { return nil }
    let host = isBracketed ? place[..<end].dropFirst() : place[..<end]
    var rest = place[end...]
    if isBracketed { rest = rest.dropFirst() }
    guard !host.isEmpty, host.allSatisfy({ isAllowed($0) }) else { return nil }
    if rest.isEmpty || rest.count == 1 && rest.first == UInt8(ascii: ":") {
      return (String(Substring(host)), nil)
    }
    guard rest.first == UInt8(ascii: ":"), rest.dropFirst().allSatisfy({ 48...57 ~= $0 }),
      let port = Int(Substring(rest.dropFirst())), (1...65_535).contains(port)
    else { return nil }
    return (String(Substring(host)), port)
  }

  private static func path(_ text: Substring.UTF8View) -> String {
    let text = text.prefix { $0 != UInt8(ascii: "#") }
    let slash = text.first == UInt8(ascii: "/") ? "" : "/"
    if text.allSatisfy({ isAllowed($0) }) { return slash + String(Substring(text)) }
    var path = slash
    for byte in text {
      if isAllowed(byte) {
        path.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        path += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return path
  }

  /// Whether the byte may stand in a URL; other ones are written in hexadecimal.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, 0x7f...0xff, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"),
      UInt8(ascii: "|"), UInt8(ascii: "}"):
      false
    case _: true
    }
  }
}
