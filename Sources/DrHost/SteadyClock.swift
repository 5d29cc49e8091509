// SPDX-License-Identifier: Apache-2.0

import DrRun

/// Time as it passes: what the wall clock said at the beginning, and from then on how long it is
/// since, however the wall clock is set meanwhile.
///
/// A run keeps its deadlines, and knows for how long its locks are its own, by this clock. By the
/// wall clock, one that is set back by an hour would have it believe for an hour in a lease that is
/// over, and wait an hour for the next attempt.
package struct SteadyClock: Sendable {
  private let begin: Instant
  private let elapsedAtBegin: Int64
  private let elapsed: @Sendable () -> Int64

  /// Begins at `begin`. `elapsed` gives nanoseconds since whenever, and never goes back.
  package init(
    from begin: Instant = WallClock.now(),
    elapsed: @escaping @Sendable () -> Int64 = WallClock.monotonicNanoseconds
  ) {
    self.begin = begin
    self.elapsed = elapsed
    elapsedAtBegin = elapsed()
  }

  /// For what lives as long as the process.
  package static let process = SteadyClock()

  package func now() -> Instant { begin.advanced(by: elapsed() - elapsedAtBegin) }

  /// Returns once that point in time has come; throws when the task is cancelled.
  package func wait(until instant: Instant) async throws {
    while true {
      let left = instant.nanoseconds - now().nanoseconds
      if left <= 0 { return }
      // In slices, since the machine may sleep in between.
      try await Task.sleep(for: .nanoseconds(min(left, 1_000_000_000)))
    }
  }
}
