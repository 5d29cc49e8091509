// SPDX-License-Identifier: Apache-2.0

import DrData

/// Whether an object does what it is for, as far as its status says.
package enum Readiness: Sendable, Equatable {
  case ready
  /// What is missing, in a few words: `1 of 2 available`.
  case waiting(String)
  /// It will not become ready by itself.
  case failed(String)

  /// Kinds that have nothing to wait for are ready once they are there.
  package init(_ object: Document) {
    switch object["kind"]?.stringValue {
    case "Namespace": self = Self.namespace(object)
    case "CustomResourceDefinition": self = Self.definition(object)
    case "PersistentVolumeClaim": self = Self.claim(object)
    case "Deployment": self = Self.deployment(object)
    case "StatefulSet": self = Self.statefulSet(object)
    case "DaemonSet": self = Self.daemonSet(object)
    case _: self = .ready
    }
  }

  /// Whether objects after it need it to be ready before they can be applied at all.
  package static func gates(_ kind: String) -> Bool {
    kind == "Namespace" || kind == "CustomResourceDefinition"
  }

  private static func namespace(_ object: Document) -> Readiness {
    switch object["status"]?["phase"]?.stringValue {
    case "Active": .ready
    case let phase: .waiting(phase.map { "it is \($0)" } ?? "it has no phase yet")
    }
  }

  private static func definition(_ object: Document) -> Readiness {
    if let names = condition(object, "NamesAccepted"), names.status == "False" {
      return .failed(names.message ?? "its names are not accepted")
    }
    return condition(object, "Established")?.status == "True"
      ? .ready : .waiting("not established yet")
  }

  private static func claim(_ object: Document) -> Readiness {
    switch object["status"]?["phase"]?.stringValue {
    case "Bound": .ready
    case "Lost": .failed("its volume is lost")
    case _: .waiting("no volume is bound to it yet")
    }
  }

  /// What kubectl's `rollout status` waits for: the controller has seen this generation, all
  /// replicas are of the new template, none of the old are left, all are available.
  private static func deployment(_ object: Document) -> Readiness {
    guard isObserved(object) else { return .waiting("the change is not seen yet") }
    if let progress = condition(object, "Progressing"),
      progress.reason == "ProgressDeadlineExceeded"
    {
      return .failed(progress.message ?? "it made no progress within its deadline")
    }
    let wanted = object["spec"]?["replicas"]?.intValue ?? 1
    let updated = count(object, "updatedReplicas")
    let all = count(object, "replicas")
    let available = count(object, "availableReplicas")
    if updated < wanted { return .waiting("\(updated) of \(wanted) updated") }
    if all > updated { return .waiting("\(all - updated) old left") }
    if available < updated { return .waiting("\(available) of \(wanted) available") }
    return .ready
  }

  private static func statefulSet(_ object: Document) -> Readiness {
    guard isObserved(object) else { return .waiting("the change is not seen yet") }
    let wanted = object["spec"]?["replicas"]?.intValue ?? 1
    let ready = count(object, "readyReplicas")
    if ready < wanted { return .waiting("\(ready) of \(wanted) ready") }
    let strategy = object["spec"]?["updateStrategy"]
    guard strategy?["type"]?.stringValue != "OnDelete" else { return .ready }
    let partition = strategy?["rollingUpdate"]?["partition"]?.intValue ?? 0
    let updated = count(object, "updatedReplicas")
    if updated < max(0, wanted - partition) {
      return .waiting("\(updated) of \(wanted - partition) updated")
    }
    return .ready
  }

  private static func daemonSet(_ object: Document) -> Readiness {
    guard isObserved(object) else { return .waiting("the change is not seen yet") }
    let wanted = count(object, "desiredNumberScheduled")
    let updated = count(object, "updatedNumberScheduled")
    let available = count(object, "numberAvailable")
    let updates = object["spec"]?["updateStrategy"]?["type"]?.stringValue != "OnDelete"
    if updates, updated < wanted { return .waiting("\(updated) of \(wanted) nodes updated") }
    if available < wanted { return .waiting("\(available) of \(wanted) nodes available") }
    return .ready
  }

  private static func isObserved(_ object: Document) -> Bool {
    let observed = object["status"]?["observedGeneration"]?.intValue ?? 0
    return observed >= object["metadata"]?["generation"]?.intValue ?? 0
  }

  private static func count(_ object: Document, _ name: String) -> Int64 {
    object["status"]?[name]?.intValue ?? 0
  }

  private static func condition(
    _ object: Document, _ type: String
  ) -> (status: String, reason: String, message: String?)? {
    let found = object["status"]?["conditions"]?.arrayValue?.first {
      $0["type"]?.stringValue == type
    }
    return found.map {
      (
        $0["status"]?.stringValue ?? "", $0["reason"]?.stringValue ?? "",
        $0["message"]?.stringValue
      )
    }
  }
}
