// SPDX-License-Identifier: Apache-2.0
//
// What fronts make of a zone in which nothing is ready: HAProxy checks the zone itself, k8gb looks at
// the endpoints in the API. A zone is out, or in again, once as many checks in a row have found it so.

import DrRun

extension SimulatedWorld {
  /// Takes out what is not well from the beginning, and sets the first shares.
  func beginFront(_ front: Int) {
    let count = fronts[front].spec.zones.count
    fronts[front].isOut = (0..<count).map { !isWell(front, $0) }
    fronts[front].findings = [Int](repeating: 0, count: count)
    fronts[front].isFinding = [Bool](repeating: false, count: count)
    fronts[front].answers = [(start, wantedShares(front))]
  }

  /// Whether a front's own checks find a zone well.
  private func isWell(_ front: Int, _ index: Int) -> Bool {
    guard fronts[front].spec.watchesZones else { return true }
    guard let zone = fronts[front].zones[index] else { return false }
    return switch fronts[front].spec.kind {
    case .haproxy: isCheckedWell(front, zone, within: Published.haproxyCheck.timeout)
    case .checkedDNS(_, _, let check): isCheckedWell(front, zone, within: check.timeout)
    case .gslb: hasPod(fronts[front].service, in: zone) { pods[$0].isRouted }
    case .route, .mesh, .picker, .nginx: true
    }
  }

  private func isCheckedWell(_ front: Int, _ zone: Int, within timeout: Int64) -> Bool {
    zones[zone].latency < timeout
      && hasPod(fronts[front].service, in: zone) {
        isRouted($0, by: front) && answersChecks($0)
      }
  }

  func hasPod(_ service: Int, in zone: Int, where isMeant: (Int) -> Bool) -> Bool {
    services[service].deployments.contains {
      deployments[$0].zone == zone && deployments[$0].pods.contains(where: isMeant)
    }
  }

  /// Notes what checks will find from now on; what does not last is forgotten.
  func watchZones(_ front: Int) {
    for index in fronts[front].spec.zones.indices {
      let isNews = isWell(front, index) == fronts[front].isOut[index]
      if isNews == fronts[front].isFinding[index] { continue }
      fronts[front].isFinding[index] = isNews
      fronts[front].findings[index] += 1
      if isNews { awaitJudgement(front, index) }
    }
  }

  private func awaitJudgement(_ front: Int, _ index: Int) {
    later(
      .frontJudges(front: front, zone: index, finding: fronts[front].findings[index]),
      after: judgementDelay(front, isOut: fronts[front].isOut[index]))
  }

  private func judgementDelay(_ front: Int, isOut: Bool) -> Int64 {
    switch fronts[front].spec.kind {
    case .gslb: return untilNextRound(of: Published.gslbRound)
    case .haproxy:
      let check = Published.haproxyCheck
      let first = untilNextRound(of: check.every)
      return isOut
        ? first + (check.rise - 1) * check.every
        : first + (check.fall - 1) * check.every + check.timeout
    case .checkedDNS(_, _, let check):
      return untilNextRound(of: check.every) + (check.failures - 1) * check.every + check.timeout
    case .route, .mesh, .picker, .nginx: return 0
    }
  }

  /// Rounds are counted from the beginning of the world.
  private func untilNextRound(of length: Int64) -> Int64 {
    length - (now.nanoseconds - start.nanoseconds) % length
  }

  func judge(_ front: Int, _ index: Int, _ finding: Int) {
    guard fronts[front].findings[index] == finding, fronts[front].isFinding[index] else { return }
    if case .gslb = fronts[front].spec.kind, !clusters[services[fronts[front].service].cluster].isUp
    {
      return awaitJudgement(front, index)
    }
    fronts[front].isOut[index].toggle()
    fronts[front].isFinding[index] = false
    publish(front)
  }
}
