// SPDX-License-Identifier: Apache-2.0
//
// Weights that several replicas read from one store at once: each as fast as it can, as long as that
// is no more than its even part of what the store can send.

import DrRun

extension SimulatedWorld {
  /// Begins to read a pod's weights from a store, or over a network, that has a limit; false where
  /// there is none.
  func beginLoad(_ pod: Int) -> Bool {
    let service = deployments[pods[pod].deployment].service
    let store = bandwidth(ofStoreFor: service)
    guard let weights = spec(ofPod: pod).weights, weights.loadRate > 0, !keepsWeights(pod),
      store != nil || isSlow(pod)
    else { return false }
    loads.append(
      LoadState(
        pod: pod, epoch: pods[pod].epoch, service: service, bandwidth: store ?? .max,
        missing: Double(weights.size), since: now))
    return true
  }

  private func bandwidth(ofStoreFor service: Int) -> Int64? {
    clusters[services[service].cluster].dependencies.filter {
      $0.kind == .modelStore && $0.service == services[service].spec.label
    }.compactMap(\.bandwidth).min()
  }

  /// Shares the bandwidth out anew where readers have come or gone.
  func shareBandwidth() {
    loads.removeAll { !isCurrent($0.pod, $0.epoch) || pods[$0.pod].isTerminating }
    for index in loads.indices {
      let readers = loads.count { $0.service == loads[index].service }
      let fair = Double(loads[index].bandwidth) / Double(readers)
      let left = zones[deployments[pods[loads[index].pod].deployment].zone].bandwidth
      let rate = Double(spec(ofPod: loads[index].pod).weights?.loadRate ?? 0)
      let most = left == Share.whole ? rate : rate * Double(left) / Double(Share.whole)
      let speed = min(fair, most)
      guard speed != loads[index].speed else { continue }
      let passed = Double(now.nanoseconds - loads[index].since.nanoseconds) / Double(Second.one)
      loads[index].missing = max(0, loads[index].missing - loads[index].speed * passed)
      loads[index].since = now
      loads[index].speed = speed
      loads[index].change += 1
      let length = min(loads[index].missing / speed * Double(Second.one), 9e18).rounded()
      later(
        .loaded(
          pod: loads[index].pod, epoch: loads[index].epoch, change: loads[index].change),
        after: Int64(length))
    }
  }

  // MARK: Slow networks

  private func isSlow(_ pod: Int) -> Bool {
    zones[deployments[pods[pod].deployment].zone].bandwidth < Share.whole
  }

  /// How long a pull takes by way of a node's network.
  func slowed(_ length: Int64, by node: Int) -> Int64 {
    let left = zones[nodes[node].zone].bandwidth
    guard left < Share.whole else { return length }
    return Int64(min(Double(length) / Double(left) * Double(Share.whole), 9e18))
  }

  /// The bandwidth of a zone has changed: what is being read there without a limit gets one, from where
  /// it is.
  func meterLoads(in zone: Int) {
    for deployment in deployments where deployment.zone == zone {
      for pod in deployment.pods where pods[pod].stage == .starting && isOnLiveNode(pod) {
        meterLoad(pod)
      }
    }
  }

  private func meterLoad(_ pod: Int) {
    let spec = spec(ofPod: pod)
    guard let weights = spec.weights, weights.loadRate > 0, !pods[pod].isStarved,
      !keepsWeights(pod),
      !loads.contains(where: { $0.pod == pod && $0.epoch == pods[pod].epoch })
    else { return }
    let passed = Double(now.nanoseconds - pods[pod].startedAt.nanoseconds) / Double(Second.one)
    let missing = Double(weights.size) - passed * Double(weights.loadRate)
    let patient = spec.startup ?? spec.live
    let deadline = patient.map {
      ProbeTiming(probe: $0, startedAt: pods[pod].startedAt).failure(from: pods[pod].startedAt)
    }
    // What warms up, or waits for its next start, reads nothing.
    guard missing > 0, deadline.map({ $0 > now }) ?? true else { return }
    pods[pod].epoch += 1
    loads.append(
      LoadState(
        pod: pod, epoch: pods[pod].epoch, service: service(ofPod: pod), bandwidth: .max,
        missing: missing, since: now))
    if let deadline { later(.startFailed(pod: pod, epoch: pods[pod].epoch), at: deadline) }
  }

  func finishLoad(_ pod: Int, _ epoch: Int, _ change: Int) {
    let found = loads.firstIndex { $0.pod == pod && $0.epoch == epoch && $0.change == change }
    guard let found else { return }
    loads.remove(at: found)
    later(.up(pod: pod, epoch: epoch), after: spec(ofPod: pod).weights?.warmUp ?? 0)
  }
}
