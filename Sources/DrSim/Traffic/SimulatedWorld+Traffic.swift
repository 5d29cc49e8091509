// SPDX-License-Identifier: Apache-2.0
//
// Where requests go. A front shares them out to the zones that it takes to be well by weight
// (`SimulatedWorld+Health`); within a zone they go to the pods that kube-proxy has learnt of. What
// reaches a pod that does not serve, or a zone without pods, fails.

import DrRun

extension SimulatedWorld {
  /// The share of the requests to a service's pods in a zone that is answered.
  private func answered(_ service: Int, in zone: Int) -> Double {
    var ready = 0
    var serving = 0
    for deployment in services[service].deployments where deployments[deployment].zone == zone {
      for pod in deployments[deployment].pods where pods[pod].isRouted {
        ready += 1
        if serves(pod) { serving += 1 }
      }
    }
    return ready == 0 ? 0 : Double(serving) / Double(ready)
  }

  /// How far the latest change of weights has got, from 0 to 1: resolvers ask again evenly over the
  /// TTL.
  private func progress(_ front: Int) -> Double {
    let ttl = fronts[front].ttl
    guard ttl > 0 else { return 1 }
    return min(Double(now.nanoseconds - fronts[front].changedAt.nanoseconds) / Double(ttl), 1)
  }

  /// The shares that are effective now, by the zones of the front.
  func effectiveShares(_ front: Int) -> [Double] {
    let progress = progress(front)
    return zip(fronts[front].from, fronts[front].to).map { $0 + ($1 - $0) * progress }
  }

  /// Publishes new weights, in units of 1e-9, by the zones of the front; their sum is positive.
  func setWeights(_ weights: [Int64], of front: Int) {
    fronts[front].published = weights
    publish(front)
  }

  /// Lets the weights take effect, without the zones that are out.
  func publish(_ front: Int) {
    fronts[front].from = effectiveShares(front)
    fronts[front].to = wantedShares(front)
    fronts[front].changedAt = now
    later(.weightsSettled(front: front), after: fronts[front].ttl)
  }

  /// Shares by the published weights of the zones that are not out; of all where none is in.
  func wantedShares(_ front: Int) -> [Double] {
    let published = fronts[front].published.map(Double.init)
    let well = zip(published, fronts[front].isOut).map { $1 ? 0 : $0 }
    let weights = well.contains { $0 > 0 } ? well : published
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// Takes down how services fare from now on. It comes after every event, so it allocates nothing.
  func recordAvailability() {
    for front in fronts.indices {
      watchZones(front)
      recordAvailability(ofFront: front)
    }
    for service in services.indices { recordAvailability(ofService: service) }
    recordHistory()
  }

  private func recordAvailability(ofFront front: Int) {
    var value = 0.0
    var slope = 0.0
    if fronts[front].isGone {
      value = 0
    } else if case .picker = fronts[front].spec.kind {
      value = answeredByReady(fronts[front].service)
    } else {
      let progress = progress(front)
      let ttl = Double(fronts[front].ttl)
      for index in fronts[front].zones.indices {
        guard let zone = fronts[front].zones[index] else { continue }
        let answered = answered(fronts[front].service, in: zone)
        let from = fronts[front].from[index]
        let change = fronts[front].to[index] - from
        value += (from + change * progress) * answered
        if progress < 1 { slope += change * answered / ttl }
      }
    }
    fronts[front].success.turn(at: now, value: value, slope: slope)
  }

  /// The share that is answered where requests are shared out to all ready pods, as a Service without
  /// a front does.
  private func answeredByReady(_ service: Int) -> Double {
    var ready = 0
    var answering = 0
    for deployment in services[service].deployments {
      for pod in deployments[deployment].pods where pods[pod].isRouted {
        ready += 1
        if serves(pod) { answering += 1 }
      }
    }
    return ready == 0 ? 0 : Double(answering) / Double(ready)
  }

  private func recordAvailability(ofService service: Int) {
    var serving = 0
    for deployment in services[service].deployments {
      for pod in deployments[deployment].pods where pods[pod].isReady && serves(pod) {
        serving += 1
      }
    }
    var (count, value, slope) = (0.0, 0.0, 0.0)
    for front in services[service].fronts where !fronts[front].spec.isStandby {
      guard let piece = fronts[front].success.pieces.last else { continue }
      count += 1
      value += piece.value(at: now)
      slope += piece.slope
    }
    if count == 0 {
      services[service].success.turn(at: now, value: answeredByReady(service), slope: 0)
    } else {
      services[service].success.turn(at: now, value: value / count, slope: slope / count)
    }
    if let last = services[service].serving.last {
      if last.count == serving { return }
      if last.at == now { services[service].serving.removeLast() }
    }
    services[service].serving.append((now, serving))
  }

  /// Whether every service gives all that it promises now.
  package var isFullyServed: Bool {
    services.indices.allSatisfy { service in
      let serving = services[service].serving.last?.count ?? 0
      return serving >= services[service].spec.atLeast
        && services[service].success.value(at: now) >= ServiceSummary.fullSuccess
    }
  }

  /// How each service fared from the beginning up to now, in the order in which they were
  /// described.
  package var summaries: [ServiceSummary] {
    services.map { service in
      ServiceSummary(
        service.spec, success: service.success, serving: service.serving, from: start, until: now)
    }
  }
}
