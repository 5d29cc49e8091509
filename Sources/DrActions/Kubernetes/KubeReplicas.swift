// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The replicas of a Deployment, once its controller has seen the newest specification: before
/// that, the counts in `status` speak of an older one.
struct KubeReplicas: Read {
  static let name = "kube.replicas"
  private let kube: KubeClient
  private let namespace: String
  private let deployment: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.text("namespace")
    deployment = try arguments.text("name")
  }

  func read() -> Flow<Document> { look(attempt: 1) }

  private func look(attempt: Int) -> Flow<Document> {
    let what = "deployment \(deployment) in \(namespace)"
    return kube.document(.deployment(deployment, in: namespace), what).then { object in
      let status = object["status"]
      let generation = object["metadata"]?["generation"]?.intValue ?? 0
      guard status?["observedGeneration"]?.intValue ?? 0 >= generation else {
        guard attempt < 20 else {
          return .failure(
            .busy("\(what): its controller has not caught up with generation \(generation)"))
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
