// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How fast one API server is asked: so many requests a second for long, and a burst of some before
/// that. A server that is half gone is not to be finished off by who wants to save it.
final class RequestRate: Sendable {
  private let interval: Int64
  private let burst: Int64
  /// When the requests so far would be over, had they come evenly.
  private let even = Mutex<Int64>(.min)

  init(perSecond: Int64, burst: Int64) {
    interval = 1_000_000_000 / perSecond
    self.burst = burst
  }

  /// Takes a turn; gives the nanoseconds until it comes.
  func take(at now: Int64) -> Int64 {
    even.withLock { even in
      let start = max(even, now)
      even = start + interval
      return max(0, even - burst * interval - now)
    }
  }

  /// Waits for a turn; fails where the task is cancelled.
  func wait() async throws {
    let pause = take(at: WallClock.monotonicNanoseconds())
    if pause > 0 { try await Task.sleep(for: .nanoseconds(pause)) }
  }
}
