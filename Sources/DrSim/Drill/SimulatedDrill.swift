// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrRun

/// A drill in a simulated world: drives a `DrillEngine`. What it breaks is broken, its load is what
/// clients send.
package final class SimulatedDrill: SimulatedCompanion {
  private let drill: DrillModel
  private let faults: [SimulatedFault]
  private let engine: DrillEngine
  /// Comings and goings of faults that flap.
  private var coming: [(number: Int, fault: TimedFault)] = []
  private var pending: [(id: CallID, call: PendingCall, dueAt: Instant)] = []
  package private(set) var events: [SimulationEvent] = []
  /// Set once it is over.
  package private(set) var outcome: DrillOutcome?
  /// The first failure of its own code.
  package private(set) var failure: Diagnostic?

  /// The machine is the drill's own. Throws where a fault hits what the cluster does not have.
  package init(_ drill: DrillModel, on machine: Machine) throws(Diagnostic) {
    self.drill = drill
    let clusters = try SimulatedCluster.all(of: machine)
    guard let cluster = clusters.first(where: { $0.label == drill.cluster }) else {
      throw Diagnostic(
        .unknownName, "the program declares no cluster \"\(drill.cluster)\"", at: drill.span)
    }
    let reader = FaultReader(cluster)
    faults = try drill.faults.map { fault throws(Diagnostic) in
      try reader.fault(fault.document, at: drill.span).fault.bounded(to: fault.lasting)
    }
    engine = DrillEngine(drill, on: machine, startingAt: SimulatedWorld.epoch)
  }

  package var isOver: Bool { outcome != nil }

  package func prepare(_ clusters: inout [SimulatedCluster]) {
    guard let load = drill.load else { return }
    for cluster in clusters.indices {
      for service in clusters[cluster].services.indices
      where clusters[cluster].services[service].label == drill.service {
        clusters[cluster].services[service].requestsPerSecond = load.perSecond
      }
    }
  }

  package var nextTurn: Instant? {
    isOver
      ? nil
      : (pending.map(\.dueAt) + coming.map(\.fault.at) + [engine.nextTurn].compactMap(\.self)).min()
  }

  package func turn(in world: SimulatedWorld) {
    let striking = coming.filter { $0.fault.at <= world.now }
    coming.removeAll { $0.fault.at <= world.now }
    for (_, fault) in striking { strike(fault.fault, in: world) }
    let due = pending.filter { $0.dueAt <= world.now }
    pending.removeAll { $0.dueAt <= world.now }
    for (id, call, _) in due {
      switch world.proceed(call) {
      case .answer(let answer): carryOut(engine.answered(id, answer, at: world.now), in: world)
      case .later(let delay): pending.append((id, call, world.now.advanced(by: delay)))
      }
    }
    if let turn = engine.nextTurn, turn <= world.now {
      carryOut(engine.turn(at: world.now), in: world)
    }
  }

  private func carryOut(_ orders: [DrillEngine.Order], in world: SimulatedWorld) {
    for order in orders {
      switch order {
      case .ask(let id, let call, _):
        let begun = world.begin(call, .read)
        pending.append((id, begun, world.now.advanced(by: begun.latency)))
      case .begin(let number):
        var parts = TimedFault(at: world.now, faults[number]).parts
        strike(parts.removeFirst().fault, in: world)
        coming += parts.map { (number, $0) }
      case .end(let number):
        coming.removeAll { $0.number == number }
        guard let mending = faults[number].mending else { continue }
        strike(mending, in: world)
      case .note(let note): self.note(.drill, note.text, at: note.at)
      case .failed(let diagnostic): failure = failure ?? diagnostic
      case .finish(let outcome): self.outcome = outcome
      }
    }
  }

  private func strike(_ fault: SimulatedFault, in world: SimulatedWorld) {
    note(fault.isMended ? .mended : .fault, fault.text, at: world.now)
    world.schedule(TimedFault(at: world.now, fault))
  }

  private func note(_ kind: SimulationEvent.Kind, _ text: String, at instant: Instant) {
    events.append(SimulationEvent(at: instant, kind: kind, subject: text))
  }
}
