// SPDX-License-Identifier: Apache-2.0
//
// Deployments keep their number of pods, and the scheduler finds nodes for them. Both work at once
// and need an API server.

import DrRun

extension SimulatedWorld {
  /// How long a stopping pod takes to answer what it has begun, at most its grace period.
  static let stopTime = 5 * Second.one

  func cluster(ofDeployment deployment: Int) -> Int {
    zones[deployments[deployment].zone].cluster
  }

  /// Those that its pods may stand on.
  private func nodes(for deployment: Int) -> [Int] {
    let zone = deployments[deployment].zone
    guard deployments[deployment].isAnywhere else { return zones[zone].nodes }
    return zones.filter { $0.cluster == zones[zone].cluster }.flatMap(\.nodes)
  }

  /// Makes and deletes pods until there are as many as wanted.
  func reconcile(_ deployment: Int) {
    guard clusters[cluster(ofDeployment: deployment)].isUp else { return }
    let wanted = deployments[deployment].replicas
    var active = deployments[deployment].pods.filter { pods[$0].isActive }
    while active.count < wanted { active.append(addPod(of: deployment)) }
    // Those furthest from being of use go first, then the youngest.
    if active.count > wanted {
      let leaving = active.enumerated().sorted { a, b in
        let (left, right) = (usefulness(a.element), usefulness(b.element))
        return left == right ? a.offset > b.offset : left < right
      }.prefix(active.count - wanted)
      for pod in leaving { terminate(pod.element) }
    }
    schedulePending()
  }

  private func usefulness(_ pod: Int) -> Int {
    pods[pod].node == nil ? 0 : pods[pod].isReady ? 2 : 1
  }

  @discardableResult
  func addPod(of deployment: Int) -> Int {
    let pod = pods.count
    pods.append(
      PodState(
        name: deployments[deployment].spec.name + "-" + nameSuffix(), deployment: deployment,
        startedAt: start))
    deployments[deployment].pods.append(pod)
    unplaced.append(pod)
    return pod
  }

  func address(ofPod pod: Int) -> String {
    let zone = deployments[pods[pod].deployment].zone
    return "10.\(zone % 200 + 20).\(pod / 250 % 250).\(pod % 250 + 1)"
  }

  /// Letters as Kubernetes makes names of: no vowels, so no words.
  private static let letters = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

  private func nameSuffix() -> String {
    String(unsafeUninitializedCapacity: 5) { bytes in
      for index in 0..<5 {
        bytes[index] = Self.letters[Int(random.below(Int64(Self.letters.count)))]
      }
      return 5
    }
  }

  // MARK: The scheduler

  /// Looks for nodes for all pods that have none, in the order in which they were made.
  func schedulePending() {
    for pod in unplaced where pods[pod].stage == .pending && !pods[pod].isTerminating {
      guard clusters[cluster(ofDeployment: pods[pod].deployment)].isUp else { continue }
      if place(pod) { startOnNode(pod) }
    }
    unplaced.removeAll { pods[$0].stage != .pending }
  }

  /// Binds a pod to a node of its zone that is ready in the API's eyes, schedulable and has room:
  /// one with the fewest pods of its Deployment, of several the first. False where there is none.
  func place(_ pod: Int) -> Bool {
    let deployment = pods[pod].deployment
    let needs = services[deployments[deployment].service].spec.needs
    let most = mostOnOneNode(deployment)
    var best: (node: Int, count: Int)?
    for node in nodes(for: deployment) {
      guard isSchedulable(node), admits(node, deployment), room(for: needs, on: nodes[node]) > 0
      else { continue }
      let count = count(of: deployment, on: node)
      guard count < most else { continue }
      if best.map({ count < $0.count }) ?? true { best = (node, count) }
    }
    guard let best else { return false }
    pods[pod].node = best.node
    nodes[best.node].pods.append(pod)
    nodes[best.node].free.take(needs)
    return true
  }

  /// Whether a node has the labels that a Deployment asks for, and no taint against it.
  private func admits(_ node: Int, _ deployment: Int) -> Bool {
    let spec = services[deployments[deployment].service].spec
    return nodes[node].labels.match(spec.nodeLabels)
      && (!nodes[node].isDedicated || spec.needs.gpu > 0)
  }

  private func count(of deployment: Int, on node: Int) -> Int {
    nodes[node].pods.count { pods[$0].deployment == deployment && pods[$0].isActive }
  }

  /// How many pods of a Deployment its spread constraint and anti-affinity allow on one node.
  private func mostOnOneNode(_ deployment: Int) -> Int {
    let spec = services[deployments[deployment].service].spec
    let most = spec.apart ? 1 : Int.max
    guard let skew = spec.skew else { return most }
    let countsAll = Published.countsLostNodes(
      minor: clusters[cluster(ofDeployment: deployment)].minor)
    let counts = nodes(for: deployment)
      .filter { admits($0, deployment) && (countsAll || isSchedulable($0)) }.map {
        count(of: deployment, on: $0)
      }
    return min(most, (counts.min() ?? 0) + skew)
  }

  /// How many pods of that size a node takes yet.
  func room(for size: SimulatedCluster.Size, on node: NodeState) -> Int64 {
    max(0, min(node.free.holds(size), Published.podsPerNode - Int64(node.pods.count)))
  }

  func isSchedulable(_ node: Int) -> Bool {
    nodes[node].isReady && !nodes[node].isCordoned && nodes[node].taintedAt == nil
  }

  // MARK: The end of pods

  /// Takes a pod out of service and stops it.
  func terminate(_ pod: Int) {
    pods[pod].isTerminating = true
    markReady(false, pod)
    // What stops in order is out of service before it stops.
    if isOnLiveNode(pod) { pods[pod].isRouted = false }
    guard let node = pods[pod].node else { return forget(pod) }
    guard nodes[node].isAlive, hearsPlane(node) else { return }
    stopInOrder(pod)
  }

  /// The kubelet of its node stops a pod.
  func stopInOrder(_ pod: Int) {
    let grace = services[deployments[pods[pod].deployment].service].spec.grace
    later(.stopped(pod: pod), after: min(grace, Self.stopTime))
  }

  private func forget(_ pod: Int) {
    pods[pod].stage = .gone
    deployments[pods[pod].deployment].pods.removeAll { $0 == pod }
  }

  /// The kubelet says that a pod has stopped.
  func finishStop(_ pod: Int, _ event: WorldEvent) {
    guard pods[pod].stage != .gone, let node = pods[pod].node, nodes[node].isAlive,
      reachesAPI(from: node, event)
    else { return }
    forget(pod)
    nodes[node].pods.removeAll { $0 == pod }
    nodes[node].free.give(services[deployments[pods[pod].deployment].service].spec.needs)
    schedulePending()
  }
}

extension SimulatedCluster.Size {
  /// How many of that size fit.
  func holds(_ size: Self) -> Int64 {
    let rooms = [(cpuMillis, size.cpuMillis), (memory, size.memory), (gpu, size.gpu)]
    return rooms.reduce(Published.podsPerNode) { fitting, room in
      room.1 > 0 ? min(fitting, max(0, room.0) / room.1) : fitting
    }
  }

  mutating func take(_ size: Self) {
    cpuMillis -= size.cpuMillis
    memory -= size.memory
    gpu -= size.gpu
  }

  mutating func give(_ size: Self) {
    cpuMillis += size.cpuMillis
    memory += size.memory
    gpu += size.gpu
  }
}
