// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// One object of any kind, as a call names it: by group, version, resource, namespace and name.
struct KubeObjectPlace {
  let kube: KubeClient
  let path: KubePath
  /// `deployments/web in shop`
  let target: String
  /// `deployments.apps in shop`, as permissions end.
  let permission: String
  /// Whether what it holds is secret.
  let isSecret: Bool

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    let namespace = try arguments.string("namespace")
    let name = try arguments.text("name")
    let group = try arguments.string("group")
    let resource = try arguments.text("resource")
    path = KubePath(
      group: group, version: try arguments.text("version"), namespace: namespace, resource, name)
    let suffix = namespace.isEmpty ? "" : " in \(namespace)"
    target = "\(resource)/\(name)\(suffix)"
    isSecret = group.isEmpty && resource == "secrets"
    permission = resource + (group.isEmpty ? "" : ".\(group)") + suffix
  }

  func look() -> Flow<Document> { kube.document(path, target) }
}
