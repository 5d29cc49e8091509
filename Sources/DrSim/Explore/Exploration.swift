// SPDX-License-Identifier: Apache-2.0
//
// Exploring: every fault of a cluster by itself, and after it every other fault at every moment at
// which the first simulation did something: a detector fired, a step of a runbook began or ended, a
// wait was over. Those are where a run can be caught between two states; times between them are not
// tried.

import DrRun

/// The faults that can strike a cluster, alone and in pairs.
package struct Exploration {
  /// Faults and what came of them.
  package struct Case: Sendable {
    package let faults: [TimedFault]
    package let outcome: PolicySimulation.Outcome

    package init(faults: [TimedFault], outcome: PolicySimulation.Outcome) {
      self.faults = faults
      self.outcome = outcome
    }
  }

  /// Every fault of the cluster that can come alone, in the order of the program.
  package let faults: [SimulatedFault]
  /// When the first fault comes: policies have looked a few times by then.
  package static let firstAt = SimulatedWorld.epoch.advanced(by: 60 * Second.one)
  /// For how long the API server is gone when it is.
  package static let apiServerOutage = 5 * 60 * Second.one

  /// How a zone flaps: shorter than what a policy should wait for, and shorter than a node's grace.
  static let flapping = (every: 20 * Second.one, times: Int64(3))

  package init(_ cluster: SimulatedCluster) {
    faults =
      SimulatedFault.kinds.flatMap { Self.alone($0, in: cluster) }
      + ZoneOutage.alone(in: cluster).filter { zone in
        cluster.services.contains { $0.deployments.contains { $0.zone == zone.zone } }
      }.map {
        .flapping(
          SimulatedFault($0), every: Self.flapping.every, times: Self.flapping.times)
      }
  }

  private static func alone(
    _ kind: (some FaultKind).Type, in cluster: SimulatedCluster
  ) -> [SimulatedFault] { kind.alone(in: cluster).map { SimulatedFault($0) } }

  /// One list of faults for each fault alone.
  package var singles: [[TimedFault]] { faults.map { [TimedFault(at: Self.firstAt, $0)] } }

  /// After the fault of a single case, every other one at every moment of that case.
  package func pairs(after single: Case) -> [[TimedFault]] {
    guard single.faults.count == 1, let first = single.faults.first else { return [] }
    guard isPaired(first.fault) else { return [] }
    return moments(of: single).flatMap { moment in
      faults.filter { $0 != first.fault && isPaired($0) }
        .map { [first, TimedFault(at: moment, $0)] }
    }
  }

  /// Zones, hangs and API servers; with the others the pairs would be too many to read.
  private func isPaired(_ fault: SimulatedFault) -> Bool {
    fault.flapping == nil && type(of: fault.kind).isPaired
  }

  /// Just after each thing that happened from the fault on.
  func moments(of single: Case) -> [Instant] {
    var moments: [Instant] = []
    for event in single.outcome.events where event.at >= Self.firstAt {
      let after = event.at.advanced(by: Second.milli)
      if moments.last != after { moments.append(after) }
    }
    return moments
  }

  /// The case that shows a broken promise with the fewest faults, of those the earliest, and of
  /// those the worst.
  package static func counterexample(among cases: [Case]) -> Case? {
    cases.filter(\.outcome.isBroken).min { a, b in
      let (x, y) = (a.faults, b.faults)
      if x.count != y.count { return x.count < y.count }
      if x.last?.at != y.last?.at { return (x.last?.at ?? firstAt) < (y.last?.at ?? firstAt) }
      return a.outcome.worst > b.outcome.worst
    }
  }
}
