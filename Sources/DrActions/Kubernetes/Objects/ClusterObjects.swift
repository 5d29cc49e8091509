// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What became of a manifest that was sent, or would become of it.
package enum ApplyAnswer: Sendable {
  /// The object as it was (`null` where there was none) and as it is then.
  case accepted(old: Document, new: Document)
  /// Other managers own what it would change; nothing was changed.
  case conflict([FieldConflict], live: Document)
  /// The API server will not take it, in its own words.
  case refused(String)
  /// It cannot be asked yet: its namespace is not there.
  case noNamespace(String)
  /// The cluster does not know its kind.
  case unknownKind(String)
}

/// The objects of one cluster as people's tools see them: any kind, by name.
///
/// Server-side apply and deletion by uid come to the same end however often they are done, so a
/// lost answer is asked for again.
package struct ClusterObjects {
  private let kube: KubeClient

  /// `cluster` as a kubeconfig's contexts are chosen; `agent` for the API server's audit log.
  package init(cluster: String, agent: String) {
    kube = KubeClient(cluster: cluster, agent: agent)
  }

  /// `major.minor` of the API server: `1.26`.
  package func version() -> Flow<String> {
    kube.document(KubePath(absolute: "/version"), "the version").map { version in
      let minor = (version["minor"]?.stringValue ?? "").prefix { $0.isNumber }
      return "\(version["major"]?.stringValue ?? "1").\(minor)"
    }
  }

  /// What applying a manifest would do, by a dry run of the API server with all its defaults,
  /// checks and webhooks.
  package func preview(
    _ manifest: DocumentObject, of object: ObjectReference, force: Bool
  ) -> Flow<ApplyAnswer> {
    at(object) { place in
      place.live().then { live in answer(place, manifest, live, dryRun: true, force: force) }
    }
  }

  /// Applies a manifest. `old` is the object as it was last seen.
  package func apply(
    _ manifest: DocumentObject, of object: ObjectReference, old: Document, force: Bool
  ) -> Flow<ApplyAnswer> {
    at(object) { place in answer(place, manifest, old, dryRun: false, force: force) }
  }

  /// The object as it is; `null` where there is none, nor its kind.
  package func read(_ object: ObjectReference) -> Flow<Document> {
    kube.resource(of: object).then { resource in
      guard let resource else { return .value(.null) }
      return ServerSideApply(kube: kube, resource: resource, object: object).live()
    }
  }

  /// Deletes an object if it still is the one of that uid; what belongs to it goes after it.
  package func delete(_ object: ObjectReference, uid: String) -> Flow<Void> {
    kube.resource(of: object).then { resource in
      guard let resource else { return .value(()) }
      let options: Document = [
        "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
        "preconditions": ["uid": .string(uid)],
      ]
      return kube.change(
        .delete, resource.path(object), contentType: "application/json", options
      ).then { reply in
        // 409: another object has taken the name since.
        if reply.isSuccess || reply.status == 404 || reply.status == 409 { return .value(()) }
        return .failure(reply.failure("delete \(object.title)"))
      }
    }
  }

  /// All objects of a kind in a namespace; none where the cluster does not know the kind.
  package func list(apiVersion: String, kind: String, namespace: String) -> Flow<[Document]> {
    let any = ObjectReference(apiVersion: apiVersion, kind: kind, namespace: namespace, name: "-")
    return kube.resource(of: any).then { resource in
      guard let resource, resource.isNamespaced else { return .value([]) }
      let path = KubePath(
        group: resource.group, version: resource.version, namespace: namespace, resource.plural)
      return kube.list(path)
    }
  }

  private func at(
    _ object: ObjectReference, _ next: @escaping (ServerSideApply) -> Flow<ApplyAnswer>
  ) -> Flow<ApplyAnswer> {
    kube.resource(of: object).then { resource in
      guard let resource else {
        return .value(
          .unknownKind("the cluster does not know \(object.kind) of \(object.apiVersion)"))
      }
      return next(ServerSideApply(kube: kube, resource: resource, object: object))
    }
  }

  private static let attempts = 4

  private func answer(
    _ place: ServerSideApply, _ manifest: DocumentObject, _ live: Document, dryRun: Bool,
    force: Bool, attempt: Int = 1
  ) -> Flow<ApplyAnswer> {
    place.send(manifest, dryRun: dryRun, force: force).then { reply in
      if reply.isSuccess { return .value(.accepted(old: live, new: reply.body)) }
      let conflicts = ServerSideApply.conflicts(reply)
      if !conflicts.isEmpty { return .value(.conflict(conflicts, live: live)) }
      switch reply.status {
      case 404: return .value(.noNamespace(reply.explanation))
      case 409, 500...:
        guard attempt < Self.attempts else {
          return .failure(reply.failure("apply \(place.object.title)"))
        }
        return .sleep(nanoseconds: KubeClient.backoff(attempt)) {
          answer(
            place, manifest, live, dryRun: dryRun, force: force, attempt: attempt + 1)
        }
      case _: return .value(.refused(reply.explanation))
      }
    }
  }
}

/// What a node offers.
package struct NodeFacts: Sendable, Equatable {
  /// Of its labels; empty without one.
  package let zone: String
  package let region: String
  /// Allocatable: thousandths of a core, bytes.
  package let cpuMillis: Int64
  package let memoryBytes: Int64
  package let gpus: Int64
}

extension ClusterObjects {
  /// What all nodes of the cluster offer.
  package func nodes() -> Flow<[NodeFacts]> {
    kube.list(KubePath(version: "v1", "nodes")).map { nodes in
      nodes.map { node in
        let room = KubeRequests(node: node)
        let labels = node["metadata"]?["labels"]
        return NodeFacts(
          zone: labels?["topology.kubernetes.io/zone"]?.stringValue ?? "",
          region: labels?["topology.kubernetes.io/region"]?.stringValue ?? "",
          cpuMillis: room.cpuMillis, memoryBytes: room.memoryBytes, gpus: room.gpus)
      }
    }
  }
}
