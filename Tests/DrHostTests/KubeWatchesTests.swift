// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Synchronization
import Testing

@testable import DrHost

/// Watches of an API server that does what it likes.
@Suite("watches of collections")
struct KubeWatchesTests {
  /// One connection: what comes on it, and how it ends; without an end it stays open and silent.
  private struct Connection: Sendable {
    var pieces: [String] = []
    var end: StreamEnd?
    /// 200 was answered.
    var isBegun = true
  }

  /// The server as a script, and everything that was asked of it.
  private final class Server: Sendable {
    struct State {
      var connections: [Connection]
      var log: [String] = []
      var pauses: [Int64] = []
      var position = 100
      var positionStatus = 200
    }
    let state: Mutex<State>

    init(_ connections: [Connection], positionStatus: Int = 200) {
      state = Mutex(State(connections: connections, positionStatus: positionStatus))
    }

    var log: [String] { state.withLock { $0.log } }
    var pauses: [Int64] { state.withLock { $0.pauses } }

    func ask(_ request: KubernetesRequest) -> Reply.Answer {
      state.withLock { state in
        state.log.append("position")
        state.position += 100
        return .response(
          status: state.positionStatus, headers: [],
          body: Array(#"{"metadata":{"resourceVersion":"\#(state.position)"},"items":[]}"#.utf8))
      }
    }

    func stream(
      _ request: KubernetesRequest, _ begun: @Sendable () -> Void,
      _ take: @Sendable ([UInt8]) -> Bool
    ) async -> StreamEnd {
      let version = request.query.first { $0.name == "resourceVersion" }?.value ?? "none"
      #expect(request.query.contains(.init("allowWatchBookmarks", "true")))
      let connection = state.withLock { state in
        state.log.append("watch \(version)")
        return state.connections.isEmpty ? Connection() : state.connections.removeFirst()
      }
      if connection.isBegun { begun() }
      for piece in connection.pieces where !take(Array(piece.utf8)) { return .closed }
      if let end = connection.end { return end }
      while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
      return .failed("given up")
    }

    func watches() -> KubeWatches {
      var timing = KubeWatches.Timing()
      timing.pause = { [self] nanoseconds in
        state.withLock { $0.pauses.append(nanoseconds) }
        await Task.yield()
      }
      return KubeWatches(
        ask: { [self] in ask($0) }, stream: { [self] in await stream($0, $1, $2) }, timing: timing
      ) {}
    }
  }

  private var target: WatchTarget {
    get throws {
      try #require(
        WatchTarget(
          KubernetesRequest(cluster: "c", method: .get, path: "/api/v1/pods", agent: "a")))
    }
  }

  private func added(_ version: String) -> String {
    #"{"type":"ADDED","object":{"metadata":{"resourceVersion":"\#(version)"}}}"# + "\n"
  }

  /// Until the server has been asked so often.
  private func log(of server: Server, _ count: Int) async -> [String] {
    for _ in 0..<120_000 where server.log.count < count {
      try? await Task.sleep(for: .milliseconds(1))
    }
    return server.log
  }

  private func follow(_ connections: [Connection], asks: Int) async throws -> [String] {
    let server = Server(connections)
    let watches = server.watches()
    watches.watch(try target)
    let log = await log(of: server, asks)
    watches.stop()
    return log
  }

  @Test("a watch that is closed goes on where it was, without a look at everything")
  func resumes() async throws {
    let log = try await follow(
      [
        Connection(pieces: [added("205"), added("207")], end: .closed),
        Connection(
          pieces: [#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"300"}}}"# + "\n"],
          end: .failed("reset")),
        Connection(pieces: [String(added("301").dropLast(12))], end: .closed),
        Connection(end: .status(500, []), isBegun: false),
      ], asks: 6)
    #expect(
      log == ["position", "watch 200", "watch 207", "watch 300", "watch 300", "watch 300"])
  }

