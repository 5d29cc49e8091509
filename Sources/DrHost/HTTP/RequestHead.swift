// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import NIOHTTP1

/// The head of a request as it goes over the connection.
enum RequestHead {
  /// Says whom it is for and how long its body is, whatever the message's own headers say of that.
  static func make(
    _ message: HTTPTransport.Message, _ target: HTTPTarget, _ proxy: HTTPTransport.Proxy?
  ) throws -> HTTPRequestHead {
    var headers = HTTPHeaders()
    headers.reserveCapacity(message.headers.count + 3)
    var isNamed = false
    for header in message.headers {
      guard isName(header.name), isValue(header.value) else {
        throw HTTPFailure.invalidHeader(header.name)
      }
      switch header.name.lowercased() {
      case "content-length", "transfer-encoding": continue
      case "host": isNamed = true
      case _: break
      }
      headers.add(name: header.name, value: header.value)
    }
    if !isNamed { headers.add(name: "host", value: target.origin.authority) }
    if !message.body.isEmpty || tellsEmptyBody(message.method) {
      headers.add(name: "content-length", value: String(message.body.count))
    }
    var path = target.path
    if isTold(proxy, of: target.origin), case .http(_, _, let user, let password)? = proxy {
      path = "http://\(target.origin.authority)\(path)"
      if let user {
        let secret = Base64.encode(Array("\(user):\(password ?? "")".utf8))
        headers.add(name: "proxy-authorization", value: "Basic \(secret)")
      }
    }
    return HTTPRequestHead(
      version: .http1_1, method: .init(rawValue: message.method.rawValue), uri: path,
      headers: headers)
  }

  /// Whether the proxy is told with each request whom it is for: one of HTTP carries requests without TLS
  /// itself (RFC 9112, 3.2.2).
  static func isTold(_ proxy: HTTPTransport.Proxy?, of origin: HTTPTarget.Origin) -> Bool {
    switch proxy {
    case .http: !origin.isEncrypted
    case .socks5, nil: false
    }
  }

  /// Whether a server expects to be told that there is no body (RFC 9110, 8.6).
  private static func tellsEmptyBody(_ method: DrActions.HTTPMethod) -> Bool {
    switch method {
    case .get, .head, .delete: false
    case .post, .put, .patch: true
    }
  }

  /// A token of RFC 9110.
  private static func isName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"),
          UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
          UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
          UInt8(ascii: "~"):
          true
        case _: false
        }
      }
  }

  private static func isValue(_ value: String) -> Bool {
    value.utf8.allSatisfy { $0 == 9 || $0 >= 0x20 && $0 != 0x7f }
  }
}
