// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

/// Every pattern in which undos can fail, of runs with up to six steps.
@Suite struct UndoPatternTests {
  /// So many steps, then a failure; the undos of these steps are refused.
  private func host(steps: Int, refused: Int) -> TestHost {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        for number in 0..<steps {
          code.step("s\(number)") { step in
            step.do(step.call("set.apply", "s\(number)", step.int(1)))
            step.undo { $0.do($0.call("add.verify", "s\(number)", $0.int(-1))) }
          }
        }
        code.fail("enough")
      })
    for number in 0..<steps where refused >> number & 1 == 1 {
      host.world.troubles["observe add.verify s\(number)"] = Array(
        repeating: .fails(.refused("forbidden")), count: 40)
    }
    return host
  }

  private func expected(steps: Int, refused: Int) -> String {
    (0..<steps).filter { refused >> $0 & 1 == 1 }.map { "s\($0)=1" }.joined(separator: " ")
  }

  @Test("each undo runs once, last first, whichever others fail", arguments: 1...6)
  func everyPattern(_ steps: Int) throws {
    for refused in 0..<(1 << steps) {
      var host = host(steps: steps, refused: refused)
      let result = try #require(try host.live())
      #expect(result.status == (refused == 0 ? .rolledBack : .failed), "\(steps) \(refused)")
      #expect(host.world.summary == expected(steps: steps, refused: refused))
      let order = host.lines.compactMap { line in
        line.contains("undoStarted s") ? line.split(separator: " ").last.map(String.init) : nil
      }
      #expect(order == (0..<steps).reversed().map { "s\($0)" })
      let ends = host.records.compactMap { record in
        if case .undone(let failure) = record.body { failure == nil } else { nil }
      }
      #expect(ends == (0..<steps).reversed().map { refused >> $0 & 1 == 0 })
    }
  }

  @Test("so does it after a crash at any point of the undoing")
  func everyCrash() throws {
    for refused in 0..<8 {
      var whole = host(steps: 3, refused: refused)
      let status = try #require(try whole.live()).status
      let first = try #require(
        whole.carriedOut.firstIndex {
          if case .show(let progress) = $0 { progress.kind == .undoStarted } else { false }
        })
      for number in first..<whole.carriedOut.count {
        for crash in [TestHost.Crash.before(number), .after(number)] {
          var host = host(steps: 3, refused: refused)
          var result = try host.live(crash: crash)
          for _ in 0..<3 where result == nil {
            if case .ended(let status, let message)? = host.records.last?.body {
              result = RunResult(
                status: status, message: message, startedAt: host.now, endedAt: host.now)
            } else {
              result = try host.live()
            }
          }
          try #require(result?.status == status, "\(refused) \(crash)")
          try #require(host.world.summary == expected(steps: 3, refused: refused))
          try #require(host.world.duplicates == [], "\(refused) \(crash)")
        }
      }
    }
  }
}
