// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSpec
import Foundation
import Testing

/// Tests that simulate: a fault, the policies that notice it, and the runbooks that they start.
@Suite("simulations in tests")
struct SimulationTests {
  /// The example, with words of its text replaced and tests of its own at the end.
  private func example(
    _ replacements: [(old: String, new: String)] = [], tests: String
  ) throws -> FileReport {
    let path = root.appending(path: "examples/deepseek-cross-az/deepseek.dr")
    var text = try String(contentsOf: path, encoding: .utf8)
    for (old, new) in replacements {
      #expect(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    let end = try #require(text.range(of: "\ntest \""))
    return report(text[..<end.lowerBound] + tests, limits: TestRunner.limits)
  }

  /// What `w.downtime(deepseek)` was in the only test.
  private func downtime(_ file: FileReport) throws -> String {
    let result = try #require(file.results.first, "\(file.mistakes)")
    guard case .fails(let diagnostic) = result.verdict else {
      Issue.record("\(result.verdict)")
      return ""
    }
    let found = diagnostic.witnesses.first {
      file.sources.text($0.span) == "w.downtime(deepseek)"
    }
    return try #require(found).value
  }

  private static let probe =
    """

    test "t" {
      let w = simulate(dr, seed: 1) { at 1m: fail(az1) }
      assert w.downtime(deepseek) < 0s
    }
    """

  @Test("the example keeps its promise")
  func example() throws {
    let path = root.appending(path: "examples/deepseek-cross-az/deepseek.dr")
    let file = report(
      try String(contentsOf: path, encoding: .utf8), limits: TestRunner.limits)
    #expect(TestReport([file]).exitStatus == 0, "\(TestReport([file]).text(colour: false))")
    #expect(file.results.count == 1)
  }

  @Test("the same program and seed give the same")
  func repeatable() throws {
    let first = try downtime(example(tests: Self.probe))
    #expect(try downtime(example(tests: Self.probe)) == first)
    #expect(first == "1m38s")
  }

  @Test("a detector that waits for longer starts its runbook later")
  func lasting() throws {
    let later = try downtime(example([("lasting 60s", "lasting 3m")], tests: Self.probe))
    #expect(later == "3m38s")
  }

  @Test("a guard that does not hold keeps the runbook from running, and says so")
  func guards() throws {
    let file = try example(
      [("failovers(deepseek, last: 30m) == 0", "failovers(deepseek, last: 30m) == 1")],
      tests: Self.probe)
    guard case .fails(let diagnostic)? = file.results.first?.verdict else {
      Issue.record("it does not fail")
      return
    }
    #expect(diagnostic.notes.contains { $0.contains("the guard \"no flapping\" holds it back") })
    #expect(!diagnostic.notes.contains { $0.contains("its run ends") })
  }

  @Test("a zone of another cluster cannot be lost")
  func wrongZone() throws {
    let file = try example(
      tests: """

        cluster other {
          provider = "none"
          kubernetes = "1.30"
          region r { zone far { nodes cpu { count = 1, cpu = 4, memory = 8Gi } } }
        }
        test "t" { assert (simulate(dr) { at 1m: fail(far) }).downtime(deepseek) == 0s }
        """)
    guard case .notEvaluated(let diagnostic)? = file.results.first?.verdict else {
      Issue.record("\(file.results) \(file.mistakes)")
      return
    }
    #expect(diagnostic.message == "the cluster deepseek-dr-cluster has no zone \"far\" to lose")
  }
}
