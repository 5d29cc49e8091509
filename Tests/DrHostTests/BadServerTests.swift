// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrRun
import Testing

@testable import DrHost
@testable import DrSystem

/// Requests to servers that lead elsewhere, swell, or are not who they should be. What comes late, broken or without an end
/// is in `Tests/run-faults servers`.
struct BadServerTests {
  private static let secret = HTTPRequest.Header("authorization", "Bearer c4nary")

  private func message(_ port: Int, _ scheme: String = "http") -> HTTPTransport.Message {
    HTTPTransport.Message(
      method: .get, url: "\(scheme)://127.0.0.1:\(port)/", headers: [Self.secret], body: [],
      timeoutNanoseconds: 60_000_000_000)
  }

  @Test("a redirect is an answer: nobody else is asked, and no credentials go there")
  func redirects() async throws {
    let other = try await TestServer { _ in .answer(status: 200, headers: [], body: []) }
    let port = other.port
    let transport = HTTPTransport()
    for status in [301, 302, 303, 307, 308] {
      let server = try await TestServer { _ in
        .answer(status: status, headers: ["location: http://127.0.0.1:\(port)/"], body: [])
      }
      guard case .response(let given, _, _) = await transport.send(message(server.port)) else {
        Issue.record("\(status) is no answer")
        continue
      }
      #expect(given == status && server.requests.count == 1)
      await server.stop()
    }
    #expect(other.connections == 0)
    transport.shutdown()
    await other.stop()
  }

  @Test("what is packed is not asked for, and never unpacked")
  func gzipBomb() async throws {
    // What a few bytes say in gzip could fill any memory; they stay the few bytes that they are.
    let packed = [UInt8]([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]) + [UInt8](repeating: 0, count: 100)
    let server = try await TestServer { _ in
      .answer(status: 200, headers: ["content-encoding: gzip"], body: packed)
    }
    let transport = HTTPTransport()
    guard case .response(200, _, let body) = await transport.send(message(server.port)) else {
      Issue.record("no answer")
      return
    }
    #expect(body == packed)
    #expect(server.requests.first?.head.lowercased().contains("accept-encoding") == false)
    transport.shutdown()
    await server.stop()
  }

  @Test("a server that speaks HTTP/2 only is told from one that is not there")
  func http2() async throws {
    // The frame SETTINGS by which such a server begins (RFC 9113, 3.4).
    let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
    let certificates = try await TestCertificates()
    try await certificates.issue("ip", for: "IP:127.0.0.1")
    var tls = try certificates.serverConfiguration("ip")
    tls.applicationProtocols = ["h2"]
    let server = try await TestServer(tls: tls) { _ in .cut(settings) }
    let answer = try await nodes(server.port, "certificate-authority: \(certificates.authority)")
    let url = "https://127.0.0.1:\(server.port)"
    #expect(answer == .failure(.unreachable("\(url): the answer is not HTTP")))
    await server.stop()
  }

