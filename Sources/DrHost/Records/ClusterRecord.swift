// SPDX-License-Identifier: Apache-2.0

import DrActions
import Synchronization

/// A journal in a cluster that is ours: by its lease, which is renewed in the background, and by
/// the epoch of its head, which every write states.
final class ClusterRecord: HeldRecord {
  private struct State {
    var head: RecordHead
    /// Until when it is certainly ours, by the monotonic clock.
    var validUntil: Int64
    /// Why nothing more is written.
    var failure: StoreFailure?
  }

  let bytes: [UInt8]
  private let id: String
  private let records: ClusterRecords
  private let sender: any RequestSender
  private let settings: ClusterRecordStore.Settings
  private let state: Mutex<State>
  private let renewal: Mutex<Task<Void, Never>?>

  private static let second: Int64 = 1_000_000_000
  /// Acts begin only so long after the lease was asked for: between that and the first moment at
  /// which somebody else may have it there are 3 s.
  static let validity = (ClusterRecords.leaseSeconds - 3) * second
  private static let renewalPause = 4 * second

  init(
    _ head: RecordHead, _ bytes: [UInt8], _ records: ClusterRecords, _ sender: any RequestSender,
    _ settings: ClusterRecordStore.Settings, validUntil: Int64
  ) {
    self.bytes = bytes
    id = head.id
    self.records = records
    self.sender = sender
    self.settings = settings
    state = Mutex(State(head: head, validUntil: validUntil))
    renewal = Mutex(nil)
    renewal.withLock { task in
      task = Task { [weak self] in
        var pause = Self.renewalPause
        while !Task.isCancelled {
          try? await Task.sleep(for: .nanoseconds(pause))
          guard let self, !Task.isCancelled, self.state.withLock({ $0.failure == nil }) else {
            return
          }
          // As often as it takes: who cannot reach the API server may be able to in a second.
          pause = await self.renew() ? Self.renewalPause : Self.second
        }
      }
    }
  }

  deinit { renewal.withLock { $0?.cancel() } }

  func append(_ bytes: [UInt8]) async throws(StoreFailure) {
    let (head, failure) = state.withLock { ($0.head, $0.failure) }
    if let failure { throw failure }
    guard !bytes.isEmpty else { return }
    do throws(StoreFailure) {
      let next = try await Insistence(sender, settings).get { records.append(bytes, to: head) }
      state.withLock { $0.head = next }
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
  }

  func truncate(to size: Int) async throws(StoreFailure) {
    throw StoreFailure(
      .refused,
      "the journal of \(id) ends within a record, and dr writes only whole ones to a cluster: its "
        + "ConfigMaps in \(records.namespace) were changed")
  }

  func isStillOurs() async -> Bool {
    let begun = sender.nowNanoseconds
    while true {
      let now = sender.nowNanoseconds
      let (validUntil, failure) = state.withLock { ($0.validUntil, $0.failure) }
      if failure != nil { return false }
      if now < validUntil { return true }
      if await renew() { continue }
      if now - begun >= settings.patienceNanoseconds || settings.isStopped() { return false }
      try? await sender.pause(nanoseconds: settings.pauseNanoseconds)
    }
  }

  var isKnownOurs: Bool {
    let now = sender.nowNanoseconds
    return state.withLock { $0.failure == nil && now < $0.validUntil }
  }

  /// False where it is not known to be ours now.
  private func renew() async -> Bool {
    let asked = sender.nowNanoseconds
    switch await sender.carryOut(records.renew(id)) {
    case .success:
      state.withLock { $0.validUntil = max($0.validUntil, asked + Self.validity) }
      return true
    case .failure(let failure):
      let problem = StoreFailure(failure)
      if problem.kind == .held {
        state.withLock { state in
          state.validUntil = asked
          if state.failure == nil {
            state.failure = StoreFailure(
              .held, "the run \(id) is not ours any more: \(problem.message)")
          }
        }
      }
      return false
    }
  }

  func release() async {
    renewal.withLock { $0?.cancel() }
    _ = await sender.carryOut(records.release(id))
  }
}