  @Test(
    "what is gone, or no watch at all, is looked at anew",
    arguments: [
      Connection(end: .status(410, []), isBegun: false),
      Connection(pieces: [#"{"type":"ERROR","object":{"code":410,"reason":"Expired"}}"# + "\n"]),
      Connection(pieces: ["<html>nginx</html>\n"]),
      Connection(pieces: [#"{"type":"ERROR","object":{"code":500,"message":"no"}}"# + "\n"]),
    ])
  private func anew(_ connection: Connection) async throws {
    let log = try await follow([connection], asks: 4)
    #expect(log == ["position", "watch 200", "position", "watch 300"])
  }

  @Test("where watching is forbidden, nothing is tried again", arguments: [403, 404, 405])
  func forbidden(_ status: Int) async throws {
    let server = Server([Connection(end: .status(status, []), isBegun: false)])
    let watches = server.watches()
    watches.watch(try target)
    #expect(await log(of: server, 2) == ["position", "watch 200"])
    let other = Server([], positionStatus: status)
    let none = other.watches()
    none.watch(try target)
    _ = await log(of: other, 1)
    for _ in 0..<50 { await Task.yield() }
    #expect(other.log == ["position"])
    #expect(server.log == ["position", "watch 200"])
    #expect(watches.count(try target) == nil)
    watches.stop()
    none.stop()
  }

  @Test("a server that closes every watch is asked less and less often")
  func backsOff() async throws {
    let server = Server((0..<8).map { _ in Connection(end: .closed) })
    let watches = server.watches()
    watches.watch(try target)
    _ = await log(of: server, 9)
    watches.stop()
    let pauses = server.pauses.prefix(7).map { Double($0) / 1e9 }
    #expect(pauses.count == 7)
    for (pause, least) in zip(pauses, [1, 2, 4, 8, 16, 30, 30] as [Double]) {
      #expect(pause >= least && pause <= least * 1.25, "\(pauses)")
    }
  }

  @Test("changes are counted while a watch is open; without one nothing is known")
  func counts() async throws {
    let server = Server([Connection(pieces: [added("205"), added("206"), added("207")])])
    let watches = server.watches()
    #expect(watches.count(try target) == nil)
    watches.watch(try target)
    _ = await log(of: server, 2)
    var count: UInt64?
    for _ in 0..<60_000 where count != 4 {
      count = watches.count(try target)
      try await Task.sleep(for: .milliseconds(1))
    }
    // Its beginning, and three changes.
    #expect(count == 4)
    watches.stop()
    #expect(watches.count(try target) == nil)
  }

  // MARK: Reads

  private func text(_ status: String, _ body: String) -> [UInt8] {
    Array("HTTP/1.1 \(status)\r\ncontent-type: application/json\r\n\(body)".utf8)
  }

  @Test("a read that comes again and again is asked once, while a watch says that nothing changed")
  func remembers() async throws {
    let reads = Atomic(0)
    let server = try await TestServer { seen in
      if seen.head.contains("watch=1") {
        return .raw(Array("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".utf8))
      }
      if !seen.head.contains("limit=1&") && !seen.head.contains("limit=1 ") {
        reads.add(1, ordering: .relaxed)
      }
      return .answer(
        status: 200, headers: [],
        body: Array(#"{"metadata":{"resourceVersion":"7"},"items":[]}"#.utf8))
    }
    let folder = try TestFolder()
    let path = try folder.kubeconfig(cluster: "{server: 'http://127.0.0.1:\(server.port)'}")
    let world = RealWorld(
      RealWorld.Options(kubeconfig: try KubeconfigSource(given: path).load()))
    func ask(_ name: String = "kube.nodes") async -> Result<Document, WorldFailure> {
      await world.answer(
        WorldCall(
          name: name, arguments: DocumentObject([("cluster", "c")]), effect: .reads,
          actClass: nil, key: "r/1"), .read)
    }
    // It is watched from the second read on; then one more read tells what is so.
    var before = -1
    for _ in 0..<2_000 where before != reads.load(ordering: .relaxed) || before < 3 {
      before = reads.load(ordering: .relaxed)
      #expect(await ask() == .success([]))
      if server.requests.contains(where: { $0.head.contains("watch=1") }) {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    let asked = reads.load(ordering: .relaxed)
    for _ in 0..<20 { #expect(await ask() == .success([])) }
    // On a machine that stands still for long, the watch may have been begun anew meanwhile.
    #expect(reads.load(ordering: .relaxed) < asked + 5)
    // Whatever was done, what was known before it is forgotten.
    _ = await world.answer(
      WorldCall(
        name: "kube.cordon", arguments: DocumentObject([("cluster", "c"), ("node", "n")]),
        effect: .acts, actClass: .apply, key: "r/2"), .perform(observed: .null))
    #expect(await ask() == .success([]))
    #expect(reads.load(ordering: .relaxed) > asked)
    await world.shutdown()
    await server.stop()
  }
}
