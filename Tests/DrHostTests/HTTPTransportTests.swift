// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import DrHost

/// Connections: when one is used again, when it is not, and who waits for one.
struct HTTPTransportTests {
  private func message(
    _ server: TestServer, _ method: HTTPMethod = .get, body: [UInt8] = [], seconds: Double = 60
  ) -> HTTPTransport.Message {
    HTTPTransport.Message(
      method: method, url: "http://127.0.0.1:\(server.port)/", headers: [], body: body,
      timeoutNanoseconds: Int64(seconds * 1e9))
  }

  private static let ok = TestServer.Behaviour.answer(status: 200, headers: [], body: [0x61])

  private func status(_ answer: Reply.Answer) -> Int? {
    guard case .response(let status, _, _) = answer else { return nil }
    return status
  }

  /// Answers the first and the third request, and closes the connection at the second.
  private func stale() async throws -> TestServer {
    let count = Mutex(0)
    return try await TestServer { _ in
      count.withLock { count in
        count += 1
        return count == 2 ? .close : Self.ok
      }
    }
  }

  @Test("what only reads is sent again where the connection that was kept is closed meanwhile")
  func staleRead() async throws {
    let server = try await stale()
    let transport = HTTPTransport()
    #expect(status(await transport.send(message(server))) == 200)
    #expect(status(await transport.send(message(server))) == 200)
    #expect(server.connections == 2 && server.requests.count == 3)
    transport.shutdown()
    await server.stop()
  }

