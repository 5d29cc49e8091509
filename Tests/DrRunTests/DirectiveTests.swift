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
}
