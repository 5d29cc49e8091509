// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrRun
import Testing

/// A program whose policy asks Prometheus of each zone, and what the engine does with the answers.
private struct Watch {
  let engine: PolicyEngine
  private(set) var now = Instant(nanoseconds: 0)
  private(set) var lines: [String] = []
  private(set) var reactions: [PolicyEngine.Reaction] = []
  private(set) var returns: [PolicyEngine.Return] = []
  private(set) var recalls: [String] = []
  /// What each expression gives; nil for no answer.
  var world: [String: Double?] = [:]
  /// How much later than wanted a look begins, and how long its answers take, in nanoseconds.
  var lateness: Int64 = 0
  var answering: Int64 = 0
  private static let second: Int64 = 1_000_000_000

  static let program = """
    use kubernetes, prometheus

    cluster prod { region north { zone az1 { }, zone az2 { }, zone az3 { } } }

    service chat {
      on = prod
      image = "registry.example.net/chat:1"
      needs { cpu = 1, memory = 1Gi }
      spread { over = [az1, az2, az3] }
      objective { rto = 5m }
    }

    policy keep for chat {
      every = 5s
      cooldown = 2m
      on dark(z in [az1, az2, az3]) when (prometheus.query("http://p", "down_\\(z)") ?? 0.0) > 0.5 lasting 20s {
        run leave(z: z)
      }
      guard "calm" { (prometheus.query("http://p", "storm") ?? 0.0) == 0.0 }
    }

    policy tidy for chat {
      every = 7s
      on full when (prometheus.query("http://p", "full") ?? 0.0) > 0.5 {
        run leave(z: az3)
      }
    }

    runbook leave(z: Zone) { pause 1m }
    """

  init(_ text: String = Watch.program) throws {
    let fixture = try ProgramFixture(text: text, runbook: "leave", arguments: ["z=az1"])
    let machine = Machine(program: fixture.program, limits: Limits())
    engine = PolicyEngine(
      try PolicyModel.all(of: machine, cluster: nil), on: machine, startingAt: now)
  }

  /// Lets policies look until then, in seconds.
  mutating func go(to seconds: Int64) {
    while let next = engine.nextLook, next.nanoseconds <= seconds * Self.second {
      now = max(now, next.advanced(by: lateness))
      carryOut(engine.beginNextLook(at: now))
    }
    now = Instant(nanoseconds: seconds * Self.second)
  }

  mutating func end(
    _ reaction: PolicyEngine.Reaction, leaving remains: PolicyEngine.Remains = .nothing
  ) {
    carryOut(engine.ended(policy: reaction.policy, leaving: remains, at: now))
  }

  private mutating func carryOut(_ orders: [PolicyEngine.Order]) {
    for order in orders {
      switch order {
      case .ask(let id, let call, _):
        let query = call.arguments["query"]?.stringValue ?? ""
        let answer: Result<Document, WorldFailure> =
          if let known = world[query] {
            known.map { .success(.float($0)) } ?? .failure(.unreachable("no Prometheus"))
          } else { .success(.null) }
        now = now.advanced(by: answering)
        carryOut(engine.answered(id, answer, at: now))
      case .note(let note): lines.append("\(now.nanoseconds / Self.second)s \(note.text)")
      case .failed(let diagnostic): lines.append(diagnostic.message)
      case .react(let reaction): reactions.append(reaction)
      case .goBack(let order): returns.append(order)
      case .recall(let run, let why): recalls.append("\(run): \(why)")
      }
    }
  }

  func state(_ detector: String) -> DetectorStatus.State? {
    engine.statuses.first { $0.detector == detector }?.state
  }
}