  @Test("what changes something is never sent twice")
  func staleAct() async throws {
    let server = try await stale()
    let transport = HTTPTransport()
    #expect(status(await transport.send(message(server))) == 200)
    #expect(
      await transport.send(message(server, .post))
        == .failure(
          .lostAnswer(
            "http://127.0.0.1:\(server.port): the connection was closed before the answer was complete"
          )))
    #expect(server.requests.count == 2)
    transport.shutdown()
    await server.stop()
  }

  @Test("a new connection that is closed is not tried again")
  func closedAtOnce() async throws {
    let server = try await TestServer { _ in .close }
    let transport = HTTPTransport()
    guard case .failure(.lostAnswer) = await transport.send(message(server)) else {
      Issue.record("there was an answer")
      return
    }
    #expect(server.requests.count == 1)
    transport.shutdown()
    await server.stop()
  }

  @Test("a connection that the server means to close is not used again")
  func close() async throws {
    let server = try await TestServer { _ in
      .answer(status: 200, headers: ["connection: close"], body: [])
    }
    let transport = HTTPTransport()
    for _ in 0..<3 { #expect(status(await transport.send(message(server))) == 200) }
    #expect(server.connections == 3)
    transport.shutdown()
    await server.stop()
  }

  @Test("no more connections than allowed; what waits gets one in turn, or is late")
  func limit() async throws {
    let server = try await TestServer { _ in Self.ok }
    var options = HTTPTransport.Options()
    options.connectionsPerHost = 3
    let transport = HTTPTransport(options)
    let all = await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<200 { group.addTask { status(await transport.send(message(server))) } }
      return await group.reduce(into: [Int?]()) { $0.append($1) }
    }
    #expect(all == Array(repeating: 200, count: 200))
    #expect(server.connections == 3)
    let silent = try await TestServer { _ in .hang }
    options.connectionsPerHost = 1
    let narrow = HTTPTransport(options)
    let first = Task { await narrow.send(message(silent)) }
    while silent.requests.isEmpty { await Task.yield() }
    #expect(
      await narrow.send(message(silent, .post, seconds: 0.05))
        == .failure(
          .notSent("http://127.0.0.1:\(silent.port): no connection within the time allowed")))
    // Who gives up while waiting has sent nothing; who gives up later may have.
    let waiting = Task { await narrow.send(message(silent, .post)) }
    waiting.cancel()
    #expect(
      await waiting.value == .failure(.notSent("http://127.0.0.1:\(silent.port): given up")))
    first.cancel()
    #expect(await first.value == .failure(.lostAnswer("http://127.0.0.1:\(silent.port): given up")))
    for transport in [transport, narrow] { transport.shutdown() }
    await server.stop()
    await silent.stop()
  }

  @Test("a transport that is shut sends nothing, and ends what waits")
  func shut() async throws {
    let server = try await TestServer { _ in .hang }
    let transport = HTTPTransport()
    let begun = Task { await transport.send(message(server)) }
    while server.requests.isEmpty { await Task.yield() }
    transport.shutdown()
    guard case .failure(.lostAnswer) = await begun.value else {
      Issue.record("it was answered")
      return
    }
    #expect(
      await transport.send(message(server))
        == .failure(.notSent("http://127.0.0.1:\(server.port): given up")))
    await server.stop()
  }

  @Test("an answer to HEAD has no body, and none where there is none", arguments: [204, 304])
  func bodiless(_ number: Int) async throws {
    let server = try await TestServer { seen in
      seen.head.hasPrefix("HEAD")
        ? .raw(Array("HTTP/1.1 200 x\r\ncontent-length: 99999999999\r\n\r\n".utf8))
        : .raw(Array("HTTP/1.1 \(number) x\r\n\r\n".utf8))
    }
    let transport = HTTPTransport()
    #expect(status(await transport.send(message(server, .head))) == 200)
    #expect(status(await transport.send(message(server))) == number)
    #expect(server.connections == 1)
    transport.shutdown()
    await server.stop()
  }

  @Test("a body in pieces, one without a length, and what comes before the answer")
  func framing() async throws {
    let chunks =
      "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
    for text in [
      chunks, "HTTP/1.0 200 x\r\n\r\nabc",
      "HTTP/1.1 100 y\r\n\r\nHTTP/1.1 103 y\r\nlink: z\r\n\r\n" + chunks,
    ] {
      let server = try await TestServer { _ in
        text.contains("1.0") ? .cut(Array(text.utf8)) : .raw(Array(text.utf8))
      }
      let transport = HTTPTransport()
      guard case .response(200, _, let body) = await transport.send(message(server)) else {
        Issue.record("no answer to \(text)")
        continue
      }
      #expect(body == Array("abc".utf8))
      transport.shutdown()
      await server.stop()
    }
  }

  @Test("headers without an end are no answer")
  func headers() async throws {
    let server = try await TestServer { _ in
      .raw(Array(("HTTP/1.1 200 x\r\n" + String(repeating: "a: b\r\n", count: 50_000)).utf8))
    }
    let transport = HTTPTransport()
    #expect(
      await transport.send(message(server, .post))
        == .failure(.lostAnswer("http://127.0.0.1:\(server.port): the answer is not HTTP")))
    transport.shutdown()
    await server.stop()
  }

  @Test("a large body is sent whole, and its answer may end the connection")
  func large() async throws {
    let server = try await TestServer { _ in
      .answer(status: 413, headers: ["connection: close"], body: [])
    }
    let transport = HTTPTransport()
    let large = [UInt8](repeating: 0x61, count: 1 << 20)
    #expect(status(await transport.send(message(server, .post, body: large))) == 413)
    transport.shutdown()
    await server.stop()
  }

  @Test("a proxy of HTTP is asked for the whole URL")
  func proxy() async throws {
    let proxy = try await TestServer { _ in Self.ok }
    var options = HTTPTransport.Options()
    options.proxy = .http(host: "127.0.0.1", port: proxy.port, user: nil, password: nil)
    let transport = HTTPTransport(options)
    let message = HTTPTransport.Message(
      method: .get, url: "http://example.invalid:81/a?b", headers: [], body: [],
      timeoutNanoseconds: 60_000_000_000)
    #expect(status(await transport.send(message)) == 200)
    #expect(
      proxy.requests.first?.head.hasPrefix("GET http://example.invalid:81/a?b HTTP/1.1") == true)
    transport.shutdown()
    await proxy.stop()
  }

  @Test("a server that takes the connection and never speaks TLS holds nobody up")
  func noHandshake() async throws {
    let server = try await TestServer { _ in .hang }
    var options = HTTPTransport.Options()
    options.connectNanoseconds = 50_000_000
    let transport = HTTPTransport(options)
    let message = HTTPTransport.Message(
      method: .post, url: "https://127.0.0.1:\(server.port)/", headers: [], body: [],
      timeoutNanoseconds: 60_000_000_000)
    #expect(
      await transport.send(message)
        == .failure(
          .notSent("https://127.0.0.1:\(server.port): no connection within the time allowed")))
    transport.shutdown()
    await server.stop()
  }
}
