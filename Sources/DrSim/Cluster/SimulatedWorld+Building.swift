// SPDX-License-Identifier: Apache-2.0

import DrRun

extension SimulatedWorld {
  /// Adds a cluster with everything on it running and ready, as far as there is room.
  func add(_ description: SimulatedCluster) {
    let cluster = clusters.count
    clusters.append(
      ClusterState(
        label: description.label, minor: description.kubernetesMinor,
        imagePull: description.imagePull, dependencies: description.dependencies,
        autoscales: description.autoscales, isElsewhere: description.isElsewhere))
    let firstZone = zones.count
    for zone in description.zones { add(zone, to: cluster) }
    func index(ofZone label: String) -> Int? {
      zones[firstZone...].firstIndex { $0.label == label }
    }
    clusters[cluster].members = description.controlPlane.compactMap(index(ofZone:))
    let firstService = services.count
    for spec in description.services {
      let service = services.count
      services.append(ServiceState(cluster: cluster, spec: spec))
      for deployment in spec.deployments {
        guard let zone = index(ofZone: deployment.zone) else { continue }
        services[service].deployments.append(deployments.count)
        deployments.append(
          DeploymentState(
            service: service, zone: zone, spec: deployment, replicas: deployment.replicas,
            least: deployment.autoscaler?.least))
        settle(deployments.count - 1)
      }
    }
    for front in description.fronts {
      let found = services[firstService...].firstIndex { $0.spec.label == front.service }
      if let service = found { add(front, of: service) }
    }
    for alert in description.alerts { add(alert, to: cluster) }
  }

  /// Whether what a service needs to start answers those in a zone.
  func answers(
    _ kind: SimulatedCluster.Dependency.Kind, _ service: Int, from place: Int
  ) -> Bool {
    let cluster = services[service].cluster
    return clusters[cluster].dependencies.allSatisfy { it in
      guard it.kind == kind, it.service == services[service].spec.label else { return true }
      let stands = zones.indices.contains {
        zones[$0].cluster == cluster && zones[$0].isAlive && it.zones.contains(zones[$0].label)
          && connects(place, $0)
      }
      return !lostDependencies.contains(it.name) && (it.zones.isEmpty || stands)
    }
  }

  private func add(_ zone: SimulatedCluster.Zone, to cluster: Int) {
    var state = ZoneState(
      cluster: cluster, label: zone.label, region: zone.region, nextTaint: start)
    for node in zone.nodes {
      state.nodes.append(nodes.count)
      nodes.append(
        NodeState(
          zone: zones.count, name: node.name, room: node.room, labels: node.labels,
          isDedicated: node.isDedicated, free: node.room))
    }
    zones.append(state)
  }

  private func add(_ front: SimulatedCluster.Front, of service: Int) {
    guard !front.zones.isEmpty else { return }
    services[service].fronts.append(fronts.count)
    let count = Int64(front.zones.count)
    var published = front.shares
    if published.count != front.zones.count {
      published = [Int64](repeating: Share.whole / count, count: front.zones.count)
      published[0] += Share.whole % count
    }
    let cluster = services[service].cluster
    let places = front.zones.map { label in
      zones.firstIndex { $0.label == label && $0.cluster == cluster }
    }
    fronts.append(
      FrontState(spec: front, service: service, zones: places, published: published))
  }

  /// Puts a Deployment's pods where they have been for long.
  private func settle(_ deployment: Int) {
    for _ in 0..<max(0, deployments[deployment].replicas) {
      let pod = addPod(of: deployment)
      guard place(pod) else { continue }
      pods[pod].epoch += 1
      pods[pod].stage = .up
      // Its checks have begun long ago.
      pods[pod].startedAt = start.advanced(by: -(spec(ofPod: pod).ready?.after ?? 0))
      pods[pod].isReady = true
      pods[pod].isRouted = true
      noteImage(of: pod)
      noteWeights(of: pod)
    }
  }
}

/// Shares of a whole.
enum Share {
  /// Percents travel in units of 1e-9.
  static let whole: Int64 = 1_000_000_000
  static let percent: Int64 = 10_000_000

  /// `62.5%`.
  static func text(_ share: Int64) -> String {
    let rest = share % percent
    if rest == 0 { return "\(share / percent)%" }
    var digits = String(rest + percent).dropFirst()
    while digits.hasSuffix("0") { digits = digits.dropLast() }
    return "\(share / percent).\(digits)%"
  }

  /// The same for all that have any: plain DNS carries no weights.
  static func alike(_ shares: [(name: String, value: Int64)]) -> [(name: String, value: Int64)] {
    let share = whole / Int64(max(1, shares.count { $0.value > 0 }))
    return shares.map { ($0.name, $0.value > 0 ? share : 0) }
  }
}
