// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrRun
import Synchronization
import Testing

@testable import DrHost
@testable import DrSystem

/// What an act sends is held to the permit of its run, up to the last moment.
@Suite struct PermitTests {
  private func call(_ name: String, _ arguments: Document) -> WorldCall {
    WorldCall(
      name: name, arguments: arguments.objectValue ?? DocumentObject(), effect: .acts,
      actClass: .apply, key: "r/1")
  }

  /// Carries an act out under a permit that is valid so many times.
  private func perform(
    _ name: String, _ arguments: Document, times: Int
  ) async -> (Result<Document, WorldFailure>, Permit.Outcome) {
    let left = Mutex(times)
    let permit = Permit {
      left.withLock { left in
        left -= 1
        return left >= 0
      }
    }
    let world = RealWorld(RealWorld.Options())
    let observed = Observation(
      target: "t", changes: [], permissions: [], state: .null, result: false
    ).document
    let call = call(name, arguments)
    let answer = await permit.hold { await world.answer(call, .perform(observed: observed)) }
    await world.shutdown()
    return (answer, permit.outcome)
  }

  @Test("a post is looked at before it is begun, and right before it goes out")
  func everyPiece() async throws {
    for times in 0...2 {
      let server = try await TestServer { _ in
        .answer(status: 200, headers: [], body: Array("{}".utf8))
      }
      let url = "http://127.0.0.1:\(server.port)/x"
      let (answer, outcome) = await perform(
        "http.post", ["url": .string(url), "body": ["a": 1], "timeout": 5_000_000_000], times: times
      )
      await server.stop()
      #expect(server.requests.count == (times == 2 ? 1 : 0), "after \(times) looks")
      #expect(outcome == (times == 2 ? .carriedOut : .notBegun), "after \(times) looks: \(answer)")
    }
  }

  @Test("an act of several requests is stopped between them; a look has changed nothing")
  func between() async throws {
    // A request is looked at before it is begun, and before it goes out.
    for (times, outcome) in [
      (2, Permit.Outcome.notBegun), (3, .notBegun), (4, .carriedOut),
    ] {
      let server = try await TestServer { seen in
        .answer(
          status: 200, headers: [],
          body: Array((seen.head.hasPrefix("GET") ? #"{"data":[]}"# : "{}").utf8))
      }
      let (answer, found) = await perform(
        "inference.load_adapter",
        [
          "url": .string("http://127.0.0.1:\(server.port)"), "name": "a", "path": "/a",
          "timeout": 5_000_000_000,
        ], times: times)
      await server.stop()
      #expect(found == outcome, "after \(times) looks: \(answer)")
      let methods = server.requests.map { String($0.head.prefix(3)) }
      #expect(methods == (times == 4 ? ["GET", "POS"] : ["GET"]))
    }
  }

  @Test("what was stopped after a change is in doubt")
  func cutShort() async throws {
    let permit = Permit { true }
    permit.noteChange()
    #expect(permit.outcome == .carriedOut)
    let valid = Mutex(true)
    let other = Permit { valid.withLock { $0 } }
    #expect(other.allows())
    other.noteChange()
    valid.withLock { $0 = false }
    #expect(!other.allows())
    #expect(other.outcome == .cutShort)
    valid.withLock { $0 = true }
    #expect(!other.allows(), "what it had begun is over")
  }

  @Test("a program is not begun")
  func program() async throws {
    let folder = try TestFolder()
    let (_, outcome) = await perform(
      "shell.run",
      ["command": ["touch", .string("\(folder.path)/x")], "status": 0, "timeout": 5_000_000_000],
      times: 1)
    #expect(outcome == .notBegun)
    #expect(throws: FileFailure.self) { try folder.text("x") }
  }
}
