// SPDX-License-Identifier: Apache-2.0

import DrRun
import Glibc
import Testing

@testable import DrHost
@testable import DrSystem

struct SignalTests {
  @Test("stop signals come as events, in their order, and end nothing")
  func stops() async {
    var stops = Signals.stops().makeAsyncIterator()
    for expected in [StopSignal.interrupt, .terminate, .hangup] {
      kill(getpid(), expected.rawValue)
      #expect(await stops.next() == expected)
    }
    #expect(StopSignal.interrupt.exitStatus == 130)
  }

  @Test("waits until a point in time, and no longer")
  func waits() async throws {
    let start = SteadyClock.process.now()
    try await SteadyClock.process.wait(until: start.advanced(by: 50_000_000))
    #expect(SteadyClock.process.now() >= start.advanced(by: 50_000_000))
    try await SteadyClock.process.wait(until: start)
  }
}
