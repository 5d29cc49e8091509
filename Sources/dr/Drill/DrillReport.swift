// SPDX-License-Identifier: Apache-2.0

import DrData
import DrProve
import DrRun
import DrSim

/// What a drill showed, beside what was predicted of it.
struct DrillReport {
  struct Simulation {
    let drill: DrillOutcome
    let world: PolicySimulation.Outcome
  }

  /// A part of the recovery. Lengths are nanoseconds from the fault, or from the end of the part before.
  struct Row {
    let part: String
    let predicted: Interval?
    let simulated: Int64?
  }

  let drill: DrillModel
  let simulation: Simulation
  /// What is proved of the loss that the drill makes; `nil` where it is none that is analysed.
  let predicted: ProofCase?

  init(_ drill: DrillModel, proof: Proof?, _ simulation: Simulation) {
    self.drill = drill
    self.simulation = simulation
    predicted = Self.proofCase(of: drill, in: proof)
  }

  var isKept: Bool { simulation.drill.verdict == .kept }

  /// How the service fared, as its clients saw it.
  var service: ServiceSummary? {
    simulation.world.services.first { $0.service == drill.service }
  }

  private static func proofCase(of drill: DrillModel, in proof: Proof?) -> ProofCase? {
    guard drill.faults.count == 1, let fault = drill.faults.first?.document, let proof else {
      return nil
    }
    let zone = fault["zone"]?.stringValue
    return switch fault["kind"]?.stringValue {
    case "zone_outage":
      proof.cases.first { $0.loss.zones == [zone].compactMap(\.self) && $0.kind == "zone" }
    case "service_hang": proof.cases.first { $0.loss.hangs == [zone].compactMap(\.self) }
    case _: nil
    }
  }

  // MARK: Parts of the recovery

  /// From the fault to the first reaction of a policy, and from there to full service.
  var rows: [Row] {
    guard let faultAt = simulation.drill.faultAt else { return [] }
    let fired = simulation.world.events.first { $0.kind == .fired && $0.at >= faultAt }?.at
    let back = service?.fullAgainAt
    var rows = [
      Row(
        part: "detect", predicted: sum([.detect]),
        simulated: fired.map { $0.nanoseconds - faultAt.nanoseconds })
    ]
    rows.append(
      Row(
        part: "decide, act, verify",
        predicted: sum([.decide, .fence, .capacity, .traffic, .verify]),
        simulated: fired.flatMap { fired in
          back.map { max(0, $0.nanoseconds - fired.nanoseconds) }
        }))
    rows.append(
      Row(
        part: "full service again",
        predicted: predicted.flatMap { item in
          switch item.ending {
          case .untouched: Interval(best: 0, worst: 0)
          case .back: item.takes
          case .down, .unknown: nil
          }
        },
        simulated: wasLost ? back.map { $0.nanoseconds - faultAt.nanoseconds } : 0))
    return rows
  }

  /// Whether clients got less than is promised at any time.
  private var wasLost: Bool { service?.lostAt != nil }

  private func sum(_ parts: [ProofTerm.Part]) -> Interval? {
    guard let predicted, predicted.ending == .back else { return nil }
    var total = Interval(best: 0, worst: 0)
    for term in predicted.terms where parts.contains(term.part) {
      total.best += term.takes.best
      total.worst = total.worst.flatMap { sum in term.takes.worst.map { sum + $0 } }
    }
    return total
  }

  // MARK: As data

  /// Times are seconds since the beginning, lengths seconds.
  var document: Document {
    let outcome = simulation.drill
    var object = DocumentObject([
      ("drill", .string(drill.name)), ("service", .string(drill.service)),
      ("verdict", .string(outcome.word)),
    ])
    object["because"] = outcome.because.map(Document.string)
    object["within_s"] = SimulationDocument.seconds(outcome.within)
    object["recovery_s"] = outcome.recovery.map(SimulationDocument.seconds)
    object["parts"] = .array(
      rows.map { row in
        var part = DocumentObject([("part", .string(row.part))])
        part["predicted_best_s"] = row.predicted.map { SimulationDocument.seconds($0.best) }
        part["predicted_worst_s"] = row.predicted?.worst.map(SimulationDocument.seconds)
        part["simulated_s"] = row.simulated.map(SimulationDocument.seconds)
        return .object(part)
      })
    object["simulation"] = SimulationDocument.document(simulation.world)
    return .object(object)
  }
}

extension DrillOutcome {
  /// `kept`, `broken`, `aborted` or `refused`.
  var word: String {
    switch verdict {
    case .kept: "kept"
    case .broken: "broken"
    case .aborted: "aborted"
    case .refused: "refused"
    }
  }

  var because: String? {
    switch verdict {
    case .kept: nil
    case .broken(let why), .aborted(let why), .refused(let why): why.isEmpty ? nil : why
    }
  }
}
