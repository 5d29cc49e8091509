// SPDX-License-Identifier: Apache-2.0
//
// Zones that go dark and come back, and what the node controller makes of it: a silent node is
// NotReady after the grace period, tainted at the rate that its zone's health allows, and emptied
// when its pods' toleration ends.

import DrRun

extension SimulatedWorld {
  /// How long a node takes to report ready again: one round of the controller.
  static let nodeReturn = Published.nodeMonitor

  func lose(_ zone: Int) {
    guard zones[zone].isAlive else { return }
    zones[zone].isAlive = false
    for node in zones[zone].nodes { loseNode(node) }
    refreshControlPlane(zones[zone].cluster)
  }

  func loseNode(_ node: Int) {
    nodes[node].isAlive = false
    fallSilent(node)
  }

  /// A node's lease is renewed no more; the controller sees it after the grace period.
  func fallSilent(_ node: Int) {
    nodes[node].epoch += 1
    let grace = Published.nodeGrace(minor: clusters[cluster(ofNode: node)].minor)
    let noticing = grace - random.below(chance.leaseAge) + random.below(chance.noticing)
    later(.silent(node: node, epoch: nodes[node].epoch), after: noticing)
  }

  func bringBack(_ zone: Int) {
    guard !zones[zone].isAlive else { return }
    zones[zone].isAlive = true
    bringBack(nodes: zones[zone].nodes)
    refreshControlPlane(zones[zone].cluster)
  }

  /// Nodes have power again; their zone does.
  func bringBack(nodes back: [Int]) {
    for node in back {
      nodes[node].isAlive = true
      nodes[node].epoch += 1
      guard hearsPlane(node) else {
        fallSilent(node)
        continue
      }
      later(.nodeBack(node: node, epoch: nodes[node].epoch), after: Self.nodeReturn)
    }
    for node in back {
      for pod in nodes[node].pods { reboot(pod) }
    }
    feedStarved()
  }

  /// Whether the API and the controllers work; where they do not, the event waits until they do.
  func reachesAPI(_ cluster: Int, _ event: WorldEvent) -> Bool {
    if clusters[cluster].isUp { return true }
    clusters[cluster].deferred.append(event)
    return false
  }

  func cluster(ofNode node: Int) -> Int { zones[nodes[node].zone].cluster }

  func noticeSilence(of node: Int, _ epoch: Int, _ event: WorldEvent) {
    guard nodes[node].epoch == epoch, reachesAPI(cluster(ofNode: node), event) else { return }
    nodes[node].isReady = false
    for pod in nodes[node].pods {
      if pods[pod].isReady { pods[pod].wasReady = true }
      markReady(false, pod)
    }
    refreshTaints(cluster(ofNode: node))
  }

  func noticeReturn(of node: Int, _ epoch: Int, _ event: WorldEvent) {
    guard nodes[node].epoch == epoch, reachesAPI(cluster(ofNode: node), event) else { return }
    nodes[node].isReady = true
    nodes[node].taintedAt = nil
    // Those of a node that was only silent are ready as they were.
    for pod in nodes[node].pods where pods[pod].wasReady {
      pods[pod].wasReady = false
      if pods[pod].isActive, answersChecks(pod) { markReady(true, pod) }
    }
    refreshTaints(cluster(ofNode: node))
    schedulePending()
  }

  // MARK: Taints

  private func taintInterval(_ zone: Int) -> Int64? {
    let ready = zones[zone].nodes.count { nodes[$0].isReady }
    return Published.taintInterval(ready: ready, notReady: zones[zone].nodes.count - ready)
  }

  /// Plans the next taint of every zone, or takes all back where no zone has a ready node: the
  /// fault is then taken to be the control plane's.
  private func refreshTaints(_ cluster: Int) {
    let inhabited = zones.indices.filter {
      zones[$0].cluster == cluster && !zones[$0].nodes.isEmpty
    }
    let hasReadyNode = inhabited.contains { zone in
      zones[zone].nodes.contains { nodes[$0].isReady }
    }
    for zone in inhabited {
      guard hasReadyNode else {
        for node in zones[zone].nodes { nodes[node].taintedAt = nil }
        continue
      }
      planTaint(zone)
    }
  }

  private func nextToTaint(_ zone: Int) -> Int? {
    zones[zone].nodes.first { !nodes[$0].isReady && nodes[$0].taintedAt == nil }
  }

  private func planTaint(_ zone: Int) {
    guard !zones[zone].isTaintDue, taintInterval(zone) != nil, nextToTaint(zone) != nil else {
      return
    }
    zones[zone].isTaintDue = true
    later(.taint(zone: zone), at: zones[zone].nextTaint)
  }

  func taintNext(in zone: Int, _ event: WorldEvent) {
    guard reachesAPI(zones[zone].cluster, event) else { return }
    zones[zone].isTaintDue = false
    let cluster = zones[zone].cluster
    let hasReadyNode = nodes.indices.contains {
      self.cluster(ofNode: $0) == cluster && nodes[$0].isReady
    }
    guard hasReadyNode, let interval = taintInterval(zone), let node = nextToTaint(zone) else {
      return
    }
    nodes[node].taintedAt = now
    zones[zone].nextTaint = now.advanced(by: interval)
    later(.evict(node: node, taintedAt: now), after: Published.toleration)
    planTaint(zone)
  }

  func evictAll(from node: Int, _ taintedAt: Instant, _ event: WorldEvent) {
    guard nodes[node].taintedAt == taintedAt, reachesAPI(cluster(ofNode: node), event) else {
      return
    }
    for pod in nodes[node].pods where pods[pod].isActive { terminate(pod) }
    for deployment in deployments.indices { reconcile(deployment) }
  }

  // MARK: The control plane

  /// Whether the cluster's API servers answer: most members must be alive.
  func refreshControlPlane(_ cluster: Int) {
    let quorum = quorum(of: cluster)
    let isOpen = clusters[cluster].closedUntil.map { $0 <= now } ?? true
    let isUp = isOpen && (clusters[cluster].members.isEmpty || !quorum.isEmpty)
    let wasUp = clusters[cluster].isUp
    clusters[cluster].isUp = isUp
    if isUp != wasUp { noteMember(cluster) }
    if isUp { refreshReach(of: cluster, by: quorum) }
    guard isUp, !wasUp else { return }
    let deferred = clusters[cluster].deferred
    clusters[cluster].deferred = []
    for event in deferred { later(event, at: now) }
    for deployment in deployments.indices { reconcile(deployment) }
  }
}
