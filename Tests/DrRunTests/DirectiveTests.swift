// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

/// The runbook that most tests vary.
@Sendable func evacuation(_ code: Code) {
  code.require(code.equal(code.call("get", "blocked"), 0), else: "blocked")
  code.step("scale up", within: 180, retry: 3, every: 10) { step in
    let before = step.let(step.call("set.apply", "replicas", step.int(2)))
    step.undo { undo in undo.do(undo.call("set.apply", "replicas", before)) }
  }
  code.wait(code.call("ready", "az2", code.int(5)), within: 300)
  code.approve("Shift?", by: "oncall", within: 600)
  code.step("shift", within: 60) { step in
    step.do(step.call("add.verify", "weight", step.int(100)))
    step.undo { undo in undo.do(undo.call("add.verify", "weight", undo.int(-100))) }
  }
  code.verify(code.equal(code.call("get", "broken"), 0), within: 10, else: "not served")
}

@Suite struct DirectiveTests {
  @Test("runs as written down", arguments: Scenario.all)
  func timeline(_ scenario: Scenario) throws {
    var host = scenario.host
    let result = try #require(try host.live())
    let message = result.message.map { ": \($0)" } ?? ""
    expectGolden(
      scenario.name,
      """
      \(host.timeline)

      \(result.status.rawValue)\(message)
      world    \(host.world.summary)
      acts     \(host.world.ledger.joined(separator: "\n         "))
      journal  \(host.journalLine)
      """)
    #expect(host.world.duplicates.isEmpty)
  }

  @Test("a number that only the run knows stops it where it means nothing")
  func meaninglessNumbers() throws {
    let cases: [(message: String, runbook: @Sendable (Code) -> Void)] = [
      ("`retry` must be 0 or more, and is -1", { $0.step("a", retry: -1) { _ in } }),
      ("`within` must be more than 0, and is 0s", { $0.step("a", within: 0) { _ in } }),
      ("`every` must be 0 or more, and is -2s", { $0.step("a", every: -2) { _ in } }),
      ("`backoff` must be 1 or more, and is 0.5", { $0.step("a", backoff: 0.5) { _ in } }),
      ("`limit` must be more than 0, and is 0", { $0.parallel(limit: 0, [{ _ in }]) }),
      ("`for` must be more than 0, and is -5s", { $0.lock("a", for: -5) }),
      ("`pause` must be 0 or more, and is -1s", { $0.pause(-1) }),
    ]
    for (message, runbook) in cases {
      var host = Scenario("meaningless", runbook).host
      let result = try #require(try host.live())
      #expect(result.status == .failed)
      #expect(result.message == message)
      let planner = Planner(
        machine: Machine(program: host.program, limits: Limits()), runbook: host.runbook,
        arguments: [], identity: host.identity)
      #expect(host.drive(planner, .none)?.message == message)
    }
  }
}
