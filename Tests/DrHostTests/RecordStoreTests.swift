// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrHost
import DrRun
import Foundation
import Testing

/// What every store of records promises, whatever it is made of.
@Suite("stores of records")
struct RecordStoreTests {
  enum Kind: String, CaseIterable { case files, cluster }

  /// Stores as two processes have them, on one thing.
  private func pair(
    _ kind: Kind, _ body: (any RecordStore, any RecordStore) async throws -> Void
  ) async throws {
    switch kind {
    case .files:
      let folder = NSTemporaryDirectory() + "dr-store-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let store = FileRecordStore(state: folder, isDefault: false)
      try await body(store, store)
    case .cluster:
      let cluster = FakeCluster()
      try await body(
        FakeMachine(cluster).store("one"), FakeMachine(cluster).store("two"))
    }
  }

  @Test("a journal has one writer, and everybody reads what was appended", arguments: Kind.allCases)
  func journals(_ kind: Kind) async throws {
    try await pair(kind) { one, two in
      #expect(try await one.ids().isEmpty)
      #expect(try await one.launch("20260101T000000Z-aaaa") == nil)
      try await one.create("20260102T000000Z-bbbb", launch: bytes("b"))
      try await one.create("20260101T000000Z-aaaa", launch: bytes("a"))
      #expect(try await two.ids() == ["20260101T000000Z-aaaa", "20260102T000000Z-bbbb"])
      let id = "20260102T000000Z-bbbb"
      #expect(try await two.launch(id) == bytes("b"))
      #expect(try await two.journal(id) == nil)
      #expect(try await !two.isHeld(id))

      let held = try await one.hold(id)
      #expect(held.bytes.isEmpty)
      try await held.append(bytes("one"))
      try await held.append(bytes("two"))
      #expect(await held.isStillOurs())
      #expect(try await two.journal(id) == bytes("onetwo"))
      #expect(try await two.journalSize(id) == 6)
      #expect(try await two.isHeld(id))
      let refusal = await failure { _ = try await two.hold(id) }
      #expect(refusal?.kind == .held, "\(refusal?.message ?? "it was given")")
      if kind == .files { return }  // A file's lock goes with its process.

      await held.release()
      #expect(try await !two.isHeld(id))
      let next = try await two.hold(id)
      #expect(next.bytes == bytes("onetwo"))
      try await next.append(bytes("three"))
      #expect(try await one.journal(id) == bytes("onetwothree"))
      await next.release()
    }
  }

  @Test("the first answer to a question counts", arguments: Kind.allCases)
  func answers(_ kind: Kind) async throws {
    try await pair(kind) { one, two in
      try await one.create("20260101T000000Z-aaaa", launch: bytes("a"))
      let id = "20260101T000000Z-aaaa"
      #expect(try await one.answer(id, to: "q/1") == nil)
      #expect(try await one.putAnswer(bytes("yes"), id, to: "q/1"))
      #expect(try await !two.putAnswer(bytes("no"), id, to: "q/1"))
      #expect(try await two.answer(id, to: "q/1") == bytes("yes"))
      #expect(try await two.answer(id, to: "q/2") == nil)
    }
  }

  @Test("alerts are replaced, and a run that is removed is gone", arguments: Kind.allCases)
  func removal(_ kind: Kind) async throws {
    try await pair(kind) { one, two in
      #expect(try await two.alerts() == nil)
      try await one.putAlerts(bytes("{}"))
      try await one.putAlerts(bytes("[1]"))
      #expect(try await two.alerts() == bytes("[1]"))
      let id = "20260101T000000Z-aaaa"
      try await one.create(id, launch: bytes("a"))
      let held = try await one.hold(id)
      try await held.append(bytes("x"))
      await held.release()
      _ = try await one.putAnswer(bytes("yes"), id, to: "q")
      try await two.remove(id)
      #expect(try await one.ids().isEmpty)
      #expect(try await one.launch(id) == nil)
      #expect(try await one.alerts() == bytes("[1]"))
    }
  }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func failure(_ body: () async throws -> Void) async -> StoreFailure? {
  do {
    try await body()
    return nil
  } catch {
    return error as? StoreFailure
  }
}
