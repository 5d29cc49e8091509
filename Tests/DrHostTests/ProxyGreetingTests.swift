// SPDX-License-Identifier: Apache-2.0

import DrBase
import Testing

@testable import DrHost

/// What is said to proxies, and what of their answers is a connection.
@Suite("Greetings of proxies") struct ProxyGreetingTests {
  private let http = HTTPTransport.Proxy.http(host: "p", port: 1, user: "u", password: "w")
  private let socks = HTTPTransport.Proxy.socks5(host: "p", port: 1)

  @Test("CONNECT names the server and shows who asks")
  func connect() throws {
    let greeting = try #require(ProxyGreeting(http, host: "::1", port: 6443))
    #expect(
      String(decoding: greeting.opening, as: UTF8.self)
        == "CONNECT [::1]:6443 HTTP/1.1\r\nhost: [::1]:6443\r\n"
        + "proxy-authorization: Basic dTp3\r\n\r\n")
  }

  @Test("however an answer is cut into pieces, it is read the same", arguments: 1...20)
  func pieces(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for (proxy, answers, end) in [
      (http, ["HTTP/1.1 200 ok\r\na: b\r\n\r\n"], ProxyGreeting.Step.connected),
      (
        http, ["HTTP/1.1 407 no\r\n\r\n"],
        .refused("the proxy wants a user and a password")
      ),
      (http, ["HTTP/1.1 503 no\r\n\r\n"], .refused("the proxy does not connect: it answers 503")),
      (http, ["SSH-2.0\r\n\r\n"], .refused("the proxy does not connect")),
      (socks, ["\u{5}\u{0}", "\u{5}\u{0}\u{0}\u{1}abcdef"], .connected),
      (socks, ["\u{5}\u{0}", "\u{5}\u{0}\u{0}\u{3}\u{2}abcd"], .connected),
      (socks, ["\u{5}\u{2}"], .refused("the proxy wants a user and a password")),
      (
        socks, ["\u{5}\u{0}", "\u{5}\u{5}\u{0}\u{1}abcdef"], .refused("the proxy does not connect")
      ),
    ] {
      var greeting = try #require(ProxyGreeting(proxy, host: "h", port: 443))
      var last = ProxyGreeting.Step.wait
      for (index, answer) in answers.enumerated() {
        var rest = Array(answer.utf8)
        while !rest.isEmpty, last == .wait {
          let count = Int.random(in: 1...rest.count, using: &random)
          last = greeting.next(Array(rest.prefix(count)))
          rest.removeFirst(count)
        }
        if index < answers.count - 1 {
          #expect(last == .send([5, 1, 0, 3, 1, 0x68, 1, 0xbb]), "seed \(seed)")
          last = .wait
        }
      }
      #expect(last == end, "seed \(seed): \(answers)")
    }
  }

  @Test("an answer without end is none")
  func endless() throws {
    var greeting = try #require(ProxyGreeting(http, host: "h", port: 443))
    #expect(
      greeting.next([UInt8](repeating: 0x61, count: 20_000))
        == .refused("the proxy does not connect"))
  }
}
