// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Synchronization

/// The last answers to reads that come again and again, and what they were made of. An answer is
/// given again without asking only while every collection behind it is watched and has not changed
/// since it was asked for, nothing was done meanwhile, and for a few seconds at most: a connection
/// that has died says nothing, too.
final class ReadMemory: Sendable {
  /// What one read asked for, with the counts at which it did.
  struct Sources: Sendable {
    var counts: [WatchTarget: UInt64?] = [:]
    /// False where it asked for what nobody can watch.
    var isWatchable = true
  }

  private struct Entry {
    var askedAt: Int64
    var targets: [WatchTarget] = []
    var answer: (document: Document, at: Int64, counts: [WatchTarget: UInt64])?
  }
  private struct State {
    var entries: [String: Entry] = [:]
    /// Raised by every act.
    var era = 0
  }

  static let answerMax: Int64 = 10_000_000_000
  /// Who asks less often does not poll.
  private static let pollMax: Int64 = 60_000_000_000
  private static let entriesMax = 200

  private let state = Mutex(State())

  private static func key(_ call: WorldCall) -> String {
    call.name + JSON.write(.object(call.arguments))
  }

  /// What holds of what was learned before an act does not after it.
  var era: Int { state.withLock { $0.era } }

  func forget() {
    state.withLock { state in
      state.era += 1
      for key in state.entries.keys { state.entries[key]?.answer = nil }
    }
  }

  /// The answer, where it is certainly still the one; else what is to be watched from now on, since
  /// it is asked again and again.
  func look(
    _ call: WorldCall, at now: Int64, _ count: (WatchTarget) -> UInt64?
  ) -> (answer: Document?, watch: [WatchTarget]) {
    state.withLock { state in
      guard !state.entries.isEmpty else { return (nil, []) }
      let key = Self.key(call)
      guard var entry = state.entries[key] else { return (nil, []) }
      let isPolled = now - entry.askedAt <= Self.pollMax
      entry.askedAt = now
      state.entries[key] = entry
      if let known = entry.answer, now - known.at <= Self.answerMax,
        known.counts.allSatisfy({ count($0.key) == $0.value })
      {
        return (known.document, [])
      }
      return (nil, isPolled ? entry.targets : [])
    }
  }

  func learn(
    _ call: WorldCall, askedAt: Int64, era: Int, _ sources: Sources,
    _ result: Result<Document, WorldFailure>
  ) {
    guard sources.isWatchable, !sources.counts.isEmpty else { return }
    let key = Self.key(call)
    state.withLock { state in
      if state.entries[key] == nil, state.entries.count >= Self.entriesMax {
        let oldest = state.entries.min { ($0.value.askedAt, $0.key) < ($1.value.askedAt, $1.key) }
        if let oldest { state.entries[oldest.key] = nil }
      }
      var entry = Entry(askedAt: askedAt)
      entry.targets = sources.counts.keys.sorted()
      let counts = sources.counts.compactMapValues { $0 }
      if case .success(let document) = result, era == state.era,
        counts.count == sources.counts.count
      {
        entry.answer = (document, askedAt, counts)
      }
      state.entries[key] = entry
    }
  }
}

/// Sends, and notes what a read asks for.
final class SourceRecorder: RequestSender {
  private let sender: any RequestSender
  private let count: @Sendable (WatchTarget) -> UInt64?
  private let noted = Mutex(ReadMemory.Sources())

  init(
    _ sender: any RequestSender, count: @escaping @Sendable (WatchTarget) -> UInt64?
  ) {
    self.sender = sender
    self.count = count
  }

  var sources: ReadMemory.Sources { noted.withLock { $0 } }

  func send(_ request: Request) async -> Reply.Answer {
    var target: WatchTarget?
    if case .kubernetes(let kubernetes) = request { target = WatchTarget(kubernetes) }
    noted.withLock { noted in
      guard let target else {
        noted.isWatchable = false
        return
      }
      // What is asked for twice, such as pages, counts from the first time on.
      if noted.counts[target] == nil { noted.counts.updateValue(count(target), forKey: target) }
    }
    return await sender.send(request)
  }
}

/// Passes changes on, a few times a second at most.
final class Stirring: Sendable {
  private struct State {
    var handler: (@Sendable () -> Void)?
    var isPending = false
    var last: Int64 = 0
  }
  private let state = Mutex(State())
  private static let pause: Int64 = 250_000_000

  func handle(_ handler: (@Sendable () -> Void)?) { state.withLock { $0.handler = handler } }

  func push() {
    let delay: Int64? = state.withLock { state in
      guard state.handler != nil, !state.isPending else { return nil }
      state.isPending = true
      return max(0, state.last + Self.pause - WallClock.monotonicNanoseconds())
    }
    guard let delay else { return }
    Task { [weak self] in
      if delay > 0 { try? await Task.sleep(for: .nanoseconds(delay)) }
      self?.fire()
    }
  }

  private func fire() {
    let handler = state.withLock { state in
      state.isPending = false
      state.last = WallClock.monotonicNanoseconds()
      return state.handler
    }
    handler?()
  }
}
