// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrHost
import DrRun
import Synchronization
import Testing

/// What only a store in a cluster can meet: answers that are lost, machines that die between two
/// requests, holders that come back, objects that people change.
@Suite("records in a cluster")
struct ClusterRecordTests {
  private static let id = "20260101T000000Z-aaaa"
  private var id: String { Self.id }
  private let path = "/api/v1/namespaces/dr/configmaps"
  private var head: String { "\(path)/dr-run-\(id.lowercased())" }

  /// Flushes of all sizes: several to a chunk, and one that is a chunk of its own.
  private static let flushes: [[UInt8]] = [
    piece(17, 1), piece(250, 2), piece(20_000, 3), piece(14_000, 4), piece(300, 5),
    piece(40_000, 6), piece(10, 7),
  ]

  private static func piece(_ count: Int, _ seed: UInt8) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed) &* 17) }
  }

  private static var whole: [UInt8] { flushes.flatMap { $0 } }

  private func begun(_ cluster: FakeCluster) async throws {
    try await FakeMachine(cluster).store("starter").create(id, launch: bytes("launch"))
  }

  @Test(
    "a long journal is chunks that no object's limit stops, and every flush one write of the head")
  func chunks() async throws {
    let cluster = FakeCluster()
    try await begun(cluster)
    let store = FakeMachine(cluster).store("one")
    let held = try await store.hold(id)
    // One of several chunks, too.
    for flush in Self.flushes + [Self.piece(1_100_000, 8)] {
      let before = cluster.changes.count(where: { $0.hasPrefix("PUT \(head)") })
      try await held.append(flush)
      #expect(cluster.changes.count(where: { $0.hasPrefix("PUT \(head)") }) == before + 1)
    }
    #expect(try await store.journal(id) == Self.whole + Self.piece(1_100_000, 8))
    for (name, object) in cluster.objects {
      let size = JSON.write(object).utf8.count
      #expect(size < 800_000, "\(name) has \(size) bytes")
    }
    #expect(cluster.changes.allSatisfy { $0.hasSuffix("/1 (\(id)/record)") }, "\(cluster.changes)")
  }

  @Test("an answer that is lost at any request costs nothing and doubles nothing", arguments: 0..<4)
  func lostAnswers(_ way: Int) async throws {
    var number = 0
    while true {
      let cluster = FakeCluster()
      try await begun(cluster)
      let (at, fate) = (
        number, [FakeMachine.Fate.lostAfter, .lostBefore, .failedAfter, .notSent][way]
      )
      let machine = FakeMachine(cluster) { $0 == at ? fate : .answered }
      let store = machine.store("one", patience: 60_000_000_000)
      let held = try await store.hold(id)
      for flush in Self.flushes { try await held.append(flush) }
      let journal = try await FakeMachine(cluster).store("reader").journal(id)
      #expect(journal == Self.whole, "request \(at)")
      await held.release()
      guard machine.requests > number else { break }
      number += 1
    }
    #expect(number > 12)
  }

  @Test("a machine that dies at any request leaves whole flushes, and cannot write any more")
  func crashes() async throws {
    var number = 0
    while true {
      let cluster = FakeCluster()
      try await begun(cluster)
      for isDone in [false, true] {
        let at = number
        let isAlive = Atomic(false)
        let machine = FakeMachine(cluster) { count in
          if isAlive.load(ordering: .relaxed) || count < at { return .answered }
          return isDone && count == at ? .lostAfter : .notSent
        }
        var kept = 0
        var old: (any HeldRecord)?
        do throws(StoreFailure) {
          let held = try await machine.store("one").hold(id)
          old = held
          for flush in Self.flushes {
            try await held.append(flush)
            kept += 1
          }
        } catch {
          #expect(error.kind == .unreachable, "\(error)")
        }
        if kept == Self.flushes.count {
          #expect(number > 12)
          return
        }
        cluster.advance(seconds: 60)
        let other = FakeMachine(cluster).store("two")
        let next = try await other.hold(id)
        let lengths = (kept...kept + 1).map { Self.flushes.prefix($0).flatMap { $0 } }
        #expect(lengths.contains(next.bytes), "request \(at): \(next.bytes.count) bytes")
        try await next.append(bytes("two"))
        // The old one comes back, with the network.
        isAlive.store(true, ordering: .relaxed)
        if let old {
          let refusal = await failure { try await old.append(bytes("late")) }
          #expect(refusal != nil, "request \(at)")
        }
        #expect(try await other.journal(id) == next.bytes + bytes("two"))
        await next.release()
        try await other.remove(id)
        try await begun(cluster)
      }
      number += 1
    }
  }

  @Test("a holder that slept through its lease cannot write, and says who has taken over")
  func fencing() async throws {
    let cluster = FakeCluster()
    try await begun(cluster)
    let old = try await FakeMachine(cluster).store("one").hold(id)
    try await old.append(bytes("a"))
    cluster.advance(seconds: 20)
    let new = try await FakeMachine(cluster).store("two").hold(id)
    #expect(new.bytes == bytes("a"))
    let refusal = await failure { try await old.append(bytes("late")) }
    #expect(
      refusal == StoreFailure(.held, "the run \(id) was taken over by two"), "\(refusal as Any)")
    // And once more: a failure is final.
    #expect(await failure { try await old.append(bytes("late")) } == refusal)
    #expect(await !old.isStillOurs())
    await old.release()
    try await new.append(bytes("b"))
    #expect(try await FakeMachine(cluster).store("three").journal(id) == bytes("ab"))
    let held = await failure { _ = try await FakeMachine(cluster).store("three").hold(id) }
    #expect(held?.kind == .held)
    #expect(held?.message.contains("is held by two for 15s more unless renewed") == true)
  }

  @Test("a lease that somebody deletes gives no old holder a way back")
  func deletedLease() async throws {
    let cluster = FakeCluster()
    try await begun(cluster)
    let lease = "/apis/coordination.k8s.io/v1/namespaces/dr/leases/dr-run-\(id.lowercased())"
    let old = try await FakeMachine(cluster).store("one").hold(id)
    try await old.append(bytes("a"))
    cluster.change(lease) { _ in nil }
    let new = try await FakeMachine(cluster).store("two").hold(id)
    #expect(await failure { try await old.append(bytes("late")) }?.kind == .held)
    try await new.append(bytes("b"))
    #expect(try await FakeMachine(cluster).store("three").journal(id) == bytes("ab"))
  }

  @Test("a label that a person sets does no harm; other changes are refused")
  func meddling() async throws {
    let cluster = FakeCluster()
    try await begun(cluster)
    let store = FakeMachine(cluster).store("one")
    let held = try await store.hold(id)
    for flush in Self.flushes.prefix(5) { try await held.append(flush) }
    cluster.change(head) { object in
      var object = object?.objectValue ?? DocumentObject()
      var metadata = object["metadata"]?.objectValue ?? DocumentObject()
      metadata["annotations"] = ["seen": "yes"]
      object["metadata"] = .object(metadata)
      return .object(object)
    }
    try await held.append(bytes("x"))
    #expect(
      try await store.journal(id) == Self.flushes.prefix(5).flatMap { $0 } + bytes("x"))

    let chunk = "dr-run-\(id.lowercased())-0-1"
    let kept = cluster.objects["\(path)/\(chunk)"]
    cluster.change("\(path)/\(chunk)") { _ in nil }
    let missing = await failure { _ = try await store.journal(id) }
    #expect(
      missing
        == StoreFailure(
          .refused,
          "ConfigMap \(chunk) in dr, a part of the journal of \(id), is missing or is not what dr wrote there"
        ))
    cluster.change("\(path)/\(chunk)") { _ in kept }
    cluster.change(head) { object in
      var object = object?.objectValue ?? DocumentObject()
      object["binaryData"] = ["tail": ""]
      return .object(object)
    }
    let short = await failure { _ = try await store.journal(id) }
    #expect(short?.message.contains("its ConfigMaps were changed") == true, "\(short as Any)")
    let refusal = await failure { try await held.append(bytes("y")) }
    #expect(refusal?.kind == .refused, "\(refusal as Any)")
  }

  @Test("an API server that is away is waited for, and said so once; in the end nothing is done")
  func waits() async throws {
    let cluster = FakeCluster()
    try await begun(cluster)
    let notices = Notices()
    let isAway = Atomic(0)
    let machine = FakeMachine(cluster) { _ in
      isAway.load(ordering: .relaxed) > 0
        && isAway.subtract(1, ordering: .relaxed).oldValue > 0 ? .notSent : .answered
    }
    let held = try await machine.store("one", patience: 600_000_000_000, notices: notices).hold(id)
    isAway.store(60, ordering: .relaxed)
    try await held.append(bytes("a"))
    #expect(
      notices.all == [
        "waits: the record of the run cannot be written (https://api: no connection); nothing is "
          + "done until it can, for 10m at most",
        "the record of the run can be written again",
      ])
    #expect(try await FakeMachine(cluster).store("two").journal(id) == bytes("a"))
    await held.release()

    let short = try await machine.store("one").hold(id)
    isAway.store(.max, ordering: .relaxed)
    let refusal = await failure { try await short.append(bytes("b")) }
    #expect(
      refusal
        == StoreFailure(
          .unreachable,
          "the record of the run cannot be written: https://api: no connection"))
    isAway.store(0, ordering: .relaxed)
    // What a failed write left behind is unknown: nothing more of this life.
    #expect(await failure { try await short.append(bytes("c")) } == refusal)
    #expect(try await FakeMachine(cluster).store("two").journal(id) == bytes("a"))
  }

  @Test("what is forbidden, or too large, is refused at once")
  func refusals() async throws {
    let cluster = FakeCluster()
    try await begun(cluster)
    let isForbidden = Atomic(false)
    let machine = FakeMachine(cluster) { _ in
      isForbidden.load(ordering: .relaxed) ? .status(403) : .answered
    }
    let held = try await machine.store("one", patience: 60_000_000_000).hold(id)
    isForbidden.store(true, ordering: .relaxed)
    #expect(await failure { try await held.append(bytes("a")) }?.kind == .refused)
    let other = await failure { _ = try await machine.store("two").ids() }
    #expect(other?.kind == .refused)
    isForbidden.store(false, ordering: .relaxed)
    await held.release()
    let again = try await machine.store("one").hold(id)
    let large = await failure {
      try await again.append([UInt8](repeating: 1, count: ClusterRecords.sizeMax + 1))
    }
    #expect(large?.kind == .refused && large?.message.contains("64 MiB") == true)
  }
}
