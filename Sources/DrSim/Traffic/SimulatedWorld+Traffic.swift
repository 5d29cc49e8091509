// SPDX-License-Identifier: Apache-2.0
//
// Where requests go. A front shares them out to the zones that it takes to be well by weight
// (`SimulatedWorld+Health`) and, in a mesh, to replicas that do not rest (`+Outliers`); within a zone they go to the pods that kube-proxy has learnt of. What
// reaches a pod that does not serve, or a zone without pods, fails.

import DrRun

extension SimulatedWorld {
  /// The share of a front's requests to a zone that is answered.
  private func answered(_ front: Int, in zone: Int) -> Double {
    let service = fronts[front].service
    var count = 0
    var inUse = 0
    var serving = 0
    var servingInUse = 0
    for deployment in services[service].deployments where deployments[deployment].zone == zone {
      for pod in deployments[deployment].pods where isRouted(pod, by: front) {
        count += 1
        let (answers, rests) = (serves(pod), isResting(pod, front))
        if answers { serving += 1 }
        if !rests { inUse += 1 }
        if answers, !rests { servingInUse += 1 }
      }
    }
    if panics(front, inUse: inUse, of: count) { (servingInUse, inUse) = (serving, count) }
    return inUse == 0 ? 0 : Double(servingInUse) / Double(inUse)
  }

  /// The shares that are effective now, by the zones of the front: resolvers ask evenly over time, so
  /// what they answer is the mean of what was answered to them over the last TTL.
  func effectiveShares(_ front: Int) -> [Double] {
    let answers = fronts[front].answers
    let ttl = fronts[front].ttl
    guard ttl > 0, answers.count > 1 else { return answers.last?.shares ?? [] }
    let first = now.advanced(by: -ttl)
    var sums = [Double](repeating: 0, count: fronts[front].spec.zones.count)
    for (index, answer) in answers.enumerated() {
      let from = max(answer.at, first)
      let until = index + 1 < answers.count ? answers[index + 1].at : now
      // What was answered before the first change was answered for long.
      let length = until.nanoseconds - (index == 0 ? first : from).nanoseconds
      guard length > 0 else { continue }
      for zone in sums.indices { sums[zone] += answer.shares[zone] * Double(length) }
    }
    return sums.map { $0 / Double(ttl) }
  }

  /// How fast they change, a nanosecond.
  private func slopes(_ front: Int) -> [Double] {
    let answers = fronts[front].answers
    let ttl = fronts[front].ttl
    guard ttl > 0, answers.count > 1, let latest = answers.last,
      let forgotten = answers.last(where: { $0.at <= now.advanced(by: -ttl) }) ?? answers.first
    else { return [Double](repeating: 0, count: fronts[front].spec.zones.count) }
    return zip(latest.shares, forgotten.shares).map { ($0 - $1) / Double(ttl) }
  }

  /// Publishes new weights, in units of 1e-9, by the zones of the front; their sum is positive.
  func setWeights(_ weights: [Int64], of front: Int) {
    fronts[front].published = weights
    publish(front)
  }

  /// Lets the weights take effect, without the zones that are out.
  func publish(_ front: Int) {
    fronts[front].answers.append((now, wantedShares(front)))
    forgetAnswers(front)
    later(.weightsSettled(front: front), after: fronts[front].ttl)
  }

  /// Forgets what no resolver has any more.
  func forgetAnswers(_ front: Int) {
    let first = now.advanced(by: -fronts[front].ttl)
    let kept = fronts[front].answers.lastIndex { $0.at <= first } ?? 0
    fronts[front].answers.removeFirst(kept)
  }

  /// Shares by the published weights of the zones that are not out; of all where none is in; nothing where none has any.
  func wantedShares(_ front: Int) -> [Double] {
    let published = fronts[front].published.map(Double.init)
    let well = zip(published, fronts[front].isOut).map { $1 ? 0 : $0 }
    let weights = well.contains { $0 > 0 } ? well : published
    let total = weights.reduce(0, +)
    return weights.map { total > 0 ? $0 / total : 0 }
  }

