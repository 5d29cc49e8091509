// SPDX-License-Identifier: Apache-2.0

import DrRun

/// What a service had and answered over a simulation, for pictures.
package struct ServiceHistory: Sendable, Equatable {
  /// What is so from an instant on.
  package struct Point: Sendable, Equatable {
    package let at: Instant
    /// Replicas that are ready and answer, by zone.
    package let serving: [Int]
    /// The share of the requests that goes to each zone.
    package let shares: [Double]
    /// The share of the requests that is answered.
    package let answered: Double
    /// Whether shares and answers move in straight lines to those of the next point; else they stay.
    package let isMoving: Bool
  }

  /// Label of the service.
  package let service: String
  /// Labels of the zones that it has a place in, in the order of the cluster.
  package let zones: [String]
  package fileprivate(set) var points: [Point] = []
}

extension SimulatedWorld {
  /// Begins to keep histories.
  func beginHistory() {
    histories = services.indices.map { service in
      let places = Set(services[service].deployments.map { deployments[$0].zone })
      return ServiceHistory(
        service: services[service].spec.label,
        zones: zones.indices.filter { places.contains($0) }.map { zones[$0].label })
    }
  }

  /// Takes down how it is now.
  func recordHistory() {
    for service in histories.indices {
      let fronts = services[service].fronts.filter { !self.fronts[$0].spec.isStandby }
      let labels = histories[service].zones
      let piece = services[service].success.pieces.last
      let point = ServiceHistory.Point(
        at: now, serving: labels.map { serving(service, in: $0) },
        shares: shares(service, fronts, labels), answered: piece?.value(at: now) ?? 0,
        isMoving: piece.map { $0.slope != 0 } ?? false || fronts.contains { isMoving($0) })
      if let last = histories[service].points.last {
        if last.at == now {
          histories[service].points.removeLast()
        } else if !last.isMoving, !point.isMoving, last.serving == point.serving,
          last.shares == point.shares, last.answered == point.answered
        {
          continue
        }
      }
      histories[service].points.append(point)
    }
  }

  private func pods(_ service: Int, in zone: String) -> [Int] {
    services[service].deployments.filter { zones[deployments[$0].zone].label == zone }
      .flatMap { deployments[$0].pods }
  }

  private func serving(_ service: Int, in zone: String) -> Int {
    pods(service, in: zone).count { serves($0) && pods[$0].isReady }
  }

  /// By the weights of its fronts, or, without one, by where its routed pods are.
  private func shares(_ service: Int, _ fronts: [Int], _ labels: [String]) -> [Double] {
    guard !fronts.isEmpty else {
      let routed = labels.map { Double(pods(service, in: $0).count { pods[$0].isRouted }) }
      let total = routed.reduce(0, +)
      return routed.map { total > 0 ? $0 / total : 0 }
    }
    return labels.map { label in
      let sum = fronts.reduce(0.0) { sum, front in
        let index = self.fronts[front].spec.zones.firstIndex(of: label)
        return sum + (index.map { effectiveShares(front)[$0] } ?? 0)
      }
      return sum / Double(fronts.count)
    }
  }

  private func isMoving(_ front: Int) -> Bool {
    let answers = fronts[front].answers
    return fronts[front].ttl > 0 && answers.contains { $0.shares != answers[0].shares }
  }
}
