// SPDX-License-Identifier: Apache-2.0

import DrSystem
import Glibc

/// The proxy that environment variables name for a server whose kubeconfig names none, by the rules that kubectl follows
/// (pkg.go.dev/golang.org/x/net/http/httpproxy).
package struct ProxyEnvironment: Sendable, Equatable {
  /// `HTTPS_PROXY`: for servers with TLS.
  var https: String?
  /// `HTTP_PROXY`: for those without.
  var http: String?
  /// `NO_PROXY`: hosts, domains, addresses and networks (`10.0.0.0/8`) that are gone to directly, with commas between
  /// them; `*` for all.
  var exceptions: String?

  package init() {}

  /// As this process's environment says; large letters go before small ones.
  package static func standard() -> ProxyEnvironment {
    func variable(_ name: String) -> String? {
      for name in [name, name.lowercased()] {
        if let value = Environment.variable(name), !value.isEmpty { return value }
      }
      return nil
    }
    var environment = ProxyEnvironment()
    environment.https = variable("HTTPS_PROXY")
    environment.http = variable("HTTP_PROXY")
    environment.exceptions = variable("NO_PROXY")
    return environment
  }

  /// The proxy for a server; nil where it is gone to directly.
  func proxy(for server: ServerAddress) throws(CredentialFailure) -> HTTPTransport.Proxy? {
    let isEncrypted = server.scheme == "https"
    guard let text = isEncrypted ? https : http, !isDirect(server) else { return nil }
    return try ProxyAddress.parse(
      text.contains("://") ? text : "http://\(text)",
      named: isEncrypted ? "HTTPS_PROXY" : "HTTP_PROXY")
  }

  private func isDirect(_ server: ServerAddress) -> Bool {
    let host = server.host.filter { $0 != "[" && $0 != "]" }.lowercased()
    let address = IPAddress(host)
    if host == "localhost" || address?.isLoopback == true { return true }
    let port = server.port ?? (server.scheme == "https" ? 443 : 80)
    return (exceptions ?? "").split(separator: ",").contains { entry in
      var entry = entry.filter { !$0.isWhitespace }.lowercased()
      if entry == "*" { return true }
      if let network = IPNetwork(entry) { return address.map(network.contains) ?? false }
      // A port may follow a name or an address, but not an IPv6 address without brackets.
      if let colon = entry.lastIndex(of: ":"), IPAddress(entry) == nil {
        guard Int(entry[entry.index(after: colon)...]) == port else { return false }
        entry = String(entry[..<colon])
      }
      entry = entry.filter { $0 != "[" && $0 != "]" }
      if let single = IPAddress(entry) { return single == address }
      if entry.hasPrefix("*.") { entry.removeFirst() }
      guard !entry.isEmpty else { return false }
      if entry.hasPrefix(".") { return host.hasSuffix(entry) }
      return host == entry || host.hasSuffix(".\(entry)")
    }
  }
}

/// An address of IPv4 or IPv6.
private struct IPAddress: Equatable {
  /// Four or sixteen.
  let bytes: [UInt8]

  init?(_ text: String) {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if inet_pton(family, text, &bytes) == 1 {
        self.bytes = bytes
        return
      }
    }
    return nil
  }

  var isLoopback: Bool {
    bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
  }
}

/// `10.0.0.0/8`
private struct IPNetwork {
  private let base: IPAddress
  private let bits: Int

  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let base = IPAddress(String(parts[0])), let bits = Int(parts[1]),
      (0...base.bytes.count * 8).contains(bits)
    else { return nil }
    self.base = base
    self.bits = bits
  }

  func contains(_ address: IPAddress) -> Bool {
    guard address.bytes.count == base.bytes.count else { return false }
    return (0..<bits).allSatisfy { bit in
      (address.bytes[bit / 8] ^ base.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
    }
  }
}
