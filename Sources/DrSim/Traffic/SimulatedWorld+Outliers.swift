// SPDX-License-Identifier: Apache-2.0
//
// Envoy's outlier detection as Istio sets it. Each zone's subset is a cluster of its own to the proxy. A
// replica that fails so many requests in a row rests at once, where not too many do already, and comes
// back at the first look after its time. All clients are seen as one proxy, which shares their requests
// out evenly.

import DrRun

extension SimulatedWorld {
  func isResting(_ pod: Int, _ front: Int) -> Bool {
    fronts[front].outliers.contains { $0.pod == pod && $0.restsSince != nil }
  }

  /// Whether so few replicas of a subset are in use that all get requests again.
  func panics(_ front: Int, inUse: Int, of count: Int) -> Bool {
    guard case .mesh(_, let rule) = fronts[front].spec.kind else { return false }
    return Int64(inUse) * Share.whole < rule.panic * Int64(count)
  }

  /// Notes which replicas fail from now on, and lets those rest that may.
  func watchReplicas(_ front: Int) {
    guard case .mesh(_, let rule) = fronts[front].spec.kind, !fronts[front].spec.isStandby else {
      return
    }
    fronts[front].outliers.removeAll { !pods[$0.pod].isRouted }
    let shares = effectiveShares(front)
    for index in shares.indices {
      let replicas = routedPods(of: fronts[front].service, in: fronts[front].zones[index])
      for pod in replicas {
        note(pod, front, rule, shares[index], replicas)
      }
      for pod in replicas { beginRest(pod, front, rule, replicas) }
    }
  }

  private func outlier(_ pod: Int, _ front: Int) -> Int? {
    fronts[front].outliers.firstIndex { $0.pod == pod }
  }

  private func note(
    _ pod: Int, _ front: Int, _ rule: OutlierDetection, _ share: Double, _ replicas: [Int]
  ) {
    let isFailing = share > 0 && !serves(pod)
    let known = outlier(pod, front)
    guard isFailing || known != nil else { return }
    let number = known ?? fronts[front].outliers.count
    if known == nil { fronts[front].outliers.append(OutlierState(pod: pod)) }
    var state = fronts[front].outliers[number]
    // What rests gets no requests.
    guard state.restsSince == nil, state.isFailing != isFailing else { return }
    state.isFailing = isFailing
    state.isDue = false
    state.finding += 1
    fronts[front].outliers[number] = state
    guard isFailing else { return }
    let service = services[fronts[front].service]
    let clients = service.fronts.count { !fronts[$0].spec.isStandby }
    let inUse = replicas.count { !isResting($0, front) }
    let rate = service.spec.requestsPerSecond * share / Double(clients * inUse)
    guard rate > 0 else { return }
    let sending = Double(rule.errors) / rate * Double(Second.one)
    // A node or a process that is silent lets requests wait; a container that does not listen refuses
    // them.
    let isSilent = isMute(pod) || !isOnLiveNode(pod)
    later(
      .outlierFound(front: front, pod: pod, finding: state.finding),
      after: Second.sum(Int64(min(sending, 1e18)), isSilent ? rule.timeout : 0))
  }

  func findOutlier(_ front: Int, _ pod: Int, _ finding: Int) {
    guard let number = outlier(pod, front), fronts[front].outliers[number].finding == finding else {
      return
    }
    fronts[front].outliers[number].isDue = true
  }

  /// Ejects a replica that is due where that leaves enough of its subset.
  private func beginRest(_ pod: Int, _ front: Int, _ rule: OutlierDetection, _ replicas: [Int]) {
    guard let number = outlier(pod, front), fronts[front].outliers[number].isDue else { return }
    let resting = replicas.count { isResting($0, front) }
    let isFirst = rule.ejectsOneAtLeast && resting == 0
    guard isFirst || Int64(resting + 1) * Share.whole <= rule.most * Int64(replicas.count) else {
      return
    }
    var state = fronts[front].outliers[number]
    // Every look takes one away of what is in use, but not that at which it came back.
    let looks = state.returnedAt.map { (now.nanoseconds - $0.nanoseconds) / rule.interval } ?? 0
    state.backoff = max(0, state.backoff - looks) + 1
    state.isDue = false
    state.isFailing = false
    state.restsSince = now
    state.finding += 1
    let rest = min(
      Second.product(rule.rest, state.backoff), max(rule.rest, Published.longestRest))
    let end = Second.sum(now.nanoseconds - start.nanoseconds, rest)
    let look = Second.sum(end, rule.interval - 1) / rule.interval * rule.interval
    later(
      .outlierReturns(front: front, pod: pod, finding: state.finding),
      at: start.advanced(by: look))
    fronts[front].outliers[number] = state
  }

  func endRest(_ front: Int, _ pod: Int, _ finding: Int) {
    guard let number = outlier(pod, front), fronts[front].outliers[number].finding == finding else {
      return
    }
    fronts[front].outliers[number].restsSince = nil
    fronts[front].outliers[number].returnedAt = now
  }
}
