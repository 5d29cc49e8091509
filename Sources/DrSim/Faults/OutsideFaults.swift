// SPDX-License-Identifier: Apache-2.0
//
// What services lean on, and it is gone: API servers, registries, stores of models, fronts.

import DrBase
import DrRun

/// No API server answers for so many nanoseconds, and no controller works.
struct ApiServerOutage: FaultKind {
  static let kind = "api_server_outage"
  static let isPaired = true
  let lasting: Int64

  init(lasting: Int64) { self.lasting = lasting }
  init(_ facts: FaultFacts) { lasting = facts.int("lasting") ?? 0 }

  var text: String { "no API server answers for \(Words.duration(lasting))" }
  var mendedText: String { "the API servers answer again" }
  func bounded(to length: Int64) -> Self { Self(lasting: length) }

  func strike(_ world: SimulatedWorld) {
    for cluster in world.clusters.indices where !world.clusters[cluster].isElsewhere {
      let until = world.now.advanced(by: lasting)
      world.clusters[cluster].closedUntil = max(world.clusters[cluster].closedUntil ?? until, until)
      world.refreshControlPlane(cluster)
      world.later(.controlPlaneBack(cluster: cluster), at: until)
    }
  }
  func mend(_ world: SimulatedWorld) {
    for cluster in world.clusters.indices where !world.clusters[cluster].isElsewhere {
      world.clusters[cluster].closedUntil = nil
      world.refreshControlPlane(cluster)
    }
  }

  func source(_ names: FaultNames) -> String {
    "lose_api_server(\(names.cluster), for: \(Words.duration(lasting)))"
  }
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    [Self(lasting: Exploration.apiServerOutage)]
  }
}

/// Nothing is got any more from what services need to start: images of a registry, weights of a store.
struct DependencyOutage: FaultKind {
  static let kind = "dependency_outage"
  let name: String

  init(name: String) { self.name = name }
  init(_ facts: FaultFacts) throws(Diagnostic) {
    name = facts.text("name")
    let isKnown = facts.cluster.dependencies.contains { $0.name == facts.text("name") }
    guard isKnown else {
      throw Diagnostic(
        .unsupportedTarget,
        "the simulated world does not know what \(facts.text("service")) needs \(facts.text("name")) for",
        at: facts.span, help: "it knows registries and stores of models: kind = \"registry\"")
    }
  }

  var text: String { "\(name) is gone" }
  var mendedText: String { "\(name) is back" }

  func strike(_ world: SimulatedWorld) { world.lostDependencies.append(name) }
  func mend(_ world: SimulatedWorld) {
    world.lostDependencies.removeAll { $0 == name }
    world.feedStarved()
  }

  func source(_ names: FaultNames) -> String { "fail(\(names.dependency(name)))" }
  func mendedSource(_ names: FaultNames) -> String { "restore(\(names.dependency(name)))" }
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    var found: [Self] = []
    for dependency in cluster.dependencies where !found.contains(Self(name: dependency.name)) {
      found.append(Self(name: dependency.name))
    }
    return found
  }
}

/// What runs a front is gone: it answers nothing.
struct FrontOutage: FaultKind {
  static let kind = "front_outage"
  let name: String

  init(name: String) { self.name = name }
  init(_ facts: FaultFacts) throws(Diagnostic) {
    name = facts.text("name")
    guard facts.cluster.fronts.contains(where: { $0.label == facts.text("name") }) else {
      throw facts.unknown(
        "the cluster \(facts.cluster.label) has no front \"\(facts.text("name"))\"")
    }
  }

  var text: String { "the front \(name) is gone" }
  var mendedText: String { "the front \(name) is back" }

  func strike(_ world: SimulatedWorld) { set(true, world) }
  func mend(_ world: SimulatedWorld) { set(false, world) }
  private func set(_ isGone: Bool, _ world: SimulatedWorld) {
    for front in world.fronts.indices where world.fronts[front].spec.label == name {
      world.fronts[front].isGone = isGone
    }
  }

  func source(_ names: FaultNames) -> String { "lose_front(\(names.front(name)))" }
  /// Nothing is left to explore where the only front is gone: `dr prove` says so.
  static func alone(in cluster: SimulatedCluster) -> [Self] { [] }
}
