// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The HorizontalPodAutoscaler of a workload, as far as it would undo a change of replicas.
struct KubeAutoscaler: Equatable {
  /// `v2`, `v2beta2` or `v1` of autoscaling.
  let version: String
  let name: String
  let resourceVersion: String
  let minReplicas: Int64
  let maxReplicas: Int64
  /// What `minReplicas` was before `dr` first raised it, so that lowering again restores it and
  /// does not leave the service pinned at its old size.
  let minReplicasBefore: Int64?

  /// Where that is kept, on the HorizontalPodAutoscaler itself.
  static let annotation = "dr-min-replicas-before"

  init?(version: String, _ object: Document) {
    guard let name = object["metadata"]?["name"]?.stringValue,
      let resourceVersion = object["metadata"]?["resourceVersion"]?.stringValue,
      let maximum = object["spec"]?["maxReplicas"]?.intValue
    else { return nil }
    self.version = version
    self.name = name
    self.resourceVersion = resourceVersion
    minReplicas = object["spec"]?["minReplicas"]?.intValue ?? 1
    maxReplicas = maximum
    minReplicasBefore = object["metadata"]?["annotations"]?[Self.annotation]?.stringValue
      .flatMap { Int64($0) }
  }

  static func path(_ version: String, in namespace: String, _ name: String? = nil) -> KubePath {
    KubePath(
      group: "autoscaling", version: version, namespace: namespace, "horizontalpodautoscalers",
      name)
  }

  /// The one whose `scaleTargetRef` is the workload. Versions: v2 since 1.23, v2beta2 until 1.25,
  /// v1 always.
  static func find(
    _ kube: KubeClient, of workload: ScalableWorkload,
    versions: [String] = ["v2", "v2beta2", "v1"]
  ) -> Flow<KubeAutoscaler?> {
    guard let version = versions.first else { return .value(nil) }
    let namespace = workload.namespace
    return kube.get(path(version, in: namespace), [.init("limit", "500")]).then { reply in
      if reply.status == 404 {
        return find(
          kube, of: workload, versions: Array(versions.dropFirst()))
      }
      return reply.document("list horizontalpodautoscalers in \(namespace)").map { list in
        let items = list["items"]?.arrayValue ?? []
        let target = items.first { item in
          let target = item["spec"]?["scaleTargetRef"]
          return target?["kind"]?.stringValue == workload.kind.rawValue
            && target?["name"]?.stringValue == workload.name
        }
        return target.flatMap { KubeAutoscaler(version: version, $0) }
      }
    }
  }

  /// What `minReplicas` must become for `replicas` to last; `nil` where it can stay. With no
  /// replicas at all autoscaling is off, whatever the minimum says.
  func minimum(for replicas: Int64) -> Int64? {
    if replicas == 0 { return nil }
    if minReplicas < replicas { return replicas }
    if minReplicas > replicas { return min(minReplicasBefore ?? replicas, replicas) }
    return nil
  }

  /// The merge patch that sets it and keeps, or drops, the memory of what it was.
  func patch(minimum: Int64) -> DocumentObject {
    let memory: Document =
      minimum < minReplicas
      ? .null : .string(String(minReplicasBefore ?? minReplicas))
    let metadata: Document = ["annotations": .object(DocumentObject([(Self.annotation, memory)]))]
    return DocumentObject([
      ("metadata", metadata), ("spec", ["minReplicas": .int(minimum)]),
    ])
  }
}
