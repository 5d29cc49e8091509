// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The pods that a selector matches, without those being deleted.
struct KubePods: Read {
  static let name = "kube.pods"
  private let kube: KubeClient
  private let namespace: String
  private let selector: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.optionalString("namespace") ?? ""
    selector = try arguments.selector("selector")
  }

  func read() -> Flow<Document> {
    kube.list(.pods(in: namespace), KubePod.query(selector)) { item in
      let pod = KubePod(item)
      return pod.isBeingDeleted ? nil : pod.document
    }.map(Document.array)
  }
}

/// What runbooks and arithmetic need of a Pod object.
struct KubePod {
  let object: Document

  init(_ object: Document) { self.object = object }

  static func query(_ selector: String) -> [KubernetesRequest.QueryItem] {
    selector.isEmpty ? [] : [.init("labelSelector", selector)]
  }

  var isBeingDeleted: Bool { object["metadata"]?["deletionTimestamp"]?.stringValue != nil }
  var name: String { object["metadata"]?["name"]?.stringValue ?? "" }
  var namespace: String { object["metadata"]?["namespace"]?.stringValue ?? "" }
  var uid: String { object["metadata"]?["uid"]?.stringValue ?? "" }
  /// Empty while it is not scheduled.
  var node: String { object["spec"]?["nodeName"]?.stringValue ?? "" }
  var phase: String { object["status"]?["phase"]?.stringValue ?? "Unknown" }
  var isReady: Bool { KubeCondition.holds("Ready", object) && !isBeingDeleted }

  var document: Document {
    [
      "name": .string(name),
      "namespace": .string(namespace),
      "node": .string(node),
      "ip": .string(object["status"]?["podIP"]?.stringValue ?? ""),
      "phase": .string(phase),
      "ready": .bool(isReady),
    ]
  }
}

enum KubeCondition {
  /// Whether `status.conditions` has that type with status True.
  static func holds(_ type: String, _ object: Document) -> Bool {
    let conditions = object["status"]?["conditions"]?.arrayValue ?? []
    return conditions.contains {
      $0["type"]?.stringValue == type && $0["status"]?.stringValue == "True"
    }
  }
}
