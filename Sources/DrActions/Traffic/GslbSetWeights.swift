// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets the weights of a Gslb's geo tags; tags that are not named lose theirs. Weights are whole
/// percents, of which a share above 0% keeps one at least.
struct GslbSetWeights: Act {
  static let name = "gslb.set_weights"
  private let gslb: GslbClient
  private let weights: [(name: String, value: Int64)]
  /// The cluster of each geo tag, where that is not the Gslb's own.
  private let clusters: [(tag: String, cluster: String)]
  private let lastZone: LastZone

  init(_ arguments: Arguments) throws(WorldFailure) {
    gslb = try GslbClient(arguments)
    lastZone = try LastZone(arguments)
    weights = try arguments.percents("weights").map { name, percent in
      let rounded = (percent + Unit.percent / 2) / Unit.percent
      return (name, percent > 0 ? max(1, rounded) : 0)
    }
    clusters = try (arguments.call.arguments["clusters"]?.objectValue?.members ?? []).map {
      member throws(WorldFailure) in
      guard let cluster = member.value.stringValue else {
        throw arguments.mismatch("clusters", "an Object of clusters by geo tag")
      }
      return (member.name, cluster)
    }
    guard weights.contains(where: { $0.value > 0 }) else {
      throw .refused("\(gslb.target) would be published without any weight")
    }
  }

  /// By geo tag: what it is and what it is to become; tags that keep their weight are left out.
  private func changes(_ now: Gslb) -> [(name: String, old: Int64?, new: Int64?)] {
    var changes: [(name: String, old: Int64?, new: Int64?)] = []
    for (name, value) in weights {
      let old = now.weights.first { $0.name == name }?.value
      if old != value { changes.append((name, old, value)) }
    }
    for (name, value) in now.weights where !weights.contains(where: { $0.name == name }) {
      changes.append((name, value, nil))
    }
    return changes
  }

  private func look() -> Flow<Gslb> {
    gslb.read().then { found in
      found.strategy.lowercased() == "roundrobin"
        ? .value(found)
        : .failure(
          .refused("\(gslb.target) has strategy \(found.strategy), which looks at no weights"))
    }
  }

  func observe() -> Flow<Observation> {
    look().then { found in
      func text(_ weight: Int64?) -> String { weight.map { "\($0)" } ?? "none" }
      let observation = Observation(
        target: gslb.target,
        changes: changes(found).map { "weight of \($0.name) \(text($0.old)) → \(text($0.new))" },
        permissions: [
          "get gslbs.\(found.group) in \(gslb.namespace)",
          "patch gslbs.\(found.group) in \(gslb.namespace)",
        ],
        state: ["resource_version": .string(found.resourceVersion)], result: found.percents)
      let names = found.weights.map(\.name) + weights.map(\.name)
      let drain = Drain(
        names.enumerated().filter { index, name in !names[..<index].contains(name) }.map {
          _, name in
          (
            name, found.weights.contains { $0.name == name && $0.value > 0 },
            weights.contains { $0.name == name && $0.value > 0 }
          )
        })
      return lastZone.guarding(drain, observation) { zones in
        SeenHealth.ofEach(zones[...]) { health(of: $0, found) }
      }
    }
  }

  /// What the k8gb of a geo tag's own cluster says of it.
  private func health(of tag: String, _ found: Gslb) -> Flow<SeenHealth> {
    guard let cluster = clusters.first(where: { $0.tag == tag })?.cluster,
      cluster != gslb.kube.cluster
    else { return .value(found.health(of: tag)) }
    return gslb.in(cluster).read().map { $0.health(of: tag) }
      // A cluster that does not say is no reason against what may be done.
      .otherwise { .value(.unknown("its cluster \(cluster) does not say: \($0.message)")) }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    look().then { send($0, attempt: 1) }.map { observed.result }
  }

  private func send(_ found: Gslb, attempt: Int) -> Flow<Void> {
    let changes = changes(found)
    if changes.isEmpty { return .value(()) }
    let weight = DocumentObject(changes.map { ($0.name, $0.new.map(Document.int) ?? .null) })
    let patch = DocumentObject([("spec", ["strategy": ["weight": .object(weight)]])])
    return gslb.kube.patch(
      gslb.path(found.group), resourceVersion: found.resourceVersion, patch
    ).then { reply in
      if reply.isSuccess { return .value(()) }
      guard reply.status == 409, attempt < KubeConflict.attempts else {
        return .failure(reply.changeFailure("patch \(gslb.target)"))
      }
      return look().then { send($0, attempt: attempt + 1) }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    look().map { changes($0).isEmpty ? .done(observed.result) : .notDone }
  }
}
