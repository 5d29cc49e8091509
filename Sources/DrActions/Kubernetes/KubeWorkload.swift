// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A Deployment, StatefulSet or DaemonSet.
struct KubeWorkload {
  enum Kind: String {
    case deployment = "Deployment"
    case statefulSet = "StatefulSet"
    case daemonSet = "DaemonSet"

    var resource: String { rawValue.lowercased() + "s" }
  }

  let kube: KubeClient
  let kind: Kind
  let namespace: String
  let name: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    guard let kind = Kind(rawValue: try arguments.string("kind")) else {
      throw arguments.mismatch("kind", "\"Deployment\", \"StatefulSet\" or \"DaemonSet\"")
    }
    self.kind = kind
    namespace = try arguments.text("namespace")
    name = try arguments.text("name")
  }

  var path: KubePath {
    KubePath(group: "apps", version: "v1", namespace: namespace, kind.resource, name)
  }

  var target: String { "\(kind.resource)/\(name) in \(namespace)" }

  var permissions: [String] {
    ["get \(kind.resource).apps in \(namespace)", "patch \(kind.resource).apps in \(namespace)"]
  }

  func look() -> Flow<Document> { kube.document(path, target) }
}
