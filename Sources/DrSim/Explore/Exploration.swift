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

  package init(_ cluster: SimulatedCluster) {
    let zones = cluster.zones.map(\.label)
    var faults = zones.map { SimulatedFault.fail(zone: $0) }
    for service in cluster.services {
      let places = zones.filter { zone in service.deployments.contains { $0.zone == zone } }
      faults += places.map { .hang(service: service.label, zone: $0) }
    }
    faults.append(.apiServerDown(for: Self.apiServerOutage))
    self.faults = faults
  }

  /// One list of faults for each fault alone.
  package var singles: [[TimedFault]] { faults.map { [TimedFault(at: Self.firstAt, $0)] } }

  /// After the fault of a single case, every other one at every moment of that case.
  package func pairs(after single: Case) -> [[TimedFault]] {
    guard single.faults.count == 1, let first = single.faults.first else { return [] }
    return moments(of: single).flatMap { moment in
      faults.filter { $0 != first.fault }.map { [first, TimedFault(at: moment, $0)] }
    }
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