@Suite("Policies as the engine looks at them")
struct PolicyEngineTests {
  @Test("fires once a condition has lasted, and not before")
  func lasting() throws {
    var watch = try Watch()
    watch.world["down_az1"] = 1
    watch.go(to: 19)
    #expect(watch.reactions.isEmpty)
    #expect(watch.state("dark(az1)") == .pending)
    watch.go(to: 20)
    #expect(watch.reactions.map(\.name) == ["keep.dark(az1)"])
    #expect(
      watch.lines == [
        "0s keep.dark(az1) holds; it fires when it has for 20s", "20s keep.dark(az1) fires",
      ])
    #expect(watch.state("dark(az1)") == .acting)
  }

  @Test(
    "timers that are late and answers that take long are no silence",
    arguments: [(lateness: 200_000, answering: 0), (1_000_000, 2_000_000_000), (0, 9_000_000_000)])
  func slow(_ lateness: Int64, _ answering: Int64) throws {
    var watch = try Watch(
      Watch.program.split(separator: "lasting 20s").joined(separator: "lasting 5s"))
    watch.lateness = lateness
    watch.answering = answering
    watch.world["down_az1"] = 1
    watch.go(to: 90)
    #expect(watch.reactions.map(\.name) == ["keep.dark(az1)"])
  }

  @Test("begins anew where a condition stopped to hold in between")
  func interrupted() throws {
    var watch = try Watch()
    watch.world["down_az1"] = 1
    watch.go(to: 17)
    watch.world["down_az1"] = 0
    watch.go(to: 22)
    watch.world["down_az1"] = 1
    watch.go(to: 44)
    #expect(watch.reactions.isEmpty)
    #expect(watch.lines.contains("20s keep.dark(az1) does not hold any more"))
    watch.go(to: 45)
    #expect(watch.reactions.count == 1)
  }

  @Test("acts on one zone, and on none where all look bad")
  func everythingLooksBad() throws {
    var watch = try Watch()
    watch.world = ["down_az1": 1, "down_az2": 1, "down_az3": nil]
    watch.go(to: 60)
    #expect(watch.reactions.isEmpty)
    #expect(watch.lines.contains { $0.contains("all 3 that it watches look bad") })
    #expect(watch.state("dark(az1)") == .held)
    watch.world["down_az3"] = 0
    watch.go(to: 65)
    #expect(watch.reactions.map(\.name) == ["keep.dark(az1)"])
  }

  @Test("a guard that does not hold, or that nobody answers, keeps the reaction back")
  func guards() throws {
    var watch = try Watch()
    watch.world = ["down_az2": 1, "storm": 3]
    watch.go(to: 40)
    let held = watch.lines.filter { $0.contains("the guard \"calm\" holds it back") }
    #expect(held.count == 1, "told once: \(watch.lines)")
    watch.world["storm"] = .some(nil)
    watch.go(to: 60)
    #expect(watch.reactions.isEmpty)
    watch.world["storm"] = 0
    watch.go(to: 65)
    #expect(watch.reactions.count == 1)
  }

  @Test("a look without an answer changes nothing, a long silence proves nothing")
  func silence() throws {
    var watch = try Watch()
    watch.world["down_az1"] = 1
    watch.go(to: 9)
    watch.world["down_az1"] = .some(nil)
    watch.go(to: 16)
    watch.world["down_az1"] = 1
    watch.go(to: 20)
    #expect(watch.reactions.count == 1, "a short silence is bridged")
    #expect(watch.lines.contains { $0.contains("gets no answer: no Prometheus") })

    var other = try Watch()
    other.world["down_az1"] = 1
    other.go(to: 9)
    other.world["down_az1"] = .some(nil)
    other.go(to: 60)
    other.world["down_az1"] = 1
    other.go(to: 80)
    #expect(other.reactions.isEmpty)
    other.go(to: 85)
    #expect(other.reactions.count == 1)
  }

  @Test("after an action comes the cooldown, and one service has one action at a time")
  func cooldown() throws {
    var watch = try Watch()
    watch.world = ["down_az1": 1, "full": 1]
    watch.go(to: 30)
    let first = try #require(watch.reactions.first)
    #expect(first.name == "tidy.full")
    #expect(
      watch.lines.contains { $0.contains("dark(az1) fires, but tidy.full is still under way") })
    watch.end(first)
    watch.go(to: 35)
    #expect(watch.reactions.map(\.name) == ["tidy.full", "keep.dark(az1)"])
    watch.end(watch.reactions[1])
    watch.go(to: 35 + 119)
    #expect(watch.state("dark(az1)") == .cooldown)
    #expect(watch.reactions.count == 2)
    watch.go(to: 35 + 120 + 20)
    #expect(watch.reactions.count == 3)
  }

  @Test("waking has policies look at once, but not during a cooldown")
  func waking() throws {
    var watch = try Watch()
    watch.go(to: 1)
    watch.world["full"] = 1
    watch.engine.wake("tidy", at: watch.now)
    watch.go(to: 1)
    let first = try #require(watch.reactions.first)
    watch.end(first)
    watch.engine.wake(nil, at: watch.now)
    watch.go(to: 60)
    #expect(watch.reactions.count == 1)
  }

  @Test("goes on with what an earlier life began, and with its cooldown")
  func earlierLife() throws {
    var watch = try Watch()
    let policy = try #require(watch.engine.begun("keep.dark(az2)"))
    watch.world["down_az1"] = 1
    watch.go(to: 100)
    #expect(watch.reactions.isEmpty)
    #expect(watch.state("dark(az2)") == .acting)
    _ = watch.engine.ended(policy: policy, at: watch.now)
    watch.go(to: 239)
    #expect(watch.reactions.isEmpty)
    watch.go(to: 240)
    #expect(watch.reactions.count == 1)
    #expect(watch.engine.begun("keep.gone") == nil)

    var late = try Watch()
    late.engine.ended("keep.dark(az2)", at: Instant(nanoseconds: -60_000_000_000))
    late.world["down_az1"] = 1
    late.go(to: 79)
    #expect(late.reactions.isEmpty)
    late.go(to: 80)
    #expect(late.reactions.count == 1)
  }

  @Test("memory is given back with the machine, and what was seen is kept")
  func renewing() throws {
    var watch = try Watch()
    watch.world["down_az1"] = 1
    watch.go(to: 10)
    let fixture = try ProgramFixture(
      text: Watch.program, runbook: "leave", arguments: ["z=az1"])
    let machine = Machine(program: fixture.program, limits: Limits())
    watch.engine.renew(try PolicyModel.all(of: machine, cluster: nil), on: machine)
    watch.go(to: 20)
    #expect(watch.reactions.map(\.name) == ["keep.dark(az1)"])
  }
}

