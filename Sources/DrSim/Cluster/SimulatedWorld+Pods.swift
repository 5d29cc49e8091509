// SPDX-License-Identifier: Apache-2.0
//
// A pod on its way to an answer: image pull, load of the weights, warm-up, the first readiness
// check that holds. A container whose startup probe gives up begins again after a pause.

import DrRun

extension SimulatedWorld {
  func isCurrent(_ pod: Int, _ epoch: Int) -> Bool {
    pods[pod].epoch == epoch && pods[pod].stage != .gone && isOnLiveNode(pod)
  }

  func isOnLiveNode(_ pod: Int) -> Bool { pods[pod].node.map { nodes[$0].isAlive } ?? false }

  /// Whether it answers requests.
  func serves(_ pod: Int) -> Bool { isUp(pod) && pods[pod].engine == .runs }

  /// Whether it answers checks: those that generate need an engine, others only a process.
  func answersChecks(_ pod: Int) -> Bool {
    isUp(pod) && (pods[pod].engine == .runs || !spec(ofPod: pod).checksGenerate)
  }

  private func isUp(_ pod: Int) -> Bool {
    pods[pod].stage == .up && !isStopping(pod) && isOnLiveNode(pod)
  }

  /// Whether it is deleted and its kubelet knows.
  private func isStopping(_ pod: Int) -> Bool {
    pods[pod].isTerminating && (pods[pod].node.map(hearsPlane) ?? true)
  }

  /// Whether it takes a connection and says nothing.
  func isMute(_ pod: Int) -> Bool { pods[pod].stage == .hung || pods[pod].engine == .stalled }

  func service(ofPod pod: Int) -> Int { deployments[pods[pod].deployment].service }

  func spec(ofPod pod: Int) -> SimulatedCluster.Service { services[service(ofPod: pod)].spec }

  // MARK: Starting

  /// The kubelet of its node sees the pod; a dead one does when it is back.
  func startOnNode(_ pod: Int) {
    guard let node = pods[pod].node else { return }
    pods[pod].stage = .pulling
    pods[pod].epoch += 1
    pods[pod].isUnseen = !hearsPlane(node)
    guard nodes[node].isAlive, hearsPlane(node) else { return }
    let service = service(ofPod: pod)
    let hasImage = nodes[node].images.contains(services[service].spec.image)
    pods[pod].isStarved = !hasImage && !answers(.registry, service, from: nodes[node].zone)
    guard !pods[pod].isStarved else { return }
    let pull = hasImage ? 0 : slowed(clusters[cluster(ofNode: node)].imagePull, by: node)
    later(.pulled(pod: pod, epoch: pods[pod].epoch), after: pull)
  }

  func noteImage(of pod: Int) {
    guard let node = pods[pod].node else { return }
    let image = services[service(ofPod: pod)].spec.image
    if !nodes[node].images.contains(image) { nodes[node].images.append(image) }
  }

  func noteWeights(of pod: Int) {
    guard let node = pods[pod].node,
      let model = services[service(ofPod: pod)].spec.weights?.model
    else { return }
    if !nodes[node].weights.contains(model) { nodes[node].weights.append(model) }
  }

  func startContainer(_ pod: Int) {
    noteImage(of: pod)
    let service = service(ofPod: pod)
    let (startup, ready) = (services[service].spec.startup, services[service].spec.ready)
    pods[pod].stage = .starting
    pods[pod].engine = .runs
    pods[pod].startedAt = now
    pods[pod].epoch += 1
    let epoch = pods[pod].epoch
    // Without a readiness probe a container that runs counts as ready.
    if ready == nil, startup == nil { later(.ready(pod: pod, epoch: epoch), at: now) }
    pods[pod].isStarved = lacksWeights(pod)
    let isShared = !pods[pod].isStarved && beginLoad(pod)
    let up = now.advanced(by: services[service].spec.weights?.startTime ?? 0)
    if let patient = startup ?? services[service].spec.live {
      let deadline = ProbeTiming(probe: patient, startedAt: now).failure(from: now)
      if pods[pod].isStarved || isShared || deadline < up || startup != nil && isHanging(pod) {
        later(.startFailed(pod: pod, epoch: epoch), at: deadline)
        if !isShared { return }
      }
    }
    if !pods[pod].isStarved, !isShared { later(.up(pod: pod, epoch: epoch), at: up) }
  }

  private func lacksWeights(_ pod: Int) -> Bool {
    guard services[service(ofPod: pod)].spec.weights != nil else { return false }
    let deployment = deployments[pods[pod].deployment]
    return !keepsWeights(pod)
      && !answers(.modelStore, deployment.service, from: deployment.zone)
  }

