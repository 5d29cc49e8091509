// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrRun
import Testing

@testable import DrSim

/// What a run says of a condition that does not hold.
@Suite struct ConditionMessageTests {
  @Test func requireSaysWhatItRead() throws {
    let fixture = try ProgramFixture.example(
      replacing: [(old: ">= deepseek.replicas", new: ">= 200 * deepseek.replicas")])
    let trial = try SimulatedTrial(fixture, faults: [])
    #expect(trial.report.result?.status == .failed)
    let message = try #require(trial.report.result?.message)
    #expect(message.contains("cn-beijing-az2 cannot hold 2 replicas ("))
    #expect(message.contains("capacity(to, for: deepseek) is "))
    #expect(message.contains("200 * deepseek.replicas is 400, deepseek.replicas is 2)"))
  }

  @Test func verifySaysWhatItReadLast() throws {
    let fixture = try ProgramFixture.example(
      replacing: [
        (
          old: ">= 99% within 3m else \"traffic is not served from \\(to)\"",
          new: "> 200% within 30s"
        )
      ])
    let trial = try SimulatedTrial(fixture, faults: [])
    let message = try #require(trial.report.result?.message)
    #expect(message.contains("did not hold within 30s"))
    #expect(message.contains("success_rate(front, over: watch_traffic) is 100%"))
  }

  @Test func waitThatTimedOutSaysWhatItReadLast() throws {
    let fixture = try ProgramFixture.example(
      replacing: [
        (
          old: "wait until ready(deepseek, in: to) >= deepseek.replicas within 5m",
          new: "wait until ready(deepseek, in: to) >= 50 * deepseek.replicas within 1m"
        )
      ])
    let trial = try SimulatedTrial(fixture, faults: [])
    #expect(trial.report.result?.status != .succeeded)
    let message = try #require(trial.report.result?.message)
    #expect(message.contains("did not hold within 1m"))
    #expect(message.contains("ready(deepseek, in: to) is 2"))
    #expect(message.contains("50 * deepseek.replicas is 100, deepseek.replicas is 2)"))
  }

  @Test func guardSaysWhyItHoldsBack() throws {
    let fixture = try ProgramFixture.example(
      replacing: [
        (old: "failovers(deepseek, last: 30m) == 0", new: "failovers(deepseek, last: 30m) > 0")
      ])
    let machine = Machine(program: fixture.program, limits: Limits())
    let outcome = try PolicySimulation(
      PolicySimulation.Scenario(
        cluster: "deepseek-dr-cluster", seed: 1, lasting: 10 * 60_000_000_000,
        faults: [
          TimedFault(
            at: SimulatedWorld.epoch.advanced(by: 60_000_000_000), .fail(zone: "cn-beijing-az1"))
        ]), on: machine
    ).run()
    let sentences = outcome.events.compactMap(\.sentence)
    #expect(
      sentences.contains {
        $0.hasSuffix(
          "but the guard \"no flapping\" holds it back (failovers(deepseek, last: 30m) is 0)")
      }, "\(sentences)")
  }

  @Test func whatHoldsSaysNothing() throws {
    let trial = try SimulatedTrial(.example(), faults: [])
    #expect(trial.report.result?.status == .succeeded)
    #expect(!trial.lines.contains { $0.contains("capacity(to, for: deepseek) is") })
  }
}
