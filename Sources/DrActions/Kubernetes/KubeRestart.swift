// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Replaces the pods of a workload one after the other, as `kubectl rollout restart` does: by an
/// annotation of the pod template. Its value is the act's key, so that of several copies of the act
/// only the first restarts anything.
struct KubeRestart: Act {
  static let name = "kube.restart"
  private static let annotation = "dr/restarted-by"
  private let workload: KubeWorkload
  private let key: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    workload = try KubeWorkload(arguments)
    key = arguments.call.key
  }

  private func isRestarted(_ object: Document) -> Bool {
    let annotations = object["spec"]?["template"]?["metadata"]?["annotations"]
    return annotations?[Self.annotation]?.stringValue == key
  }

  func observe() -> Flow<Observation> {
    workload.look().then { object in
      if object["spec"]?["paused"]?.boolValue == true {
        return .failure(.refused("cannot restart \(workload.target): its rollout is paused"))
      }
      return .value(
        Observation(
          target: workload.target, changes: isRestarted(object) ? [] : ["pods replaced"],
          permissions: workload.permissions,
          state: ["uid": object["metadata"]?["uid"] ?? .null], result: .null))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    send(uid: observed.state["uid"]?.stringValue, attempt: 1)
  }

  private func send(uid: String?, attempt: Int) -> Flow<Document> {
    workload.look().then { object in
      guard object["metadata"]?["uid"]?.stringValue == uid,
        let version = object["metadata"]?["resourceVersion"]?.stringValue
      else {
        return .failure(.refused("\(workload.target) was replaced by another of the same name"))
      }
      if isRestarted(object) { return .value(.null) }
      let annotations: Document = ["annotations": .object(.init([(Self.annotation, .string(key))]))]
      let patch = DocumentObject([("spec", ["template": ["metadata": annotations]])])
      return workload.kube.patch(workload.path, resourceVersion: version, patch).then { reply in
        if reply.isSuccess { return .value(.null) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(reply.changeFailure("restart \(workload.target)"))
        }
        return send(uid: uid, attempt: attempt + 1)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    workload.look().map { isRestarted($0) ? .done(.null) : .notDone }
  }
}
