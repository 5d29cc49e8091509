// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrRun
import Testing

@testable import DrHost
@testable import DrSystem

/// Programs in containers, over a WebSocket that a script plays.
@Suite("WebSockets of the API server") struct WebSocketTests {
  private func world(
    _ cluster: String, _ user: String = "{token: t0ken}"
  ) throws -> (world: RealWorld, folder: TestFolder) {
    let folder = try TestFolder()
    let path = try folder.kubeconfig(cluster: cluster, user: user)
    var options = RealWorld.Options(kubeconfig: try KubeconfigSource(given: path).load())
    options.proxies = ProxyEnvironment()
    return (RealWorld(options), folder)
  }

  private func request(_ cluster: String = "c") -> KubernetesRequest {
    KubernetesRequest(
      cluster: cluster, method: .get, path: "/api/v1/namespaces/n/pods/p/exec",
      query: [.init("command", "echo"), .init("command", "a b")], agent: "dr/0.1 (r/1)")
  }

  private func exec(
    _ cluster: String, _ user: String = "{token: t0ken}", seconds: Double = 30
  ) async throws -> Reply.Answer {
    let (world, folder) = try world(cluster, user)
    let answer = await world.send(
      .exec(request(), timeoutNanoseconds: Int64(seconds * 1_000_000_000)))
    await world.shutdown()
    _ = folder
    return answer
  }

  private func exec(
    _ script: [ScriptedWebSocket.Line], subprotocol: String = "v5.channel.k8s.io",
    seconds: Double = 30
  ) async throws -> Reply.Answer {
    let server = try await ScriptedWebSocket(subprotocol: subprotocol, script)
    let answer = try await exec("{server: 'http://127.0.0.1:\(server.port)'}", seconds: seconds)
    await server.stop()
    return answer
  }

  private static let success = Array(#"{"metadata":{},"status":"Success"}"#.utf8)

  private func execution(
    _ output: [UInt8] = [], _ errors: [UInt8] = [], dropped: Int = 0
  ) -> Reply.Answer {
    var execution = Reply.Execution()
    execution.output = output
    execution.errors = errors
    execution.dropped = dropped
    execution.status = Self.success
    return .executed(execution)
  }

  @Test("the request says who asks for what, by both subprotocols")
  func asks() async throws {
    let server = try await ScriptedWebSocket([.message(3, Self.success)])
    let answer = try await exec("{server: 'http://127.0.0.1:\(server.port)/base/'}")
    #expect(answer == execution())
    let head = try #require(server.requests.first)
    #expect(head.uri == "/base/api/v1/namespaces/n/pods/p/exec?command=echo&command=a%20b")
    #expect(head.headers["authorization"] == ["Bearer t0ken"])
    #expect(head.headers["user-agent"] == ["dr/0.1 (r/1)"])
    #expect(head.headers["host"] == ["127.0.0.1:\(server.port)"])
    #expect(
      head.headers["sec-websocket-protocol"] == ["v5.channel.k8s.io, v4.channel.k8s.io"])
    await server.stop()
  }

