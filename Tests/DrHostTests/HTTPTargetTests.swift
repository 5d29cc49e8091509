// SPDX-License-Identifier: Apache-2.0

import DrActions
import Testing

@testable import DrHost

/// What a URL says, and what a request says of itself.
struct HTTPTargetTests {
  @Test(
    "a URL says who is asked for what",
    arguments: [
      ("http://h", "h", 80, "h", "/"),
      ("HTTPS://h:8443/a?b=c#d", "h", 8443, "h:8443", "/a?b=c"),
      ("https://u:p@h:443?x", "h", 443, "h", "/?x"),
      ("http://u@x:p@h:/", "h", 80, "h", "/"),
      ("http://[::1]:81/a", "::1", 81, "[::1]:81", "/a"),
      ("http://[fe80::1]", "fe80::1", 80, "[fe80::1]", "/"),
      ("http://h/a b/\u{e4}?q=\"x\"|y%20", "h", 80, "h", "/a%20b/%C3%A4?q=%22x%22%7Cy%20"),
      ("http://h/#?x", "h", 80, "h", "/"),
    ])
  func targets(_ url: String, _ host: String, _ port: Int, _ authority: String, _ path: String)
    throws
  {
    let target = try #require(HTTPTarget(url))
    #expect(target.origin.host == host)
    #expect(target.origin.port == port)
    #expect(target.origin.authority == authority)
    #expect(target.path == path)
  }

  @Test(
    "what is no such URL is refused",
    arguments: [
      "", "h", "http:/h", "ftp://h", "http://", "http:///x", "http://:80", "http://h:0",
      "http://h:65536", "http://h:8o", "http://h:-1", "http://[::1", "http://[::1]x", "http://a b/",
      "http://\u{e4}/", "http://h\r\nx: y/",
    ])
  func refusals(_ url: String) { #expect(HTTPTarget(url) == nil) }

  private func head(
    _ method: HTTPMethod, _ headers: [HTTPRequest.Header] = [], body: String = "",
    url: String = "http://h:81/a", proxy: HTTPTransport.Proxy? = nil
  ) throws -> [String] {
    let target = try #require(HTTPTarget(url))
    let message = HTTPTransport.Message(
      method: method, url: url, headers: headers, body: Array(body.utf8), timeoutNanoseconds: 1)
    let head = try RequestHead.make(message, target, proxy)
    return ["\(head.method) \(head.uri)"] + head.headers.map { "\($0.name): \($0.value)" }
  }

  @Test("a head tells who is asked, and how long the body is")
  func heads() throws {
    #expect(try head(.get) == ["GET /a", "host: h:81"])
    #expect(try head(.delete) == ["DELETE /a", "host: h:81"])
    #expect(try head(.post) == ["POST /a", "host: h:81", "content-length: 0"])
    #expect(try head(.put, body: "abc") == ["PUT /a", "host: h:81", "content-length: 3"])
    #expect(
      try head(.patch, [.init("Host", "other"), .init("Content-Length", "9")], body: "abc")
        == ["PATCH /a", "Host: other", "content-length: 3"])
    #expect(
      try head(.post, [.init("Transfer-Encoding", "chunked"), .init("x", "a\tb")], body: "abc")
        == ["POST /a", "x: a\tb", "host: h:81", "content-length: 3"])
  }

  @Test("a proxy of HTTP carries what has no TLS, and is told whom it is for")
  func proxies() throws {
    let proxy = HTTPTransport.Proxy.http(host: "p", port: 3128, user: "u", password: "p")
    #expect(
      try head(.get, proxy: proxy)
        == ["GET http://h:81/a", "host: h:81", "proxy-authorization: Basic dTpw"])
    #expect(try head(.get, url: "https://h/a", proxy: proxy) == ["GET /a", "host: h"])
    #expect(try head(.get, proxy: .socks5(host: "p", port: 1)) == ["GET /a", "host: h:81"])
  }

  @Test(
    "nothing in a header can begin another one", arguments: ["a\r\nb: c", "a\nb", "a\0", "\u{7f}"])
  func injections(_ text: String) {
    #expect(throws: HTTPFailure.invalidHeader("x")) { try head(.get, [.init("x", text)]) }
    #expect(throws: HTTPFailure.invalidHeader(text)) { try head(.get, [.init(text, "x")]) }
    #expect(throws: HTTPFailure.invalidHeader("")) { try head(.get, [.init("", "x")]) }
  }
}
