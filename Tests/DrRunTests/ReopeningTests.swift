// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

/// A run that has succeeded is opened once more, and what it did is taken back.
@Suite struct ReopeningTests {
  private static let question = "calm: take back what evacuate did?"
  private let asking = Reopening(why: "calm", audience: "oncall")

  /// A run with a lock, nested steps and acts of two classes, which has succeeded.
  private func finished(_ prepare: (inout TestHost) -> Void = { _ in }) throws -> TestHost {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.lock("service", for: 60)
        code.reversible("replicas", to: 3)
        code.run("shift") { inner in
          inner.step("shift") { step in
            step.do(step.call("add.verify", "weight", step.int(100)))
            step.undo { undo in undo.do(undo.call("add.verify", "weight", undo.int(-100))) }
          }
        }
        code.step("cordon", retry: 1, every: 1) { step in
          step.do(step.call("add.once", "cordoned", step.int(1)))
          step.undo { $0.do($0.call("add.once", "cordoned", $0.int(-1))) }
          step.do(step.call("set.apply", "note", step.int(1)))
          step.undo { $0.do($0.call("set.apply", "note", $0.int(0))) }
        }
      })
    host.world.troubles = ["observe set.apply note": [.fails(.busy("429"))]]
    prepare(&host)
    #expect(try host.live()?.status == .succeeded)
    #expect(host.world.summary == "cordoned=1 note=1 replicas=3 weight=100")
    host.now = host.now.advanced(by: 1_800_000_000_000)
    host.lines = []
    return host
  }

  @Test("asks, locks again, and runs the undos, last first")
  func takesBack() throws {
    var host = try finished()
    host.decisions = [Self.question: (true, 30)]
    let result = try #require(try host.live(reopening: asking))
    expectGolden(
      "reopened",
      """
      \(host.timeline)

      \(result.status.rawValue): \(result.message ?? "")
      world    \(host.world.summary)
      acts     \(host.world.ledger.joined(separator: "\n         "))
      journal  \(host.journalLine)
      """)
    #expect(result.status == .rolledBack)
    #expect(host.world.summary == "")
    #expect(host.world.duplicates == [])
    #expect(throws: JournalRefusal.ended(.rolledBack)) { try host.live(reopening: asking) }
  }

  @Test("a no leaves everything, and it can be asked again")
  func declined() throws {
    var host = try finished()
    let acts = host.world.ledger.count
    for _ in 0..<2 {
      host.decisions = [Self.question: (false, 1)]
      let result = try #require(try host.live(reopening: asking))
      #expect(result.status == .succeeded)
      #expect(result.message == "nothing was taken back: declined by oncall")
      #expect(host.world.ledger.count == acts)
    }
    #expect(Set(host.asked.map(\.id)).count == 2, "an old answer fits no new question")
    host.decisions = [Self.question: (true, 1)]
    #expect(try host.live(reopening: asking)?.status == .rolledBack)
    #expect(host.world.summary == "")
  }

  @Test("a question is taken away when its reason is gone, and only then")
  func recalled() throws {
    var host = try finished()
    host.recallAt = 5
    let result = try #require(try host.live(reopening: asking))
    #expect(result.message == "nothing was taken back: declined by it holds again")
    #expect(host.lines.last?.contains("finished") == true)
    #expect(host.lines.contains { $0.contains("withdraw approve/r1/reopened/1") })
    host.decisions = [Self.question: (true, 1)]
    let second = try #require(try host.live(reopening: asking))
    #expect(second.status == .rolledBack, "what somebody has agreed to is done")
  }

  @Test("what somebody else has locked is not taken back")
  func locked() throws {
    var host = try finished()
    host.world.holders["service"] = "r2"
    let result = try #require(try host.live(reopening: Reopening(why: "calm")))
    #expect(result.status == .succeeded)
    #expect(result.message == "nothing was taken back: lock “service”: held by r2")
    host.world.holders["service"] = nil
    #expect(try host.live(reopening: Reopening(why: "calm"))?.status == .rolledBack)
  }

  /// A run with a lock, an act, and a question that nobody has answered.
  private func asked() throws -> TestHost {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.lock("service", for: 60)
        code.reversible("replicas", to: 3)
        code.step("cordon", retry: 3, every: 100) { step in
          step.do(step.call("add.verify", "cordoned", step.int(1)))
          step.undo { $0.do($0.call("add.verify", "cordoned", $0.int(-1))) }
          step.wait(step.call("ready", "az9", step.int(5)), within: nil)
        }
        code.reversible("weight", to: 100)
      })
    host.interruptAt = 5
    #expect(try host.live()?.status == .paused)
    #expect(host.world.summary == "cordoned=1 replicas=3 service:r1")
    host.interruptAt = nil
    host.lines = []
    return host
  }

  @Test(
    "a run that was paused is broken off, in whatever it waits, and undone; every crash on the way included"
  )
  func brokenOff() throws {
    let off = Reopening(why: "asked", breaksOff: true)
    var reference = try asked()
    let result = try #require(try reference.live(reopening: off))
    #expect(result.status == .rolledBack)
    #expect(result.message?.hasSuffix("broken off: asked") == true, "\(result.message ?? "")")
    #expect(reference.world.summary == "")
    #expect(!reference.lines.contains { $0.contains("weight") })
    #expect(throws: JournalRefusal.ended(.rolledBack)) { try reference.live(reopening: off) }
    for number in 0..<200 {
      var host = try asked()
      guard try host.live(crash: .before(number), reopening: off) == nil else { return }
      func saysSo() throws -> Bool {
        try Journal(bytes: host.disk).records.contains {
          if case .reopened = $0.body { true } else { false }
        }
      }
      do {
        // Who goes on then need not say it again, where the journal says it.
        var later = try host.live(reopening: number % 2 == 0 ? off : nil)
        if later?.status == .paused {
          #expect(try !saysSo(), "crash \(number)")
          later = try host.live(reopening: off)
        }
        #expect(later?.status == .rolledBack, "crash \(number)")
      } catch JournalRefusal.ended(.rolledBack) {}
      #expect(host.world.summary == "", "crash \(number)")
      #expect(host.world.duplicates == [], "crash \(number)")
    }
    Issue.record("it never got to its end")
  }

  @Test("a policy that takes back what ended breaks off nothing")
  func notBrokenOff() throws {
    var host = try asked()
    host.interruptAt = 1
    #expect(try host.live(reopening: Reopening(why: "calm"))?.status == .paused)
    #expect(host.world.summary == "cordoned=1 replicas=3 service:r1")
  }

  @Test("one undo that fails does not keep the others from running")
  func undoFails() throws {
    var host = try finished()
    host.world.troubles = ["observe add.verify weight": [.fails(.refused("forbidden"))]]
    let result = try #require(try host.live(reopening: Reopening(why: "calm")))
    #expect(result.status == .failed)
    #expect(result.message == "1 of 4 undos failed: what they are for stands")
    #expect(host.world.summary == "weight=100")
    #expect(throws: JournalRefusal.ended(.failed)) { try host.live(reopening: asking) }
  }

  @Test("a run without undos, and one that has failed")
  func nothingToTakeBack() throws {
    var plain = TestHost(
      ProgramBuilder.runbook { $0.step("a") { $0.do($0.call("set.apply", "a", $0.int(1))) } })
    #expect(try plain.live()?.status == .succeeded)
    let result = try #require(try plain.live(reopening: asking))
    #expect(result.message == "nothing that it did has an undo")
    #expect(plain.asked.isEmpty)

    var failed = TestHost(ProgramBuilder.runbook { $0.fail("enough") })
    #expect(try failed.live()?.status == .failed)
    #expect(throws: JournalRefusal.ended(.failed)) { try failed.live(reopening: asking) }
  }

  @Test("its journal says that it was reopened, and what for")
  func summary() throws {
    var host = try finished()
    host.interruptAt = 5
    #expect(try host.live(reopening: asking)?.status == .paused)
    let open = try Journal(bytes: host.disk)
    #expect(open.openApprovals.map(\.question.text) == [Self.question])
    #expect(RunSummary(open)?.endedAt == nil)
    #expect(RunSummary(open)?.isReopened == true)
    host.interruptAt = nil
    host.decisions = [Self.question: (true, 1)]
    #expect(try host.live()?.status == .rolledBack, "an ordinary resumption goes on with it")
    let whole = try Journal(bytes: host.disk)
    #expect(whole.openApprovals.isEmpty)
    #expect(RunSummary(whole)?.statusText == "rolled back, not verified")
  }

  @Test("comes to the same end after a crash at any point")
  func crashes() throws {
    let before = try finished { $0.decisions = [:] }
    var reference = before
    reference.decisions = [Self.question: (true, 30)]
    #expect(try reference.live(reopening: asking)?.status == .rolledBack)
    var points: [TestHost.Crash] = []
    for (number, order) in reference.carriedOut.enumerated() {
      points += [.before(number), .after(number)]
      if case .append(let bytes) = order {
        points += stride(from: 0, to: bytes.count, by: 5).map { .torn(number, $0) }
      }
    }
    for point in points {
      var host = before
      host.decisions = reference.decisions
      var result = try host.live(crash: point, reopening: asking)
      for _ in 0..<5 where result == nil || result?.status == .paused {
        host.now = host.now.advanced(by: 500_000_000)
        if let question = host.asked.last, question.id.hasPrefix("doubt/") {
          let key = question.id.split(separator: "/").dropFirst().dropLast()
          host.early.append((question.id, host.world.keys.contains(key.joined(separator: "/"))))
        }
        switch host.records.last?.body {
        case .ended(.rolledBack, let message)?:
          result = RunResult(
            status: .rolledBack, message: message, startedAt: host.now, endedAt: host.now)
        case .ended(.succeeded, _)?: result = try host.live(reopening: asking)
        case _: result = try host.live()
        }
      }
      try #require(result?.status == .rolledBack, "\(point)")
      try #require(host.world.summary == "", "\(point)")
      try #require(host.world.duplicates == [], "\(point)")
    }
    #expect(points.count > 100)
  }
}
