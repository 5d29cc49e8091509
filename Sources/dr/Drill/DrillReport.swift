// SPDX-License-Identifier: Apache-2.0

import DrData
import DrProve
import DrRun
import DrSim

/// What a drill showed, beside what was predicted of it.
struct DrillReport {
  /// Parts of the recovery as they were seen, in nanoseconds.
  struct Observation: Equatable {
    /// From the faults to the first reaction of a policy; `nil` where none came.
    var detect: Int64?
    /// From there to full service again.
    var act: Int64?
    /// Of that: until the first act begins, until the last one is done, and until they have had their effect.
    var decide: Int64?
    var acting: Int64?
    var effect: Int64?
    /// From the faults to full service again; 0 where it was not lost, `nil` where it did not come back.
    var whole: Int64?
  }

  struct Row {
    let part: String
    let predicted: Interval?
    let simulated: Int64?
    let measured: Int64?
  }

  let drill: DrillModel
  /// What is proved of the loss that the drill makes; `nil` where it is none that is analysed.
  let predicted: ProofCase?
  let simulation: SimulatedRehearsal
  var real: RealRehearsal?

  init(_ drill: DrillModel, proof: Proof?, _ simulation: SimulatedRehearsal) {
    self.drill = drill
    self.simulation = simulation
    predicted = Self.proofCase(of: drill, in: proof)
  }

  /// Of the real drill where there was one.
  var outcome: DrillOutcome { real?.outcome ?? simulation.outcome }
  var isKept: Bool { outcome.verdict == .kept }

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

  var rows: [Row] {
    guard outcome.faultAt != nil else { return [] }
    let (simulated, measured) = (simulation.observation, real?.observation)
    func row(
      _ part: String, _ predicted: Interval? = nil, _ value: (Observation) -> Int64?
    ) -> Row {
      Row(
        part: part, predicted: predicted, simulated: value(simulated),
        measured: measured.flatMap(value))
    }
    let parts = [
      row("  decide") { $0.decide }, row("  act") { $0.acting }, row("  take effect") { $0.effect },
    ]
    return [row("detect", detecting) { $0.detect }, row("decide and act", acting) { $0.act }]
      + parts.filter { $0.simulated != nil || $0.measured != nil }
      + [row("full service again", predictedWhole) { $0.whole }]
  }

  private var predictedWhole: Interval? {
    guard let predicted else { return nil }
    return switch predicted.ending {
    case .untouched: Interval(best: 0, worst: 0)
    case .back: predicted.takes
    case .down, .unknown: nil
    }
  }

  private var detecting: Interval? {
    guard let predicted, predicted.ending == .back else { return nil }
    let parts = predicted.terms.filter { $0.part == .detect }.map(\.takes)
    return parts.reduce(Interval(best: 0, worst: 0)) { sum, part in
      Interval(
        best: sum.best + part.best,
        worst: sum.worst.flatMap { worst in part.worst.map { worst + $0 } })
    }
  }

  /// What comes after that, up to when the service is back; a runbook may go on for longer.
  private var acting: Interval? {
    guard let detecting, let whole = predictedWhole else { return nil }
    return Interval(
      best: max(0, whole.best - detecting.best),
      worst: whole.worst.flatMap { worst in detecting.worst.map { max(0, worst - $0) } })
  }

  // MARK: As data

  /// What the simulation did, unless it was told already what happened for real; then the report as one event.
  func events(isReal: Bool) -> String {
    var text = ""
    let end = real?.outcome.endedAt ?? simulation.outcome.endedAt
    if !isReal {
      for event in simulation.world.events {
        text += EventLine.text(
          "simulated", at: event.at,
          [("drill", .string(drill.name))] + SimulationDocument.members(event))
      }
    }
    return text
      + EventLine.text(
        "drill", at: end, document.objectValue?.members.map { ($0.name, $0.value) } ?? [])
  }

  /// Times are seconds since the beginning, lengths seconds.
  var document: Document {
    var object = DocumentObject([
      ("drill", .string(drill.name)), ("service", .string(drill.service)),
      ("verdict", .string(outcome.word)),
    ])
    object["because"] = outcome.because.map(Document.string)
    object["within_s"] = SimulationDocument.seconds(outcome.within)
    object["recovery_s"] = outcome.recovery.map(SimulationDocument.seconds)
    object["uncertainty_s"] = outcome.uncertainty.map(SimulationDocument.seconds)
    object["looks"] = .int(Int64(outcome.looks))
    object["late_looks"] = .int(Int64(outcome.lateLooks))
    object["latest_look_s"] = SimulationDocument.seconds(outcome.latest)
    if let faultAt = outcome.faultAt { object["fault_at"] = .string(faultAt.rfc3339) }
    object["parts"] = .array(
      rows.map { row in
        var part = DocumentObject([("part", .string(row.part.drop { $0 == " " }.description))])
        part["predicted_best_s"] = row.predicted.map { SimulationDocument.seconds($0.best) }
        part["predicted_worst_s"] = row.predicted?.worst.map(SimulationDocument.seconds)
        part["simulated_s"] = row.simulated.map(SimulationDocument.seconds)
        part["measured_s"] = row.measured.map(SimulationDocument.seconds)
        return .object(part)
      })
    object["simulation"] = SimulationDocument.document(simulation.world)
    if let real { object["load"] = real.loadDocument }
    return .object(object)
  }
}

