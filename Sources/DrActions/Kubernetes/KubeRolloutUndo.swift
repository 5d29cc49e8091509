// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Gives a Deployment the pod template of an earlier revision, which its ReplicaSets keep, as
/// `kubectl rollout undo` does. Which one is settled when the act is observed: "the one before"
/// would be another one after it happened.
struct KubeRolloutUndo: Act {
  static let name = "kube.rollout_undo"
  private static let revision = "deployment.kubernetes.io/revision"
  private let kube: KubeClient
  private let namespace: String
  private let name: String
  /// 0 for the one before.
  private let revision: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.text("namespace")
    name = try arguments.text("name")
    revision = try arguments.int("revision", atLeast: 0)
  }

  private var target: String { "deployments/\(name) in \(namespace)" }
  private var path: KubePath { .deployment(name, in: namespace) }

  private func look() -> Flow<Document> { kube.document(path, target) }

  private struct Revision {
    let number: Int64
    let template: Document
  }

  /// The revisions that its ReplicaSets keep, the newest first.
  private func revisions(of deployment: Document) -> Flow<[Revision]> {
    let labels = deployment["spec"]?["selector"]?["matchLabels"]?.objectValue?.members ?? []
    let selector = labels.compactMap { label in
      label.value.stringValue.map { "\(label.name)=\($0)" }
    }.joined(separator: ",")
    let path = KubePath(group: "apps", version: "v1", namespace: namespace, "replicasets")
    let uid = deployment["metadata"]?["uid"]?.stringValue
    return kube.list(path, KubePod.query(selector)).map { sets in
      sets.filter { set in
        (set["metadata"]?["ownerReferences"]?.arrayValue ?? []).contains {
          $0["uid"]?.stringValue == uid && $0["controller"]?.boolValue == true
        }
      }.compactMap { set in
        guard let template = set["spec"]?["template"],
          let number = set["metadata"]?["annotations"]?[Self.revision]?.stringValue
            .flatMap({ Int64($0) })
        else { return nil }
        return Revision(number: number, template: Self.withoutHash(template))
      }.sorted { $0.number > $1.number }
    }
  }

  /// The controller tells ReplicaSets apart by a label that the Deployment's template does not have.
  private static func withoutHash(_ template: Document) -> Document {
    guard var object = template.objectValue, var metadata = object["metadata"]?.objectValue,
      var labels = metadata["labels"]?.objectValue
    else { return template }
    labels["pod-template-hash"] = nil
    metadata["labels"] = .object(labels)
    object["metadata"] = .object(metadata)
    return .object(object)
  }

  func observe() -> Flow<Observation> {
    look().then { deployment in
      if deployment["spec"]?["paused"]?.boolValue == true {
        return .failure(.refused("cannot undo the rollout of \(target): it is paused"))
      }
      return revisions(of: deployment).then { revisions in
        guard let current = revisions.first else {
          return .failure(.refused("\(target) has no revision yet"))
        }
        let known = revisions.map { String($0.number) }.joined(separator: ", ")
        let wanted =
          revision == 0
          ? revisions.dropFirst().first : revisions.first { $0.number == revision }
        guard let wanted else {
          let missing = revision == 0 ? "no revision before this one" : "no revision \(revision)"
          return .failure(.refused("\(target) has \(missing): its ReplicaSets keep \(known)"))
        }
        let changes = ObjectDifference.of(
          deployment["spec"]?["template"] ?? .null, wanted.template)
        return .value(
          Observation(
            target: target,
            changes: changes.isEmpty
              ? [] : ["revision \(current.number) → \(wanted.number)"] + changes,
            permissions: [
              "get deployments.apps in \(namespace)", "list replicasets.apps in \(namespace)",
              "patch deployments.apps in \(namespace)",
            ],
            state: [
              "uid": deployment["metadata"]?["uid"] ?? .null, "template": wanted.template,
            ],
            result: .int(current.number)))
      }
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    send(observed, attempt: 1).map { observed.result }
  }

  private func send(_ observed: Observation, attempt: Int) -> Flow<Void> {
    guard let template = observed.state["template"] else {
      return .failure(.refused("\(target): what was observed before is incomplete"))
    }
    return look().then { deployment in
      guard deployment["metadata"]?["uid"] == observed.state["uid"],
        let version = deployment["metadata"]?["resourceVersion"]
      else { return .failure(.refused("\(target) was replaced by another of the same name")) }
      if has(deployment, template) { return .value(()) }
      // Of an object that has another resourceVersion than the patch gives it, the API server
      // answers 409.
      let patch: Document = [
        ["op": "replace", "path": "/metadata/resourceVersion", "value": version],
        ["op": "replace", "path": "/spec/template", "value": template],
      ]
      return kube.change(.patch, path, contentType: "application/json-patch+json", patch).then {
        reply in
        if reply.isSuccess { return .value(()) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(reply.changeFailure("undo the rollout of \(target)"))
        }
        return send(observed, attempt: attempt + 1)
      }
    }
  }

  private func has(_ deployment: Document, _ template: Document) -> Bool {
    ObjectDifference.of(deployment["spec"]?["template"] ?? .null, template).isEmpty
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    look().map { deployment in
      has(deployment, observed.state["template"] ?? .null) ? .done(observed.result) : .notDone
    }
  }
}
