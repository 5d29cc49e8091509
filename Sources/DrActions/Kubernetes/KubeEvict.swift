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
        KubeEviction.version(kube).map { version in
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

  func perform(_ observed: Observation) -> Flow<Document> {
    guard let uid = observed.state["uid"]?.stringValue,
      let version = observed.state["eviction_version"]?.stringValue
    else { return .failure(.refused("\(what): what was observed before is incomplete")) }
    if uid.isEmpty { return .value(.null) }
    let eviction = KubeEviction(
      kube: kube, namespace: namespace, pod: pod, uid: uid, version: version)
    return look(uid: uid).then { presence in
      switch presence {
      case .gone: return .value(.null)
      case .leaving: return waitUntilGone(uid, left: Self.attempts)
      case .there: return evict(eviction, left: Self.attempts)
      }
    }
  }

  private func evict(_ eviction: KubeEviction, left: Int) -> Flow<Document> {
    func again(after pause: Int64) -> Flow<Document> {
      guard left > 0 else { return .failure(.busy("\(what) is kept by its budget")) }
      return .sleep(nanoseconds: pause) { evict(eviction, left: left - 1) }
    }
    return eviction.send().then { outcome in
      switch outcome {
      case .leaving: return waitUntilGone(eviction.uid, left: Self.attempts)
      case .gone: return .value(.null)
      case .kept(let pause, _): return again(after: pause)
      case .changed:
        return look(uid: eviction.uid).then { presence in
          presence == .gone ? .value(.null) : again(after: KubeEviction.pause)
        }
      }
    }
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
