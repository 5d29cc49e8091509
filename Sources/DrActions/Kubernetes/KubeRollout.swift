// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// How far the rollout of a workload is: done when the controller has seen the newest version and
/// all pods are of it and available; stalled when a Deployment's progress deadline is over.
struct KubeRollout: Read {
  static let name = "kube.rollout"
  private let workload: KubeWorkload

  init(_ arguments: Arguments) throws(WorldFailure) {
    workload = try KubeWorkload(arguments)
  }

  func read() -> Flow<Document> { workload.look().map(progress) }

  private func progress(_ object: Document) -> Document {
    let spec = object["spec"]
    let status = object["status"]
    func count(_ name: String) -> Int64 { status?[name]?.intValue ?? 0 }
    let isSeen =
      count("observedGeneration") >= (object["metadata"]?["generation"]?.intValue ?? 0)
    let desired: Int64
    let updated: Int64
    let available: Int64
    var isDone = isSeen
    switch workload.kind {
    case .deployment:
      desired = spec?["replicas"]?.intValue ?? 1
      updated = count("updatedReplicas")
      available = count("availableReplicas")
      isDone = isDone && count("replicas") == updated
    case .statefulSet:
      let partition = spec?["updateStrategy"]?["rollingUpdate"]?["partition"]?.intValue ?? 0
      desired = spec?["replicas"]?.intValue ?? 1
      updated = count("updatedReplicas") + min(partition, desired)
      available = count("readyReplicas")
      let isOneRevision =
        status?["updateRevision"] == status?["currentRevision"] || partition > 0
      isDone = isDone && isOneRevision
    case .daemonSet:
      desired = count("desiredNumberScheduled")
      updated = count("updatedNumberScheduled")
      available = count("numberAvailable")
    }
    isDone = isDone && updated >= desired && available >= desired
    let isStalled = (status?["conditions"]?.arrayValue ?? []).contains { condition in
      condition["type"]?.stringValue == "Progressing"
        && condition["reason"]?.stringValue == "ProgressDeadlineExceeded"
    }
    return [
      "done": .bool(isDone), "stalled": .bool(isSeen && isStalled), "desired": .int(desired),
      "updated": .int(updated), "available": .int(available),
    ]
  }
}
