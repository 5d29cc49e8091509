// SPDX-License-Identifier: Apache-2.0

import Dr
import Testing

@Suite("The example of embedding")
struct FailoverTests {
  let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" }
  let states = [
    "az1": ZoneState(isHealthy: false, load: Percent(0)),
    "az2": ZoneState(isHealthy: true, load: Percent(40)),
    "az3": ZoneState(isHealthy: true, load: Percent(75)),
  ]

  @Test("says what its README says")
  func output() throws {
    #expect(
      try report(folder: folder, states: states)
        == "az1: moves to az2 for 7200.0 seconds\naz2: stays\naz3: moves to az2 for 1800.0 seconds")
  }

  @Test("stays where there is no better place")
  func noRefuge() throws {
    let all = states.mapValues { ZoneState(isHealthy: $0.isHealthy, load: Percent(90)) }
    let failover = try Failover(folder: folder, busy: Percent(70)) { all[$0] }
    #expect(try failover.decisions().allSatisfy { !$0.move && $0.to == nil })
  }
}
