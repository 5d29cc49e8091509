// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrRun
import Testing

@testable import DrSim

/// `failback` in the simulated world: the same engine and executor as `dr watch` has.
@Suite struct FailbackSimulationTests {
  /// The example, where the lost zone is not cordoned, so that its pods come back with its power.
  private func outcome(
    failback: String, restoreAt: Int64 = 900, lasting: Int64 = 3 * 3_600
  ) throws -> PolicySimulation.Outcome {
    let fixture = try ProgramFixture.example(replacing: [
      (
        old: "for n in nodes(in: from) { kube.cordon(n); undo { kube.uncordon(n) } }",
        new: "pause 0s"
      ),
      (old: "  failback after 30m, ask \"oncall\"\n", new: failback),
    ])
    let az1 = "cn-beijing-az1"
    return try PolicySimulation(
      PolicySimulation.Scenario(
        cluster: "deepseek-dr-cluster", seed: 1, lasting: lasting * Second.one,
        faults: [
          TimedFault(at: seconds(60), .fail(zone: az1)),
          TimedFault(at: seconds(restoreAt), .restore(zone: az1)),
        ]), on: fixture.machine()
    ).run()
  }

  private func runLines(_ outcome: PolicySimulation.Outcome) -> [String] {
    outcome.events.compactMap { event in
      if case .run(let line) = event.kind { "\(line.kind.rawValue) \(line.text)" } else { nil }
    }
  }

  @Test func whatWasDoneGoesBackOnceTheZoneHasBeenWell() throws {
    let outcome = try outcome(failback: "  failback after 30m, ask \"oncall\"\n")
    let sentences = outcome.events.compactMap(\.sentence)
    let back = try #require(outcome.events.first { $0.kind == .goesBack }, "\(sentences)")
    #expect(back.reaction == "keep_serving.zone_lost(cn-beijing-az1)")
    // Half an hour after the zone is back, whose pods take a few minutes to serve.
    #expect((seconds(900 + 1_800)...seconds(900 + 1_800 + 400)).contains(back.at), "\(sentences)")
    let lines = runLines(outcome)
    let begin = try #require(lines.firstIndex { $0.hasPrefix("runReopened") })
    let rest = lines[begin...].joined(separator: "\n")
    #expect(rest.contains("approvalGiven"))
    let shift = try #require(rest.firstRange(of: "undoFinished shift traffic"))
    let scale = try #require(rest.firstRange(of: "undoFinished scale up in cn-beijing-az2"))
    #expect(shift.lowerBound < scale.lowerBound, "last first")
    let last = "finished rolled back, verified: taken back"
    #expect(lines.last?.hasPrefix(last) == true, "\(rest)")
    #expect(outcome.services[0].periods.last?.level == .full)
  }

  @Test func withoutItNothingGoesBack() throws {
    let outcome = try outcome(failback: "")
    #expect(outcome.events.contains { $0.kind == .fired })
    #expect(!outcome.events.contains { $0.kind == .goesBack })
  }

  @Test func aZoneThatDoesNotComeBackKeepsWhatWasDone() throws {
    let outcome = try outcome(failback: "  failback after 30m\n", restoreAt: 3 * 3_600)
    #expect(!outcome.events.contains { $0.kind == .goesBack })
  }

  @Test func theSameSeedGivesTheSame() throws {
    let text = "  failback after 20m\n"
    #expect(try outcome(failback: text) == outcome(failback: text))
  }
}
