// SPDX-License-Identifier: Apache-2.0

import DrActions

/// The `server` of a cluster: scheme, host, port and an optional path before all others.
struct ServerAddress: Sendable, Equatable {
  let scheme: String
  /// IPv6 addresses in brackets.
  let host: String
  let port: Int?
  /// Without a slash at its end.
  let path: String

  var authority: String { port.map { "\(host):\($0)" } ?? host }

  init(_ text: String, cluster: String) throws(CredentialFailure) {
    guard let parsed = URLText.split(text), parsed.scheme == "https" || parsed.scheme == "http",
      parsed.user == nil
    else {
      throw CredentialFailure(
        message: "the server of cluster \(cluster) is not a URL like https://host:6443")
    }
    scheme = parsed.scheme
    host = parsed.host
    port = parsed.port
    var path = parsed.path
    while path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }
}

enum ProxyAddress {
  /// `place` says where the address stands: it may hold a password, and is not shown.
  static func parse(
    _ text: String, named place: String
  ) throws(CredentialFailure) -> HTTPTransport.Proxy {
    guard let parsed = URLText.split(text) else {
      throw CredentialFailure(message: "\(place) is not a URL")
    }
    let host = parsed.host.filter { $0 != "[" && $0 != "]" }
    switch parsed.scheme {
    case "http":
      return .http(
        host: host, port: parsed.port ?? 80, user: parsed.user, password: parsed.password)
    case "socks5" where parsed.user == nil:
      return .socks5(host: host, port: parsed.port ?? 1080)
    case _:
      throw CredentialFailure(
        message: "\(place) must begin with http:// or socks5://")
    }
  }
}

/// As much of RFC 3986 as addresses in configuration files need.
enum URLText {
  struct Parts {
    var scheme: String
    var user: String?
    var password: String?
    var host: String
    var port: Int?
    var path: String
  }

  /// `nil` where there is no scheme and host, or a query or fragment.
  static func split(_ text: String) -> Parts? {
    guard let mark = text.firstRange(of: "://"), !text.contains("?"), !text.contains("#"),
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
    else { return nil }
    let rest = text[mark.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    var parts = Parts(
      scheme: text[..<mark.lowerBound].lowercased(), host: "",
      path: String(rest.dropFirst(authority.count)))
    var hostPort = authority
    if let at = authority.lastIndex(of: "@") {
      let pieces = authority[..<at].split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      parts.user = pieces.first.flatMap(percentDecoded)
      parts.password = pieces.count > 1 ? percentDecoded(pieces[1]) : nil
      hostPort = authority[authority.index(after: at)...]
    }
    let end = hostPort.lastIndex(of: "]") ?? hostPort.startIndex
    if let colon = hostPort[end...].lastIndex(of: ":") {
      guard let port = Int(hostPort[hostPort.index(after: colon)...]), (1...65_535).contains(port)
      else { return nil }
      parts.port = port
      hostPort = hostPort[..<colon]
    }
    parts.host = String(hostPort)
    return parts.host.isEmpty ? nil : parts
  }

  /// Percent-encodes all but unreserved characters.
  static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      case _:
        encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }
}
