// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

/// How many branches must succeed, and how many people must agree.
@Suite struct QuorumTests {
  /// Branches of which those numbers fail, one after the other or all at once.
  private func run(
    _ count: Int, failing: Set<Int>, quorum: Int64?, limit: Int64?
  ) throws -> (result: RunResult, begun: Int) {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("fan out") { step in
          step.parallel(
            limit: limit, quorum: quorum,
            (0..<count).map { index in { $0.do($0.call("set.apply", "b\(index)", $0.int(1))) } })
        }
      })
    for index in failing {
      host.world.troubles["observe set.apply b\(index)"] = [.fails(.refused("forbidden"))]
    }
    host.showsCalls = true
    let result = try #require(try host.live())
    let begun = host.lines.filter { $0.contains("call observe set.apply") }.count
    return (result, begun)
  }

  @Test(
    "a join succeeds once the quorum has, and fails once it cannot be reached: every table of four")
  func everyTable() throws {
    for quorum in 1...4 {
      for pattern in 0..<16 {
        let failing = Set((0..<4).filter { pattern >> $0 & 1 == 1 })
        let (result, begun) = try run(4, failing: failing, quorum: Int64(quorum), limit: 1)
        let isReached = 4 - failing.count >= quorum
        #expect(result.status == (isReached ? .succeeded : .failed), "\(quorum) \(failing)")
        // One after the other: no branch begins after it is decided.
        var (succeeded, failed, expected) = (0, 0, 0)
        for index in 0..<4 where succeeded < quorum && 4 - failed >= quorum {
          expected += 1
          if failing.contains(index) { failed += 1 } else { succeeded += 1 }
        }
        #expect(begun == expected, "\(quorum) \(failing)")
        #expect(try run(4, failing: failing, quorum: Int64(quorum), limit: nil).begun == 4)
      }
    }
  }

  @Test("all must succeed where nothing is written, and more than there are cannot")
  func edges() throws {
    #expect(try run(3, failing: [], quorum: nil, limit: nil).result.status == .succeeded)
    #expect(try run(3, failing: [1], quorum: nil, limit: nil).result.status == .failed)
    #expect(try run(0, failing: [], quorum: nil, limit: nil).result.status == .succeeded)
    let (result, begun) = try run(2, failing: [], quorum: 3, limit: nil)
    #expect(result.message?.contains("2 branches cannot give a quorum of 3") == true)
    #expect(begun == 0)
  }

  private func asking(_ answers: [(String, Bool, Int64)], within: Int64? = 100) throws
    -> (TestHost, RunResult)
  {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.approve("Go?", by: "oncall", within: within, quorum: 2)
        code.reversible("a")
      })
    host.answers = answers.map { (person: $0.0, approved: $0.1, at: $0.2) }
    let result = try #require(try host.live())
    return (host, result)
  }

  @Test("one who agrees twice is one, whatever their reasons are")
  func reasons() throws {
    let (_, result) = try asking([
      ("anna (has looked)", true, 1), ("anna", true, 2), ("anna (again)", true, 3),
    ])
    #expect(result.message == "only 1 of 2 agreed in time: Go?")
    let (_, both) = try asking([("anna (has looked)", true, 1), ("ben (has looked)", true, 2)])
    #expect(both.status == .succeeded)
  }

  @Test("two people are two: one who agrees twice is one")
  func twoPeople() throws {
    let (host, result) = try asking([("anna", true, 1), ("anna", true, 2), ("ben", true, 3)])
    #expect(result.status == .succeeded)
    #expect(
      host.asked.map(\.text) == [
        "Go?", "Go? (1 of 2 agreed: anna)", "Go? (1 of 2 agreed: anna)",
      ])
    #expect(Set(host.asked.map(\.id)).count == 3, "an answer fits one question")
    #expect(host.lines.contains { $0.hasSuffix("approvalGiven Go? yes, by anna, ben") })
    let people = host.records.compactMap { record in
      if case .decision(true?, let by) = record.body { by } else { nil }
    }
    #expect(people == ["anna", "anna", "ben"])
  }

  @Test("a no ends it, and the deadline is one for all")
  func endings() throws {
    let (_, no) = try asking([("anna", true, 1), ("ben", false, 2)])
    #expect(no.message?.contains("ben declined: Go?") == true)
    let (_, late) = try asking([("anna", true, 60), ("ben", true, 100)])
    #expect(late.message?.contains("only 1 of 2 agreed in time: Go?") == true)
    let (host, result) = try asking([("anna", true, 60), ("ben", true, 99)])
    #expect(result.status == .succeeded)
    #expect(host.now.nanoseconds < 103_000_000_000)
  }

  @Test("an answer 1 ms before the deadline counts, one at it or after it does not")
  func expiry() throws {
    for (milliseconds, isGiven) in [(99_999, true), (100_000, false), (100_001, false)] {
      var host = TestHost(
        ProgramBuilder.runbook { code in
          code.approve("Go?", within: 100)
          code.reversible("a")
        })
      host.answers = [(person: "anna", approved: true, at: 0)]
      host.answerMilliseconds = Int64(milliseconds)
      let result = try #require(try host.live())
      #expect((result.status == .succeeded) == isGiven, "\(milliseconds)")
    }
  }

  @Test("who has agreed is known in the next life, and an old answer fits no new question")
  func survives() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.approve("Go?", quorum: 2)
        code.reversible("a")
      })
    host.answers = [(person: "anna", approved: true, at: 1)]
    host.interruptAt = 10
    #expect(try host.live()?.status == .paused)
    let open = try Journal(bytes: host.disk).openApprovals
    #expect(open.map(\.question.text) == ["Go? (1 of 2 agreed: anna)"])
    let first = try #require(host.asked.first)
    #expect(open.first?.question.id != first.id)
    // The old answer, told again, decides nothing; the new one does.
    host.early = [(first.id, true)]
    #expect(try host.live()?.status == .paused)
    host.early = [(first.id, true), (try #require(open.first?.question.id), true)]
    host.interruptAt = nil
    #expect(try host.live()?.status == .succeeded)
  }

  // MARK: Jitter

  private func pauses(_ jitter: Int64?, run: String) throws -> [Int64] {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("scale", retry: 5, every: 10, backoff: 2, jitter: jitter) {
          $0.do($0.call("set.apply", "a", $0.int(1)))
        }
      })
    host.runID = run
    host.world.troubles = ["observe set.apply a": Array(repeating: .fails(.busy("429")), count: 5)]
    #expect(try host.live()?.status == .succeeded)
    return host.records.compactMap { record in
      if case .retry(_, let at, _) = record.body {
        at.nanoseconds - record.at.nanoseconds
      } else {
        nil
      }
    }
  }

  @Test(
    "pauses are as written, or shorter by chance where that is asked, the same for the same run")
  func jitter() throws {
    let second: Int64 = 1_000_000_000
    let whole = [10, 20, 40, 80, 160].map { $0 * second }
    #expect(try pauses(nil, run: "r1") == whole)
    #expect(try pauses(0, run: "r1") == whole)
    let shorter = try pauses(50, run: "r1")
    #expect(zip(shorter, whole).allSatisfy { $0 < $1 && $0 >= $1 / 2 }, "\(shorter)")
    #expect(try pauses(50, run: "r1") == shorter)
    #expect(try pauses(50, run: "r2") != shorter)
  }
}
