// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The nodes that a selector matches.
struct KubeNodes: Read {
  static let name = "kube.nodes"
  private let kube: KubeClient
  private let selector: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    selector = try arguments.selector("selector")
  }

  func read() -> Flow<Document> {
    kube.list(KubePath(version: "v1", "nodes"), KubePod.query(selector)) { KubeNode($0).document }
      .map(Document.array)
  }
}

/// What runbooks and arithmetic need of a Node object.
struct KubeNode {
  let object: Document

  init(_ object: Document) { self.object = object }

  var name: String { object["metadata"]?["name"]?.stringValue ?? "" }
  var isReady: Bool { KubeCondition.holds("Ready", object) }
  var isCordoned: Bool { object["spec"]?["unschedulable"]?.boolValue ?? false }

  /// Not cordoned and without a taint that the node controller sets on sick nodes. Taints of
  /// people's own, such as those of GPU nodes, are for the pods to tolerate.
  var isSchedulable: Bool {
    let taints = object["spec"]?["taints"]?.arrayValue ?? []
    let isSick = taints.contains { taint in
      let key = taint["key"]?.stringValue ?? ""
      let effect = taint["effect"]?.stringValue
      return key.hasPrefix("node.kubernetes.io/") && effect != "PreferNoSchedule"
    }
    return !isCordoned && !isSick
  }

  var document: Document {
    ["name": .string(name), "ready": .bool(isReady), "schedulable": .bool(isSchedulable)]
  }
}
