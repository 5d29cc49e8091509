// SPDX-License-Identifier: Apache-2.0

import DrRun
import Glibc

/// The machine's clocks.
package enum WallClock {
  /// Wall-clock time, which journals hold.
  package static func now() -> Instant { Instant(nanoseconds: read(CLOCK_REALTIME)) }

  /// Time that only goes forward, for measuring.
  package static func monotonicNanoseconds() -> Int64 { read(CLOCK_MONOTONIC) }

  /// Returns once that point in time has come, also when the clock is set meanwhile; throws when
  /// the task is cancelled.
  package static func wait(until instant: Instant) async throws {
    while true {
      let left = instant.nanoseconds - now().nanoseconds
      if left <= 0 { return }
      // Sleep in slices, since the clock may be set forward in between.
      try await Task.sleep(for: .nanoseconds(min(left, 1_000_000_000)))
    }
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
