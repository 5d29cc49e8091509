// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrRun
import Testing

@testable import DrHost
@testable import DrSystem

/// Calls carried out against servers of the test's own on loopback.
struct RealWorldTests {
  private func call(_ name: String, _ arguments: Document) -> WorldCall {
    WorldCall(
      name: name, arguments: arguments.objectValue ?? DocumentObject(), effect: .reads,
      actClass: nil, key: "r/1")
  }

  /// The answer of one call in a world with this kubeconfig.
  private func ask(
    _ kubeconfig: String, _ name: String = "kube.nodes", _ arguments: Document = ["cluster": "c"],
    _ phase: CallPhase = .read, allowsInsecure: Bool = false
  ) async throws -> Result<Document, WorldFailure> {
    let folder = try TestFolder()
    let path = try folder.write("config", kubeconfig)
    var options = RealWorld.Options(kubeconfig: try KubeconfigSource(given: path).load())
    options.allowsInsecure = allowsInsecure
    let world = RealWorld(options)
    let answer = await world.answer(call(name, arguments), phase)
    await world.shutdown()
    return answer
  }

  private func config(_ cluster: String, _ user: String = "{}") -> String {
    TestFolder.kubeconfigText(cluster: cluster, user: user)
  }

  private static let noNodes = TestServer.Behaviour.answer(
    status: 200, headers: [], body: Array(#"{"items":[]}"#.utf8))

  @Test("sends the token, and speaks over one connection")
  func plain() async throws {
    let server = try await TestServer { _ in Self.noNodes }
    let answer = try await ask(
      config("{server: 'http://127.0.0.1:\(server.port)/base/'}", "{token: t0ken}"), "kube.free",
      ["cluster": "c", "selector": ["a": "b/c d"], "cpu_millis": 1, "memory": 1, "gpu": 0])
    #expect(answer == .success(0))
    let request = try #require(server.requests.first)
    #expect(
      request.head.hasPrefix(
        "GET /base/api/v1/nodes?labelSelector=a%3Db%2Fc%20d&limit=200 HTTP/1.1"))
    let head = request.head.lowercased()
    #expect(head.contains("authorization: bearer t0ken"))
    #expect(head.contains("user-agent: dr/0.1 (r/1)"))
    await server.stop()
  }

  @Test("a connection is used again")
  func keepAlive() async throws {
    let server = try await TestServer { _ in Self.noNodes }
    var options = HTTPTransport.Options()
    options.idleSeconds = 3600  // where other tests hold all threads, minutes pass between requests
    let transport = HTTPTransport(options)
    for _ in 0..<5 {
      _ = await transport.send(message("http://127.0.0.1:\(server.port)/"))
    }
    #expect(server.requests.count == 5 && server.connections == 1)
    transport.shutdown()
    await server.stop()
  }

  @Test("a slow server's requests do not wait for one another")
  func manyAtOnce() async throws {
    let server = try await TestServer { _ in .hang }
    let transport = HTTPTransport()
    let slow = message("http://127.0.0.1:\(server.port)/", seconds: 5)
    let answers = await withTaskGroup(of: Reply.Answer.self) { group in
      for _ in 0..<40 { group.addTask { await transport.send(slow) } }
      return await group.reduce(into: [Reply.Answer]()) { $0.append($1) }
    }
    let late = TransportFailure.lostAnswer(
      "http://127.0.0.1:\(server.port): no answer within the time allowed")
    #expect(answers == Array(repeating: .failure(late), count: 40))
    #expect(server.connections == 40)
    transport.shutdown()
    await server.stop()
  }

  @Test("a program runs without a shell, and is ended with all that it started when it is late")
  func programs() async throws {
    let world = RealWorld(RealWorld.Options())
    func run(_ command: Document, seconds: Double) async -> Result<Document, WorldFailure> {
      let observed = Observation(
        target: "", changes: [], permissions: [], state: .null, result: .null)
      return await world.answer(
        call(
          "shell.run",
          ["command": command, "status": 0, "timeout": .int(Int64(seconds * 1e9))]),
        .perform(observed: observed.document))
    }
    #expect(
      await run(["printf", "%s|", "$HOME; exit 1", "*"], seconds: 20)
        == .success(["status": 0, "output": "$HOME; exit 1|*|", "errors": ""]))
    #expect(
      await run(["sh", "-c", "echo $DR_KEY; echo no >&2; exit 3"], seconds: 20)
        == .failure(.refused("sh -c 'echo $DR_KEY; echo no >&2; exit 3' ends with 3, not 0: no")))
    #expect(
      await run(["no-such-program-here"], seconds: 20)
        == .failure(.refused("no-such-program-here does not start: No such file or directory")))
    // Its output stays open while anything that it started is alive: this test would hang.
    #expect(
      await run(["sh", "-c", "sleep 86400 & sleep 86400"], seconds: 0.3)
        == .failure(.inDoubt("sh was ended: it took longer than it may")))
    // So does who closes its streams and goes on.
    #expect(
      await run(["sh", "-c", "exec >&- 2>&-; sleep 86400"], seconds: 0.3)
        == .failure(.inDoubt("sh was ended: it took longer than it may")))
    await world.shutdown()
  }

  private func message(
    _ url: String, _ method: HTTPMethod = .get, seconds: Double = 60
  ) -> HTTPTransport.Message {
    HTTPTransport.Message(
      method: method, url: url, headers: [], body: method == .get ? [] : [0x7b, 0x7d],
      timeoutNanoseconds: Int64(seconds * 1e9))
  }

  @Test("tells what was not sent from an answer that was lost")
  func classification() async throws {
    let transport = HTTPTransport()
    let closed = try await TestServer { _ in .close }
    let hanging = try await TestServer { _ in .hang }
    let garbage = try await TestServer { _ in .raw(Array("SSH-2.0-x\r\n\r\n".utf8)) }
    let cut = try await TestServer { _ in
      .raw(Array("HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nabc".utf8))
    }
    let gone = try ClosedPort()
    func url(_ server: TestServer) -> String { "http://127.0.0.1:\(server.port)" }
    func send(_ server: TestServer, seconds: Double = 60) async -> Reply.Answer {
      await transport.send(message("\(url(server))/x?secret=1", .post, seconds: seconds))
    }
    #expect(
      await transport.send(message("http://u:p@127.0.0.1:\(gone.port)/x", .post))
        == .failure(.notSent("http://127.0.0.1:\(gone.port): connection refused")))
    #expect(
      await send(closed)
        == .failure(
          .lostAnswer("\(url(closed)): the connection was closed before the answer was complete")))
    #expect(
      await send(hanging, seconds: 4)
        == .failure(.lostAnswer("\(url(hanging)): no answer within the time allowed")))
    #expect(
      await send(garbage) == .failure(.lostAnswer("\(url(garbage)): the answer is not HTTP")))
    #expect(
      await send(cut, seconds: 4)
        == .failure(.lostAnswer("\(url(cut)): no answer within the time allowed")))
    #expect(
      await transport.send(message("http://no-such-host.invalid/"))
        == .failure(
          .notSent("http://no-such-host.invalid: no address is known for no-such-host.invalid")))
    #expect(
      await transport.send(message("http:///x"))
        == .failure(.refused("http://: the URL is not valid")))
    transport.shutdown()
    for server in [closed, hanging, garbage, cut] { await server.stop() }
  }

  @Test("an endless answer is cut off")
  func flood() async throws {
    let server = try await TestServer { _ in .flood }
    let announced = try await TestServer { _ in
      .raw(Array("HTTP/1.1 200 x\r\ncontent-length: 99999999999\r\n\r\n".utf8))
    }
    let transport = HTTPTransport()
    for (port, method) in [
      (server.port, HTTPMethod.get), (announced.port, .get), (announced.port, .post),
    ] {
      let url = "http://127.0.0.1:\(port)"
      let text = "\(url): the answer is larger than 64 MiB"
      #expect(
        await transport.send(message(url, method, seconds: 60))
          == .failure(method == .get ? .refused(text) : .lostAnswer(text)))
    }
    transport.shutdown()
    await server.stop()
    await announced.stop()
  }

  @Test("a cluster that does not answer is unreachable, by address and reason")
  func unreachable() async throws {
    let closed = try ClosedPort()
    let answer = try await ask(config("{server: 'https://127.0.0.1:\(closed.port)'}"))
    #expect(
      answer
        == .failure(.unreachable("https://127.0.0.1:\(closed.port): connection refused")))
  }

  @Test("TLS: the authority and the name are verified, and a client certificate is shown")
  func tls() async throws {
    let certificates = try await TestCertificates()
    try await certificates.issue("ip", for: "IP:127.0.0.1")
    try await certificates.issue("name", for: "DNS:kubernetes")
    try await certificates.issue("user", for: "DNS:user")
    let other = try await TestCertificates()
    let byAddress = try await TestServer(tls: certificates.serverConfiguration("ip")) { _ in
      Self.noNodes
    }
    let byName = try await TestServer(tls: certificates.serverConfiguration("name")) { _ in
      Self.noNodes
    }
    let mutual = try await TestServer(
      tls: certificates.serverConfiguration("ip", requiresClient: true)
    ) { _ in Self.noNodes }
    func nodes(
      _ server: TestServer, _ rest: String, _ user: String = "{}", allows: Bool = false
    ) async throws -> Result<Document, WorldFailure> {
      try await ask(
        config("{server: 'https://127.0.0.1:\(server.port)', \(rest)}", user),
        allowsInsecure: allows)
    }
    let authority = "certificate-authority: \(certificates.authority)"
    #expect(try await nodes(byAddress, authority) == .success([]))
    let wrong = try await nodes(byAddress, "certificate-authority: \(other.authority)")
    #expect(
      wrong
        == .failure(
          .refused(
            "https://127.0.0.1:\(byAddress.port): its certificate is signed by an authority that is "
              + "not trusted here: name the right one (certificate-authority-data of a kubeconfig, "
              + "else this machine's)")))
    #expect(
      try await nodes(byName, authority)
        == .failure(
          .refused(
            "https://127.0.0.1:\(byName.port): its certificate is for other names: ask for it by one of those"
          )))
    #expect(
      try await nodes(byName, "\(authority), tls-server-name: kubernetes") == .success([]))
    let folder = certificates.folder.path
    #expect(
      try await nodes(
        mutual, authority,
        "{client-certificate: \(folder)/user.crt, client-key: \(folder)/user.key}")
        == .success([]))
    #expect(try await nodes(mutual, authority) != .success([]))
    let skips = "insecure-skip-tls-verify: true"
    guard case .failure(.refused(let message)) = try await nodes(byAddress, skips) else {
      Issue.record("an insecure cluster was used")
      return
    }
    #expect(message.hasPrefix("cluster k has insecure-skip-tls-verify"))
    #expect(try await nodes(byAddress, skips, allows: true) == .success([]))
    for server in [byAddress, byName, mutual] { await server.stop() }
  }

  @Test("a credential program is run once, and again after its credentials are refused")
  func execPlugin() async throws {
    let folder = try TestFolder()
    let program = try folder.write(
      "login",
      """
      #!/bin/sh
      echo "$KUBERNETES_EXEC_INFO" > "$OUT/info"
      echo x >> "$OUT/count"
      echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
       "status":{"token":"t'$(wc -l < "$OUT/count")'","expirationTimestamp":"2100-01-01T00:00:00Z"}}'
      """, mode: 0o755)
    let server = try await TestServer { seen in
      seen.head.contains("Bearer t1") && seen.head.contains("continue")
        ? .answer(status: 401, headers: [], body: [])
        : seen.head.contains("continue")
          ? Self.noNodes
          : .answer(
            status: 200, headers: [],
            body: Array(#"{"metadata":{"continue":"x"},"items":[]}"#.utf8))
    }
    let user =
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(program), "
      + "env: [{name: OUT, value: \(folder.path)}], provideClusterInfo: true}}"
    let answer = try await ask(config("{server: 'http://127.0.0.1:\(server.port)'}", user))
    #expect(answer == .success([]))
    #expect(try folder.text("count") == "x\nx\n")
    let info = try JSON.parse(Array(folder.text("info").utf8))
    #expect(info["spec"]?["cluster"]?["server"] == .string("http://127.0.0.1:\(server.port)"))
    #expect(server.requests.last?.head.contains("Bearer t2") == true)
    await server.stop()
  }

  @Test("a credential program that fails says why, and nothing it printed")
  func brokenPlugin() async throws {
    let folder = try TestFolder()
    for (script, reason) in [
      ("echo s3cret; echo 'log in first' >&2; exit 2", "ends with status 2: log in first"),
      ("echo s3cret", "prints no ExecCredential"),
      (
        #"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'"#,
        "prints neither a token nor a certificate"
      ),
    ] {
      let program = try folder.write("login", "#!/bin/sh\n\(script)\n", mode: 0o755)
      let answer = try await ask(
        config(
          "{server: 'https://127.0.0.1:1'}",
          "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(program)}}"))
      #expect(
        answer == .failure(.refused("the credential program login of user u \(reason)")))
    }
  }

  @Test("a token file is read each time; its token goes to no server without TLS")
  func tokenFile() async throws {
    let folder = try TestFolder()
    let path = try folder.write("token", "first\n")
    let server = try await TestServer { _ in Self.noNodes }
    let text = config("{server: 'http://127.0.0.1:\(server.port)'}", "{tokenFile: \(path)}")
    let config = try folder.write("config", text)
    let world = RealWorld(
      RealWorld.Options(kubeconfig: try KubeconfigSource(given: config).load()))
    _ = await world.answer(call("kube.nodes", ["cluster": "c"]), .read)
    try folder.write("token", "second")
    _ = await world.answer(call("kube.nodes", ["cluster": "c"]), .read)
    await world.shutdown()
    // What is read again is watched from then on, which begins with a list of its own.
    let heads = server.requests.map(\.head)
    #expect(heads.count >= 2 && heads[0].contains("Bearer first"))
    #expect(heads.dropFirst().allSatisfy { $0.contains("Bearer second") })
    await server.stop()
    let remote = try await ask(self.config("{server: 'http://10.255.0.1'}", "{token: x}"))
    #expect(
      remote
        == .failure(.refused("credentials are not sent to http://10.255.0.1, which has no TLS")))
  }

  @Test("an act whose answer is lost is in doubt; one that did not leave is unreachable")
  func acts() async throws {
    let server = try await TestServer { seen in
      seen.head.hasPrefix("PATCH") ? .close : Self.noNodes
    }
    let observed = Observation(
      target: "nodes/n", changes: [], permissions: [],
      state: ["cordoned": false, "resource_version": "1"], result: false
    ).document
    let url = "http://127.0.0.1:\(server.port)"
    let arguments: Document = ["cluster": "c", "node": "n"]
    let lost = try await ask(
      config("{server: '\(url)'}"), "kube.cordon", arguments, .perform(observed: observed))
    #expect(
      lost
        == .failure(.inDoubt("\(url): the connection was closed before the answer was complete")))
    await server.stop()
    let closed = try ClosedPort()
    let away = "http://127.0.0.1:\(closed.port)"
    let gone = try await ask(
      config("{server: '\(away)'}"), "kube.cordon", arguments, .perform(observed: observed))
    #expect(gone == .failure(.unreachable("\(away): connection refused")))
  }

  @Test("a call that is cancelled ends")
  func cancellation() async throws {
    let server = try await TestServer { _ in .hang }
    let world = RealWorld(RealWorld.Options())
    let call = call(
      "inference.serving",
      [
        "url": .string("http://127.0.0.1:\(server.port)"), "api": "infer", "model": "",
        "timeout": 60_000_000_000,
      ])
    let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
    let task = world.start(CallID(1), call, .read) { continuation.yield($0) }
    try await Task.sleep(for: .milliseconds(100))
    task.cancel()
    var iterator = stream.makeAsyncIterator()
    guard case .answered(let id, .success(false)) = await iterator.next() else {
      Issue.record("no answer")
      return
    }
    #expect(id == CallID(1))
    await world.shutdown()
    await server.stop()
  }
}
