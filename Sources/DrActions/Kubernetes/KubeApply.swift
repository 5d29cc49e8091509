// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Server-side apply of one manifest (KEP-555) with field manager `dr` and without force: what
/// another manager owns stays theirs, and the conflict names them.
struct KubeApply: Act {
  static let name = "kube.apply"
  private static let manager = "dr"
  private let kube: KubeClient
  private let manifest: DocumentObject
  private let group: String
  private let version: String
  private let kind: String
  private let objectName: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    manifest = try arguments.object("manifest")
    guard let apiVersion = manifest["apiVersion"]?.stringValue,
      let kind = manifest["kind"]?.stringValue,
      let name = manifest["metadata"]?["name"]?.stringValue, !name.isEmpty
    else {
      throw arguments.mismatch("manifest", "an Object with apiVersion, kind and metadata.name")
    }
    let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    group = parts.count == 2 ? parts[0] : ""
    version = parts.last ?? ""
    self.kind = kind
    objectName = name
  }

  private var what: String { "\(kind) \(objectName)" }

  /// Where objects of the kind live, by the discovery API.
  private struct Place {
    let resource: String
    let namespace: String
    let path: KubePath
  }

  private func place() -> Flow<Place> {
    let list =
      group.isEmpty
      ? KubePath(absolute: "/api/\(KubePath.encode(version))")
      : KubePath(absolute: "/apis/\(KubePath.encode(group))/\(KubePath.encode(version))")
    let apiVersion = group.isEmpty ? version : "\(group)/\(version)"
    return kube.get(list).then { reply in
      if reply.status == 404 {
        return .failure(.refused("the cluster does not know \(apiVersion)"))
      }
      return reply.document("read the resources of \(apiVersion)").then { resources in
        let found = (resources["resources"]?.arrayValue ?? []).first {
          $0["kind"]?.stringValue == kind && $0["name"]?.stringValue?.contains("/") == false
        }
        guard let found, let resource = found["name"]?.stringValue else {
          return .failure(.refused("the cluster does not know \(kind) of \(apiVersion)"))
        }
        let isNamespaced = found["namespaced"]?.boolValue ?? false
        let given = manifest["metadata"]?["namespace"]?.stringValue ?? "default"
        let namespace = isNamespaced ? given : ""
        let path = KubePath(
          group: group, version: version, namespace: namespace, resource, objectName)
        return .value(Place(resource: resource, namespace: namespace, path: path))
      }
    }
  }

  private func apply(_ place: Place, resourceVersion: String?, dryRun: Bool) -> Flow<KubeReply> {
    var body = manifest
    if let resourceVersion {
      var metadata = body["metadata"]?.objectValue ?? DocumentObject()
      metadata["resourceVersion"] = .string(resourceVersion)
      body["metadata"] = .object(metadata)
    }
    var query: [KubernetesRequest.QueryItem] = [.init("fieldManager", Self.manager)]
    if dryRun { query.append(.init("dryRun", "All")) }
    return kube.change(
      .patch, place.path, query, contentType: "application/apply-patch+yaml", .object(body))
  }

  /// The object as it is (`null` where there is none) and as it would be.
  private func preview(_ place: Place) -> Flow<(live: Document, next: Document)> {
    kube.get(place.path).then { reply in
      guard reply.status == 404 || reply.isSuccess else {
        return .failure(reply.failure("read \(what)"))
      }
      let live = reply.isSuccess ? reply.body : .null
      return apply(place, resourceVersion: nil, dryRun: true).then { preview in
        if let failure = conflict(preview) { return .failure(failure) }
        guard preview.isSuccess else { return .failure(preview.failure("apply \(what)")) }
        return .value((live, preview.body))
      }
    }
  }

  /// Who owns what this manifest would change; `nil` where that is not the problem.
  private func conflict(_ reply: KubeReply) -> WorldFailure? {
    guard reply.status == 409 else { return nil }
    let owners = reply.causes.filter { $0["reason"]?.stringValue == "FieldManagerConflict" }
    guard !owners.isEmpty else { return nil }
    let fields = owners.map { cause in
      let message = cause["message"]?.stringValue ?? "conflict with another manager"
      return "\(message): \(cause["field"]?.stringValue ?? "")"
    }
    return .refused(
      "cannot apply \(what): other field managers own fields of it; "
        + fields.joined(separator: "; "))
  }

  func observe() -> Flow<Observation> {
    place().then { place in
      preview(place).map { preview in
        let isNew = preview.live == .null
        let suffix = place.namespace.isEmpty ? "" : " in \(place.namespace)"
        let resource = group.isEmpty ? place.resource : "\(place.resource).\(group)"
        return Observation(
          target: "\(place.resource)/\(objectName)\(suffix)",
          changes: isNew ? ["created"] : ObjectDifference.of(preview.live, preview.next),
          permissions: ["get \(resource)\(suffix)", "patch \(resource)\(suffix)"],
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
    _ place: Place, resourceVersion: String?, attempt: Int
  ) -> Flow<Document> {
    apply(place, resourceVersion: resourceVersion, dryRun: false).then { reply in
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