  /// Takes down how services fare from now on. It comes after every event, so it allocates nothing.
  func recordAvailability() {
    for front in fronts.indices {
      watchZones(front)
      watchReplicas(front)
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
    } else if case .nginx = fronts[front].spec.kind {
      let shares = effectiveShares(front)
      let places = shares.indices.filter { shares[$0] > 0 }
      let entries = severed.isEmpty ? [] : entries(fronts[front].zones)
      value =
        entries.isEmpty
        ? answeredInTurn(front, places)
        : entries.reduce(0) { $0 + answeredInTurn(front, places, from: $1) }
          / Double(entries.count)
    } else if fronts[front].isSettled {
      value = answered(front, by: fronts[front].answers[0].shares)
    } else {
      value = answered(front, by: effectiveShares(front))
      slope = answered(front, by: slopes(front))
    }
    fronts[front].success.turn(at: now, value: value, slope: slope)
  }

  private func answered(_ front: Int, by shares: [Double]) -> Double {
    var sum = 0.0
    for index in fronts[front].zones.indices {
      guard let zone = fronts[front].zones[index] else { continue }
      guard isInTime(front, zone) else { continue }
      sum += shares[index] * answered(front, in: zone) * reach(front, zone)
    }
    return sum
  }

  /// The share that is answered where a request that gets no connection in one zone goes to the next
  /// (`proxy_next_upstream error timeout`): a zone without pods, one whose node is gone or whose
  /// container does not listen yet. A process that hangs takes the connection.
  private func answeredInTurn(_ front: Int, _ left: [Int], from entry: Int? = nil) -> Double {
    let shares = effectiveShares(front)
    let total = left.reduce(0) { $0 + shares[$1] }
    guard total > 0 else { return 0 }
    return left.reduce(0) { sum, index in
      let routed = routedPods(of: fronts[front].service, in: fronts[front].zones[index])
      let count = Double(max(routed.count, 1))
      let zone = fronts[front].zones[index]
      let isThere = entry.flatMap { entry in zone.map { connects(entry, $0) } } ?? true
      let isFast = zone.map { isInTime(front, $0) } ?? true
      let answered = isThere && isFast ? Double(routed.count { serves($0) }) / count : 0
      let taken =
        isThere
        ? Double(routed.count { takesAndFails($0) || !isFast && serves($0) }) / count : 0
      let unconnected = max(0, 1 - answered - taken)
      let later =
        unconnected > 0 ? answeredInTurn(front, left.filter { $0 != index }, from: entry) : 0
      return sum + shares[index] / total * (answered + unconnected * later)
    }
  }

  /// Whether it takes a connection but does not answer the request.
  private func takesAndFails(_ pod: Int) -> Bool {
    isOnLiveNode(pod) && (isMute(pod) || pods[pod].stage == .up && pods[pod].engine.isAsleep)
  }

  func routedPods(of service: Int, in zone: Int?) -> [Int] {
    services[service].deployments.filter { deployments[$0].zone == zone }
      .flatMap { deployments[$0].pods }.filter { pods[$0].isRouted }
  }

  /// The share that is answered where requests are shared out to all ready pods, as a Service without
  /// a front does; of a federated one to those of the cluster that it was moved to, once some are ready.
  private func answeredByReady(_ service: Int) -> Double {
    let places = services[service].deployments.map { deployments[$0].zone }
    let entries = severed.isEmpty ? [] : entries(places)
    var ready = 0
    var answering = 0.0
    let isMoved = services[service].deployments.contains { deployment in
      deployments[deployment].isAnywhere
        && deployments[deployment].pods.contains { pods[$0].isRouted }
    }
    for deployment in services[service].deployments
    where !isMoved || !deployments[deployment].isLeft {
      let zone = deployments[deployment].zone
      let share =
        entries.isEmpty
        ? 1 : Double(entries.count { connects($0, zone) }) / Double(entries.count)
      for pod in deployments[deployment].pods where pods[pod].isRouted {
        ready += 1
        if serves(pod) { answering += share }
      }
    }
    return ready == 0 ? 0 : answering / Double(ready)
  }

  private func recordAvailability(ofService service: Int) {
    var serving = 0
    for deployment in services[service].deployments {
      for pod in deployments[deployment].pods where takesRequests(pod) && serves(pod) {
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

  /// The same of those that are not declared elsewhere; they come first.
  var ownSummaries: [ServiceSummary] {
    zip(summaries, services).filter { !clusters[$1.cluster].isElsewhere }.map(\.0)
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
