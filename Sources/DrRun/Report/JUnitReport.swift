// SPDX-License-Identifier: Apache-2.0

import DrBase

extension RunHistory {
  /// The run as JUnit XML, for what collects test results: a case for every step and condition. What
  /// failed is a `failure`; what was open when the journal ends is `skipped`; a damaged journal is an `error`.
  package var junit: String {
    var cases: [(at: Instant, text: String, outcome: Outcome)] = []
    for step in steps {
      cases.append(
        (step.begunAt, testCase(step.title, step.begunAt, step.endedAt, step.outcome), step.outcome)
      )
    }
    for condition in conditions where condition.kind != .pause {
      let text = testCase(
        condition.text, condition.begunAt, condition.endedAt, condition.outcome)
      cases.append((condition.begunAt, text, condition.outcome))
    }
    let ordered = cases.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }.map(\.element)
    var failures = cases.count { if case .failed = $0.outcome { true } else { false } }
    // A run may fail outside of any step.
    var whole = ""
    if failures == 0, case .ended(let status, let message) = summary.status, status != .succeeded {
      failures = 1
      whole = testCase("the run", summary.startedAt, summary.lastAt, .failed(message ?? "failed"))
    }
    var errors = 0
    if case .damaged(let damage) = summary.status {
      errors = 1
      let message = XML.attributes([("message", damage.message)])
      let head = XML.attributes([("name", "the journal"), ("classname", identity.runbook)])
      whole = "    <testcase\(head)>\n      <error\(message)/>\n    </testcase>\n"
    }
    let head = XML.attributes([
      ("name", "\(identity.runbook) \(identity.runID)"),
      ("tests", "\(cases.count + (whole.isEmpty ? 0 : 1))"), ("failures", "\(failures)"),
      ("errors", "\(errors)"),
      ("skipped", "\(cases.count { $0.outcome == .open })"),
      ("time", XML.seconds(summary.lastAt.nanoseconds - summary.startedAt.nanoseconds)),
      ("timestamp", summary.startedAt.utcText),
    ])
    let properties = summary.facts.map { fact in
      "      <property\(XML.attributes([("name", fact.name), ("value", fact.value)]))/>\n"
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite\(head)>\n"
      + "    <properties>\n\(properties.joined())    </properties>\n"
      + ordered.map(\.text).joined() + whole + "  </testsuite>\n</testsuites>\n"
  }

  private func testCase(
    _ name: String, _ begun: Instant, _ ended: Instant?, _ outcome: Outcome
  ) -> String {
    let took = (ended ?? summary.lastAt).nanoseconds - begun.nanoseconds
    let head = XML.attributes([
      ("name", name), ("classname", identity.runbook), ("time", XML.seconds(max(0, took))),
    ])
    switch outcome {
    case .succeeded: return "    <testcase\(head)/>\n"
    case .failed(let why):
      let message = XML.attributes([("message", why)])
      return "    <testcase\(head)>\n      <failure\(message)/>\n    </testcase>\n"
    case .open: return "    <testcase\(head)>\n      <skipped/>\n    </testcase>\n"
    }
  }
}
