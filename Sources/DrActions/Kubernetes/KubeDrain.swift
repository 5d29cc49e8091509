// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Empties a node: cordons it, evicts its pods through the Eviction API and waits until they are
/// gone. What a budget keeps is tried again until the time is over.
///
/// Mirror pods and those of DaemonSets stay, since they belong to the node. A pod that nothing
/// would make anew, or whose emptyDir on disk would be lost, is refused unless it is allowed.
struct KubeDrain: Act {
  static let name = "kube.drain"
  private let kube: KubeClient
  private let node: String
  private let losesData: Bool
  private let losesUnmanaged: Bool
  private let timeout: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    node = try arguments.text("node")
    losesData = try arguments.bool("lose_data")
    losesUnmanaged = try arguments.bool("lose_unmanaged")
    timeout = try arguments.int("timeout", atLeast: 1)
  }

  private var what: String { "node \(node)" }

  // MARK: What is there

  private struct Seen {
    let isCordoned: Bool
    let resourceVersion: String
    let pods: [KubePod]
  }

  /// The node, and the pods that must leave it.
  private func look() -> Flow<Seen> {
    kube.document(.node(node), what).then { object in
      pods().map { pods in
        Seen(
          isCordoned: KubeNode(object).isCordoned,
          resourceVersion: object["metadata"]?["resourceVersion"]?.stringValue ?? "", pods: pods)
      }
    }
  }

  private func pods() -> Flow<[KubePod]> {
    kube.list(
      KubePath(version: "v1", "pods"), [.init("fieldSelector", "spec.nodeName=\(node)")]
    ).map { $0.map(KubePod.init).filter { !$0.belongsToNode } }
  }

  /// Why pods may not be evicted; `nil` where all may.
  private func refusal(_ pods: [KubePod]) -> WorldFailure? {
    func list(_ pods: [KubePod]) -> String {
      let names = pods.prefix(5).map { "\($0.namespace)/\($0.name)" }.joined(separator: ", ")
      return pods.count > 5 ? "\(names) and \(pods.count - 5) more" : names
    }
    let living = pods.filter { !$0.isFinished && !$0.isBeingDeleted }
    let alone = living.filter { !$0.isManaged }
    if !alone.isEmpty, !losesUnmanaged {
      return .refused(
        "cannot drain \(what): no controller would make \(list(alone)) anew; allow their loss by"
          + " `lose_unmanaged`")
    }
    let keeping = living.filter(\.keepsData)
    if !keeping.isEmpty, !losesData {
      return .refused(
        "cannot drain \(what): what \(list(keeping)) keep in an emptyDir would be lost; allow it"
          + " by `lose_data`")
    }
    return nil
  }

  // MARK: The act

  func observe() -> Flow<Observation> {
    look().then { seen in
      if let refusal = refusal(seen.pods) { return .failure(refusal) }
      return KubeEviction.version(kube).map { version in
        let names = seen.pods.map { "\($0.namespace)/\($0.name)" }.sorted()
        let rest = names.count > 20 ? ["\(names.count - 20) more evicted"] : []
        return Observation(
          target: "nodes/\(node)",
          changes: (seen.isCordoned ? [] : ["cordoned"]) + names.prefix(20).map { "\($0) evicted" }
            + rest,
          permissions: [
            "get nodes", "patch nodes", "list pods", "create pods/eviction",
          ],
          state: ["eviction_version": .string(version)], result: .bool(seen.isCordoned))
      }
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    guard let version = observed.state["eviction_version"]?.stringValue else {
      return .failure(.refused("\(what): what was observed before is incomplete"))
    }
    return KubeSchedulability(kube: kube, node: node, cordoned: true).set().then {
      pods().then { pods in
        if let refusal = refusal(pods) { return .failure(refusal) }
        return turn(pods, version, asked: [], left: timeout).map { observed.result }
      }.otherwise { giveUp(observed, $0) }
    }
  }

  /// A drain that failed did not happen: the node takes pods again if it did before. What is in
  /// doubt is settled first.
  private func giveUp(_ observed: Observation, _ failure: WorldFailure) -> Flow<Document> {
    if case .inDoubt = failure { return .failure(failure) }
    if observed.result == .bool(true) { return .failure(failure) }
    return KubeSchedulability(kube: kube, node: node, cordoned: false).set().then {
      .failure(failure)
    }
  }

  /// Evicts what is there and was not taken yet, waits, looks again; until nothing is there or the
  /// time is over.
  private func turn(
    _ pods: [KubePod], _ version: String, asked: Set<String>, left: Int64
  ) -> Flow<Void> {
    if pods.isEmpty { return .value(()) }
    let due = pods.filter { !$0.isBeingDeleted && !asked.contains($0.uid) }
    return evict(due[...], version, Round(asked: asked)).then { round in
      guard left > 0 else { return .failure(.busy(late(pods, round))) }
      let pause = min(round.pause ?? Unit.second, left)
      return .sleep(nanoseconds: pause) {
        self.pods().then { turn($0, version, asked: round.asked, left: left - pause) }
      }
    }
  }

  private struct Round {
    /// The uids of pods whose eviction was taken.
    var asked: Set<String>
    /// Of the pods that budgets keep.
    var pause: Int64?
    var kept: [(pod: String, why: String)] = []
  }

  private func evict(
    _ pods: ArraySlice<KubePod>, _ version: String, _ round: Round
  ) -> Flow<Round> {
    guard let pod = pods.first else { return .value(round) }
    let eviction = KubeEviction(
      kube: kube, namespace: pod.namespace, pod: pod.name, uid: pod.uid, version: version)
    return eviction.send().then { outcome in
      var round = round
      switch outcome {
      case .leaving, .gone: round.asked.insert(pod.uid)
      case .changed: break
      case .kept(let pause, let why):
        round.pause = max(round.pause ?? 0, pause)
        round.kept.append(("\(pod.namespace)/\(pod.name)", why))
      }
      return evict(pods.dropFirst(), version, round)
    }
  }

  private func late(_ pods: [KubePod], _ round: Round) -> String {
    let text = "\(what) is not empty after \(Unit.durationText(timeout))"
    if let kept = round.kept.first {
      let more = round.kept.count > 1 ? " and \(round.kept.count - 1) more are" : " is"
      return "\(text): \(kept.pod)\(more) kept by a disruption budget: \(kept.why)"
    }
    let first = pods.first.map { "\($0.namespace)/\($0.name)" } ?? "a pod"
    return "\(text): \(first) is still being deleted"
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    look().map { $0.isCordoned && $0.pods.isEmpty ? .done(observed.result) : .notDone }
  }
}

extension KubePod {
  private var controller: Document? {
    object["metadata"]?["ownerReferences"]?.arrayValue?.first {
      $0["controller"]?.boolValue == true
    }
  }

  /// Whether something makes it anew elsewhere.
  var isManaged: Bool { controller != nil }

  /// A mirror of the kubelet's own pod, or one of a DaemonSet: neither is anywhere else.
  var belongsToNode: Bool {
    object["metadata"]?["annotations"]?["kubernetes.io/config.mirror"] != nil
      || controller?["kind"]?.stringValue == "DaemonSet"
  }

  var isFinished: Bool { phase == "Succeeded" || phase == "Failed" }

  /// Whether it has an emptyDir on disk. One in memory is lost with any restart of its node and
  /// holds nothing that should last: the shared memory of inference engines.
  var keepsData: Bool {
    (object["spec"]?["volumes"]?.arrayValue ?? []).contains { volume in
      guard let directory = volume["emptyDir"] else { return false }
      return directory["medium"]?.stringValue != "Memory"
    }
  }
}
