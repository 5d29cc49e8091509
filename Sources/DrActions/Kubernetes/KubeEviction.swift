// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// One request to evict a pod, named by uid, and what its answer means.
struct KubeEviction {
  let kube: KubeClient
  let namespace: String
  let pod: String
  let uid: String
  /// Of policy: see `version(_:)`.
  let version: String

  /// Between two tries while a budget keeps a pod, as kubectl drain does.
  static let pause = 5 * Unit.second

  enum Outcome {
    /// It was taken, or the pod's namespace is being deleted anyway.
    case leaving
    case gone
    /// A PodDisruptionBudget keeps it now; try again after so many nanoseconds.
    case kept(pause: Int64, why: String)
    /// The pod of that name is another one, or was written to at the same moment.
    case changed
  }

  /// The version of policy that `pods/eviction` takes: v1 since 1.22, v1beta1 until 1.24. The
  /// resource itself tells; that the group has a version v1 (since 1.21) does not.
  static func version(_ kube: KubeClient) -> Flow<String> {
    kube.document(KubePath(absolute: "/api/v1"), "the list of core resources").then { list in
      let resources = list["resources"]?.arrayValue ?? []
      guard let eviction = resources.first(where: { $0["name"]?.stringValue == "pods/eviction" })
      else { return .failure(.refused("this API server has no eviction of pods")) }
      return .value(eviction["version"]?.stringValue ?? "v1beta1")
    }
  }

  private var what: String { "pod \(pod) in \(namespace)" }

  func send() -> Flow<Outcome> {
    let body: Document = [
      "apiVersion": .string("policy/\(version)"),
      "kind": "Eviction",
      "metadata": ["name": .string(pod), "namespace": .string(namespace)],
      "deleteOptions": ["preconditions": ["uid": .string(uid)]],
    ]
    let path = KubePath(version: "v1", namespace: namespace, "pods", pod, "eviction")
    return kube.change(
      .post, path, contentType: "application/json", body, passing429: true
    ).then { reply in
      switch reply.status {
      case 200..<300: return .value(.leaving)
      case 404: return .value(.gone)
      case 409: return .value(.changed)
      case 429: return .value(.kept(pause: reply.pause ?? Self.pause, why: reply.explanation))
      case 403 where isNamespaceTerminating(reply): return .value(.leaving)
      case 500 where reply.explanation.contains("more than one PodDisruptionBudget"):
        return .failure(
          .refused(
            "cannot evict \(what): more than one PodDisruptionBudget selects it, which the "
              + "Eviction API does not support; make their selectors disjoint"))
      case _: return .failure(reply.changeFailure("evict \(what)"))
      }
    }
  }

  /// Nothing new is made in such a namespace, also no eviction; its pods go anyway.
  private func isNamespaceTerminating(_ reply: KubeReply) -> Bool {
    reply.causes.contains { $0["reason"]?.stringValue == "NamespaceTerminating" }
  }
}
