// SPDX-License-Identifier: Apache-2.0
//
// Weights that several replicas read from one store at once: each as fast as it can, as long as that
// is no more than its even part of what the store can send.

import DrRun

extension SimulatedWorld {
  /// Begins to read a pod's weights from a store that has a limit; false where there is none.
  func beginLoad(_ pod: Int) -> Bool {
    let service = deployments[pods[pod].deployment].service
    guard let weights = spec(ofPod: pod).weights, weights.loadRate > 0, !keepsWeights(pod),
      let bandwidth = bandwidth(ofStoreFor: service)
    else { return false }
    loads.append(
      LoadState(
        pod: pod, epoch: pods[pod].epoch, service: service, bandwidth: bandwidth,
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
      let most = Double(spec(ofPod: loads[index].pod).weights?.loadRate ?? 0)
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

  func finishLoad(_ pod: Int, _ epoch: Int, _ change: Int) {
    let found = loads.firstIndex { $0.pod == pod && $0.epoch == epoch && $0.change == change }
    guard let found else { return }
    loads.remove(at: found)
    later(.up(pod: pod, epoch: epoch), after: spec(ofPod: pod).weights?.warmUp ?? 0)
  }
}
