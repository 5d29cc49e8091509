// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrRun
import DrSema

/// A cluster with its faults and its policies, in virtual time: drives a `PolicyEngine`.
///
/// One reaction runs at a time, in the same time and world, and while it does nobody looks.
package final class PolicySimulation {
  /// What is simulated.
  package struct Scenario: Sendable {
    /// Label of the cluster.
    package var cluster: String
    package var seed: UInt64
    /// Nanoseconds. The simulation goes on for longer where a reaction is still running then.
    package var lasting: Int64
    package var faults: [TimedFault]
    /// What the seed decides.
    package var chance: Chance
    /// Whose policies look; `nil` for all.
    package var service: String?
    /// The minor version that the cluster has instead of its own.
    package var kubernetesMinor: Int?
    /// Whether what services had and answered is kept, for pictures.
    package var keepsHistory = false
    /// Whether autoscalers follow the load.
    package var autoscales = false

    package init(
      cluster: String, seed: UInt64, lasting: Int64, faults: [TimedFault], chance: Chance = .none
    ) {
      self.cluster = cluster
      self.seed = seed
      self.lasting = lasting
      self.faults = faults
      self.chance = chance
    }
  }

  /// What came of it.
  package struct Outcome: Sendable, Equatable {
    /// In the order of the program.
    package var services: [ServiceSummary]
    /// Faults, policies and runs, in their order.
    package var events: [SimulationEvent]
    /// Where the simulation ended.
    package var until: Instant
    /// In the order of the program; none unless they were to be kept.
    package var histories: [ServiceHistory] = []
  }

  private let scenario: Scenario
  private let machine: Machine
  /// The world as it stands: once `run` is over, at the end.
  package let world: SimulatedWorld
  private let engine: PolicyEngine
  private let companion: (any SimulatedCompanion)?
  private var events: [SimulationEvent] = []
  /// The runs of reactions, in the order of their beginnings.
  private var runs: [Run] = []

  /// What is known of a run that may be opened once more.
  private struct Run {
    let identity: RunIdentity
    var journal: [UInt8] = []
  }

  /// How often all policies together may look.
  private static let looksMax = 100_000

  /// The machine is the simulation's own; its limits bound all looks together.
  package init(
    _ scenario: Scenario, on machine: Machine, beside companion: (any SimulatedCompanion)? = nil
  ) throws(Diagnostic) {
    self.scenario = scenario
    self.machine = machine
    self.companion = companion
    var clusters = SimulatedCluster.cluster(
      scenario.cluster, of: try SimulatedCluster.all(of: machine))
    companion?.prepare(&clusters)
    if let minor = scenario.kubernetesMinor {
      for index in clusters.indices { clusters[index].kubernetesMinor = minor }
    }
    for index in clusters.indices { clusters[index].autoscales = scenario.autoscales }
    world = SimulatedWorld(
      clusters, seed: scenario.seed, chance: scenario.chance, keepsHistory: scenario.keepsHistory)
    engine = PolicyEngine(
      try PolicyModel.all(of: machine, cluster: scenario.cluster).filter {
        scenario.service == nil || $0.service == scenario.service
      }, on: machine, startingAt: SimulatedWorld.epoch)
    let looks = engine.looks(within: scenario.lasting)
    guard looks <= Self.looksMax else {
      throw Diagnostic(
        .outOfRange, "the policies would look \(looks) times, more than \(Self.looksMax)",
        help: "simulate a shorter time, or let the policies look less often")
    }
    for fault in scenario.faults.flatMap(\.parts) { world.schedule(fault) }
  }

  /// Simulates to the end.
  package func run() throws(Diagnostic) -> Outcome {
    let end = SimulatedWorld.epoch.advanced(by: scenario.lasting)
    while world.now <= end, companion?.isOver != true {
      let (look, turn) = (engine.nextLook, companion?.nextTurn)
      guard let next = [look, turn].compactMap(\.self).min(), next <= end else { break }
      world.advance(to: next)
      if let turn, turn == next {
        companion?.turn(in: world)
      } else {
        try carryOut(engine.beginNextLook(at: world.now))
      }
    }
    if world.now < end, companion == nil { world.advance(to: end) }
    return Outcome(
      services: world.ownSummaries, events: withFaults, until: world.now,
      histories: Array(world.histories.prefix(world.ownSummaries.count)))
  }

  /// The events with the faults among them; a fault comes before what happens at the same time.
  private var withFaults: [SimulationEvent] {
    let faults = scenario.faults.flatMap(\.parts).map {
      SimulationEvent(
        at: $0.at, kind: $0.fault.isMended ? .mended : .fault, subject: $0.fault.text)
    }
    return (faults + (companion?.events ?? []) + events).enumerated()
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  // MARK: Orders

  /// Carries orders out, and those that follow from each before the next.
  private func carryOut(_ orders: [PolicyEngine.Order]) throws(Diagnostic) {
    var orders = orders
    while !orders.isEmpty {
      let order = orders.removeFirst()
      guard engine.fuelSpent <= machine.limits.fuel else {
        throw Diagnostic(
          .fuelExhausted,
          "the policies of a simulation did not end within \(machine.limits.fuel) steps",
          help: "simulate a shorter time")
      }
      switch order {
      case .ask(let id, let call, let span):
        let answer = answer(to: call)
        if case .failure(.unavailable(let why)) = answer {
          throw Diagnostic(.driverRefused, "the simulated world has no answer: \(why)", at: span)
        }
        orders.insert(contentsOf: engine.answered(id, answer, at: world.now), at: 0)
      case .failed(let diagnostic): throw diagnostic
      case .note(let note): take(note)
      case .react(let reaction):
        let remains = try react(reaction)
        orders.insert(
          contentsOf: engine.ended(policy: reaction.policy, leaving: remains, at: world.now), at: 0)
      case .goBack(let order):
        engine.returned(order.run, try goBack(order), at: world.now)
      case .recall: break  // Nobody looks while a run goes on.
      }
    }
  }

  /// What the world says; time passes until it does, for the companion too.
  private func answer(to call: WorldCall) -> Result<Document, WorldFailure> {
    let pending = world.begin(call, .read)
    var delay = pending.latency
    while true {
      let due = world.now.advanced(by: delay)
      while let turn = companion?.nextTurn, turn < due {
        world.advance(to: turn)
        companion?.turn(in: world)
      }
      world.advance(to: due)
      switch world.proceed(pending) {
      case .answer(let answer): return answer
      case .later(let more): delay = more
      }
    }
  }

  private func take(_ note: PolicyNote) {
    switch note.kind {
    case .fired: self.note(.fired, note.detector, note.name)
    case .heldBack(let obstacle): self.note(.heldBack(obstacle), note.detector, note.name)
    case .goesBack: self.note(.goesBack, note.detector, note.name)
    case .returnHeldBack(let obstacle):
      self.note(.returnHeldBack(obstacle), note.detector, note.name)
    case .pending, .cleared, .unanswered, .answered, .calm: break
    }
  }

  // MARK: Acting

  /// Runs a reaction to its end; gives what is left of it.
  private func react(
    _ reaction: PolicyEngine.Reaction
  ) throws(Diagnostic) -> PolicyEngine.Remains {
    let id = "simulated-\(scenario.seed)-\(runs.count + 1)"
    runs.append(
      Run(
        identity: RunIdentity(
          runID: id, runbook: reaction.detector, arguments: DocumentObject(), programDigest: "",
          sources: [], version: "", world: "simulated")))
    let report = try drive(runs.count - 1, of: reaction.name, for: reaction.service, nil)
    note(.ended(report.result), reaction.detector, reaction.name)
    return PolicyEngine.Remains(of: id, report.result?.status ?? .paused)
  }

  /// Takes back what a run did.
  private func goBack(_ order: PolicyEngine.Return) throws(Diagnostic) -> RunResult.Status {
    guard let index = runs.firstIndex(where: { $0.identity.runID == order.run }) else {
      return .succeeded
    }
    let report = try drive(index, of: order.name, for: order.service, order.reopening)
    note(.ended(report.result), order.detector, order.name)
    return report.result?.status ?? .paused
  }

  private func drive(
    _ index: Int, of name: String, for service: String, _ reopening: Reopening?
  ) throws(Diagnostic) -> SimulatedReport {
    let run = runs[index]
    guard let body = try PolicyModel.reaction(named: name, of: machine)?.body else {
      throw Diagnostic(.unknownName, "the program has no reaction \(name)")
    }
    world.useAlerts(of: name)
    let executor: Executor
    do throws(JournalRefusal) {
      executor = try Executor(
        machine: machine, body: machine.start(closure: body, []), identity: run.identity,
        journal: try Journal(bytes: run.journal), reopening: reopening, at: world.now)
    } catch {
      throw error.diagnostic
    }
    var life = SimulatedRun(
      world: world, runner: executor, startAt: world.now, beside: companion)
    var journal = run.journal
    let report = life.run(settleFor: 0, append: { (bytes) throws(Never) in journal += bytes }) {
      line in
      events.append(SimulationEvent(at: line.at, kind: .run(line), subject: line.text))
    }
    runs[index].journal = journal
    world.recordFailover(of: service, run: run.identity.runID)
    return report
  }

  private func note(_ kind: SimulationEvent.Kind, _ subject: String, _ reaction: String) {
    events.append(
      SimulationEvent(at: world.now, kind: kind, subject: subject, reaction: reaction))
  }
}
