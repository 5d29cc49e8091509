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
  /// After how long a loss that Kubernetes never notices is looked at again.
  private static let unnoticed = 70 * second
  /// Without chance, and with some.
  private static let chances: [(seed: UInt64, chance: Chance)] =
    [(1, .none)] + (1...2).map { ($0, .usual) }

  init(machine: Machine, kubernetes: String) {
    self.machine = machine
    let parts = kubernetes.split(separator: ".")
    minor = parts.count > 1 ? Int(parts[1]) : nil
  }

  /// What the policies of a service do about a loss, as stdlib/analysis/responses.dr reads it.
  /// `noticed` is how long after the loss Kubernetes has noticed it.
  func response(
    to loss: ProofLoss, named name: String, of service: String, on cluster: String,
    noticed: Int64?
  ) throws(Diagnostic) -> Document {
    let faults = loss.faults(striking: service).map { TimedFault(at: Self.struckAt, $0) }
    var response = DocumentObject([("service", .string(service)), ("loss", .string(name))])
    let deafness = try scene(on: cluster, faults).deafness(
      of: service, noticed ?? Self.unnoticed)
    if let alert = deafness.unknown {
      response["ends"] = "deaf"
      response["because"] = .string(alert)
      return .object(response)
    }
    var plays: [Play] = []
    var again: [Document] = []
    var goesBack = false
    for (seed, chance) in Self.chances {
      var scenario = PolicySimulation.Scenario(
        cluster: cluster, seed: seed, lasting: Self.lasting, faults: faults, chance: chance)
      scenario.service = service
      scenario.kubernetesMinor = minor
      let simulation = try PolicySimulation(scenario, on: fresh())
      plays.append(Play(try simulation.run(), service))
      if plays.count == 1, plays[0].fired != nil {
        again = try scene(on: cluster, faults).reactions(of: service, in: simulation.world)
        goesBack = try scene(on: cluster, faults).goesBack(
          plays[0].fired?.reaction ?? "", in: simulation.world)
      }
    }
    response["again"] = .array(again)
    response["goes_back"] = .bool(goesBack || plays.contains { $0.goesBack })
    response["repeats"] = .bool(plays.contains { $0.count > 1 })
    let fired = plays.compactMap(\.fired?.reaction)
    let outcomes = Set(plays.map(\.success))
    response["full"] = .bool(plays.allSatisfy(\.isFull))
    if fired.isEmpty {
      let held = plays.compactMap(\.held).first
      response["ends"] = .string(held == nil ? "unseen" : "held")
      let untold = deafness.untold.map {
        "no Alertmanager of the program wakes its policy by \($0)"
      }
      response["because"] = .string(held ?? untold ?? "its policy does not see it")
      return .object(response)
    }
    response["because"] = .string(plays.compactMap(\.message).first ?? "")
    let isOwn = plays.allSatisfy { $0.fired.map { $0.at >= Self.struckAt } ?? true }
    let isClear =
      isOwn && fired.count == plays.count && Set(fired).count == 1 && outcomes.count == 1
      && Set(plays.map(\.isFull)).count == 1
    let clashes = plays.contains { $0.hasOthers && $0.isFull }
    response["ends"] = .string(
      !isClear ? "unclear" : clashes ? "clashes" : outcomes.contains(true) ? "succeeded" : "failed")
    if let first = plays[0].fired {
      try scene(on: cluster, faults).describe(
        first.reaction, at: first.at, noticed: noticed ?? Self.unnoticed, in: &response)
    }
    return .object(response)
  }

  /// What the policies of a service do while nothing is lost, as a response to no loss.
  func calm(of service: String, on cluster: String) throws(Diagnostic) -> Document {
    let scene = scene(on: cluster, [])
    return .object(
      DocumentObject([
        ("service", .string(service)), ("loss", ""), ("ends", "unseen"),
        ("again", .array(try scene.reactions(of: service, in: scene.world(at: Self.struckAt)))),
      ]))
  }

  private func scene(on cluster: String, _ faults: [TimedFault]) -> Scene {
    Scene(
      machine: fresh(), cluster: cluster, faults: faults, minor: minor, struckAt: Self.struckAt)
  }

  private func fresh() -> Machine {
    Machine(program: machine.program, limits: machine.limits, inputs: machine.inputs)
  }
}

/// What came of a loss in one simulation.
private struct Play {
  /// The first reaction, and when it began.
  var fired: (reaction: String, at: Instant)?
  /// How many reactions began, and whether others than the first did.
  var count = 0
  var hasOthers = false
  /// Whether a failback took anything back.
  var goesBack = false
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
      case .fired:
        count += 1
        if fired == nil { fired = (event.reaction, event.at) }
        if event.reaction != fired?.reaction { hasOthers = true }
      case .heldBack(let obstacle):
        if held == nil { held = "\(event.reaction) fires, but \(obstacle.text)" }
      case .ended(let result):
        guard success == nil, event.reaction == fired?.reaction else { continue }
        success = result?.status == .succeeded
        if success == false { message = result?.message ?? "not over within a day" }
      case .goesBack: goesBack = true
      case .fault, .run, .drill, .mended, .returnHeldBack: continue
      }
    }
  }
}
