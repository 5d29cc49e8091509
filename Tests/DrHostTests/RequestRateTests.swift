// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

@testable import DrHost

struct RequestRateTests {
  private let second: Int64 = 1_000_000_000

  @Test("a burst goes at once, and what follows evenly")
  func burst() {
    let rate = RequestRate(perSecond: 100, burst: 20)
    let pauses = (0..<25).map { _ in rate.take(at: second) }
    #expect(pauses.prefix(20).allSatisfy { $0 == 0 })
    #expect(pauses.suffix(5) == (1...5).map { Int64($0) * 10_000_000 })
  }

  @Test("who was silent for a while may burst again, and no more than that")
  func rest() {
    let rate = RequestRate(perSecond: 100, burst: 20)
    for _ in 0..<20 { _ = rate.take(at: second) }
    #expect(rate.take(at: second) == 10_000_000)
    let later = 100 * second
    #expect((0..<21).map { _ in rate.take(at: later) }.filter { $0 == 0 }.count == 20)
  }

  @Test("an API server that does not answer is asked by a hundred requests at once, and no more")
  func atOnce() async throws {
    let server = try await TestServer { _ in .hang }
    let folder = try TestFolder()
    let path = try folder.kubeconfig(cluster: "{server: 'http://127.0.0.1:\(server.port)'}")
    let world = RealWorld(
      RealWorld.Options(kubeconfig: try KubeconfigSource(given: path).load()))
    let calls = (0..<130).map { number in
      world.start(
        CallID(number),
        WorldCall(
          name: "kube.pods",
          arguments: DocumentObject([
            ("cluster", "c"), ("namespace", .string("n\(number)")),
            ("selector", .object(DocumentObject())),
          ]), effect: .reads, actClass: nil, key: "r/1"), .read
      ) { _ in }
    }
    for _ in 0..<3_000 where server.requests.count < 100 {
      try await Task.sleep(for: .milliseconds(20))
    }
    try await Task.sleep(for: .milliseconds(300))
    #expect(server.requests.count == 100)
    #expect(server.connections == 100)
    for call in calls { call.cancel() }
    await world.shutdown()
    await server.stop()
  }
}
