// SPDX-License-Identifier: Apache-2.0
//
// HorizontalPodAutoscalers that follow the load (kubernetes/kubernetes, pkg/controller/podautoscaler:
// horizontal.go, replica_calculator.go). What a pod uses follows from the requests that its zone gets and
// from nothing else; metrics are as new as the round that looks at them.

import DrRun

/// What an autoscaler has wished and done, as far as it still counts.
struct ScalingState {
  /// What its rounds wished, before anything slowed it down.
  var wishes: [(at: Instant, replicas: Int)] = []
  /// By how much it changed the replicas.
  var changes: [(at: Instant, by: Int)] = []
}

extension SimulatedWorld {
  /// Lets autoscalers look from now on, those that follow the load.
  func beginAutoscaling() {
    for deployment in deployments.indices {
      guard clusters[cluster(ofDeployment: deployment)].autoscales,
        let scaler = deployments[deployment].spec.autoscaler, scaler.followsLoad
      else { continue }
      let count = deployments[deployment].pods.count { serves($0) && pods[$0].isReady }
      deployments[deployment].perReplica =
        scaler.perReplica ?? (count > 0 ? load(on: deployment) / Double(count) : 0)
      // Where nothing is sent, nothing says what a request takes.
      guard deployments[deployment].perReplica > 0 else { continue }
      // What it has wished for long.
      deployments[deployment].scaling.wishes = [(now, deployments[deployment].replicas)]
      later(.autoscale(deployment: deployment), after: Published.autoscalerRound)
    }
  }

  /// Requests a second that a zone's replicas of a service get: those of its fronts, or of a Service that
  /// shares them out to all that are ready.
  func load(on deployment: Int) -> Double {
    let service = deployments[deployment].service
    let rate = max(0, services[service].spec.requestsPerSecond)
    let active = services[service].fronts.filter { !fronts[$0].spec.isStandby }
    guard !active.isEmpty else { return rate * shareOfReady(deployment) }
    let sum = active.reduce(0) { $0 + share(ofFront: $1, to: deployment) }
    return rate * sum / Double(active.count)
  }

  private func share(ofFront front: Int, to deployment: Int) -> Double {
    if fronts[front].isGone { return 0 }
    if case .picker = fronts[front].spec.kind { return shareOfReady(deployment) }
    let shares = effectiveShares(front)
    let zone = deployments[deployment].zone
    return fronts[front].zones.indices.reduce(0) {
      $0 + (fronts[front].zones[$1] == zone ? shares[$1] : 0)
    }
  }

  private func shareOfReady(_ deployment: Int) -> Double {
    func ready(_ deployment: Int) -> Int {
      deployments[deployment].pods.count { pods[$0].isRouted }
    }
    let all = services[deployments[deployment].service].deployments.reduce(0) { $0 + ready($1) }
    return all == 0 ? 0 : Double(ready(deployment)) / Double(all)
  }

  /// One round of an autoscaler; without an API server the next one looks again.
  func autoscale(_ deployment: Int) {
    defer { later(.autoscale(deployment: deployment), after: Published.autoscalerRound) }
    guard let scaler = deployments[deployment].spec.autoscaler,
      clusters[cluster(ofDeployment: deployment)].isUp, deployments[deployment].replicas > 0
    else { return }
    let current = deployments[deployment].replicas
    let least = deployments[deployment].least ?? scaler.least
    let wish = min(max(wish(of: deployment, now: current), least), max(scaler.most, least))
    deployments[deployment].scaling.wishes.append((now, wish))
    forget(deployment, scaler)
    let settled = settled(deployment, wish, current, scaler)
    let next = paced(deployment, settled, current, scaler)
    guard next != current else { return }
    deployments[deployment].scaling.changes.append((now, next - current))
    deployments[deployment].replicas = next
    reconcile(deployment)
  }

  /// As many replicas as bring each to its target: pods that are not ready yet use nothing where more are
  /// wanted, and do not count where fewer are. Without a ready pod there is no metric, and no wish.
  private func wish(of deployment: Int, now current: Int) -> Int {
    let active = deployments[deployment].pods.filter { pods[$0].isActive }
    let ready = active.count { pods[$0].isReady && isOnLiveNode($0) }
    guard ready > 0 else { return current }
    let wanted = load(on: deployment) / deployments[deployment].perReplica
    let ratio = wanted / Double(ready)
    guard abs(ratio - 1) > Published.autoscalerTolerance else { return current }
    if ratio > 1, ready < active.count {
      let dampened = wanted / Double(active.count)
      guard dampened > 1 + Published.autoscalerTolerance else { return current }
      return max(current, Self.whole(wanted))
    }
    return Self.whole(wanted)
  }

  /// Rounded up, but for what arithmetic adds.
  private static func whole(_ replicas: Double) -> Int {
    Int(min((replicas - 1e-6).rounded(.up), Double(Published.podsPerDeployment)))
  }

  private func forget(_ deployment: Int, _ scaler: SimulatedCluster.Autoscaler) {
    let window = max(scaler.up.settle, scaler.down.settle)
    let period = (scaler.up.steps + scaler.down.steps).map(\.within).max() ?? 0
    deployments[deployment].scaling.wishes.removeAll { age($0.at) >= window && $0.at != now }
    deployments[deployment].scaling.changes.removeAll { age($0.at) >= period }
  }

  private func age(_ instant: Instant) -> Int64 { now.nanoseconds - instant.nanoseconds }

  /// The smallest wish of the window where more are wanted, the largest where fewer are.
  private func settled(
    _ deployment: Int, _ wish: Int, _ current: Int, _ scaler: SimulatedCluster.Autoscaler
  ) -> Int {
    func wishes(within window: Int64) -> [Int] {
      deployments[deployment].scaling.wishes.filter { $0.at == now || age($0.at) < window }
        .map(\.replicas)
    }
    let up = wishes(within: scaler.up.settle).min() ?? wish
    let down = wishes(within: scaler.down.settle).max() ?? wish
    return current < up ? up : current > down ? down : current
  }

  /// No further than the quickest of its steps allows.
  private func paced(
    _ deployment: Int, _ wanted: Int, _ current: Int, _ scaler: SimulatedCluster.Autoscaler
  ) -> Int {
    func changed(within period: Int64, _ isMeant: (Int) -> Bool) -> Int {
      deployments[deployment].scaling.changes.reduce(0) {
        $0 + (age($1.at) < period && isMeant($1.by) ? $1.by : 0)
      }
    }
    if wanted > current {
      let limits = scaler.up.steps.map { step in
        let from = current - changed(within: step.within) { $0 > 0 }
        return step.size.added(to: from)
      }
      return min(wanted, max(current, limits.max() ?? wanted))
    }
    let limits = scaler.down.steps.map { step in
      let from = current - changed(within: step.within) { $0 < 0 }
      return step.size.taken(from: from)
    }
    return max(wanted, min(current, limits.min() ?? wanted))
  }
}

extension SimulatedCluster.Autoscaler.Step.Size {
  func added(to replicas: Int) -> Int {
    switch self {
    case .pods(let count): replicas + count
    // A share of what is there, rounded up.
    case .percent(let share): (replicas * (100 + share) + 99) / 100
    }
  }

  func taken(from replicas: Int) -> Int {
    switch self {
    case .pods(let count): replicas - count
    case .percent(let share): replicas * max(0, 100 - share) / 100
    }
  }
}
