// SPDX-License-Identifier: Apache-2.0

import DrRun
import Glibc

/// The machine's clocks.
package enum WallClock {
  /// Wall-clock time, which journals hold.
  package static func now() -> Instant { Instant(nanoseconds: read(CLOCK_REALTIME)) }

  /// Time that only goes forward, for measuring. What the machine slept counts: a lease does not
  /// last longer for it.
  package static func monotonicNanoseconds() -> Int64 { read(CLOCK_BOOTTIME) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
