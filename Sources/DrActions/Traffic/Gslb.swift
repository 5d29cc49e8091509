// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A k8gb Gslb, of group k8gb.io since v0.19 and k8gb.absa.oss before.
struct Gslb {
  let group: String
  let resourceVersion: String
  /// `spec.strategy.type`: only `roundRobin` looks at weights.
  let strategy: String
  /// `spec.strategy.weight` by geo tag.
  let weights: [(name: String, value: Int64)]
  /// `status.geoTag`: of the cluster that writes the status.
  private let geoTag: String?
  /// `status.serviceHealth` by host.
  private let services: [(host: String, health: String)]

  init(group: String, _ object: Document) {
    self.group = group
    resourceVersion = object["metadata"]?["resourceVersion"]?.stringValue ?? ""
    let strategy = object["spec"]?["strategy"]
    self.strategy = strategy?["type"]?.stringValue ?? ""
    let status = object["status"]
    geoTag = status?["geoTag"]?.stringValue
    services = (status?["serviceHealth"]?.objectValue?.members ?? []).compactMap { member in
      member.value.stringValue.map { (member.name, $0) }
    }
    weights = (strategy?["weight"]?.objectValue?.members ?? []).compactMap { member in
      member.value.intValue.map { (member.name, max(0, min($0, 1_000_000))) }
    }
  }

  /// What its status says of a geo tag: k8gb writes into it what it sees in its own cluster only.
  func health(of tag: String) -> SeenHealth {
    if let geoTag, !geoTag.isEmpty, geoTag != tag {
      return .unknown("the Gslb that was asked is of \(geoTag)")
    }
    guard !services.isEmpty else { return .unknown("its Gslb has no serviceHealth") }
    guard let sick = services.first(where: { $0.health != "Healthy" }) else { return .healthy }
    return .unhealthy("serviceHealth of \(sick.host) is \(sick.health)")
  }

  /// The share of each geo tag, in units of 1e-9.
  var percents: Document {
    let total = weights.reduce(0) { $0 + $1.value }
    guard total > 0 else { return .object(DocumentObject(weights.map { ($0.name, 0) })) }
    return .object(
      DocumentObject(weights.map { ($0.name, .int($0.value * Unit.wholePercent / total)) }))
  }
}

/// Where one Gslb lives.
struct GslbClient {
  private(set) var kube: KubeClient
  let namespace: String
  let name: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.text("namespace")
    name = try arguments.text("name")
  }

  var target: String { "gslbs/\(name) in \(namespace)" }

  /// The Gslb of the same name in each cluster, its own first.
  func inEach(_ clusters: [String]) -> [GslbClient] {
    var clients = [self]
    for cluster in clusters where !clients.contains(where: { $0.kube.cluster == cluster }) {
      var other = self
      other.kube = KubeClient(cluster: cluster, agent: kube.agent)
      clients.append(other)
    }
    return clients
  }

  /// The cluster of each geo tag, as a call names them.
  static func clusters(
    _ arguments: Arguments
  ) throws(WorldFailure) -> [(tag: String, cluster: String)] {
    try (arguments.call.arguments["clusters"]?.objectValue?.members ?? []).map {
      member throws(WorldFailure) in
      guard let cluster = member.value.stringValue else {
        throw arguments.mismatch("clusters", "an Object of clusters by geo tag")
      }
      return (member.name, cluster)
    }
  }

  func path(_ group: String) -> KubePath {
    KubePath(group: group, version: "v1beta1", namespace: namespace, "gslbs", name)
  }

  func read() -> Flow<Gslb> {
    find().then { found in
      switch found {
      case .success(let gslb): .value(gslb)
      case .failure(let absence): .failure(absence)
      }
    }
  }

  /// The same; why there is none is an answer, too.
  func find(
    groups: [String] = ["k8gb.io", "k8gb.absa.oss"], isKnown: Bool = false
  ) -> Flow<Result<Gslb, WorldFailure>> {
    guard let group = groups.first else {
      return .value(
        .failure(
          isKnown
            ? .refused("\(target) does not exist")
            : KubeClient.unknownKind(path("k8gb.io"), target)))
    }
    return kube.get(path(group)).then { reply in
      if reply.status == 404 {
        return find(
          groups: Array(groups.dropFirst()), isKnown: isKnown || !reply.isUnknownKind)
      }
      return reply.document("read \(target)").map { .success(Gslb(group: group, $0)) }
    }
  }
}
