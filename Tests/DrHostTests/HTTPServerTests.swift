// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import DrHost

/// The server against clients that speak badly, slowly, or not at all.
struct HTTPServerTests {
  private final class Counter: Sendable {
    let requests = Mutex(0)
    var count: Int { requests.withLock { $0 } }
  }

  private func serve(
    _ change: (inout HTTPServer.Limits) -> Void = { _ in }, counter: Counter = Counter(),
    answer: String = "yes"
  ) async throws -> HTTPServer {
    var limits = HTTPServer.Limits()
    limits.lingerNanoseconds = 100_000_000
    change(&limits)
    return try await HTTPServer(host: "127.0.0.1", port: 0, limits: limits) { request in
      request.authorization == "bad" ? HTTPServer.Response(401, "no\n") : nil
    } handler: { request in
      counter.requests.withLock { $0 += 1 }
      return HTTPServer.Response(200, "\(request.method) \(request.body.count) \(answer)\n")
    }
  }

  @Test(
    "what is no request, or too large, is told so at once, and the connection ends",
    arguments: [
      ("\u{0}\u{1}\u{2}\u{3}\r\n\r\n", "400"), ("hello\r\n\r\n", "400"),
      ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"), ("GET / HTTP/9.9\r\n\r\n", "400"),
      ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "400"),
      ("POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", "400"),
      ("POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "400"),
      ("POST / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n", "400"),
      ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", "400"),
      ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "400"),
      ("GET / HTTP/1.1\r\nx: \(String(repeating: "y", count: 20_000))", "431"),
      ("GET /\(String(repeating: "y", count: 20_000)) HTTP/1.1\r\n", "4"),
      ("GET / HTTP/1.1\r\n\(String(repeating: "x: y\r\n", count: 100))", "431"),
      ("POST / HTTP/1.1\r\ncontent-length: 1048577\r\n\r\n", "413"),
      // None of its body is waited for.
      ("POST / HTTP/1.1\r\nauthorization: bad\r\ncontent-length: 9\r\n\r\n", "401"),
      ("POST / HTTP/1.1\r\nauthorization: bad\r\ntransfer-encoding: chunked\r\n\r\n", "401"),
    ])
  func refuses(_ request: String, _ status: String) async throws {
    let server = try await serve()
    let client = try RawClient(port: server.port)
    try await client.send(request)
    let answer = try #require(try await client.rest())
    #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer)")
    #expect(answer.lowercased().contains("connection: close"))
    await server.stop()
  }

  @Test("a body without an end is refused once it is too large")
  func endlessBody() async throws {
    let server = try await serve()
    let client = try RawClient(port: server.port)
    try await client.send("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
    let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 0x61, count: 1 << 16) + [13, 10]
    var chunks = 0
    while chunks < 1000, try await client.send(chunk) { chunks += 1 }
    #expect(chunks < 1000)
    #expect(server.load.bodyBytes == 0)
    await server.stop()
  }

  @Test("requests one after the other, in parts, and before a closed end, are answered in order")
  func orderly() async throws {
    let server = try await serve()
    let client = try RawClient(port: server.port)
    for part in ["PO", "ST / HTTP/1.1\r\nconte", "nt-length: 3\r\n\r", "\na", "bc"] {
      try await client.send(part)
    }
    try await client.send("GET / HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\nPUT / HTTP/1.1\r\n\r\n")
    #expect(try await client.read(until: "PUT 0 yes\n").components("HTTP/1.1 200") == 4)
    try await client.send("GET / HTTP/1.1\r\nx: last\r\n\r\n")
    client.finish()
    #expect(try await client.rest()?.hasSuffix("GET 0 yes\n") == true)
    let old = try RawClient(port: server.port)
    try await old.send("GET / HTTP/1.0\r\n\r\n")
    #expect(try await old.rest()?.hasSuffix("GET 0 yes\n") == true)
    await server.stop()
  }

  @Test(
    "who sends slowly or nothing is hung up on",
    arguments: [
      "", "GET / HT", "GET / HTTP/1.1\r\nx: y\r\n",
      "POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc",
      "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "GET / HTTP/1.1\r\n\r\n",
    ])
  func slow(_ start: String) async throws {
    let server = try await serve {
      // Longer than a busy machine takes to send a few bytes.
      $0.transferNanoseconds = 3_000_000_000
      $0.idleNanoseconds = 3_000_000_000
    }
    let client = try RawClient(port: server.port)
    try await client.send(start)
    let rest = try #require(try await client.rest(), "it is open still")
    #expect(rest.isEmpty == !start.hasSuffix("1.1\r\n\r\n"))
    await server.stop()
  }

  @Test("a byte now and then does not keep a request alive")
  func dripping() async throws {
    let server = try await serve { $0.transferNanoseconds = 300_000_000 }
    let client = try RawClient(port: server.port)
    try await client.send("GET / HTTP/1.1\r\n")
    var bytes = 0
    while bytes < 2000, try await client.send("x") {
      bytes += 1
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(bytes < 2000)
    await server.stop()
  }

  @Test("who asks and asks and reads nothing is not answered for ever")
  func neverReads() async throws {
    let counter = Counter()
    let server = try await serve(
      { $0.transferNanoseconds = 500_000_000 }, counter: counter,
      answer: String(repeating: "a", count: 1 << 16))
    let client = try RawClient(port: server.port)
    let many = String(repeating: "GET / HTTP/1.1\r\n\r\n", count: 1000)
    var sent = 0
    while sent < 1000, try await client.send(many) { sent += 1 }
    #expect(sent < 1000, "it went on taking requests")
    #expect(counter.count < 2000, "\(counter.count) answers of 64 KiB were made for nobody")
    await server.stop()
  }

  @Test("idle connections make room, and a request is answered beside thousands of them")
  func manyIdle() async throws {
    let server = try await serve { $0.connections = 64 }
    var idle: [RawClient] = []
    for number in 0..<3_000 {
      idle.append(try RawClient(port: server.port))
      // This process has no more descriptors than others.
      if idle.count > 400 { idle.removeFirst(200) }
      guard number.isMultiple(of: 500) else { continue }
      let client = try RawClient(port: server.port)
      try await client.send("GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
      #expect(try await client.rest()?.hasSuffix("GET 0 yes\n") == true)
      #expect(server.load.connections <= 64)
    }
    await server.stop()
  }

  @Test("bodies that wait for their end take no more room than all may")
  func manyBodies() async throws {
    let server = try await serve {
      $0.allBodyBytes = 1000
      $0.transferNanoseconds = 50_000_000_000
    }
    var first: RawClient? = try RawClient(port: server.port)
    try await first?.send(
      "POST / HTTP/1.1\r\ncontent-length: 1000\r\n\r\n\(String(repeating: "a", count: 900))")
    while server.load.bodyBytes < 900 { try await Task.sleep(for: .milliseconds(5)) }
    let request =
      "POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: 200\r\n\r\n"
      + String(repeating: "b", count: 200)
    let second = try RawClient(port: server.port)
    try await second.send(request)
    #expect(try await second.rest()?.hasPrefix("HTTP/1.1 503") == true)
    first = nil
    while server.load.bodyBytes > 0 { try await Task.sleep(for: .milliseconds(5)) }
    let third = try RawClient(port: server.port)
    try await third.send(request)
    #expect(try await third.rest()?.hasSuffix("POST 200 yes\n") == true)
    await server.stop()
  }

  @Test("a server that stops closes its connections")
  func stops() async throws {
    let server = try await serve()
    let client = try RawClient(port: server.port)
    try await client.send("GET / HTTP/1.1\r\n\r\n")
    _ = try await client.read(until: "yes\n")
    await server.stop()
    #expect(try await client.rest() == "")
  }
}

extension String {
  fileprivate func components(_ words: String) -> Int {
    var (count, rest) = (0, self[...])
    while let found = rest.firstRange(of: words) {
      count += 1
      rest = rest[found.upperBound...]
    }
    return count
  }
}
