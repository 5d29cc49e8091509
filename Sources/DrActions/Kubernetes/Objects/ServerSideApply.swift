// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A field that a manifest would change and another manager owns.
package struct FieldConflict: Sendable, Equatable {
  /// The manager's name as the API server keeps it: `kubectl-edit`.
  package let manager: String
  /// What the API server says of the owner: `conflict with "kubectl-edit" using apps/v1`.
  package let message: String
  /// `.spec.template.spec.containers[name="server"].image`
  package let field: String
}

/// Server-side apply (KEP-555) of one object as the field manager `dr`.
package struct ServerSideApply {
  static let manager = "dr"

  let kube: KubeClient
  let resource: KubeResource
  let object: ObjectReference

  /// Sends a manifest. `force` takes over what other managers own.
  func send(
    _ manifest: DocumentObject, resourceVersion: String? = nil, dryRun: Bool = false,
    force: Bool = false
  ) -> Flow<KubeReply> {
    var body = manifest
    if let resourceVersion {
      var metadata = body["metadata"]?.objectValue ?? DocumentObject()
      metadata["resourceVersion"] = .string(resourceVersion)
      body["metadata"] = .object(metadata)
    }
    var query: [KubernetesRequest.QueryItem] = [.init("fieldManager", Self.manager)]
    if dryRun { query.append(.init("dryRun", "All")) }
    if force { query.append(.init("force", "true")) }
    return kube.change(
      .patch, resource.path(object), query, contentType: "application/apply-patch+yaml",
      .object(body))
  }

  /// The object as it is; `null` where there is none.
  func live() -> Flow<Document> {
    kube.get(resource.path(object)).then { reply in
      guard reply.status == 404 || reply.isSuccess else {
        return .failure(reply.failure("read \(object.title)"))
      }
      return .value(reply.isSuccess ? reply.body : .null)
    }
  }

  /// Who owns what the manifest would change; empty where that is not the problem.
  static func conflicts(_ reply: KubeReply) -> [FieldConflict] {
    guard reply.status == 409 else { return [] }
    return reply.causes.filter { $0["reason"]?.stringValue == "FieldManagerConflict" }.map {
      let message = $0["message"]?.stringValue ?? "conflict with another manager"
      return FieldConflict(
        manager: quoted(message) ?? "another manager", message: message,
        field: $0["field"]?.stringValue ?? "")
    }
  }

  /// Whether the same managers own the same fields of two states of an object, whenever they set
  /// them.
  package static func haveSameManagers(_ a: Document, _ b: Document) -> Bool {
    func entries(_ object: Document) -> [Document] {
      (object["metadata"]?["managedFields"]?.arrayValue ?? []).map { entry in
        guard case .object(var entry) = entry else { return entry }
        entry["time"] = nil
        return .object(entry)
      }
    }
    return entries(a) == entries(b)
  }

  private static func quoted(_ text: String) -> String? {
    let parts = text.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 ? String(parts[1]) : nil
  }
}
