// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// One condition of an object of any kind, as its controller wrote it, and whether that is of an earlier version
/// of the object: of the condition's own `observedGeneration`, else of the status's.
struct KubeObjectCondition: Read {
  static let name = "kube.condition"
  private let place: KubeObjectPlace
  private let type: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    place = try KubeObjectPlace(arguments)
    type = try arguments.text("condition")
  }

  func read() -> Flow<Document> { place.look().map(condition) }

  private func condition(_ object: Document) -> Document {
    let status = object["status"]
    let found = (status?["conditions"]?.arrayValue ?? []).first {
      $0["type"]?.stringValue == type
    }
    func text(_ name: String) -> String { found?[name]?.stringValue ?? "" }
    let generation = object["metadata"]?["generation"]?.intValue ?? 0
    let seen = found?["observedGeneration"]?.intValue ?? status?["observedGeneration"]?.intValue
    let isStale = seen.map { $0 < generation } ?? false
    return [
      "status": .string(text("status")), "reason": .string(text("reason")),
      "message": .string(text("message")), "stale": .bool(isStale),
      "holds": .bool(text("status") == "True" && !isStale),
    ]
  }
}
