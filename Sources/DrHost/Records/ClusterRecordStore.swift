// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrRun
import Synchronization

/// Records as objects of a cluster, for any machine that reaches it.
package struct ClusterRecordStore: RecordStore {
  package struct Settings: Sendable {
    /// For how long a write that gets no answer is tried.
    package var patienceNanoseconds: Int64 = 300_000_000_000
    /// Between two attempts.
    package var pauseNanoseconds: Int64 = 1_000_000_000
    /// Whether whoever waits was told to stop.
    package var isStopped: @Sendable () -> Bool = { false }
    /// Told when a write has to wait, and when it need not any more.
    package var notice: @Sendable (String) -> Void = { _ in }

    package init() {}
  }

  private let sender: any RequestSender
  private let records: ClusterRecords
  private let settings: Settings
  private let shutdown: @Sendable () async -> Void
  package let place: String
  package let options: [String]
  package var lookNanoseconds: Int64 { 2_000_000_000 }

  /// `place` and `options` as `RecordStore` has them; `shutdown` closes what sends.
  package init(
    _ records: ClusterRecords, through sender: any RequestSender, place: String,
    options words: [String],
    _ settings: Settings = Settings(), shutdown: @escaping @Sendable () async -> Void = {}
  ) {
    self.records = records
    self.sender = sender
    self.place = place
    options = words
    self.settings = settings
    self.shutdown = shutdown
  }

  package func ids() async throws(StoreFailure) -> [String] { try await ask(records.ids()) }

  package func create(_ id: String, launch: [UInt8]) async throws(StoreFailure) {
    try await insist { records.create(id, launch: launch) }
  }

  package func launch(_ id: String) async throws(StoreFailure) -> [UInt8]? {
    try await ask(records.launch(id))
  }

  package func journal(_ id: String) async throws(StoreFailure) -> [UInt8]? {
    guard let head = try await ask(records.head(id)), head.size > 0 else { return nil }
    return try await ask(records.bytes(head))
  }

  package func journalSize(_ id: String) async throws(StoreFailure) -> Int? {
    guard let head = try await ask(records.head(id)), head.size > 0 else { return nil }
    return head.size
  }

  package func isHeld(_ id: String) async throws(StoreFailure) -> Bool {
    try await ask(records.isHeld(id))
  }

  package func hold(_ id: String) async throws(StoreFailure) -> any HeldRecord {
    guard try await ask(records.head(id)) != nil else {
      throw StoreFailure(.refused, "there is no run \(id) in \(place)")
    }
    let asked = sender.nowNanoseconds
    let number: Int64
    do {
      number = try await insist { records.acquire(id) }
    } catch  where error.kind == .held {
      throw StoreFailure(.held, "another dr is working on this run: \(error.message)")
    }
    do throws(StoreFailure) {
      let head = try await insist { records.claim(id, number: number) }
      let bytes = try await ask(records.bytes(head))
      return ClusterRecord(
        head, bytes, records, sender, settings, validUntil: asked + ClusterRecord.validity)
    } catch {
      _ = await sender.carryOut(records.release(id))
      throw error
    }
  }

  package func answer(_ id: String, to question: String) async throws(StoreFailure) -> [UInt8]? {
    try await ask(records.answer(id, to: question))
  }

  package func putAnswer(
    _ bytes: [UInt8], _ id: String, to question: String
  ) async throws(StoreFailure) -> Bool {
    try await ask(records.putAnswer(bytes, id, to: question))
  }

  package func alerts() async throws(StoreFailure) -> [UInt8]? { try await ask(records.alerts()) }

  package func putAlerts(_ bytes: [UInt8]) async throws(StoreFailure) {
    try await ask(records.putAlerts(bytes))
  }

  package func remove(_ id: String) async throws(StoreFailure) {
    try await ask(records.remove(id))
  }

  package func close() async { await shutdown() }

  private func ask<Value>(_ flow: Flow<Value>) async throws(StoreFailure) -> Value {
    switch await sender.carryOut(flow) {
    case .success(let value): return value
    case .failure(let failure): throw StoreFailure(failure)
    }
  }

  private func insist<Value>(
    _ flow: () -> Flow<Value>
  ) async throws(StoreFailure) -> Value {
    try await Insistence(sender, settings).get(flow)
  }
}

/// Tries what must be, until it is, or is refused, or it takes too long.
struct Insistence {
  private let sender: any RequestSender
  private let settings: ClusterRecordStore.Settings

  init(_ sender: any RequestSender, _ settings: ClusterRecordStore.Settings) {
    self.sender = sender
    self.settings = settings
  }

  func get<Value>(_ flow: () -> Flow<Value>) async throws(StoreFailure) -> Value {
    let begun = sender.nowNanoseconds
    let patience = settings.patienceNanoseconds
    var isTold = false
    while true {
      switch await sender.carryOut(flow()) {
      case .success(let value):
        if isTold { settings.notice("the record of the run can be written again") }
        return value
      case .failure(let failure):
        let problem = StoreFailure(failure)
        guard problem.kind == .unreachable else { throw problem }
        let isOver = sender.nowNanoseconds - begun >= patience
        if isOver || settings.isStopped() || Task.isCancelled {
          throw StoreFailure(
            .unreachable, "the record of the run cannot be written: \(failure.message)")
        }
        if !isTold {
          settings.notice(
            "waits: the record of the run cannot be written (\(failure.message)); nothing is done "
              + "until it can, for \(Words.brief(patience)) at most")
        }
        isTold = true
        try? await sender.pause(nanoseconds: settings.pauseNanoseconds)
      }
    }
  }
}

extension StoreFailure {
  init(_ failure: WorldFailure) {
    switch failure {
    case .held(let message): self.init(.held, message)
    case .refused(let message), .unavailable(let message): self.init(.refused, message)
    case .unreachable(let message), .busy(let message), .inDoubt(let message):
      self.init(.unreachable, message)
    }
  }
}