  /// Whether a pod finds its weights on its node.
  func keepsWeights(_ pod: Int) -> Bool {
    guard let weights = services[service(ofPod: pod)].spec.weights, let node = pods[pod].node else {
      return false
    }
    return weights.isCached && nodes[node].weights.contains(weights.model)
  }

  /// What could not get its image or its weights tries again.
  func feedStarved() {
    let starved = deployments.flatMap(\.pods).filter { pods[$0].isStarved && isOnLiveNode($0) }
    for pod in starved.sorted() {
      switch pods[pod].stage {
      case .pulling: startOnNode(pod)
      case .starting: startContainer(pod)
      case .pending, .up, .hung, .gone: break
      }
    }
  }

  private func isHanging(_ pod: Int) -> Bool {
    let deployment = pods[pod].deployment
    return services[deployments[deployment].service].hangsIn.contains(deployments[deployment].zone)
  }

  func becomeUp(_ pod: Int) {
    guard !isHanging(pod) else {
      // A startup check that never holds ends it when its time is over.
      if spec(ofPod: pod).startup == nil { pods[pod].stage = .hung }
      return
    }
    pods[pod].stage = .up
    pods[pod].failedStarts = 0
    noteWeights(of: pod)
    let service = service(ofPod: pod)
    var ready = now
    for probe in [services[service].spec.startup, services[service].spec.ready] {
      guard let probe else { continue }
      ready = ProbeTiming(probe: probe, startedAt: pods[pod].startedAt).firstCheck(from: ready)
    }
    later(.ready(pod: pod, epoch: pods[pod].epoch), at: ready)
  }

  func failStart(_ pod: Int) {
    guard pods[pod].stage == .starting else { return }
    pods[pod].epoch += 1
    later(
      .restart(pod: pod, epoch: pods[pod].epoch),
      after: Published.restartPause(failures: pods[pod].failedStarts))
    pods[pod].failedStarts += 1
  }

  /// The kubelet writes what a check has shown.
  func setReady(_ isReady: Bool, _ pod: Int, _ epoch: Int, _ event: WorldEvent) {
    guard isCurrent(pod, epoch), !pods[pod].isTerminating, let node = pods[pod].node,
      reachesAPI(from: node, event)
    else { return }
    markReady(isReady, pod)
  }

  /// Writes whether a pod is ready; what sends requests learns of it a little later.
  func markReady(_ isReady: Bool, _ pod: Int) {
    guard pods[pod].isReady != isReady else { return }
    pods[pod].isReady = isReady
    pods[pod].readyChanges += 1
    later(
      .routed(pod: pod, change: pods[pod].readyChanges),
      after: Published.endpointLag.least + random.below(chance.endpoints))
  }

  func route(_ pod: Int, _ change: Int) {
    guard pods[pod].readyChanges == change else { return }
    pods[pod].isRouted = pods[pod].isReady && pods[pod].isActive
  }

  // MARK: Mishaps

  /// Its node has lost power and has it again.
  func reboot(_ pod: Int) {
    pods[pod].epoch += 1
    pods[pod].wasReady = false
    markReady(false, pod)
    if pods[pod].isTerminating {
      later(.stopped(pod: pod), after: Self.nodeReturn)
    } else if pods[pod].stage == .pulling {
      startOnNode(pod)
    } else {
      pods[pod].stage = .starting
      later(.restart(pod: pod, epoch: pods[pod].epoch), after: Self.nodeReturn)
    }
  }

  func hang(_ service: Int, inZoneLabelled label: String?) {
    for deployment in services[service].deployments {
      let zone = deployments[deployment].zone
      guard label == nil || zones[zone].label == label else { continue }
      services[service].hangsIn.append(zone)
      for pod in deployments[deployment].pods where pods[pod].stage == .up {
        pods[pod].stage = .hung
        pods[pod].epoch += 1
        guard let probe = services[service].spec.ready else { continue }
        let timing = ProbeTiming(probe: probe, startedAt: pods[pod].startedAt)
        later(.unready(pod: pod, epoch: pods[pod].epoch), at: timing.failure(from: now))
      }
    }
  }

  /// Processes that hang go on from where they were.
  func unhang(_ service: Int, inZoneLabelled label: String?) {
    for deployment in services[service].deployments {
      let zone = deployments[deployment].zone
      guard label == nil || zones[zone].label == label else { continue }
      services[service].hangsIn.removeAll { $0 == zone }
      for pod in deployments[deployment].pods where pods[pod].stage == .hung {
        pods[pod].epoch += 1
        becomeUp(pod)
      }
    }
  }
}

extension SimulatedCluster.Weights {
  /// From the start of a container to its first token, in nanoseconds.
  var startTime: Int64 {
    guard loadRate > 0 else { return warmUp }
    let seconds = Double(size) / Double(loadRate)
    let load = Int64(min(seconds * Double(Second.one), 9e18).rounded())
    return Second.sum(load, warmUp)
  }
}
