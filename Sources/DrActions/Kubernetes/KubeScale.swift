// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets the replicas of a Deployment, or of what else scales, through its `scale` subresource. A HorizontalPodAutoscaler on
/// it would undo that, so its `minReplicas` is set first.
struct KubeScale: Act {
  static let name = "kube.scale"
  private let kube: KubeClient
  private let workload: ScalableWorkload
  private let replicas: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    workload = try ScalableWorkload(arguments)
    replicas = try arguments.int("replicas", atLeast: 0)
    guard replicas <= Int64(Int32.max) else {
      throw arguments.mismatch("replicas", "at most \(Int32.max)")
    }
  }

  /// The workload and its autoscaler.
  private struct Seen {
    let resourceVersion: String
    let uid: String
    let replicas: Int64
    let autoscaler: KubeAutoscaler?
  }

  private var what: String { workload.what }

  /// The workload itself tells what its `scale` would, so that reading `scale` need not be
  /// allowed.
  private func look() -> Flow<Seen> {
    lookAtWorkload().then { seen in
      KubeAutoscaler.find(kube, of: workload).map { autoscaler in
        Seen(
          resourceVersion: seen.resourceVersion, uid: seen.uid, replicas: seen.replicas,
          autoscaler: autoscaler)
      }
    }
  }

  private func lookAtWorkload() -> Flow<Seen> {
    kube.document(workload.path(), what).then { object in
      guard let version = object["metadata"]?["resourceVersion"]?.stringValue,
        let uid = object["metadata"]?["uid"]?.stringValue
      else { return .failure(.refused("\(what): the object has no resourceVersion")) }
      return .value(
        Seen(
          resourceVersion: version, uid: uid,
          replicas: object["spec"]?["replicas"]?.intValue ?? 1, autoscaler: nil))
    }
  }

  func observe() -> Flow<Observation> {
    look().then { seen in
      var changes: [String] = []
      var minimum = Document.null
      var permissions = [
        workload.permission("get"),
        "list horizontalpodautoscalers.autoscaling in \(workload.namespace)",
        workload.permission("patch", "/scale"),
      ]
      if let autoscaler = seen.autoscaler {
        if replicas > autoscaler.maxReplicas {
          return .failure(
            .refused(
              "\(what) cannot have \(replicas) replicas: its HorizontalPodAutoscaler "
                + "\(autoscaler.name) allows \(autoscaler.maxReplicas) at most"))
        }
        if let wanted = autoscaler.minimum(for: replicas) {
          minimum = .int(wanted)
          changes.append(
            "minReplicas of horizontalpodautoscalers/\(autoscaler.name) "
              + "\(autoscaler.minReplicas) → \(wanted)")
          permissions.append(
            "patch horizontalpodautoscalers.autoscaling \(autoscaler.name) in \(workload.namespace)"
          )
        }
      }
      if seen.replicas != replicas { changes.append("replicas \(seen.replicas) → \(replicas)") }
      return .value(
        Observation(
          target: workload.target, changes: changes,
          permissions: permissions,
          state: [
            "replicas": .int(seen.replicas), "uid": .string(seen.uid),
            "resource_version": .string(seen.resourceVersion), "min_replicas": minimum,
          ],
          result: .int(seen.replicas)))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    guard let uid = observed.state["uid"]?.stringValue,
      let version = observed.state["resource_version"]?.stringValue,
      let before = observed.state["replicas"]?.intValue
    else { return .failure(.refused("\(what): what was observed before is incomplete")) }
    let first = Seen(resourceVersion: version, uid: uid, replicas: before, autoscaler: nil)
    return setAutoscaler(observed.state["min_replicas"]?.intValue, attempt: 1)
      .then { setReplicas(first, attempt: 1) }
      .map { observed.result }
  }

  /// Sets the minimum that was found to be due; `nil` where the autoscaler can stay as it is.
  private func setAutoscaler(_ minimum: Int64?, attempt: Int) -> Flow<Void> {
    guard let minimum else { return .value(()) }
    return KubeAutoscaler.find(kube, of: workload).then { autoscaler in
      guard let autoscaler, autoscaler.minReplicas != minimum else { return .value(()) }
      let path = KubeAutoscaler.path(
        autoscaler.version, in: workload.namespace, autoscaler.name)
      let patch = autoscaler.patch(minimum: minimum)
      return kube.patch(path, resourceVersion: autoscaler.resourceVersion, patch).then { reply in
        if reply.isSuccess { return .value(()) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(
            reply.changeFailure("patch horizontalpodautoscalers/\(autoscaler.name)"))
        }
        return setAutoscaler(minimum, attempt: attempt + 1)
      }
    }
  }

  private func setReplicas(_ seen: Seen, attempt: Int) -> Flow<Void> {
    if seen.replicas == replicas { return .value(()) }
    let patch = DocumentObject([("spec", ["replicas": .int(replicas)])])
    return kube.patch(workload.path("scale"), resourceVersion: seen.resourceVersion, patch).then {
      reply in
      if reply.isSuccess { return .value(()) }
      guard reply.status == 409, attempt < KubeConflict.attempts else {
        return .failure(reply.changeFailure("scale \(what)"))
      }
      // The object has moved on: perhaps a copy of this very act has landed.
      return lookAtWorkload().then { now in
        guard now.uid == seen.uid else {
          return .failure(.refused("\(what) was replaced by another of the same name"))
        }
        return setReplicas(now, attempt: attempt + 1)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    look().map { seen in
      guard seen.uid == observed.state["uid"]?.stringValue else { return .notDone }
      let autoscaler = seen.autoscaler
      let minimum = observed.state["min_replicas"]?.intValue
      let isAutoscalerSet =
        minimum == nil || autoscaler == nil || autoscaler?.minReplicas == minimum
      if seen.replicas == replicas, isAutoscalerSet { return .done(observed.result) }
      if seen.replicas == observed.state["replicas"]?.intValue {
        // With the minimum raised a part has happened, and the autoscaler may do the rest at any
        // moment: what was seen before all of that stays what an undo puts back.
        let hasBegun = minimum != nil && autoscaler != nil && isAutoscalerSet
        return hasBegun ? .unknown : .notDone
      }
      // An autoscaler with the wanted minimum may have gone further up.
      if let autoscaler, isAutoscalerSet, autoscaler.minReplicas == replicas,
        seen.replicas > replicas
      {
        return .done(observed.result)
      }
      return seen.replicas == replicas ? .notDone : .unknown
    }
  }
}

enum KubeConflict {
  /// How often a change is tried that loses against others: each time with what they made of it.
  static let attempts = 5
}
