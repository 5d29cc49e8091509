// SPDX-License-Identifier: Apache-2.0
//
// Who reaches whom. A zone whose nodes do not reach an API server is silent to it, and is treated as one
// that is gone; but its pods run on, and its kube-proxies send requests where they sent them last.

import DrRun

extension SimulatedWorld {
  func connects(_ a: Int, _ b: Int) -> Bool {
    a == b || severed.isEmpty || !severed.contains(where: { $0 == (a, b) || $0 == (b, a) })
  }

  /// Members of the control plane that reach one another and are most of all; none where no such are,
  /// and where the control plane is elsewhere.
  func quorum(of cluster: Int) -> [Int] {
    let members = clusters[cluster].members
    let alive = members.filter { zones[$0].isAlive }
    for member in alive {
      let group = alive.filter { connects(member, $0) }
      if 2 * group.count > members.count { return group }
    }
    return []
  }

  /// Sees anew which zones reach the API servers; those answer.
  func refreshReach(of cluster: Int, by quorum: [Int]) {
    for zone in zones.indices where zones[zone].cluster == cluster {
      let isNear = clusters[cluster].members.isEmpty || quorum.contains { connects(zone, $0) }
      let hears = isNear && !zones[zone].isCutOff && zones[zone].latency < Published.leaseTimeout
      guard hears != zones[zone].hearsPlane else { continue }
      if hears { rejoin(zone) } else { loseTouch(zone) }
    }
  }

  /// Sees anew who reaches whom everywhere.
  func refreshNetwork() {
    for cluster in clusters.indices { refreshControlPlane(cluster) }
    feedStarved()
  }

  func hearsPlane(_ node: Int) -> Bool { zones[nodes[node].zone].hearsPlane }

  private func loseTouch(_ zone: Int) {
    zones[zone].hearsPlane = false
    zones[zone].staleRoutes = deployments.filter { $0.zone == zone }.flatMap(\.pods).filter {
      pods[$0].isRouted
    }
    for node in zones[zone].nodes where nodes[node].isAlive { fallSilent(node) }
  }

  private func rejoin(_ zone: Int) {
    zones[zone].hearsPlane = true
    zones[zone].staleRoutes = nil
    let deferred = zones[zone].deferred
    zones[zone].deferred = []
    for event in deferred { later(event, at: now) }
    for node in zones[zone].nodes where nodes[node].isAlive {
      nodes[node].epoch += 1
      later(.nodeBack(node: node, epoch: nodes[node].epoch), after: Self.nodeReturn)
      for pod in nodes[node].pods {
        if pods[pod].isTerminating {
          stopInOrder(pod)
        } else if pods[pod].isUnseen {
          startOnNode(pod)
        }
      }
    }
  }

  /// Whether a kubelet can write to the API; where it cannot, the event waits until it can.
  func reachesAPI(from node: Int, _ event: WorldEvent) -> Bool {
    guard !hearsPlane(node) else { return reachesAPI(cluster(ofNode: node), event) }
    zones[nodes[node].zone].deferred.append(event)
    return false
  }

  // MARK: Requests

  /// Whether requests of a front are sent to a pod. Those that enter a zone from outside are sent on by
  /// the zone's own kube-proxies, which may be the last to know.
  func isRouted(_ pod: Int, by front: Int) -> Bool {
    guard let stale = zones[deployments[pods[pod].deployment].zone].staleRoutes,
      fronts[front].spec.kind.entersZones
    else { return pods[pod].isRouted }
    return stale.contains(pod)
  }

  /// Whether a replica gets requests, in the API's eyes or by what its zone knew last.
  func takesRequests(_ pod: Int) -> Bool {
    pods[pod].isReady
      || zones[deployments[pods[pod].deployment].zone].staleRoutes?.contains(pod) == true
  }

  /// Where requests come into the cluster: evenly in each zone that stands.
  func entries(_ places: [Int?]) -> [Int] {
    places.compactMap(\.self).filter { zones[$0].isAlive }
  }

  /// The share of requests that come to a zone of those that a front inside of the cluster sends there.
  func reach(_ front: Int, _ zone: Int) -> Double {
    guard !severed.isEmpty, !fronts[front].spec.kind.entersZones else { return 1 }
    let entries = entries(fronts[front].zones)
    guard !entries.isEmpty else { return 1 }
    return Double(entries.count { connects($0, zone) }) / Double(entries.count)
  }

  /// Whether an answer of a zone comes before a front gives up.
  func isInTime(_ front: Int, _ zone: Int) -> Bool {
    guard zones[zone].latency > 0, let timeout = fronts[front].spec.timeout else { return true }
    return Second.sum(zones[zone].latency, Latency.generation) <= timeout
  }
}

extension SimulatedCluster.Front.Kind {
  /// Whether clients outside of the cluster come straight to a zone, by an address of its own.
  var entersZones: Bool {
    switch self {
    case .gslb, .haproxy, .checkedDNS: true
    case .route, .mesh, .picker, .nginx: false
    }
  }
}
