// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrRun
import DrSema

/// A cluster with its faults and its policies, in virtual time.
///
/// Every policy looks at its conditions `every` so often. A detector whose condition holds for
/// `lasting` fires: where all guards hold its reaction runs, in the same time and world, and the
/// policy looks again after its cooldown. One reaction runs at a time, and while it does nobody
/// looks. A condition that the world gives no answer to leaves its detector as it was.
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
  }

  /// Of one case of a detector.
  private struct CaseState {
    /// Since when its condition holds.
    var since: Instant?
    /// Whether it was told that a guard holds it back.
    var isHeldBack = false
  }

  private struct PolicyState {
    var nextLook = SimulatedWorld.epoch
    var cases: [CaseState]
  }

  private let scenario: Scenario
  private let machine: Machine
  private let world: SimulatedWorld
  private let policies: [PolicyModel]
  private var states: [PolicyState]
  private var events: [SimulationEvent] = []
  private var fuelSpent = 0
  /// What the parts of the condition were that was asked last, where it did not hold.
  private var lastWitnesses: [Witness] = []
  private var runCount = 0

  /// How often all policies together may look.
  private static let looksMax = 100_000

  /// The machine is the simulation's own; its limits bound all looks together.
  package init(_ scenario: Scenario, on machine: Machine) throws(Diagnostic) {
    self.scenario = scenario
    self.machine = machine
    let clusters = try SimulatedCluster.all(of: machine).filter { $0.label == scenario.cluster }
    world = SimulatedWorld(clusters, seed: scenario.seed, chance: scenario.chance)
    policies = try PolicyModel.all(of: machine, cluster: scenario.cluster)
    states = policies.map { policy in
      PolicyState(cases: policy.cases.map { _ in CaseState() })
    }
    let looks = policies.reduce(Int64(0)) { $0 &+ scenario.lasting / $1.every }
    guard looks <= Self.looksMax else {
      throw Diagnostic(
        .outOfRange, "the policies would look \(looks) times, more than \(Self.looksMax)",
        help: "simulate a shorter time, or let the policies look less often")
    }
    for fault in scenario.faults { world.schedule(fault) }
  }

  /// Simulates to the end.
  package func run() throws(Diagnostic) -> Outcome {
    let end = SimulatedWorld.epoch.advanced(by: scenario.lasting)
    while let next = states.indices.min(by: { states[$0].nextLook < states[$1].nextLook }),
      states[next].nextLook <= end, world.now <= end
    {
      world.advance(to: states[next].nextLook)
      try look(next)
    }
    if world.now < end { world.advance(to: end) }
    return Outcome(services: world.summaries, events: withFaults, until: world.now)
  }

  /// The events with the faults among them; a fault comes before what happens at the same time.
  private var withFaults: [SimulationEvent] {
    let faults = scenario.faults.map {
      SimulationEvent(at: $0.at, kind: .fault, subject: $0.fault.text)
    }
    return (faults + events).enumerated()
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  // MARK: Looking

  private func look(_ index: Int) throws(Diagnostic) {
    let policy = policies[index]
    let start = world.now
    states[index].nextLook = start.advanced(by: policy.every)
    for (number, watched) in policy.cases.enumerated() {
      guard let holds = try answer(watched.holds) else { continue }
      guard holds else {
        states[index].cases[number] = CaseState()
        continue
      }
      let since = states[index].cases[number].since ?? start
      states[index].cases[number].since = since
      guard start.nanoseconds - since.nanoseconds >= watched.lasting else { continue }
      if let obstacle = try obstacle(policy) {
        if !states[index].cases[number].isHeldBack {
          note(.heldBack(by: obstacle.rule, because: obstacle.values), watched.name)
        }
        states[index].cases[number].isHeldBack = true
        continue
      }
      try react(watched, of: policy)
      states[index] = PolicyState(
        nextLook: world.now.advanced(by: policy.cooldown), cases: policy.cases.map { _ in .init() })
      return
    }
  }

  /// The first guard that does not hold, or that nobody can answer.
  private func obstacle(
    _ policy: PolicyModel
  ) throws(Diagnostic) -> (rule: String, values: String?)? {
    for rule in policy.guards {
      let holds = try answer(rule.holds)
      if holds == true { continue }
      let values = lastWitnesses.sentence(machine.program.checked.sources)
      return (rule.text, holds == nil || values.isEmpty ? nil : values)
    }
    return nil
  }

  /// Whether a condition holds; `nil` where the world does not answer.
  private func answer(_ condition: Value) throws(Diagnostic) -> Bool? {
    machine.refuel()
    defer { fuelSpent += machine.fuelUsed }
    guard fuelSpent <= machine.limits.fuel else {
      throw Diagnostic(
        .fuelExhausted,
        "the policies of a simulation did not end within \(machine.limits.fuel) steps",
        help: "simulate a shorter time")
    }
    let fiber = machine.start(closure: condition, [])
    while true {
      switch machine.run(fiber) {
      case .finished(let value):
        lastWitnesses = fiber.witnesses
        return machine.bool(value)
      case .failed(let diagnostic): throw diagnostic
      case .directive(let directive):
        throw Diagnostic(
          .effectNotAllowed, "a condition must not hold a runbook's statement", at: directive.span)
      case .call(let call):
        guard let result = try read(call) else { return nil }
        machine.resume(fiber, with: try machine.value(result, as: call.resultType))
      }
    }
  }

  private func read(_ call: HostCall) throws(Diagnostic) -> Document? {
    let asked = WorldCall(
      name: call.name, arguments: call.arguments, effect: call.effect, actClass: nil,
      key: "policy")
    switch world.answer(asked, .read).answer {
    case .success(let document): return document
    case .failure(.unavailable(let why)):
      throw Diagnostic(.driverRefused, "the simulated world has no answer: \(why)", at: call.span)
    case .failure: return nil
    }
  }

  // MARK: Acting

  private func react(
    _ watched: PolicyModel.Case, of policy: PolicyModel
  ) throws(Diagnostic) {
    runCount += 1
    note(.fired, watched.name)
    let identity = RunIdentity(
      runID: "simulated-\(scenario.seed)-\(runCount)", runbook: watched.name,
      arguments: DocumentObject(), programDigest: "", sources: [], version: "",
      world: "simulated")
    let executor: Executor
    do throws(JournalRefusal) {
      executor = try Executor(
        machine: machine, body: machine.start(closure: watched.react, []), identity: identity,
        at: world.now)
    } catch {
      throw error.diagnostic
    }
    var run = SimulatedRun(world: world, runner: executor, startAt: world.now)
    let report = run.run(settleFor: 0, append: { (_) throws(Never) in }) { line in
      events.append(SimulationEvent(at: line.at, kind: .run(line), subject: line.text))
    }
    world.recordFailover(of: policy.service)
    note(.ended(report.result), watched.name)
  }

  private func note(_ kind: SimulationEvent.Kind, _ subject: String) {
    events.append(SimulationEvent(at: world.now, kind: kind, subject: subject))
  }
}