@Suite("What a policy has done goes back")
struct FailbackTests {
  private static let program = Watch.program.split(separator: "guard \"calm\"")
    .joined(separator: "failback after 10m, ask \"oncall\"\n  guard \"calm\"")

  /// Acted on az1, succeeded at 25 s; cooling down until 145 s; az1 is well from 300 s on.
  private func stands() throws -> Watch {
    var watch = try Watch(Self.program)
    watch.world["down_az1"] = 1
    watch.go(to: 25)
    watch.end(try #require(watch.reactions.first), leaving: .everything(run: "r1"))
    watch.go(to: 147)
    // It still holds; a guard keeps it from acting again.
    watch.world["storm"] = 1
    watch.go(to: 300)
    watch.world = ["down_az1": 0]
    return watch
  }

  @Test("once the condition has not held at every look for so long, and not before")
  func goesBack() throws {
    var watch = try stands()
    watch.go(to: 899)
    #expect(watch.returns.isEmpty)
    watch.go(to: 910)
    let order = try #require(watch.returns.first)
    #expect(order.run == "r1" && order.name == "keep.dark(az1)" && order.detector == "dark(az1)")
    #expect(
      order.reopening
        == Reopening(why: "keep.dark(az1) has not held for 10m", audience: "oncall"))
    #expect(
      watch.lines.contains {
        $0.hasSuffix(
          "keep.dark(az1) does not hold; what was done goes back when it has not for 10m")
      }, "\(watch.lines)")
    watch.engine.returned("r1", .rolledBack, at: watch.now)
    watch.go(to: 3_000)
    #expect(watch.returns.count == 1, "it is done once")
    #expect(watch.state("dark(az1)") == .idle)
  }

  @Test("what holds again, or a long silence, has it begin anew")
  func beginsAnew() throws {
    var watch = try stands()
    watch.go(to: 600)
    watch.world = ["down_az1": 1, "storm": 1]
    watch.go(to: 606)
    watch.world = ["down_az1": 0]
    watch.go(to: 1_204)
    #expect(watch.returns.isEmpty)
    watch.world["down_az1"] = .some(nil)
    watch.go(to: 1_900)
    watch.world["down_az1"] = 0
    watch.go(to: 2_490)
    #expect(watch.returns.isEmpty, "nothing is known of the time between")
    watch.go(to: 2_520)
    #expect(watch.returns.count == 1)
  }

  @Test("neither while another zone is dark nor against a guard")
  func keptBack() throws {
    var watch = try stands()
    watch.world["storm"] = 3
    watch.go(to: 1_000)
    #expect(watch.returns.isEmpty)
    let held = watch.lines.filter {
      $0.contains("keep.dark(az1) would go back, but the guard \"calm\" holds it back")
    }
    #expect(held.count == 1, "told once: \(watch.lines)")
    watch.world = ["down_az1": 0, "down_az2": nil]
    watch.go(to: 1_010)
    #expect(watch.returns.isEmpty, "a zone that gives no answer may be dark")
    watch.world = ["down_az1": 0]
    watch.go(to: 1_020)
    #expect(watch.returns.count == 1)
  }

  @Test("only the newest of a service goes back, then the one before")
  func newestFirst() throws {
    var watch = try stands()
    watch.world["down_az2"] = 1
    watch.go(to: 330)
    let second = try #require(watch.reactions.last)
    #expect(second.name == "keep.dark(az2)")
    watch.end(second, leaving: .everything(run: "r2"))
    watch.world["storm"] = 1
    watch.go(to: 1_500)
    #expect(watch.returns.isEmpty, "az1 has long been well, az2 is not")
    watch.world = [:]
    watch.go(to: 2_200)
    #expect(watch.returns.map(\.run) == ["r2"])
    watch.engine.returned("r2", .rolledBack, at: watch.now)
    watch.go(to: 2_300)
    #expect(watch.returns.count == 1, "the cooldown is waited for")
    watch.go(to: 2_400)
    #expect(watch.returns.map(\.run) == ["r2", "r1"])

    var other = try stands()
    other.engine.stands("tidy.full", of: "chat", .something)
    other.go(to: 2_000)
    #expect(other.returns.isEmpty, "nobody knows what that run has left")
  }

  @Test("who is asked is not asked any more when a policy is about to act")
  func recalls() throws {
    var watch = try stands()
    watch.go(to: 910)
    #expect(watch.returns.count == 1)
    watch.world["down_az1"] = 1
    watch.go(to: 925)
    #expect(watch.recalls.isEmpty)
    watch.go(to: 940)
    #expect(watch.recalls.first == "r1: keep.dark(az1), which fires")
    #expect(watch.reactions.count == 1)
    watch.engine.returned("r1", .succeeded, at: watch.now)
    watch.go(to: 946)
    #expect(watch.reactions.map(\.name) == ["keep.dark(az1)", "keep.dark(az1)"])
  }

  @Test("a no is good for as long again, and what failed is left to people")
  func afterwards() throws {
    var watch = try stands()
    watch.go(to: 910)
    watch.engine.returned("r1", .succeeded, at: watch.now)
    watch.go(to: 1_500)
    #expect(watch.returns.count == 1)
    watch.go(to: 1_530)
    #expect(watch.returns.count == 2)
    watch.engine.returned("r1", .failed, at: watch.now)
    watch.go(to: 5_000)
    #expect(watch.returns.count == 2)
  }

  @Test("an earlier life of the watcher is gone on with")
  func earlierLife() throws {
    var watch = try Watch(Self.program)
    watch.engine.stands("keep.dark(az1)", of: "chat", .everything(run: "r1"))
    #expect(watch.engine.begunReturn(of: "r2", "keep.dark(az2)") == 0)
    #expect(watch.engine.begunReturn(of: "r3", "keep.gone") == nil)
    watch.go(to: 700)
    #expect(watch.returns.isEmpty)
    watch.engine.returned("r2", .rolledBack, at: watch.now)
    watch.go(to: 900)
    #expect(watch.returns.map(\.run) == ["r1"])
    watch.engine.forgetStanding(but: ["r1"])
    watch.engine.returned("r1", .succeeded, at: watch.now)
    watch.go(to: 1_600)
    #expect(watch.returns.map(\.run) == ["r1", "r1"])
  }

  @Test("an alert that has had its effect and still fires keeps it from going back")
  func alertGoesOn() throws {
    var watch = try stands()
    for time in stride(from: Int64(305), through: 1_500, by: 5) {
      watch.engine.goesOn(asker: "policy/keep.dark(az1)")
      watch.go(to: time)
    }
    #expect(watch.returns.isEmpty)
    watch.go(to: 2_090)
    #expect(watch.returns.isEmpty)
    watch.go(to: 2_120)
    #expect(watch.returns.count == 1)
  }

  @Test("a policy without `failback` leaves everything as it is")
  func none() throws {
    var watch = try Watch()
    watch.world["down_az1"] = 1
    watch.go(to: 25)
    watch.end(try #require(watch.reactions.first), leaving: .everything(run: "r1"))
    watch.world = [:]
    watch.go(to: 90_000)
    #expect(watch.returns.isEmpty)
  }
}
