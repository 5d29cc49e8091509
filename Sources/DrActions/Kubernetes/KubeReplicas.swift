// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The replicas of a Deployment, or of what else scales, once its controller has seen the newest specification: before
/// that, the counts in `status` speak of an older one.
struct KubeReplicas: Read {
  static let name = "kube.replicas"
  private let kube: KubeClient
  private let workload: ScalableWorkload

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    workload = try ScalableWorkload(arguments)
  }

  func read() -> Flow<Document> { look(attempt: 1) }

  private func look(attempt: Int) -> Flow<Document> {
    kube.document(workload.path(), workload.what).then { object in
      let status = object["status"]
      guard workload.hasCaughtUp(object) else {
        let generation = object["metadata"]?["generation"]?.intValue ?? 0
        guard attempt < 20 else {
          return .failure(
            .busy(
              "\(workload.what): its controller has not caught up with generation \(generation)"))
        }
        return .sleep(nanoseconds: 500 * Unit.millisecond) { look(attempt: attempt + 1) }
      }
      func count(_ name: String) -> Document { .int(status?[name]?.intValue ?? 0) }
      return .value([
        "desired": .int(object["spec"]?["replicas"]?.intValue ?? 1),
        "ready": count("readyReplicas"),
        "updated": count("updatedReplicas"),
        "available": count("availableReplicas"),
      ])
    }
  }
}
