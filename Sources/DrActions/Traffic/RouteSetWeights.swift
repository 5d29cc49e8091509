// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets the weights of a route's zones; zones that are not named get none. Weights are whole percents
/// that make 100, of which a share above 0% keeps one at least.
struct RouteSetWeights: Act {
  static let name = "route.set_weights"
  private let route: RouteClient
  private let weights: [(zone: String, value: Int64)]
  private let lastZone: LastZone

  init(_ arguments: Arguments) throws(WorldFailure) {
    route = try RouteClient(arguments)
    lastZone = try LastZone(arguments)
    let given = try arguments.percents("weights")
    let target = route.target
    for (name, value) in given where value > 0 {
      guard route.targets.contains(where: { $0.zone == name }) else {
        throw .refused("\(target) goes to no zone \(name)")
      }
    }
    var weights = route.targets.map { zone, _ in
      let percent = given.first { $0.name == zone }?.value ?? 0
      let rounded = (percent + Unit.percent / 2) / Unit.percent
      return (zone: zone, value: percent > 0 ? max(1, rounded) : 0)
    }
    guard let largest = weights.indices.max(by: { weights[$0].value < weights[$1].value }),
      weights[largest].value > 0
    else { throw .refused("\(target) would be left without any weight") }
    // What rounding took or gave; Istio wants 100 in all.
    weights[largest].value += 100 - weights.reduce(0) { $0 + $1.value }
    guard weights[largest].value > 0 else {
      throw arguments.mismatch("weights", "shares that make 100% together")
    }
    self.weights = weights
  }

  private func isSet(_ now: Route) -> Bool { now.weights.map(\.value) == weights.map(\.value) }

  func observe() -> Flow<Observation> {
    route.read().then { found in
      let changes = zip(found.weights, weights).filter { $0.value != $1.value }.map {
        "weight of \($0.zone) \($0.value) → \($1.value)"
      }
      let drain = Drain(
        zip(found.weights, weights).map { ($0.zone, $0.value > 0, $1.value > 0) })
      let looked = lastZone.isAtStake(drain) ? [RouteHealth.permission(route.namespace)] : []
      let observation = Observation(
        target: route.target, changes: changes, permissions: route.permissions + looked,
        state: ["resource_version": .string(found.resourceVersion)], result: found.percents)
      return lastZone.guarding(
        drain, observation, look: RouteHealth(client: route, route: found).look)
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    route.read().then { send($0, attempt: 1) }.map { observed.result }
  }

  private func send(_ found: Route, attempt: Int) -> Flow<Void> {
    if isSet(found) { return .value(()) }
    let patch = DocumentObject([
      ("spec", .object(DocumentObject([(route.kind.rules, .array(found.rules(with: weights)))])))
    ])
    return route.kube.patch(route.path, resourceVersion: found.resourceVersion, patch).then {
      reply in
      if reply.isSuccess { return .value(()) }
      guard reply.status == 409, attempt < KubeConflict.attempts else {
        return .failure(reply.changeFailure("patch \(route.target)"))
      }
      return route.read().then { send($0, attempt: attempt + 1) }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    route.read().map { isSet($0) ? .done(observed.result) : .notDone }
  }
}
