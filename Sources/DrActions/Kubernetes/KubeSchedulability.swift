// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// `spec.unschedulable` of a node, which cordon and uncordon set.
struct KubeSchedulability {
  let kube: KubeClient
  let node: String
  let cordoned: Bool

  init(kube: KubeClient, node: String, cordoned: Bool) {
    self.kube = kube
    self.node = node
    self.cordoned = cordoned
  }

  init(_ arguments: Arguments, cordoned: Bool) throws(WorldFailure) {
    kube = try arguments.kube()
    node = try arguments.text("node")
    self.cordoned = cordoned
  }

  private var what: String { "node \(node)" }

  func observe() -> Flow<Observation> {
    kube.document(.node(node), what).map { object in
      let isCordoned = KubeNode(object).isCordoned
      return Observation(
        target: "nodes/\(node)",
        changes: isCordoned == cordoned ? [] : [cordoned ? "cordoned" : "uncordoned"],
        permissions: ["get nodes", "patch nodes"],
        state: [
          "cordoned": .bool(isCordoned),
          "resource_version": .string(
            object["metadata"]?["resourceVersion"]?.stringValue ?? ""),
        ],
        result: .bool(isCordoned))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    let version = observed.state["resource_version"]?.stringValue ?? ""
    let isCordoned = observed.state["cordoned"]?.boolValue ?? false
    return set(version, isCordoned, attempt: 1).map { observed.result }
  }

  /// Looks, and changes it where it is not so yet.
  func set() -> Flow<Void> { again(attempt: 1) }

  private func again(attempt: Int) -> Flow<Void> {
    kube.document(.node(node), what).then { object in
      set(
        object["metadata"]?["resourceVersion"]?.stringValue ?? "",
        KubeNode(object).isCordoned, attempt: attempt)
    }
  }

  private func set(_ version: String, _ isCordoned: Bool, attempt: Int) -> Flow<Void> {
    if isCordoned == cordoned { return .value(()) }
    let patch = DocumentObject([("spec", ["unschedulable": cordoned ? true : .null])])
    return kube.patch(.node(node), resourceVersion: version, patch).then { reply in
      if reply.isSuccess { return .value(()) }
      // The kubelet's status updates move the resourceVersion all the time.
      guard reply.status == 409, attempt < 2 * KubeConflict.attempts else {
        return .failure(reply.changeFailure("\(cordoned ? "cordon" : "uncordon") \(what)"))
      }
      return again(attempt: attempt + 1)
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    kube.document(.node(node), what).map { object in
      KubeNode(object).isCordoned == cordoned ? .done(observed.result) : .notDone
    }
  }
}
