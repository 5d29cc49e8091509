// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrEmit
import DrHost

/// One object of a program and what applying it would do.
struct PreviewedObject {
  let reference: ObjectReference
  /// As it is sent: with the program's label, and the replicas that an autoscaler chose.
  let manifest: DocumentObject
  let outcome: Outcome
  /// Where the cluster was compared as if fields were taken over: whose they are.
  var owners: [FieldConflict] = []

  enum Outcome {
    /// Nothing differs; `isOwned` where `dr` is also known as the manager of its fields already.
    case unchanged(live: Document, isOwned: Bool)
    case created
    case changed(ObjectDiff, live: Document)
    /// What it needs (a namespace, a definition) is itself among the objects that are applied.
    case later
    /// Its kind is not known to the cluster, and it was asked to leave such objects out.
    case skipped(String)
    case conflict([FieldConflict], live: Document)
    /// Why it cannot be applied.
    case refused(String)
    /// The same: the cluster does not know its kind.
    case unknownKind(String)
  }

  /// The object as it is in the cluster; `.null` where it is not.
  var live: Document {
    switch outcome {
    case .unchanged(let live, _), .changed(_, let live), .conflict(_, let live): live
    case .created, .later, .skipped, .refused, .unknownKind: .null
    }
  }

  var isProblem: Bool {
    switch outcome {
    case .conflict, .refused, .unknownKind: true
    case .unchanged, .created, .changed, .later, .skipped: false
    }
  }
}

/// Asks the cluster about each object of a program before anything is changed.
struct ClusterPreview {
  let target: ClusterTarget
  let inventory: Inventory
  var force = false
  var skipsUnknownKinds = false
  /// Whether fields of other managers are compared instead of being a problem.
  var looksBehindConflicts = false

  /// In the order of the manifests; ends early when the user asks to stop.
  func objects() async throws(ClusterFailure) -> [PreviewedObject] {
    let autoscaled = LiveReplicas.autoscaled(target.manifests)
    var previews: [PreviewedObject] = []
    for manifest in target.manifests {
      if StopSignal.remembered != nil { return previews }
      guard let reference = ObjectReference(manifest: .object(manifest)) else { continue }
      var live: Document = .null
      if autoscaled.contains("\(reference.kind) \(reference.namespace ?? "")/\(reference.name)") {
        live = try await target.ask(target.objects.read(reference))
      }
      let sent = inventory.marked(
        LiveReplicas.kept(manifest, live: live, autoscaled: autoscaled))
      var answer = try await target.ask(target.objects.preview(sent, of: reference, force: force))
      var owners: [FieldConflict] = []
      if looksBehindConflicts, case .conflict(let conflicts, _) = answer {
        owners = conflicts
        answer = try await target.ask(target.objects.preview(sent, of: reference, force: true))
      }
      previews.append(
        PreviewedObject(
          reference: reference, manifest: sent, outcome: outcome(answer, reference),
          owners: owners))
    }
    return previews
  }

  /// Objects that the program made and no longer declares, as they are in the cluster.
  func stale() async throws(ClusterFailure) -> [StaleObject] {
    let declared = target.manifests.compactMap { ObjectReference(manifest: .object($0)) }
    var stale: [StaleObject] = []
    for reference in inventory.stale(declared).reversed() {
      if StopSignal.remembered != nil { return stale }
      let live = try await target.ask(target.objects.read(reference))
      stale.append(StaleObject(reference: reference, live: live, inventory: inventory))
    }
    return stale
  }

  private func outcome(
    _ answer: ApplyAnswer, _ reference: ObjectReference
  ) -> PreviewedObject.Outcome {
    switch answer {
    case .accepted(let old, let new):
      if let owner = inventory.otherOwner(old), !force {
        return .refused(
          "it belongs to the program \(owner): if this is that program, say --owner \(owner); else give one of them another "
            + "label, or take it over with --force"
        )
      }
      if old == .null { return .created }
      let diff = ObjectDiff(from: old, to: new)
      guard diff.isEmpty else { return .changed(diff, live: old) }
      return .unchanged(live: old, isOwned: ServerSideApply.haveSameManagers(old, new))
    case .conflict(let conflicts, let live): return .conflict(conflicts, live: live)
    case .refused(let reason): return .refused(reason)
    case .noNamespace(let reason): return makesNamespace(of: reference) ? .later : .refused(reason)
    case .unknownKind(let reason):
      if makesKind(of: reference) { return .later }
      return skipsUnknownKinds ? .skipped(reason) : .unknownKind(reason)
    }
  }

  private func makesNamespace(of reference: ObjectReference) -> Bool {
    target.manifests.contains { manifest in
      manifest["kind"]?.stringValue == "Namespace"
        && manifest["metadata"]?["name"]?.stringValue == reference.namespace
    }
  }

  private func makesKind(of reference: ObjectReference) -> Bool {
    target.manifests.contains { manifest in
      manifest["kind"]?.stringValue == "CustomResourceDefinition"
        && manifest["spec"]?["group"]?.stringValue == reference.group
        && manifest["spec"]?["names"]?["kind"]?.stringValue == reference.kind
    }
  }
}

/// An object that a program made and no longer declares.
struct StaleObject {
  let reference: ObjectReference
  let fate: Fate

  enum Fate: Equatable {
    /// It may be taken away: it is this one and says itself that it is the program's.
    case removable(uid: String)
    case gone
    /// Why it stays.
    case kept(String)
  }

  init(reference: ObjectReference, live: Document, inventory: Inventory) {
    self.reference = reference
    let uid = live["metadata"]?["uid"]?.stringValue
    if live == .null {
      fate = .gone
    } else if Inventory.keeps(reference.kind) {
      fate = .kept("a \(reference.kind) may hold what others need: delete it by hand")
    } else if let uid, inventory.owns(live) {
      fate = .removable(uid: uid)
    } else {
      let owner = inventory.otherOwner(live)
      fate = .kept(
        owner.map { "it belongs to the program \($0) now" }
          ?? "it has lost the label of its program")
    }
  }
}
