// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets the weights of a Gslb's geo tags; tags that are not named lose theirs. Weights are whole
/// percents, of which a share above 0% keeps one at least.
///
/// The k8gb of each cluster answers DNS by its own Gslb, so the same weights are set in all of them. A cluster that
/// does not answer, as a lost zone's, is left out, and the observation says so; where all the others are set, the act
/// has succeeded.
struct GslbSetWeights: Act {
  static let name = "gslb.set_weights"
  private let gslb: GslbClient
  private let weights: [(name: String, value: Int64)]
  /// The cluster of each geo tag, where that is not the Gslb's own.
  private let clusters: [(tag: String, cluster: String)]
  private let lastZone: LastZone

  /// The Gslb of one cluster, or why there is nothing to be set.
  private typealias Reading = (client: GslbClient, found: Result<Gslb, WorldFailure>)

  init(_ arguments: Arguments) throws(WorldFailure) {
    gslb = try GslbClient(arguments)
    clusters = try GslbClient.clusters(arguments)
    lastZone = try LastZone(arguments)
    weights = try arguments.percents("weights").map { name, percent in
      let rounded = (percent + Unit.percent / 2) / Unit.percent
      return (name, percent > 0 ? max(1, rounded) : 0)
    }
    guard weights.contains(where: { $0.value > 0 }) else {
      throw .refused("\(gslb.target) would be published without any weight")
    }
  }

  private var clients: [GslbClient] { gslb.inEach(clusters.map(\.cluster)) }

