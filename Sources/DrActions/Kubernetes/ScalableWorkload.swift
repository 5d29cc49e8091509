// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What has replicas that its `scale` subresource sets.
struct ScalableWorkload {
  enum Kind: String, CaseIterable {
    case deployment = "Deployment"
    case statefulSet = "StatefulSet"
    case replicaSet = "ReplicaSet"
    case leaderWorkerSet = "LeaderWorkerSet"
    case rollout = "Rollout"

    var resource: String { rawValue.lowercased() + "s" }

    var group: String {
      switch self {
      case .deployment, .statefulSet, .replicaSet: "apps"
      case .leaderWorkerSet: "leaderworkerset.x-k8s.io"
      case .rollout: "argoproj.io"
      }
    }

    var version: String { self == .rollout ? "v1alpha1" : "v1" }
  }

  let kind: Kind
  let namespace: String
  let name: String

  /// Without `kind`, a Deployment.
  init(_ arguments: Arguments) throws(WorldFailure) {
    let word = try arguments.optionalString("kind") ?? Kind.deployment.rawValue
    guard let kind = Kind(rawValue: word) else {
      throw arguments.mismatch(
        "kind", Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
    }
    self.kind = kind
    namespace = try arguments.text("namespace")
    name = try arguments.text("name")
  }

  /// For people: `deployment web in shop`.
  var what: String { "\(kind.rawValue.lowercased()) \(name) in \(namespace)" }

  var target: String { "\(kind.resource)/\(name) in \(namespace)" }

  func path(_ subresource: String? = nil) -> KubePath {
    KubePath(
      group: kind.group, version: kind.version, namespace: namespace, kind.resource, name,
      subresource)
  }

  /// `patch deployments.apps/scale in web`
  func permission(_ verb: String, _ subresource: String = "") -> String {
    "\(verb) \(kind.resource).\(kind.group)\(subresource) in \(namespace)"
  }

  /// Whether the counts in `status` speak of the newest specification.
  func hasCaughtUp(_ object: Document) -> Bool {
    let generation = object["metadata"]?["generation"]?.intValue ?? 0
    let observed = object["status"]?["observedGeneration"]
    switch kind {
    case .deployment, .statefulSet, .replicaSet: return observed?.intValue ?? 0 >= generation
    // Argo writes it as a text.
    case .rollout: return observed?.stringValue.flatMap { Int64($0) } ?? 0 >= generation
    // It does not say.
    case .leaderWorkerSet: return true
    }
  }
}
