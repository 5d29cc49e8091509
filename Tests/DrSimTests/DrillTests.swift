// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrRun
import Testing

@testable import DrSim

/// Drills on the simulated world, beside the program's own policies and runbooks.
@Suite struct DrillTests {
  /// A service in two zones, of which one replica must serve.
  private static func program(_ drill: String, policy: String = "") -> String {
    """
    use kubernetes, traffic

    cluster prod {
      control_plane { managed = true }
      region north {
        zone az1 { nodes cpu { count = 2, cpu = 8, memory = 32Gi } }
        zone az2 { nodes cpu { count = 2, cpu = 8, memory = 32Gi } }
      }
    }

    service chat {
      on = prod
      image = "registry.example.net/chat:1"
      replicas = 2
      needs { cpu = 1, memory = 1Gi }
      spread { over = [az1, az2] }
      probe ready { get = "/readyz", every = 5s }
      objective { rto = 3m, at_least = 2 }
    }

    traffic front for chat { via = k8gb { domain = "chat.example.net", ttl = 30s }, prefer = [az1, az2] }

    \(policy)

    runbook leave(to: Zone) { step "scale" within 1m { kube.scale(chat, in: to, replicas: 2) } }

    drill rehearsal for chat {
    \(drill)
    }
    """
  }

  private static let policy = """
    policy keep for chat {
      every = 5s
      on zone_lost(z in chat.zones) when ready(chat, in: z) < 1 lasting 20s {
        run leave(to: healthiest(chat.zones, except: z))
      }
    }
    """

  private struct Trial {
    let outcome: DrillOutcome
    let world: PolicySimulation.Outcome

    init(_ drill: String, policy: String = "") throws {
      let fixture = try ProgramFixture(
        text: DrillTests.program(drill, policy: policy), runbook: "leave", arguments: ["to=az2"])
      let own = fixture.machine()
      let model = try #require(try DrillModel.all(of: own).first)
      let rehearsal = try SimulatedDrill(model, on: own)
      let scenario = PolicySimulation.Scenario(
        cluster: "prod", seed: 1, lasting: 86_400 * Second.one, faults: [])
      world = try PolicySimulation(scenario, on: fixture.machine(), beside: rehearsal).run()
      #expect(rehearsal.failure == nil)
      outcome = try #require(rehearsal.outcome)
    }

    /// What was broken and mended, with whole seconds since the beginning.
    var faults: [String] {
      world.events.filter { $0.kind == .fault || $0.kind == .mended }.map { event in
        let passed = event.at.nanoseconds - SimulatedWorld.epoch.nanoseconds
        return "\(passed / Second.one) \(event.subject)"
      }
    }
  }

  @Test("what is expected comes back in time, by the program's own policy") func kept() throws {
    let trial = try Trial(
      """
      steady { ready(chat, in: az1) + ready(chat, in: az2) >= 2 }
      fault fail(az1) for 10m
      expect recovered(chat) within 3m
      """, policy: Self.policy)
    #expect(trial.outcome.verdict == .kept)
    #expect(trial.faults == ["0 az1 goes dark", "600 the power of az1 is back"])
    #expect(trial.world.events.contains { $0.kind == .fired })
    // A node is silent for 50 s, the policy waits 20 s, looks come every 5 s.
    let recovery = try #require(trial.outcome.recovery)
    #expect(recovery > 70 * Second.one && recovery < 120 * Second.one)
  }

  @Test("without a policy it comes back only with the zone, which is too late") func broken() throws
  {
    let trial = try Trial(
      """
      steady { ready(chat, in: az1) >= 1 }
      fault fail(az1) for 10m
      expect recovered(chat) within 3m
      """)
    #expect(trial.outcome.verdict == .broken("it came later than promised"))
    #expect(trial.faults == ["0 az1 goes dark", "600 the power of az1 is back"])
  }

