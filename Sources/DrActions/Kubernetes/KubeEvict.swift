// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Evicts one pod through the Eviction API, which respects PodDisruptionBudgets, and waits until it
/// is gone. The pod is named by uid, so that a successor of the same name is left alone.
struct KubeEvict: Act {
  static let name = "kube.evict"
  private let kube: KubeClient
  private let namespace: String
  private let pod: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.text("namespace")
    pod = try arguments.text("pod")
  }

  /// One a day's worth of tries at the pace of kubectl drain; the run's own deadline comes first.
  private static let attempts = 17_280
  private static let pause = 5 * Unit.second

  private var what: String { "pod \(pod) in \(namespace)" }

  private enum Presence {
    case gone, leaving, there
  }

  /// What has become of the pod with that uid.
  private func look(uid: String) -> Flow<Presence> {
    kube.get(.pod(pod, in: namespace)).then { reply in
      if reply.status == 404 { return .value(.gone) }
      return reply.document("read \(what)").map { object in
        let found = KubePod(object)
        if found.uid != uid { return .gone }
        return found.isBeingDeleted ? .leaving : .there
      }
    }
  }

  func observe() -> Flow<Observation> {
    kube.get(.pod(pod, in: namespace)).then { reply in
      if reply.status == 404 { return .value(observation(uid: "", version: "", isThere: false)) }
      return reply.document("read \(what)").then { object in
        evictionVersion().map { version in
          observation(uid: KubePod(object).uid, version: version, isThere: true)
        }
      }
    }
  }

  private func observation(uid: String, version: String, isThere: Bool) -> Observation {
    Observation(
      target: "pods/\(pod) in \(namespace)", changes: isThere ? ["evicted"] : [],
      permissions: ["get pods in \(namespace)", "create pods/eviction in \(namespace)"],
      state: ["uid": .string(uid), "eviction_version": .string(version)], result: .null)
  }

  /// The version of policy that `pods/eviction` takes: v1 since 1.22, v1beta1 until 1.24. The
  /// resource itself tells; that the group has a version v1 (since 1.21) does not.
  private func evictionVersion() -> Flow<String> {
    kube.document(KubePath(absolute: "/api/v1"), "the list of core resources").then { list in
      let resources = list["resources"]?.arrayValue ?? []
      guard let eviction = resources.first(where: { $0["name"]?.stringValue == "pods/eviction" })
      else { return .failure(.refused("this API server has no eviction of pods")) }
      return .value(eviction["version"]?.stringValue ?? "v1beta1")
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    guard let uid = observed.state["uid"]?.stringValue,
      let version = observed.state["eviction_version"]?.stringValue
    else { return .failure(.refused("\(what): what was observed before is incomplete")) }
    if uid.isEmpty { return .value(.null) }
    return look(uid: uid).then { presence in
      switch presence {
      case .gone: return .value(.null)
      case .leaving: return waitUntilGone(uid, left: Self.attempts)
      case .there: return evict(uid, version, left: Self.attempts)
      }
    }
  }

  private func evict(_ uid: String, _ version: String, left: Int) -> Flow<Document> {
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
      func again() -> Flow<Document> {
        guard left > 0 else { return .failure(reply.failure("evict \(what)")) }
        return .sleep(nanoseconds: reply.pause ?? Self.pause) {
          evict(uid, version, left: left - 1)
        }
      }
      switch reply.status {
      case 200..<300: return waitUntilGone(uid, left: Self.attempts)
      case 404: return .value(.null)
      case 409:
        // The precondition failed, or another writer was faster.
        return look(uid: uid).then { $0 == .gone ? .value(.null) : again() }
      case 429: return again()
      case 403 where isNamespaceTerminating(reply): return waitUntilGone(uid, left: left)
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

  private func waitUntilGone(_ uid: String, left: Int) -> Flow<Document> {
    look(uid: uid).then { presence in
      if presence == .gone { return .value(.null) }
      guard left > 0 else { return .failure(.busy("\(what) is not gone yet")) }
      return .sleep(nanoseconds: Unit.second) { waitUntilGone(uid, left: left - 1) }
    }
  }

  /// A pod on its way out counts as not done: doing it again only waits.
  func settle(_ observed: Observation) -> Flow<Settlement> {
    let uid = observed.state["uid"]?.stringValue ?? ""
    return look(uid: uid).map { $0 == .gone ? .done(.null) : .notDone }
  }
}