  @Test("a certificate that has expired is refused, and that is no sign of a lost server")
  func expired() async throws {
    let certificates = try await TestCertificates()
    try await certificates.issue("old", for: "IP:127.0.0.1", days: -1)
    let server = try await TestServer(tls: certificates.serverConfiguration("old")) { _ in .hang }
    let answer = try await nodes(server.port, "certificate-authority: \(certificates.authority)")
    guard case .failure(.refused(let why)) = answer else {
      Issue.record("\(answer)")
      return
    }
    let url = "https://127.0.0.1:\(server.port)"
    #expect(
      why.hasPrefix("\(url): its certificate has expired, on 20") && why.contains("renewed"),
      "\(why)")
    #expect(server.requests.isEmpty)
    await server.stop()
  }

  @Test("many requests at once wait for one run of a credential program")
  func onePlugin() async throws {
    let folder = try TestFolder()
    let program = try folder.write(
      "login",
      """
      #!/bin/sh
      echo x >> "\(folder.path)/count"
      sleep 0.3
      echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
       "status":{"token":"'t$(wc -l < "\(folder.path)/count")'"}}'
      """, mode: 0o755)
    let server = try await TestServer { seen in
      seen.head.contains("Bearer t1")
        ? .answer(status: 401, headers: [], body: [])
        : .answer(status: 200, headers: [], body: Array(#"{"items":[]}"#.utf8))
    }
    let world = try world(
      "{server: 'http://127.0.0.1:\(server.port)'}",
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(program)}}")
    let results = await withTaskGroup(of: Result<Document, WorldFailure>.self) { group in
      for number in 0..<20 {
        group.addTask { await world.answer(Self.call("r/\(number)"), .read) }
      }
      return await group.reduce(into: [Result<Document, WorldFailure>]()) { $0.append($1) }
    }
    #expect(results.count == 20)
    // Once, and once more after its first token was refused.
    #expect(try folder.text("count") == "x\nx\n")
    await world.shutdown()
    await server.stop()
  }

  @Test("a credential program is told of the cluster what its extension says")
  func pluginConfig() async throws {
    let folder = try TestFolder()
    let program = try folder.write(
      "login", "#!/bin/sh\necho \"$KUBERNETES_EXEC_INFO\" > \(folder.path)/info\nexit 1\n",
      mode: 0o755)
    let world = try world(
      "{server: 'https://127.0.0.1:1', extensions: [{name: client.authentication.k8s.io/exec, "
        + "extension: {audience: a}}]}",
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(program), "
        + "provideClusterInfo: true}}")
    _ = await world.answer(Self.call("r/1"), .read)
    let info = try JSON.parse(Array(folder.text("info").utf8))
    #expect(info["spec"]?["cluster"]?["config"]?["audience"] == "a")
    #expect(info["spec"]?["interactive"] == false)
    await world.shutdown()
  }

  @Test("who is impersonated is said in full")
  func impersonation() async throws {
    let server = try await TestServer { _ in
      .answer(status: 200, headers: [], body: Array(#"{"items":[]}"#.utf8))
    }
    let world = try world(
      "{server: 'http://127.0.0.1:\(server.port)'}",
      "{as: ann, as-groups: [ops, dev], as-uid: u1, as-user-extra: {Reason/x: [drill]}}")
    _ = await world.answer(Self.call("r/1"), .read)
    let head = try #require(server.requests.first).head.lowercased()
    for header in [
      "impersonate-user: ann", "impersonate-group: ops", "impersonate-group: dev",
      "impersonate-uid: u1", "impersonate-extra-reason%2fx: drill",
    ] { #expect(head.contains(header), "\(head)") }
    await world.shutdown()
    await server.stop()
  }

  @Test("a token that no header can hold is refused without being shown")
  func badToken() async throws {
    let world = try world("{server: 'https://127.0.0.1:1'}", #"{token: "c4n\nary: x"}"#)
    #expect(
      await world.answer(Self.call("r/1"), .read)
        == .failure(.refused("the token of user u holds what no header can")))
    await world.shutdown()
  }

  private static func call(_ key: String) -> WorldCall {
    WorldCall(
      name: "kube.nodes", arguments: DocumentObject([("cluster", "c")]), effect: .reads,
      actClass: nil, key: key)
  }

  private func world(_ cluster: String, _ user: String = "{}") throws -> RealWorld {
    let folder = try TestFolder()
    let path = try folder.kubeconfig(cluster: cluster, user: user)
    return RealWorld(RealWorld.Options(kubeconfig: try KubeconfigSource(given: path).load()))
  }

  private func nodes(
    _ port: Int, _ rest: String
  ) async throws -> Result<Document, WorldFailure> {
    let world = try world("{server: 'https://127.0.0.1:\(port)', \(rest)}")
    let answer = await world.answer(Self.call("r/1"), .read)
    await world.shutdown()
    return answer
  }
}