  @Test("streams come by channel, in pieces, beside pings, with what nobody knows left out")
  func streams() async throws {
    let server = try await ScriptedWebSocket(
      subprotocol: "v4.channel.k8s.io",
      [
        .message(0, []), .message(1, []), .message(2, []), .message(3, []),
        .message(1, Array("one ".utf8)), .ping, .message(2, Array("bad".utf8)),
        .fragments(1, Array("two three".utf8), 4), .message(255, [1]), .message(9, [1]),
        .message(3, Self.success), .cut,
      ])
    #expect(
      try await exec("{server: 'http://127.0.0.1:\(server.port)'}")
        == execution(Array("one two three".utf8), Array("bad".utf8)))
    await server.stop()
  }

  @Test("of each stream 64 KiB are kept, and the rest is counted")
  func bounds() async throws {
    let piece = [UInt8](repeating: 0x61, count: 30_000)
    let lines = [ScriptedWebSocket.Line](repeating: .message(1, piece), count: 100)
    guard
      case .executed(let execution) = try await exec(
        lines + [.message(2, piece), .message(3, Self.success)])
    else {
      Issue.record("it has not ended")
      return
    }
    #expect(execution.output.count == 65_536 && execution.errors.count == 30_000)
    #expect(execution.dropped == 3_000_000 - 65_536)
  }

  @Test("a connection that ends before the program does, and a silent one, tell nothing of it")
  func lost() async throws {
    func failure(_ answer: Reply.Answer) -> TransportFailure? {
      if case .failure(let failure) = answer { failure } else { nil }
    }
    let half = try await exec([.message(1, Array("half".utf8)), .cut])
    guard case .lostAnswer(let text)? = failure(half) else {
      Issue.record("\(half)")
      return
    }
    #expect(text.hasSuffix(": the connection was closed"))
    let silent = try await exec([.silence], seconds: 0.5)
    guard case .lostAnswer(let late)? = failure(silent) else {
      Issue.record("\(silent)")
      return
    }
    #expect(late.hasSuffix(": no end within the time allowed"))
    let closed = try ClosedPort()
    let gone = try await exec("{server: 'http://127.0.0.1:\(closed.port)'}")
    #expect(
      failure(gone) == .notSent("http://127.0.0.1:\(closed.port): connection refused"))
  }

  @Test("who gives up closes the connection, and is in doubt")
  func cancelled() async throws {
    let server = try await ScriptedWebSocket([.silence])
    let (world, folder) = try world("{server: 'http://127.0.0.1:\(server.port)'}")
    let task = Task { await world.send(.exec(request(), timeoutNanoseconds: 60_000_000_000)) }
    while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    guard case .failure(.lostAnswer(let text)) = await task.value else {
      Issue.record("it ended otherwise")
      return
    }
    #expect(text.hasSuffix(": given up"))
    await world.shutdown()
    await server.stop()
    _ = folder
  }

  @Test("what a server answers instead of the upgrade is given back")
  func refusals() async throws {
    let server = try await TestServer { _ in
      .answer(status: 403, headers: ["x-a: b"], body: Array(#"{"reason":"Forbidden"}"#.utf8))
    }
    let answer = try await exec("{server: 'http://127.0.0.1:\(server.port)'}")
    guard case .response(403, let headers, let body) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(headers.contains(.init("x-a", "b")))
    #expect(String(decoding: body, as: UTF8.self) == #"{"reason":"Forbidden"}"#)
    await server.stop()
  }

  @Test("any bytes in the place of frames end it, and nothing crashes", arguments: 1...40)
  func garbage(_ seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    let answer = try await exec([.raw(bytes), .cut], seconds: 20)
    switch answer {
    case .failure(.lostAnswer), .executed: break
    case .failure, .response, .text, .exited, .message: Issue.record("seed \(seed): \(answer)")
    }
  }

  @Test("any bytes in the place of an HTTP answer are no WebSocket")
  func garbageInstead() async throws {
    let accept = "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    for text in ["SSH-2.0-x\r\n\r\n", accept + "\r\n", accept + "sec-websocket-accept: x\r\n\r\n"] {
      let server = try await TestServer { _ in .cut(Array(text.utf8)) }
      let answer = try await exec("{server: 'http://127.0.0.1:\(server.port)'}")
      guard case .failure(.lostAnswer) = answer else {
        Issue.record("\(text): \(answer)")
        continue
      }
      await server.stop()
    }
  }

  @Test("TLS is verified, and spoken with the client's certificate")
  func tls() async throws {
    let certificates = try await TestCertificates()
    try await certificates.issue("ip", for: "IP:127.0.0.1")
    let server = try await ScriptedWebSocket(
      tls: certificates.serverConfiguration("ip"), [.message(3, Self.success)])
    let url = "server: 'https://127.0.0.1:\(server.port)'"
    let authority = "certificate-authority: \(certificates.authority)"
    #expect(try await exec("{\(url), \(authority)}") == execution())
    guard case .failure(.refused(let text)) = try await exec("{\(url)}") else {
      Issue.record("a server that nobody vouches for was trusted")
      return
    }
    #expect(text.contains("its certificate is signed by an authority that is not trusted here"))
    await server.stop()
  }

  @Test("a proxy is asked for the connection first", arguments: ["http", "socks5"])
  func proxies(_ scheme: String) async throws {
    let server = try await ScriptedWebSocket([.message(3, Self.success)])
    let proxy = try await RelayProxy()
    let answer = try await exec(
      "{server: 'http://127.0.0.1:\(server.port)', proxy-url: '\(scheme)://127.0.0.1:\(proxy.port)'}"
    )
    #expect(answer == execution())
    #expect(proxy.targets == ["127.0.0.1:\(server.port)"])
    await proxy.stop()
    await server.stop()
  }

  // MARK: Ports of pods

  private func forward(
    _ cluster: String, _ method: HTTPMethod = .get, body: String = "", seconds: Double = 30
  ) async throws -> Reply.Answer {
    let (world, folder) = try world(cluster)
    let answer = await world.send(
      .http(
        HTTPRequest(
          method: method, url: "pod://c/n/p:8000/health?a=b",
          headers: [.init("user-agent", "dr/0.1 (r/1)")], body: Array(body.utf8),
          timeoutNanoseconds: Int64(seconds * 1_000_000_000))))
    await world.shutdown()
    _ = folder
    return answer
  }

  private func forward(_ script: [ScriptedWebSocket.Line]) async throws -> (
    answer: Reply.Answer, server: ScriptedWebSocket
  ) {
    let server = try await ScriptedWebSocket(subprotocol: "v4.channel.k8s.io", script)
    let answer = try await forward(
      "{server: 'http://127.0.0.1:\(server.port)'}", .post, body: "{}")
    await server.stop()
    return (answer, server)
  }

  private static let port: [UInt8] = [0x40, 0x1f]

  @Test("an HTTP request goes over the channel of the port, and its answer comes back, in pieces")
  func forwards() async throws {
    let (answer, server) = try await forward([
      .message(0, Self.port), .message(1, Self.port), .listen,
      .message(0, Array("HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-le".utf8)),
      .message(0, Array("ngth: 5\r\n\r\nhel".utf8)), .fragments(0, Array("lo".utf8), 2),
    ])
    guard case .response(200, let headers, let body) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(headers.contains(.init("x-a", "b")) && body == Array("hello".utf8))
    let head = try #require(server.requests.first)
    #expect(head.uri == "/api/v1/namespaces/n/pods/p/portforward?ports=8000")
    #expect(head.headers["sec-websocket-protocol"] == ["v4.channel.k8s.io"])
    let sent = server.messages.flatMap { $0.first == 0 ? Array($0.dropFirst()) : [] }
    let text = String(decoding: sent, as: UTF8.self).lowercased()
    #expect(text.hasPrefix("post /health?a=b http/1.1\r\n") && text.hasSuffix("\r\n\r\n{}"))
    #expect(text.contains("host: localhost:8000\r\n") && text.contains("content-length: 2\r\n"))
  }

  @Test("an answer without a length ends with the connection")
  func endless() async throws {
    let (answer, _) = try await forward([
      .message(0, Self.port), .listen, .message(0, Array("HTTP/1.1 200 OK\r\n\r\nall".utf8)), .cut,
    ])
    guard case .response(200, _, Array("all".utf8)) = answer else {
      Issue.record("\(answer)")
      return
    }
  }

  @Test("what was not sent is told from an answer that was lost")
  func forwardFailures() async throws {
    func kind(_ answer: Reply.Answer) -> String {
      switch answer {
      case .failure(.notSent(let text)): "not sent: \(text)"
      case .failure(.lostAnswer(let text)): "lost: \(text)"
      case .failure(.refused(let text)): "refused: \(text)"
      case .response, .text, .exited, .executed, .message: "\(answer)"
      }
    }
    let refusing = try await forward([
      .message(0, Self.port), .message(1, Self.port),
      .message(1, Array("error forwarding port 8000: connection refused".utf8)),
    ]).answer
    #expect(kind(refusing).hasPrefix("not sent: ") && kind(refusing).hasSuffix("refused"))
    let cut = try await forward([.message(0, Self.port), .listen, .cut]).answer
    #expect(kind(cut).hasPrefix("lost: "))
    for (status, wanted) in [(403, "refused: "), (404, "not sent: "), (502, "not sent: ")] {
      let server = try await TestServer { _ in
        .answer(status: status, headers: [], body: Array(#"{"message":"why"}"#.utf8))
      }
      let answer = try await forward("{server: 'http://127.0.0.1:\(server.port)'}")
      #expect(kind(answer) == "\(wanted)cannot reach port 8000 of pod p in n: why (\(status))")
      await server.stop()
    }
  }
}
