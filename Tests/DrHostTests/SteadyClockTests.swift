// SPDX-License-Identifier: Apache-2.0

import DrRun
import Synchronization
import Testing

@testable import DrHost

@Suite struct SteadyClockTests {
  @Test(
    "time goes on from where it begins, whatever the wall clock says, and a wait is over when it has passed"
  )
  func steady() async throws {
    let elapsed = Elapsed()
    let clock = SteadyClock(from: Instant(nanoseconds: 1_000)) {
      elapsed.value.load(ordering: .relaxed)
    }
    #expect(clock.now() == Instant(nanoseconds: 1_000))
    elapsed.value.store(5_700, ordering: .relaxed)
    #expect(clock.now() == Instant(nanoseconds: 1_700))
    try await clock.wait(until: Instant(nanoseconds: 1_700))
    let waiting = Task { try await clock.wait(until: Instant(nanoseconds: 9_000_000_000)) }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }
}

private final class Elapsed: Sendable {
  let value = Atomic<Int64>(5_000)
}
