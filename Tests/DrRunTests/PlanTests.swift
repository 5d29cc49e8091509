// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

@Suite struct PlanTests {
  private func plan(
    _ world: FakeWorld = FakeWorld(), _ write: (Code) -> Void
  ) throws -> (Plan, TestHost, RunResult) {
    var host = TestHost(ProgramBuilder.runbook(write))
    host.world = world
    let planner = Planner(
      machine: Machine(program: host.program, limits: Limits()), runbook: host.runbook,
      arguments: [], identity: host.identity)
    let end = host.drive(planner, .none)
    let result = try #require(end)
    #expect(host.world.ledger.isEmpty)
    #expect(host.disk.isEmpty)
    return (try #require(planner.plan), host, result)
  }

  private func golden(_ name: String, _ plan: Plan) {
    expectGolden(
      "plan_\(name)",
      plan.lines.joined(separator: "\n") + "\n\n" + JSON.write(plan.document, pretty: true))
  }

  @Test("lists what a run would do and how long it takes at most")
  func evacuationPlan() throws {
    let (plan, _, result) = try plan(FakeWorld(), evacuation)
    #expect(result.status == .succeeded)
    golden("evacuation", plan)
    // 3m of the step, 5m of the wait, 10m of the approval, 1m of the step, 10s of the verification.
    #expect(plan.worstCase == Bound(1_150_000_000_000))
  }

  @Test(
    "says to what an undo sets back, as far as the present state tells it",
    arguments: [
      (["replicas 3 → 5"], [], ["replicas back to 3"]),
      (
        ["weight of az1 100 → 0", "weight of az2 0 → 100"], [],
        ["weight of az1 back to 100", "weight of az2 back to 0"]
      ),
      (["cordoned"], [], []),
      (["annotations why none → two words"], [], ["takes back annotations why none → two words"]),
      (["replicas 3 → 5"], ["replicas 3 → 1"], ["replicas to 1"]),
    ] as [([String], [String], [String])])
  func settingBack(act: [String], undo: [String], back: [String]) throws {
    let (plan, _, _) = try plan { code in
      code.step("a") { $0.do($0.call("set.apply", "a", $0.int(2))) }
    }
    var item = try #require(plan.items.first { $0.kind == .act })
    item.changes = act
    let observation = Observation(
      target: "a", changes: undo, permissions: [], state: .null, result: .null)
    #expect(Planner.settingBack(observation, .apply, to: item) == back)
    #expect(Planner.settingBack(observation, .keyed, to: item) == [])
  }

  @Test("adds up attempts, branches and nested runs, and says what has no bound")
  func bounds() throws {
    let (plan, _, _) = try plan { code in
      code.lock("service", for: 60)
      code.onFailure { handler in
        handler.step("tell") { $0.do($0.call("add.keyed", "mail", $0.int(1))) }
      }
      code.step("unbounded", retry: 2, every: 10, backoff: 2) { $0.pause(5) }
      code.run("inner") { inner in
        inner.parallel(
          limit: 2,
          ([10, 20, 30] as [Int64]).map { length in
            { branch in
              branch.step("b\(length)", within: length) { step in
                step.do(step.call("set.apply", "p\(length)", step.int(1)))
              }
            }
          })
      }
      code.wait(code.call("ready", "a", code.int(1)), within: nil)
      code.approve("Go?")
      code.step("skipped", if: code.equal(code.call("get", "a"), 1)) { $0.pause(100) }
      code.require(code.equal(code.call("get", "a"), 1))
    }
    golden("bounds", plan)
    // 3 × 5 s and 10 s and 20 s between them; then max(10 + 30, 20).
    #expect(plan.worstCase.nanoseconds == 85_000_000_000)
    #expect(
      plan.worstCase.unbounded == [
        "step “unbounded”", "wait until it is ready", "approve “Go?”",
      ])
    #expect(plan.unmet.count == 1)
  }

  @Test("ends where something cannot be read, and says so")
  func incomplete() throws {
    var world = FakeWorld()
    world.troubles = ["observe set.apply b": [.fails(.unreachable("no route"))]]
    let (plan, _, result) = try plan(world) { code in
      code.reversible("a")
      code.reversible("b")
      code.reversible("c")
    }
    golden("incomplete", plan)
    #expect(result.status == .unreachable)
    #expect(plan.incomplete == "set.apply: no route")
  }

  /// The acts that are still to come of a run as its journal has it.
  private func toCome(_ host: TestHost, takenBack: Bool = false) throws -> [String] {
    var host = host
    host.early = []
    host.interruptAt = nil
    let machine = Machine(program: host.program, limits: Limits())
    let planner = Planner(
      machine: machine, body: machine.start(host.runbook, []), identity: host.identity,
      past: RunPast(try Journal(bytes: host.disk), takenBack: takenBack))
    let acts = host.world.ledger.count
    _ = host.drive(planner, .none)
    #expect(host.world.ledger.count == acts)
    return planner.itemsToCome.filter { $0.kind == .act }.map { item in
      "\(item.onlyOnFailure ? "undo " : "")\(item.target ?? "")"
    }
  }

