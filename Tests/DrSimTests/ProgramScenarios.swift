// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import DrSim
import Testing

@Suite struct EvacuationTests {
  @Test func evacuationSucceeds() throws {
    let trial = try SimulatedTrial(
      .example(), faults: [(at: 10, fault: .fail(zone: "cn-beijing-az1"))])
    print(trial.lines.joined(separator: "\n"))
    print(trial.report.services.flatMap { $0.lines(since: seconds(10)) }.joined(separator: "\n"))
    #expect(trial.report.result?.status == .succeeded)
  }
}
