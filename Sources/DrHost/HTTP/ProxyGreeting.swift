// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase

/// How a proxy is asked for a connection, step by step: CONNECT (RFC 9110), or SOCKS5 (RFC 1928) without a
/// password, with which the proxy looks the name up.
struct ProxyGreeting: Sendable {
  enum Step: Equatable {
    /// More must come first.
    case wait
    case send([UInt8])
    /// From here on the bytes are the server's.
    case connected
    case refused(String)
  }
  private enum Stage { case connect, method, request }

  /// What is said first.
  let opening: [UInt8]
  private let target: [UInt8]
  private var stage: Stage
  private var received: [UInt8] = []

  /// Longer answers are none.
  private static let answerMax = 16 << 10

  /// `nil` without a proxy, or with a name that SOCKS5 cannot say.
  init?(_ proxy: HTTPTransport.Proxy?, host: String, port: Int) {
    switch proxy {
    case nil: return nil
    case .http(_, _, let user, let password):
      let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      var head = "CONNECT \(authority) HTTP/1.1\r\nhost: \(authority)\r\n"
      if let user {
        let secret = Base64.encode(Array("\(user):\(password ?? "")".utf8))
        head += "proxy-authorization: Basic \(secret)\r\n"
      }
      opening = Array((head + "\r\n").utf8)
      target = []
      stage = .connect
    case .socks5:
      let name = Array(host.utf8)
      guard name.count < 256, !name.isEmpty else { return nil }
      opening = [5, 1, 0]
      target =
        [5, 1, 0, 3, UInt8(name.count)] + name + [UInt8(port >> 8 & 0xff), UInt8(port & 0xff)]
      stage = .method
    }
  }

  /// Takes what the proxy says.
  mutating func next(_ bytes: [UInt8]) -> Step {
    received += bytes
    guard received.count <= Self.answerMax else { return .refused("the proxy does not connect") }
    switch stage {
    case .connect:
      let end = received.firstRange(of: Array("\r\n\r\n".utf8))
      guard end != nil else { return .wait }
      let line = String(decoding: received.prefix { $0 != 13 }, as: UTF8.self)
      let words = line.split(separator: " ")
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        return .refused("the proxy does not connect")
      }
      if (200..<300).contains(status) { return .connected }
      let why =
        status == 407
        ? "the proxy wants a user and a password"
        : "the proxy does not connect: it answers \(status)"
      return .refused(why)
    case .method:
      guard received.count >= 2 else { return .wait }
      guard received[0] == 5, received[1] == 0 else {
        return .refused("the proxy wants a user and a password")
      }
      received.removeFirst(2)
      stage = .request
      return .send(target)
    case .request:
      guard received.count >= 5 else { return .wait }
      guard received[0] == 5, received[1] == 0 else {
        return .refused("the proxy does not connect")
      }
      let address =
        switch received[3] {
        case 1: 4
        case 4: 16
        case _: 1 + Int(received[4])
        }
      return received.count >= 6 + address ? .connected : .wait
    }
  }
}
