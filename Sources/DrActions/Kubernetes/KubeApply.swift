// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Server-side apply of one manifest (KEP-555) with field manager `dr` and without force: what
/// another manager owns stays theirs, and the conflict names them.
struct KubeApply: Act {
  static let name = "kube.apply"
  private let kube: KubeClient
  private let manifest: DocumentObject
  private let object: ObjectReference

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    manifest = try arguments.object("manifest")
    guard let object = ObjectReference(manifest: .object(manifest)) else {
      throw arguments.mismatch("manifest", "an Object with apiVersion, kind and metadata.name")
    }
    self.object = object
  }

  private var what: String { "\(object.kind) \(object.name)" }

  private func place() -> Flow<ServerSideApply> {
    kube.resource(of: object).then { resource in
      guard let resource else {
        return .failure(
          .refused("the cluster does not know \(object.kind) of \(object.apiVersion)"))
      }
      return .value(ServerSideApply(kube: kube, resource: resource, object: object))
    }
  }

  /// The object as it is (`null` where there is none) and as it would be.
  private func preview(_ place: ServerSideApply) -> Flow<(live: Document, next: Document)> {
    place.live().then { live in
      place.send(manifest, dryRun: true).then { preview in
        if let failure = conflict(preview) { return .failure(failure) }
        guard preview.isSuccess else { return .failure(preview.failure("apply \(what)")) }
        return .value((live, preview.body))
      }
    }
  }

  /// Who owns what this manifest would change; `nil` where that is not the problem.
  private func conflict(_ reply: KubeReply) -> WorldFailure? {
    let conflicts = ServerSideApply.conflicts(reply)
    guard !conflicts.isEmpty else { return nil }
    return .refused(
      "cannot apply \(what): other field managers own fields of it; "
        + conflicts.map { "\($0.message): \($0.field)" }.joined(separator: "; "))
  }

  func observe() -> Flow<Observation> {
    place().then { place in
      preview(place).map { preview in
        let isNew = preview.live == .null
        let namespace = place.resource.namespace(object.namespace)
        let suffix = namespace.isEmpty ? "" : " in \(namespace)"
        let resource = place.resource.qualified
        return Observation(
          target: "\(place.resource.plural)/\(object.name)\(suffix)",
          changes: isNew ? ["created"] : ObjectDifference.of(preview.live, preview.next),
          permissions: (["get", "patch"] + (isNew ? ["create"] : [])).map {
            "\($0) \(resource)\(suffix)"
          },
          state: [
            "resource_version": preview.live["metadata"]?["resourceVersion"] ?? .null,
            "uid": preview.live["metadata"]?["uid"] ?? .null,
          ],
          result: .null)
      }
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    place().then { place in
      send(
        place, resourceVersion: observed.state["resource_version"]?.stringValue, attempt: 1)
    }
  }

  private func send(
    _ place: ServerSideApply, resourceVersion: String?, attempt: Int
  ) -> Flow<Document> {
    place.send(manifest, resourceVersion: resourceVersion).then { reply in
      if reply.isSuccess { return .value(.null) }
      if let failure = conflict(reply) { return .failure(failure) }
      guard reply.status == 409, attempt < KubeConflict.attempts else {
        return .failure(reply.changeFailure("apply \(what)"))
      }
      return preview(place).then { preview in
        if preview.live != .null, ObjectDifference.of(preview.live, preview.next).isEmpty {
          return .value(.null)
        }
        return send(
          place, resourceVersion: preview.live["metadata"]?["resourceVersion"]?.stringValue,
          attempt: attempt + 1)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    place().then { place in
      preview(place).map { preview in
        guard preview.live != .null else { return .notDone }
        return ObjectDifference.of(preview.live, preview.next).isEmpty
          ? .done(.null) : .notDone
      }
    }
  }
}