  /// By geo tag: what it is and what it is to become; tags that keep their weight are left out.
  private func changes(
    _ now: Gslb, to weights: [(name: String, value: Int64)]
  ) -> [(name: String, old: Int64?, new: Int64?)] {
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

  private func look(_ client: GslbClient) -> Flow<Gslb> {
    client.read().then { check($0, client) }
  }

  private func check(_ found: Gslb, _ client: GslbClient) -> Flow<Gslb> {
    found.strategy.lowercased() == "roundrobin"
      ? .value(found)
      : .failure(
        .refused("\(client.target) has strategy \(found.strategy), which looks at no weights"))
  }

  /// Reads one cluster after the other. Fails where one refuses, for then nothing is to be set anywhere, and where none
  /// has a Gslb that can be read.
  private func read(_ rest: ArraySlice<GslbClient>, _ known: [Reading] = []) -> Flow<[Reading]> {
    guard let client = rest.first else {
      let failures = known.compactMap { reading -> WorldFailure? in
        if case .failure(let failure) = reading.found { failure } else { nil }
      }
      if failures.count < known.count { return .value(known) }
      return .failure(failures.first ?? .refused("\(gslb.target) is in no cluster"))
    }
    return client.find().otherwise { failure in
      switch failure {
      case .unreachable, .busy: .value(.failure(failure))
      case .refused, .inDoubt, .held, .unavailable: .failure(failure)
      }
    }.then { (found: Result<Gslb, WorldFailure>) in
      switch found {
      case .success(let gslb): check(gslb, client).map { _ in found }
      case .failure: .value(found)
      }
    }.then { read(rest.dropFirst(), known + [(client, $0)]) }
  }

  // MARK: Observing

  func observe() -> Flow<Observation> {
    read(clients[...]).then { readings in
      let living = readings.compactMap { reading -> (client: GslbClient, gslb: Gslb)? in
        if case .success(let gslb) = reading.found { (reading.client, gslb) } else { nil }
      }
      guard let first = living.first?.gslb else {
        return .failure(.refused("\(gslb.target) is in no cluster"))
      }
      let observation = Observation(
        target: gslb.target, changes: readings.flatMap { text($0, of: readings.count) },
        permissions: permissions(living.map(\.gslb)),
        state: [
          "resource_version": .string(first.resourceVersion),
          "left_out": .array(
            readings.compactMap { reading in
              if case .failure = reading.found { .string(reading.client.kube.cluster) } else { nil }
            }),
        ], result: first.percents)
      return lastZone.guarding(drain(living.map(\.gslb)), observation) { zones in
        SeenHealth.ofEach(zones[...]) { .value(health(of: $0, readings)) }
      }
    }
  }

  /// What is to become of one cluster's Gslb, as lines for people.
  private func text(_ reading: Reading, of count: Int) -> [String] {
    let place = count == 1 ? "" : "in \(reading.client.kube.cluster): "
    func text(_ weight: Int64?) -> String { weight.map { "\($0)" } ?? "none" }
    switch reading.found {
    case .success(let found):
      return changes(found, to: weights).map {
        "\(place)weight of \($0.name) \(text($0.old)) → \(text($0.new))"
      }
    case .failure(let failure):
      return ["\(reading.client.kube.cluster) is left out: \(failure.message)"]
    }
  }

  private func permissions(_ found: [Gslb]) -> [String] {
    var groups: [String] = []
    for gslb in found where !groups.contains(gslb.group) { groups.append(gslb.group) }
    return groups.flatMap { group in
      ["get", "patch"].map { "\($0) gslbs.\(group) in \(gslb.namespace)" }
    }
  }

  /// A tag has a share as long as one of the clusters gives it one.
  private func drain(_ found: [Gslb]) -> Drain {
    let names = found.flatMap { $0.weights.map(\.name) } + weights.map(\.name)
    return Drain(
      names.enumerated().filter { index, name in !names[..<index].contains(name) }.map { _, name in
        (
          name, found.contains { $0.weights.contains { $0.name == name && $0.value > 0 } },
          weights.contains { $0.name == name && $0.value > 0 }
        )
      })
  }

  /// What the k8gb of a geo tag's own cluster says of it.
  private func health(of tag: String, _ readings: [Reading]) -> SeenHealth {
    let cluster = clusters.first { $0.tag == tag }?.cluster ?? gslb.kube.cluster
    guard let reading = readings.first(where: { $0.client.kube.cluster == cluster }) else {
      return .unknown("its cluster \(cluster) was not asked")
    }
    switch reading.found {
    case .success(let found): return found.health(of: tag)
    // A cluster that does not say is no reason against what may be done.
    case .failure(let failure):
      return .unknown("its cluster \(cluster) does not say: \(failure.message)")
    }
  }

  // MARK: Acting

  /// Those in which it is set: what was left out when it was looked is not waited for again.
  private func participants(_ observed: Observation) -> [GslbClient] {
    let leftOut = (observed.state["left_out"]?.arrayValue ?? []).compactMap(\.stringValue)
    return clients.filter { !leftOut.contains($0.kube.cluster) }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    set(participants(observed)[...]).map { observed.result }
  }

  /// Sets one cluster after the other. Where one refuses, those before it get back what they had, for else clusters
  /// would publish different weights. Where one does not answer, the others are set, and reading back decides.
  private func set(
    _ rest: ArraySlice<GslbClient>, before: [(client: GslbClient, gslb: Gslb)] = [],
    doubt: WorldFailure? = nil
  ) -> Flow<Void> {
    guard let client = rest.first else {
      guard let doubt else { return .value(()) }
      return .failure(before.isEmpty ? doubt : .inDoubt(doubt.message))
    }
    return look(client).then { found in
      send(found, to: client, weights, attempt: 1).map { found }
    }.map { Result<Gslb, WorldFailure>.success($0) }.otherwise { .value(.failure($0)) }
      .then { outcome in
        switch outcome {
        case .success(let found):
          set(rest.dropFirst(), before: before + [(client, found)], doubt: doubt)
        case .failure(.refused(let why)):
          restore(before[...], after: doubt == nil ? .refused(why) : .inDoubt(why))
        case .failure(.inDoubt(let why)):
          set(rest.dropFirst(), before: before, doubt: .inDoubt(why))
        case .failure(let failure): set(rest.dropFirst(), before: before, doubt: doubt ?? failure)
        }
      }
  }

  private func restore(
    _ rest: ArraySlice<(client: GslbClient, gslb: Gslb)>, after failure: WorldFailure
  ) -> Flow<Void> {
    guard let last = rest.last else { return .failure(failure) }
    return look(last.client).then {
      send($0, to: last.client, last.gslb.weights, attempt: 1)
    }.otherwise { second in
      .failure(
        .inDoubt(
          "\(failure.message); what \(last.client.kube.cluster) had could not be set again: "
            + second.message))
    }.then { restore(rest.dropLast(), after: failure) }
  }

  private func send(
    _ found: Gslb, to client: GslbClient, _ weights: [(name: String, value: Int64)], attempt: Int
  ) -> Flow<Void> {
    let changes = changes(found, to: weights)
    if changes.isEmpty { return .value(()) }
    let weight = DocumentObject(changes.map { ($0.name, $0.new.map(Document.int) ?? .null) })
    let patch = DocumentObject([("spec", ["strategy": ["weight": .object(weight)]])])
    return client.kube.patch(
      client.path(found.group), resourceVersion: found.resourceVersion, patch
    ).then { reply in
      if reply.isSuccess { return .value(()) }
      guard reply.status == 409, attempt < KubeConflict.attempts else {
        return .failure(reply.changeFailure("patch \(client.target)"))
      }
      return look(client).then { send($0, to: client, weights, attempt: attempt + 1) }
    }
  }

  /// Read back from each cluster; what has died meanwhile publishes nothing more, and is left out.
  func settle(_ observed: Observation) -> Flow<Settlement> {
    read(participants(observed)[...]).map { readings in
      let isSet = readings.allSatisfy { reading in
        guard case .success(let found) = reading.found else { return true }
        return changes(found, to: weights).isEmpty
      }
      return isSet ? .done(observed.result) : .notDone
    }
  }
}
