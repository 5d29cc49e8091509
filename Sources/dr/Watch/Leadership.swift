// SPDX-License-Identifier: Apache-2.0

import DrData
import DrHost
import DrRun
import DrSystem
import Glibc
import Synchronization

/// Which of several copies of `dr watch` acts.
///
/// By a Lease of Kubernetes, or, for copies on one machine, by a lock on a file of the store. With a Lease a copy knows
/// until when it leads: it stops to act before anybody else may begin, also where it cannot reach the API server.
final class Leadership: Sendable {
  enum Means: Sendable {
    case lease(namespace: String, name: String)
    case file(String)
  }

  private struct State {
    /// By the monotonic clock; nil while another copy leads.
    var validUntil: Int64?
    /// Until when it is known who leads, by the monotonic clock: as long as a hold lasts from when somebody said so.
    var knownUntil: Int64?
  }

  private let means: Means
  private let identity: String
  private let world: RealWorld
  private let state = Mutex(State())
  /// Told when this copy begins to lead and when it ceases to, and what else is worth a line.
  private let tell: @Sendable (Change) -> Void

  enum Change: Sendable {
    case leads
    case follows(why: String)
    case note(String)
  }

  /// client-go's convention: held for 15 s, tried every 2 s.
  private static let second: Int64 = 1_000_000_000
  private static let length = 15 * second
  /// Between the last moment at which this copy acts and the first at which another one may.
  private static let margin = 3 * second
  private static let renewal: Int64 = 4 * second
  private static let retry: Int64 = 2 * second

  init(
    _ means: Means, identity: String, world: RealWorld, tell: @escaping @Sendable (Change) -> Void
  ) {
    self.means = means
    self.identity = identity
    self.world = world
    self.tell = tell
  }

  /// Asked before every act.
  var leads: Bool {
    state.withLock { state in
      state.validUntil.map { WallClock.monotonicNanoseconds() < $0 } ?? false
    }
  }

  /// Whether it is known who leads.
  var isKnown: Bool {
    state.withLock { state in
      state.knownUntil.map { WallClock.monotonicNanoseconds() < $0 } ?? false
    }
  }

  /// Tries to lead, and to go on leading, until the task is cancelled.
  func run() async {
    switch means {
    case .lease(let namespace, let name): await hold(namespace, name)
    case .file(let path): await lock(path)
    }
  }

  /// Lets another copy lead at once. To be called when nothing acts any more.
  func resign() async {
    let held = state.withLock { state in
      defer { state.validUntil = nil }
      return state.validUntil != nil
    }
    guard held, case .lease(let namespace, let name) = means else { return }
    _ = await ask("release", namespace, name)
  }

  // MARK: Lease

  private func hold(_ namespace: String, _ name: String) async {
    var lastRefusal = ""
    while !Task.isCancelled {
      let wasLeading = state.withLock { $0.validUntil != nil }
      let begun = WallClock.monotonicNanoseconds()
      switch await ask(wasLeading ? "renew" : "acquire", namespace, name) {
      case .success:
        state.withLock { state in
          state.validUntil = begun + Self.length - Self.margin
          state.knownUntil = begun + Self.length
        }
        if !wasLeading { tell(.leads) }
        lastRefusal = ""
        await pause(Self.renewal)
      case .failure(let failure):
        let isHeld = if case .held = failure { true } else { false }
        if wasLeading, isHeld || !leads { lose(failure.message) }
        if isHeld { state.withLock { $0.knownUntil = begun + Self.length } }
        if !wasLeading, failure.message != lastRefusal, !isHeld || lastRefusal.isEmpty {
          tell(.note(isHeld ? "follows: \(failure.message)" : failure.message))
          lastRefusal = failure.message
        }
        await pause(wasLeading ? Self.second : Self.retry)
      }
    }
  }

  private func lose(_ why: String) {
    state.withLock { $0.validUntil = nil }
    tell(.follows(why: why))
  }

  private func ask(
    _ verb: String, _ namespace: String, _ name: String
  ) async -> Result<Document, WorldFailure> {
    let call = WorldCall(
      name: "lock.\(verb)",
      arguments: DocumentObject([
        ("cluster", ""), ("namespace", .string(namespace)), ("name", .string(name)),
        ("object", .string(name)), ("holder", .string(identity)), ("ttl", .int(Self.length)),
      ]),
      effect: .acts, actClass: .apply, key: "watch/\(identity)")
    switch await world.answer(call, .observe) {
    case .failure(let failure): return .failure(failure)
    case .success(let observed): return await world.answer(call, .perform(observed: observed))
    }
  }

  private func pause(_ nanoseconds: Int64) async {
    try? await Task.sleep(for: .nanoseconds(nanoseconds))
  }

  // MARK: File

  /// Where the file cannot be opened now, it is tried again: a disk may come back, and nobody else acts meanwhile.
  private func lock(_ path: String) async {
    var told = ""
    while !Task.isCancelled {
      do throws(FileFailure) {
        return try await holdLock(path)
      } catch {
        if error.message != told { tell(.note("nobody leads here: \(error.message)")) }
        told = error.message
        await pause(Self.retry)
      }
    }
  }

  /// The kernel's lock goes with the process, so another copy leads a moment after this one died.
  private func holdLock(_ path: String) async throws(FileFailure) {
    try makeDirectories(directory(of: path))
    let file = try FileDescriptor.open(path, O_RDWR | O_CREAT)
    var isTold = false
    while !Task.isCancelled {
      if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 {
        state.withLock { state in
          state.validUntil = .max
          state.knownUntil = .max
        }
        tell(.leads)
        // The file is open, and with it locked, for as long as this copy leads.
        while !Task.isCancelled { await pause(Self.second) }
        return
      }
      state.withLock { $0.knownUntil = .max }
      if !isTold { tell(.note("follows: another copy holds \(path)")) }
      isTold = true
      await pause(Self.second / 2)
    }
  }
}