  @Test("of a run that goes on what is still to come is planned, undos of what was done included")
  func goesOn() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.reversible("a")
        code.reversible("b")
        code.reversible("c")
      })
    #expect(try toCome(host) == ["a", "undo a", "b", "undo b", "c", "undo c"])
    // Each act takes a second: the second one is under way, and the last one that is begun.
    host.interruptAt = 2
    #expect(try host.live()?.status == .paused)
    #expect(host.world.summary == "a=1 b=1")
    #expect(try toCome(host) == ["undo a", "undo b", "c", "undo c"])
    #expect(try toCome(host, takenBack: true) == ["undo a", "undo b"])
    host.interruptAt = nil
    #expect(try host.live()?.status == .succeeded)
    #expect(try toCome(host, takenBack: true) == ["undo a", "undo b", "undo c"])
  }

  @Test("of a run that takes back what it did only undos are to come, without those that were run")
  func takesBack() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.reversible("a")
        code.reversible("b")
        code.step("c") { $0.do($0.call("set.apply", "c", $0.int(1))) }
        code.reversible("d")
      })
    host.world.troubles = ["perform set.apply c": [.fails(.refused("forbidden"))]]
    // Two acts, one that fails, and the undo of b, which is the last one that is begun.
    host.interruptAt = 4
    #expect(try host.live()?.status == .paused)
    #expect(host.world.summary.contains("a=1"))
    #expect(try toCome(host) == ["undo a"])
  }

  @Test("what another attempt does is to come, whatever an earlier one did")
  func triesAgain() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("both", retry: 3, every: 60) { step in
          step.do(step.call("set.apply", "a", step.int(1)))
          step.do(step.call("set.apply", "b", step.int(1)))
        }
      })
    host.world.troubles = ["perform set.apply b": [.fails(.busy("429"))]]
    host.interruptAt = 20
    #expect(try host.live()?.status == .paused)
    #expect(try toCome(host) == ["a", "b"])
  }

  @Test("an act that must not be done as the world is now is not met, and the plan goes on")
  func hindered() throws {
    var world = FakeWorld()
    world.troubles = ["observe set.apply a": [.hinders("az2 is not healthy")]]
    let (plan, _, result) = try plan(world) { code in
      code.step("shift") { step in step.do(step.call("set.apply", "a", step.int(2))) }
    }
    #expect(result.status == .succeeded)
    #expect(plan.incomplete == nil)
    #expect(
      plan.lines[2] == "    set.apply a (apply): 0 → 2 - not met now (az2 is not healthy)")
  }

  @Test("has the positions and keys of the run")
  func identities() throws {
    for scenario in Scenario.undos {
      let (plan, _, _) = try plan(FakeWorld(), scenario.runbook)
      var host = scenario.host
      _ = try host.live()
      let planned = Set(plan.items.filter { $0.kind == .act }.map(\.position))
      let begun = host.records.compactMap { record -> Position? in
        if case .intent = record.body { record.position } else { nil }
      }
      #expect(begun.allSatisfy(planned.contains), "\(scenario)")
    }
  }
}

@Suite struct SummaryTests {
  @Test("says what a run was and how it ended")
  func summary() throws {
    var host = Scenario.mixed.host
    let result = try #require(try host.live())
    let summary = try #require(RunSummary(Journal(bytes: host.disk)))
    #expect(summary.status == .ended(.rolledBack, message: "enough"))
    #expect(result.status == .rolledBack)
    expectGolden("summary_mixed", JSON.write(summary.document, pretty: true))
    let journal = try Journal(bytes: host.disk)
    expectGolden(
      "timeline_mixed",
      journal.timeline.map { entry in
        let at = Words.duration(entry.after)
        return "\(at) \(entry.isFailure ? "! " : "")\(entry.position.text) \(entry.text)"
      }.joined(separator: "\n"))
  }

  @Test("names the act in doubt of a run that died")
  func inDoubt() throws {
    var host = Scenario.onceThenUndone.host
    _ = try host.live()
    let number = try #require(
      host.carriedOut.firstIndex { if case .call(_, _, .perform) = $0 { true } else { false } })
    var crashed = Scenario.onceThenUndone.host
    let result = try crashed.live(crash: .after(number))
    #expect(result == nil)
    let summary = try #require(RunSummary(Journal(bytes: crashed.disk)))
    #expect(summary.status == .unfinished)
    #expect(summary.inDoubt.map(\.name) == ["add.once"])
    #expect(summary.lastStep == "pay")
  }
}
