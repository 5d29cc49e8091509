// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

@Suite struct ResumeTests {
  private func paused(
    _ write: (Code) -> Void, _ prepare: (inout TestHost) -> Void = { _ in }
  ) throws -> TestHost {
    var host = TestHost(ProgramBuilder.runbook(write))
    prepare(&host)
    let result = try #require(try host.live())
    #expect(result.status == .paused)
    host.interruptAt = nil
    return host
  }

  private func refusal(_ host: TestHost, _ write: (Code) -> Void) -> JournalRefusal? {
    var other = TestHost(ProgramBuilder.runbook(write))
    other.disk = host.disk
    do throws(JournalRefusal) {
      _ = try other.live()
      return nil
    } catch {
      return error
    }
  }

  @Test("goes on after an interruption without repeating anything")
  func interrupted() throws {
    for second in 1...30 {
      var host = TestHost(ProgramBuilder.runbook(evacuation))
      host.decisions = ["Shift?": (true, 20)]
      host.interruptAt = Int64(second)
      let first = try #require(try host.live())
      if first.status == .succeeded { continue }
      #expect(first.status == .paused)
      host.interruptAt = nil
      let result = try #require(try host.live())
      #expect(result.status == .succeeded)
      #expect(result.startedAt == Instant(nanoseconds: 0))
      #expect(host.world.summary == "replicas=2 weight=100")
      #expect(host.world.ledger.count == 2)
    }
  }