/// A drill as it went in the simulated world.
struct SimulatedRehearsal {
  let outcome: DrillOutcome
  let world: PolicySimulation.Outcome
  let service: String

  /// The service is back when it gives all that it promises again.
  var observation: DrillReport.Observation {
    guard let faultAt = outcome.faultAt,
      let summary = world.services.first(where: { $0.service == service })
    else { return DrillReport.Observation() }
    let fired = world.events.first { $0.kind == .fired && $0.at >= faultAt }?.at
    guard summary.lostAt != nil else {
      return DrillReport.Observation(detect: fired.map { $0.since(faultAt) }, whole: 0)
    }
    let back = summary.fullAgainAt
    let terms = back == nil ? nil : RecoveryTerms(of: summary, in: world)?.terms
    func term(_ name: String) -> Int64? { terms?.first { $0.name == name }?.length }
    return DrillReport.Observation(
      detect: fired.map { $0.since(faultAt) },
      act: fired.flatMap { fired in back.map { max(0, $0.since(fired)) } },
      decide: term("decide"), acting: term("act"), effect: term("take effect"),
      whole: back?.since(faultAt))
  }
}

/// A drill as it went in the real world.
struct RealRehearsal {
  let outcome: DrillOutcome
  /// When the first run began that a policy started because of the faults; `nil` where none did.
  let reactedAt: Instant?
  /// When that run's first act began and its last one was done.
  let acts: (begunAt: Instant, doneAt: Instant)?
  let load: LoadFigures?

  /// The service is back when what is expected holds for good and no request fails any more.
  var observation: DrillReport.Observation {
    guard let faultAt = outcome.faultAt else { return DrillReport.Observation() }
    let back = outcome.recoveredAt.map { max($0, load?.backAt ?? $0) }
    return DrillReport.Observation(
      detect: reactedAt?.since(faultAt),
      act: reactedAt.flatMap { reacted in back.map { max(0, $0.since(reacted)) } },
      decide: acts.flatMap { acts in reactedAt.map { acts.begunAt.since($0) } },
      acting: acts.map { $0.doneAt.since($0.begunAt) },
      effect: acts.flatMap { acts in back.map { max(0, $0.since(acts.doneAt)) } },
      whole: back.map { max(0, $0.since(faultAt)) })
  }

  fileprivate var loadDocument: Document {
    guard let load else { return .null }
    var object = DocumentObject([
      ("sent", .int(Int64(load.sent))), ("failed", .int(Int64(load.failed))),
      ("longest_gap_s", SimulationDocument.seconds(load.longestGap)),
      ("generator_lag_s", SimulationDocument.seconds(load.lag)),
    ])
    if let latency = load.latency {
      object["latency_s"] = [
        "p50": SimulationDocument.seconds(latency.median),
        "p99": SimulationDocument.seconds(latency.slow),
        "max": SimulationDocument.seconds(latency.longest),
      ]
    }
    object["interval_s"] = SimulationDocument.seconds(load.interval)
    object["late"] = .int(Int64(load.late))
    if let faultAt = outcome.faultAt {
      object["first_failure_s"] = load.firstFailure.map {
        SimulationDocument.seconds($0.since(faultAt))
      }
      object["last_failure_s"] = load.lastFailure.map {
        SimulationDocument.seconds($0.since(faultAt))
      }
      object["back_s"] = load.backAt.map { SimulationDocument.seconds($0.since(faultAt)) }
    }
    return .object(object)
  }
}

/// What the clients of a drill's load saw. A request counts for when it was due.
struct LoadFigures: Sendable, Equatable {
  var sent: Int
  var failed: Int
  var firstFailure: Instant?
  var lastFailure: Instant?
  /// The longest time from one answered request to the next, in nanoseconds.
  var longestGap: Int64
  /// `nil` where none was answered.
  var latency: Latency?
  /// By how many nanoseconds a request was sent too late, at most: what the load generator itself adds.
  var lag: Int64

  /// The first answered request after the last failure.
  var backAt: Instant?
  /// From one request to the next, in nanoseconds.
  var interval: Int64
  /// Requests that were sent later than the next one was due: this machine was too slow.
  var late: Int

  /// From when requests were due to their answers, in nanoseconds: a generator that comes late, or a
  /// service that answers nobody for a while, shows here.
  struct Latency: Sendable, Equatable {
    let median: Int64
    /// 99 of 100 are answered faster.
    let slow: Int64
    let longest: Int64

    init?(_ times: [Int64]) {
      guard !times.isEmpty else { return nil }
      let sorted = times.sorted()
      func quantile(_ percent: Int) -> Int64 {
        sorted[min(sorted.count - 1, sorted.count * percent / 100)]
      }
      (median, slow, longest) = (quantile(50), quantile(99), quantile(100))
    }
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
