// SPDX-License-Identifier: Apache-2.0

import DrSystem
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What went wrong on the way, in words of the trade. Never holds headers or bodies.
enum TransportText {
  /// Scheme, host and port of a URL: the path may hold names, a user part secrets.
  static func target(_ url: String) -> String {
    guard let colon = url.firstRange(of: "://") else { return "the URL" }
    let authority = url[colon.upperBound...].prefix { !"/?#".contains($0) }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
    return "\(url[..<colon.upperBound])\(host)"
  }

  /// Whether the other side is not who it should be: nothing that trying again would mend, and no
  /// sign that the target is lost.
  static func isUntrusted(_ error: any Error) -> Bool {
    if error is NIOSSLExtraError || error is CertificateFault { return true }
    guard let error = error as? NIOSSLError else { return false }
    let text = String(describing: error)
    return text.contains("CERTIFICATE_VERIFY_FAILED")
      || text.contains("unableToValidateCertificate")
  }

  static func reason(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError: connection(error)
    case let error as HTTPFailure: error.text
    case let error as NIOSSLError: tls(String(describing: error))
    case let error as CertificateFault: error.text
    case is NIOSSLExtraError: otherNames
    case let error as IOError: systemText(error.errnoCode)
    case let error as ChannelError: channel(error)
    case let error as ProxyHandler.Refusal: error.description
    case is HTTPParserError: "the answer is not HTTP"
    case let error as SocketAddressError.UnknownHost: "no address is known for \(error.host)"
    case let error: "\(error)"
    }
  }

  private static func connection(_ error: NIOConnectionError) -> String {
    if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
      return "no address is known for \(error.host)"
    }
    let reasons = error.connectionErrors.map { reason($0.error) }
    return reasons.first ?? "no connection"
  }

  private static func channel(_ error: ChannelError) -> String {
    switch error {
    case .connectTimeout: "no connection within the time allowed"
    case .eof, .ioOnClosedChannel, .alreadyClosed, .inputClosed, .outputClosed:
      "the connection was closed"
    default: "\(error)"  // open: NIO adds cases
    }
  }

  private static let otherNames = "its certificate is for other names: ask for it by one of those"

  private static func tls(_ text: String) -> String {
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return
        "its certificate is signed by an authority that is not trusted here: name the right one "
        + "(certificate-authority-data of a kubeconfig, else this machine's)"
    }
    if text.contains("unableToValidateCertificate") {
      return otherNames
    }
    if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
      return "it does not speak TLS"
    }
    if text.contains("ALERT") { return "it refuses the TLS session (client certificate?)" }
    return "no TLS session: \(text)"
  }
}