  @Test("waits only for the rest of a backoff, and counts attempts over all lives")
  func backoff() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("scale", retry: 2, every: 100) { $0.do($0.call("set.apply", "a", $0.int(1))) }
      })
    host.world.troubles = [
      "observe set.apply a": Array(repeating: .fails(.busy("429")), count: 9)
    ]
    host.interruptAt = 30
    #expect(try host.live()?.status == .paused)
    host.interruptAt = nil
    host.now = Instant(nanoseconds: 60_000_000_000)
    #expect(try host.live()?.status == .failed)
    // Attempts at 0.1 s, 100.1 s and 200.2 s, whatever happened in between.
    #expect(host.now.nanoseconds == 200_300_000_000)
    #expect(host.world.troubles["observe set.apply a"]?.count == 6)
  }

  @Test("looks once at a condition whose deadline passed while the run was paused")
  func lateWait() throws {
    var host = try paused { code in
      code.wait(code.call("ready", "a", code.int(50)), within: 40)
    } _: {
      $0.interruptAt = 10
    }
    host.now = Instant(nanoseconds: 600_000_000_000)
    #expect(try host.live()?.status == .succeeded)
  }

  @Test("asks for an approval again and keeps its deadline")
  func approval() throws {
    var host = try paused { code in
      code.approve("Go?", within: 60)
    } _: {
      $0.interruptAt = 10
    }
    #expect(try host.live()?.message == "nobody answered in time: Go?")
    #expect(host.now.nanoseconds == 60_000_000_000)
    #expect(host.asked.map(\.id) == ["approve/r1/0/1", "approve/r1/0/1"])
  }

  @Test("settles an act of class once as a person says", arguments: [true, false])
  func once(happened: Bool) throws {
    var host = try paused { code in
      code.step("pay") { $0.do($0.call("add.once", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = ["perform add.once a": [happened ? .losesAnswer : .losesRequest]]
    }
    // Without an answer nothing is guessed.
    #expect(try host.live()?.status == .paused)
    host.early = [("doubt/r1/0.0/1", happened)]
    #expect(try host.live()?.status == .succeeded)
    #expect(host.world.summary == "a=1")
    #expect(host.world.ledger.count == 1)
  }

  @Test(
    "an act whose answer is lost each time is tried again in the next life, or settled by a person",
    arguments: [nil, true, false])
  func lostEachTime(happened: Bool?) throws {
    let loses = happened == false ? FakeWorld.Trouble.losesRequest : .losesAnswer
    var host = try paused { code in
      code.step("pay") { $0.do($0.call("add.keyed", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = ["perform add.keyed a": [loses, loses, loses]]
    }
    #expect(host.asked.map(\.id) == ["doubt/r1/0.0/3"])
    if let happened { host.early = [("doubt/r1/0.0/3", happened)] }
    #expect(try host.live()?.status == .succeeded)
    #expect(host.world.summary == "a=1")
  }

  /// A step whose time is over while an act of it is under way the second time.
  private func late(_ act: String, _ troubles: [FakeWorld.Trouble]) throws -> TestHost {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("pay", within: 2) { step in
          step.do(step.call(act, "a", step.int(1)))
          step.undo { $0.do($0.call("set.apply", "a", $0.int(0))) }
        }
      })
    host.world.troubles = ["perform \(act) a": troubles]
    return host
  }

  @Test(
    "an act with a key is not sent again once the time of its step is over",
    arguments: [true, false])
  func keyedInDoubtAtItsDeadline(happened: Bool) throws {
    let loses = happened ? FakeWorld.Trouble.losesAnswer : .losesRequest
    var host = try late("add.keyed", [loses, loses, loses])
    let end = try #require(try host.live())
    #expect(end.status == .paused)
    #expect(
      end.message == "it is not known whether add.keyed a: 0 → 1 happened; it is not begun again"
        + " (not done within 2s); look at it, then resume the run and answer doubt/r1/0.0/2"
        || end.message == "it is not known whether add.keyed a: 1 → 2 happened; it is not begun"
          + " again (not done within 2s); look at it, then resume the run and answer doubt/r1/0.0/2"
    )
    #expect(host.world.troubles["perform add.keyed a"]?.count == 1)
    // Nor in a later life.
    #expect(try host.live()?.status == .paused)
    #expect(host.world.troubles["perform add.keyed a"]?.count == 1)
    host.early = [("doubt/r1/0.0/2", happened)]
    #expect(try host.live()?.status == (happened ? .rolledBack : .failed))
    #expect(host.world.summary == "")
  }

  @Test("an act that did not happen is not begun again once the time of its step is over")
  func notDoneAtItsDeadline() throws {
    var host = try late("add.verify", [.losesRequest, .losesRequest, .losesRequest])
    #expect(try host.live()?.message == "step “pay”: not done within 2s")
    #expect(host.world.troubles["perform add.verify a"]?.count == 1)
    #expect(host.world.summary == "")
  }

  @Test("acquires its lock again before any act")
  func lock() throws {
    var host = try paused { code in
      code.lock("deepseek", for: 30)
      code.reversible("a")
      code.pause(20)
      code.reversible("b")
    } _: {
      $0.interruptAt = 10
    }
    var robbed = host
    robbed.world.holders = ["deepseek": "r2"]
    let result = try #require(try robbed.live())
    #expect(result.status == .lockHeld)
    #expect(robbed.world.summary == "a=1 deepseek:r2")
    robbed.world.holders = [:]
    #expect(try robbed.live()?.status == .succeeded)
    #expect(try host.live()?.status == .succeeded)
    #expect(host.world.summary == "a=1 b=1")
    // Each life's acts carry the number under which it holds the lock.
    #expect(host.world.fences == ["deepseek=1", "deepseek=2"])
  }

  @Test("begins no act in a further life before its lock is confirmed")
  func lockFirst() throws {
    var host = try paused { code in
      code.lock("deepseek", for: 3_000)
      code.reversible("a")
      code.reversible("b")
    } _: {
      $0.interruptAt = 2
    }
    #expect(host.world.summary == "a=1 deepseek:r1")
    host.world.holders = ["deepseek": "r2"]
    let result = try #require(try host.live())
    #expect(result.status == .lockHeld)
    #expect(host.world.summary == "a=1 deepseek:r2")
  }

  @Test("refuses a journal of another program, run, call or world")
  func anotherRun() throws {
    let host = try paused(evacuation) { $0.interruptAt = 3 }
    let journal = try Journal(bytes: host.disk)
    let changes: [(String, (inout RunIdentity) -> Void)] = [
      ("run", { $0.runID = "r2" }), ("runbook", { $0.runbook = "other" }),
      ("program", { $0.programDigest = "q" }), ("world", { $0.world = "real" }),
      ("call", { $0.arguments = ["from": "az1"] }),
    ]
    for (what, change) in changes {
      var identity = host.identity
      change(&identity)
      do throws(JournalRefusal) {
        _ = try Executor(
          machine: Machine(program: host.program, limits: Limits()), runbook: host.runbook,
          arguments: [], identity: identity, journal: journal, at: host.now)
        Issue.record("another \(what) was accepted")
      } catch {
        guard case .anotherRun(what, _, _) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect(error.diagnostic.code == .journalRefused)
      }
    }
  }

  @Test("refuses a journal that the program does not fit, and says where")
  func diverged() throws {
    func body(_ code: Code) {
      code.step("one") { step in
        step.do(step.call("add.verify", "a", step.int(1)))
        step.do(step.call("add.verify", "b", step.int(1)))
      }
      code.pause(60)
    }
    let host = try paused(body) { $0.interruptAt = 10 }
    #expect(refusal(host, body) == nil)
    let other = refusal(host) { code in
      code.step("one") { step in
        step.do(step.call("add.verify", "a", step.int(1)))
        step.do(step.call("add.verify", "c", step.int(1)))
      }
    }
    #expect(
      other
        == .diverged(
          position: Position("0.1"), journal: #"the act add.verify {"target":"b","value":1}"#,
          program: #"the act add.verify {"target":"c","value":1}"#))
    let renamed = refusal(host) { code in code.step("two") { $0.pause(1) } }
    #expect(
      renamed
        == .diverged(
          position: Position("0"), journal: "the step “one”", program: "the step “two”"))
    let shorter = refusal(host) { code in
      code.step("one") { $0.do($0.call("add.verify", "a", $0.int(1))) }
    }
    #expect(
      shorter
        == .diverged(
          position: Position("0"), journal: #"the act add.verify {"target":"b","value":1} at 0.1"#,
          program: "the end of the step"))
    let longer = refusal(host) { code in
      body(code)
      code.pause(60)
    }
    #expect(longer == nil)
  }

  @Test("refuses to resume a run that has ended")
  func ended() throws {
    var host = TestHost(ProgramBuilder.runbook { $0.pause(1) })
    #expect(try host.live()?.status == .succeeded)
    #expect(throws: JournalRefusal.ended(.succeeded)) { try host.live() }
  }

  @Test("keeps large results whole up to 1 MiB and refuses larger ones")
  func large() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("look") { $0.do($0.call("get", "a")) }
      })
    host.world.numbers = ["a": 1]
    host.world.troubles = ["read get a": [.gives(.string(String(repeating: "x", count: 2 << 20)))]]
    let result = try #require(try host.live())
    #expect(result.message == "step “look”: get: the result is larger than 1048576 bytes")
  }

  @Test("refuses a result of another type")
  func type() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("look") { $0.do($0.call("get", "a")) }
      })
    host.world.troubles = ["read get a": [.gives("x")]]
    let result = try #require(try host.live())
    #expect(result.message == "step “look”: get: the result is not what the function declares")
  }

  @Test("shares one append among the events of a batch")
  func groupCommit() throws {
    let (checked, runbook) = ProgramBuilder.runbook { code in
      code.step("fan out") { step in
        step.parallel(
          (0..<100).map { index in { $0.do($0.call("set.apply", "p\(index)", $0.int(1))) } })
      }
    }
    let executor = try Executor(
      machine: Machine(program: Program(checked), limits: Limits()), runbook: runbook,
      arguments: [],
      identity: RunIdentity(
        runID: "r1", runbook: "evacuate", arguments: [:], programDigest: "p", sources: [],
        version: "test", world: "fake"), at: Instant(nanoseconds: 0))
    var world = FakeWorld()
    var events: [Event] = [.begin]
    var appends = 0
    while !events.isEmpty {
      let orders = executor.handle(events, at: Instant(nanoseconds: 0))
      events = []
      for order in orders {
        switch order {
        case .append: appends += 1
        case .call(let id, let call, let phase):
          events.append(.answered(id, world.answer(call, phase)))
        case .cancel, .startTimer, .cancelTimer, .ask, .withdraw, .show, .tell, .finish: break
        }
      }
    }
    #expect(executor.result?.status == .succeeded)
    #expect(world.ledger.count == 100)
    // The beginning, a hundred intents, a hundred outcomes with the end of the run.
    #expect(appends == 3)
  }

  // MARK: Changed programs

  /// A finished step, a finished wait, and a step that is still to come; each part may be another.
  private func changeable(
    title: String = "a", value: Int64 = 1, within: Int64? = 100, wait: Int64? = 50,
    question: String = "Go?", future: Int64 = 2, extra: Bool = false
  ) -> (Code) -> Void {
    { code in
      code.step(title, within: within) { $0.do($0.call("set.apply", "a", $0.int(value))) }
      code.wait(code.call("ready", "x", code.int(3)), within: wait)
      code.approve(question, within: 600)
      code.step("b", within: future * 10) { step in
        step.do(step.call("set.apply", "b", step.int(future)))
      }
      if extra { code.reversible("c") }
    }
  }

  private func resumed(
    _ host: TestHost, as write: @escaping (Code) -> Void, digest: String = "p2",
    by person: String? = "oncall"
  ) throws(JournalRefusal) -> TestHost {
    var other = TestHost(ProgramBuilder.runbook(write))
    other.disk = host.disk
    other.world = host.world
    other.now = host.now
    other.decisions = ["Go?": (true, 1)]
    other.programDigest = digest
    other.accepter = person
    _ = try other.live()
    return other
  }

  @Test("a changed program goes on where somebody accepts what is still to come")
  func acceptedChange() throws {
    let host = try paused(changeable()) { $0.interruptAt = 30 }
    #expect(
      throws: JournalRefusal.anotherRun(what: "program", journal: "p", program: "p2")
    ) { try self.resumed(host, as: self.changeable(future: 7), by: nil) }
    var changed = try resumed(host, as: changeable(future: 7, extra: true))
    #expect(changed.world.summary == "a=1 b=7 c=1")
    let accepted = changed.records.filter { $0.body == .accepted(program: "p2", by: "oncall") }
    #expect(accepted.count == 1, "\(changed.journalLine)")
    #expect(throws: JournalRefusal.ended(.succeeded)) { try changed.live() }
    #expect(try Journal(bytes: changed.disk).programDigest == "p2")
  }

  @Test("from then on it is a run of the changed program")
  func acceptedOnce() throws {
    var host = try paused(changeable()) { $0.interruptAt = 30 }
    var other = TestHost(ProgramBuilder.runbook(changeable(future: 7)))
    other.disk = host.disk
    other.world = host.world
    other.now = host.now
    other.programDigest = "p2"
    other.accepter = "oncall"
    other.interruptAt = 5
    #expect(try other.live()?.status == .paused)
    host.disk = other.disk
    #expect(
      throws: JournalRefusal.anotherRun(what: "program", journal: "p2", program: "p")
    ) { try host.live() }
    let last = try resumed(other, as: changeable(future: 7), by: nil)
    #expect(last.world.summary == "a=1 b=7")
  }

  @Test("what has happened may not have changed, in any part")
  func refusedChange() throws {
    let host = try paused(changeable()) { $0.interruptAt = 30 }
    let changes: [(String, (Code) -> Void)] = [
      ("title", changeable(title: "z")), ("argument", changeable(value: 9)),
      ("deadline of a step", changeable(within: 99)), ("no deadline", changeable(within: nil)),
      ("deadline of a wait", changeable(wait: 51)), ("question", changeable(question: "Really?")),
      ("order", { code in self.changeable(title: "first")(code) }),
    ]
    for (what, change) in changes {
      do throws(JournalRefusal) {
        _ = try resumed(host, as: change)
        Issue.record("\(what) is taken")
      } catch {
        guard case .diverged(_, let journal, let program) = error else {
          Issue.record("\(what): \(error)")
          continue
        }
        #expect(journal != "" && program != "")
      }
    }
  }
}