  @Test("what never holds again says what its parts are") func unmet() throws {
    let trial = try Trial(
      """
      steady { ready(chat, in: az1) >= 1 }
      fault fail(az1) for 1m
      expect ready(chat, in: az2) >= 9 within 2m
      """)
    #expect(
      trial.outcome.verdict
        == .broken("what is expected does not hold: ready(chat, in: az2) is 1"))
  }

  @Test("nothing is broken where what is to be steady is not") func refused() throws {
    let trial = try Trial(
      """
      steady { ready(chat, in: az1) >= 5 }
      fault fail(az1) for 10m
      """)
    #expect(trial.outcome.verdict == .refused("ready(chat, in: az1) is 1"))
    #expect(trial.faults == [])
    #expect(trial.outcome.faultAt == nil)
  }

  @Test("an abort ends it at once and takes all faults back") func aborted() throws {
    let trial = try Trial(
      """
      steady { ready(chat, in: az1) >= 1 }
      fault fail(az1) for 10m
      fault hang(chat, in: az2) for 10m
      abort { ready(chat, in: az1) + ready(chat, in: az2) == 0 }
      expect recovered(chat) within 3m
      """)
    #expect(trial.outcome.verdict == .aborted("its abort holds"))
    let mended = trial.world.events.filter { $0.kind == .mended }
    #expect(mended.map(\.subject) == ["the power of az1 is back", "chat answers again in az2"])
    #expect(mended.allSatisfy { $0.at == trial.outcome.endedAt })
    let lasted = trial.outcome.endedAt.nanoseconds - SimulatedWorld.epoch.nanoseconds
    #expect(lasted < 60 * Second.one)
  }

  @Test("processes that hang answer again when the time of the fault is over") func hang() throws {
    let trial = try Trial(
      """
      steady { recovered(chat) }
      fault hang(chat, in: az1) for 2m
      expect recovered(chat) within 3m
      """)
    #expect(trial.outcome.verdict == .kept)
    let recovery = try #require(trial.outcome.recovery)
    #expect(recovery >= 120 * Second.one && recovery <= 135 * Second.one)
  }

  @Test("the load is what clients send") func load() throws {
    let trial = try Trial(
      """
      steady { recovered(chat) }
      load requests(front, rate: 7rps)
      fault fail(az1) for 1m
      expect recovered(chat) within 3m
      """)
    let service = try #require(trial.world.services.first)
    let seconds = (service.until.nanoseconds - SimulatedWorld.epoch.nanoseconds) / Second.one
    #expect(abs(service.requests - 7 * seconds) <= 7)
  }

  /// One drill, driven by hand: what is expected holds as `isUp` says of the time since the fault. Calls take a while, and some
  /// turns come late.
  private func driven(
    lookingEvery every: Int64, _ random: inout SeededRandom, isUp: (Int64) -> Bool
  ) throws -> DrillOutcome {
    let fixture = try ProgramFixture(
      text: Self.program(
        """
        steady { reachable(prod) }
        fault fail(az1) for 2m
        expect reachable(prod) within 3m
        """), runbook: "leave", arguments: ["to=az2"])
    let machine = fixture.machine()
    let model = try #require(try DrillModel.all(of: machine).first)
    var now = SimulatedWorld.epoch.advanced(by: random.below(Second.one))
    let engine = DrillEngine(model, on: machine, startingAt: now, lookingEvery: every)
    var faultAt: Instant?
    var asked: [(id: CallID, at: Instant)] = []
    var outcome: DrillOutcome?
    func take(_ orders: [DrillEngine.Order], _ random: inout SeededRandom) {
      for order in orders {
        switch order {
        case .ask(let id, _, _):
          asked.append((id, now.advanced(by: random.below(5 * Second.milli))))
        case .begin: faultAt = now
        case .finish(let found): outcome = found
        case .end, .note, .failed: break
        }
      }
    }
    while outcome == nil {
      let answer = asked.min { $0.at < $1.at }
      if let turn = engine.nextTurn, turn <= answer?.at ?? turn {
        // One turn in two hundred is late.
        now = max(now, turn).advanced(by: random.below(200) == 0 ? random.below(2 * every) : 0)
        take(engine.turn(at: now), &random)
      } else if let answer {
        now = max(now, answer.at)
        asked.removeAll { $0.id == answer.id }
        let up = faultAt.map { isUp(now.since($0)) } ?? true
        take(engine.answered(answer.id, .success(.bool(up)), at: now), &random)
      } else {
        break
      }
    }
    return try #require(outcome)
  }

  @Test(
    "the recovery that is measured lies within one look and 5 ms of the true one, and what was looked at late is told",
    arguments: [1, 5])
  func measured(_ seconds: Int64) throws {
    var (late, onTime) = (0, 0)
    for seed in UInt64(1)...200 {
      var random = SeededRandom(seed: seed)
      let every = seconds * Second.one
      // A loss that ends between two looks may not be seen at all.
      let lost = random.below(10 * Second.one)
      let back = lost + 3 * every + random.below(60 * Second.one)
      let outcome = try driven(lookingEvery: every, &random) { !(lost..<back).contains($0) }
      let faultAt = try #require(outcome.faultAt)
      let recovery = try #require(outcome.recovery)
      let missedAt = try #require(outcome.missedAt)
      #expect(recovery >= back, "seed \(seed)")
      #expect(missedAt.since(faultAt) < back, "seed \(seed)")
      #expect(outcome.uncertainty == recovery - missedAt.since(faultAt))
      #expect(recovery - back <= every + 5 * Second.milli + outcome.latest, "seed \(seed)")
      #expect((outcome.lateLooks > 0) == (outcome.latest > every / 10))
      #expect(outcome.looks > outcome.lateLooks)
      if outcome.lateLooks > 0 { late += 1 } else { onTime += 1 }
    }
    #expect(late > 5 && onTime > 10, "\(late) \(onTime)")
  }
}
