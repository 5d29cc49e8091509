// SPDX-License-Identifier: Apache-2.0

import DrActions
import Synchronization

/// Watches collections of API servers: says whether anything has changed since one looked.
///
/// Nothing of the objects is kept, only a count of changes: what is read is always what the API
/// server answered to a read. So ten thousand pods cost no memory, and a watch that says nothing
/// wrong can at worst be late.
final class KubeWatches: Sendable {
  /// Carries one watch out; what `stream` of a connection does.
  typealias Stream =
    @Sendable (
      _ request: KubernetesRequest, _ begun: @escaping @Sendable () -> Void,
      _ take: @escaping @Sendable ([UInt8]) -> Bool
    ) async -> StreamEnd
  typealias Ask = @Sendable (KubernetesRequest) async -> Reply.Answer

  struct Timing: Sendable {
    /// Before the first repetition of what failed; doubled with each further one.
    var backoffNanoseconds: Int64 = 1_000_000_000
    var backoffMax: Int64 = 30_000_000_000
    /// A watch that lived for so long is no failure.
    var goodNanoseconds: Int64 = 5_000_000_000
    var pause: @Sendable (Int64) async -> Void = { nanoseconds in
      try? await Task.sleep(for: .nanoseconds(nanoseconds))
    }
  }

  private struct Watch {
    /// Raised by every change, and whenever changes may have been missed.
    var count: UInt64 = 0
    /// Whether changes are told at once.
    var isOpen = false
    var task: Task<Void, Never>?
  }

  /// Connections that stay open; who asks for more collections is served by reading.
  static let countMax = 20
  static let streamSeconds = 300
  private static let agent = "dr/0.1 (watch)"

  private let ask: Ask
  private let stream: Stream
  private let timing: Timing
  private let changed: @Sendable () -> Void
  private let watches = Mutex<[WatchTarget: Watch]>([:])

  /// `changed` is told whenever a count is raised.
  init(
    ask: @escaping Ask, stream: @escaping Stream, timing: Timing = Timing(),
    changed: @escaping @Sendable () -> Void
  ) {
    self.ask = ask
    self.stream = stream
    self.timing = timing
    self.changed = changed
  }

  /// How often the collection has changed since it is watched; `nil` while that is not known.
  func count(_ target: WatchTarget) -> UInt64? {
    watches.withLock { $0[target].flatMap { $0.isOpen ? $0.count : nil } }
  }

  /// Watches from now on.
  func watch(_ target: WatchTarget) {
    watches.withLock { watches in
      guard watches[target] == nil, watches.count < Self.countMax else { return }
      watches[target] = Watch(task: Task { [weak self] in await self?.follow(target) })
    }
  }

  func stop() {
    let tasks = watches.withLock { watches in
      defer { watches = [:] }
      return watches.values.map(\.task)
    }
    for task in tasks { task?.cancel() }
  }

  // MARK: One watch

  private enum Outcome {
    /// It can go on where it was.
    case again
    /// What has happened meanwhile is not known.
    case anew
    /// It must not be watched, or there is nothing to watch: it is read as ever.
    case never
  }

  /// What one connection has told so far.
  private final class Told: Sendable {
    let state: Mutex<(reader: WatchReader, outcome: Outcome?)>
    init(_ reader: WatchReader) { state = Mutex((reader, nil)) }
  }

  private func follow(_ target: WatchTarget) async {
    var backoff = Backoff(timing)
    while !Task.isCancelled {
      let begun = WallClock.monotonicNanoseconds()
      switch await position(target) {
      case .success(let version):
        guard await follow(target, WatchReader(from: version), &backoff) else { return }
      case .failure(let outcome):
        if case .never = outcome.outcome { return }
        await backoff.wait(since: begun)
      }
    }
  }

  private struct NoPosition: Error { let outcome: Outcome }

  private func position(_ target: WatchTarget) async -> Result<String, NoPosition> {
    switch await ask(target.positioning(agent: Self.agent)) {
    case .response(200, _, let body):
      return WatchTarget.version(body).map { .success($0) }
        ?? .failure(NoPosition(outcome: .anew))
    case .response(let status, _, _) where Self.isFinal(status):
      return .failure(NoPosition(outcome: .never))
    case .response, .text, .exited, .executed, .message, .failure:
      return .failure(NoPosition(outcome: .anew))
    }
  }

  /// Forbidden, no such collection, no watching of it.
  private static func isFinal(_ status: Int) -> Bool { [403, 404, 405].contains(status) }

  /// False where it is never to be tried again.
  private func follow(
    _ target: WatchTarget, _ reader: WatchReader, _ backoff: inout Backoff
  ) async -> Bool {
    var reader = reader
    while !Task.isCancelled {
      let begun = WallClock.monotonicNanoseconds()
      reader.reconnect()
      let (next, outcome) = await listen(target, reader)
      reader = next
      switch outcome {
      case .never: return false
      case .again: await backoff.wait(since: begun)
      case .anew:
        await backoff.wait(since: begun)
        return true
      }
    }
    return true
  }

  private func listen(
    _ target: WatchTarget, _ reader: WatchReader
  ) async -> (WatchReader, Outcome) {
    let told = Told(reader)
    let request = target.watching(
      from: reader.resourceVersion, seconds: Self.streamSeconds, agent: Self.agent)
    let end = await stream(request) { [weak self] in
      self?.raise(target, opens: true)
    } _: { [weak self] bytes in
      self?.take(bytes, told, target) ?? false
    }
    watches.withLock { $0[target]?.isOpen = false }
    let (last, outcome) = told.state.withLock { ($0.reader, $0.outcome) }
    if let outcome { return (last, outcome) }
    switch end {
    case .closed, .failed: return (last, .again)
    case .status(let status, _):
      if Self.isFinal(status) { return (last, .never) }
      return (last, status == 410 || status == 400 ? .anew : .again)
    }
  }

  /// False once nothing more of this connection is of use.
  private func take(_ bytes: [UInt8], _ told: Told, _ target: WatchTarget) -> Bool {
    let (events, goesOn) = told.state.withLock { state in
      let events = state.reader.take(bytes)
      for event in events {
        switch event {
        case .changed, .bookmark: break
        case .gone, .failed, .garbage: state.outcome = .anew
        }
      }
      return (events, state.outcome == nil)
    }
    if events.contains(.changed) { raise(target, opens: false) }
    return goesOn
  }

  /// After a new beginning, too: what has happened before it may be told late.
  private func raise(_ target: WatchTarget, opens: Bool) {
    watches.withLock { watches in
      watches[target]?.count += 1
      if opens { watches[target]?.isOpen = true }
    }
    changed()
  }
}

/// How long to wait after what did not last.
private struct Backoff {
  private let timing: KubeWatches.Timing
  private var next: Int64

  init(_ timing: KubeWatches.Timing) {
    self.timing = timing
    next = timing.backoffNanoseconds
  }

  mutating func wait(since begun: Int64) async {
    if WallClock.monotonicNanoseconds() - begun >= timing.goodNanoseconds {
      next = timing.backoffNanoseconds
      return
    }
    // Copies that lost their watches at one moment do not come back at one.
    let jitter = Int64.random(in: 0...next / 4)
    await timing.pause(next + jitter)
    next = min(next * 2, timing.backoffMax)
  }
}
