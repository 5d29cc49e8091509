// SPDX-License-Identifier: Apache-2.0
//
// What a policy decides after a loss depends on what it reads. So it is asked: its conditions, its
// guards and its runbook's requirements, in a simulated world in which the loss has happened. Which
// statements follow is found out so; how long they may take is not, that is for the analysis to
// bound.

import DrBase
import DrData
import DrEval
import DrRun
import DrSema
import DrSim

extension ProofLoss {
  /// The same for the simulated world, as it strikes a service.
  package func faults(striking service: String) -> [SimulatedFault] {
    (takesPlane ? [.apiServerDown(for: 24 * 3_600 * 1_000_000_000)] : [])
      + zones.map { .fail(zone: $0) } + hangs.map { .hang(service: service, zone: $0) }
      + pools.map { .failNodes(named: $0) } + nodes.map { .failNode(named: $0, holding: service) }
      + dependencies.map { .failDependency($0) } + fronts.map { .failFront($0) }
  }
}

/// Asks policies what they do about losses.
struct Rehearsal {
  private let machine: Machine
  private let minor: Int?

  private static let second: Int64 = 1_000_000_000
  /// When the loss happens: policies have looked a few times by then.
  private static let struckAt = SimulatedWorld.epoch.advanced(by: 60 * second)
  /// For how long is watched whether the service comes back for good.
  private static let lasting = 2_400 * second
  /// Without chance, and with some.
  private static let chances: [(seed: UInt64, chance: Chance)] =
    [(1, .none)] + (1...2).map { ($0, .usual) }

  init(machine: Machine, kubernetes: String) {
    self.machine = machine
    let parts = kubernetes.split(separator: ".")
    minor = parts.count > 1 ? Int(parts[1]) : nil
  }

  /// What the policies of a service do about a loss, as stdlib/analysis/reactions.dr reads it.
  /// `noticed` is how long after the loss Kubernetes has noticed it.
  func response(
    to loss: ProofLoss, named name: String, of service: String, on cluster: String,
    noticed: Int64?
  ) throws(Diagnostic) -> Document {
    let faults = loss.faults(striking: service).map { TimedFault(at: Self.struckAt, $0) }
    var response = DocumentObject([("service", .string(service)), ("loss", .string(name))])
    var plays: [Play] = []
    for (seed, chance) in Self.chances {
      var scenario = PolicySimulation.Scenario(
        cluster: cluster, seed: seed, lasting: Self.lasting, faults: faults, chance: chance)
      scenario.service = service
      scenario.kubernetesMinor = minor
      let outcome = try PolicySimulation(scenario, on: fresh()).run()
      plays.append(Play(outcome, service))
    }
    let fired = plays.compactMap(\.fired?.reaction)
    let outcomes = Set(plays.map(\.success))
    response["full"] = .bool(plays.allSatisfy(\.isFull))
    if fired.isEmpty {
      let held = plays.compactMap(\.held).first
      response["ends"] = .string(held == nil ? "unseen" : "held")
      response["because"] = .string(held ?? "its policy does not see it")
      return .object(response)
    }
    response["because"] = .string(plays.compactMap(\.message).first ?? "")
    let isOwn = plays.allSatisfy { $0.fired.map { $0.at >= Self.struckAt } ?? true }
    let isClear =
      isOwn && fired.count == plays.count && Set(fired).count == 1 && outcomes.count == 1
      && Set(plays.map(\.isFull)).count == 1
    response["ends"] = .string(
      !isClear ? "unclear" : outcomes.contains(true) ? "succeeded" : "failed")
    if let first = plays[0].fired {
      let scene = Scene(
        machine: fresh(), cluster: cluster, faults: faults, minor: minor, struckAt: Self.struckAt)
      try scene.describe(
        first.reaction, at: first.at, noticed: noticed ?? 70 * Self.second, in: &response)
    }
    return .object(response)
  }

  private func fresh() -> Machine {
    Machine(program: machine.program, limits: machine.limits, inputs: machine.inputs)
  }
}

/// What came of a loss in one simulation.
private struct Play {
  /// The first reaction, and when it began.
  var fired: (reaction: String, at: Instant)?
  /// Why a reaction was kept back.
  var held: String?
  /// Whether the first reaction succeeded, and what it said if not.
  var success: Bool?
  var message: String?
  let isFull: Bool

  init(_ outcome: PolicySimulation.Outcome, _ service: String) {
    isFull =
      outcome.services.first { $0.service == service }?.periods.last.map { $0.level == .full }
      ?? false
    for event in outcome.events {
      switch event.kind {
      case .fired: if fired == nil { fired = (event.reaction, event.at) }
      case .heldBack(let obstacle):
        if held == nil { held = "\(event.reaction) fires, but \(obstacle.text)" }
      case .ended(let result):
        guard success == nil, event.reaction == fired?.reaction else { continue }
        success = result?.status == .succeeded
        if success == false { message = result?.message ?? "not over within a day" }
      case .fault, .run, .drill, .mended, .goesBack, .returnHeldBack: continue
      }
    }
  }
}
