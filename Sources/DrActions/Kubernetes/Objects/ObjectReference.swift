// SPDX-License-Identifier: Apache-2.0

import DrData

/// What names one object of a cluster.
package struct ObjectReference: Hashable, Sendable {
  /// Empty for Kubernetes' first group.
  package let group: String
  package let version: String
  package let kind: String
  /// As it was written; `nil` where nothing was.
  package let namespace: String?
  package let name: String

  package init(apiVersion: String, kind: String, namespace: String?, name: String) {
    let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    group = parts.count == 2 ? parts[0] : ""
    version = parts.last ?? ""
    self.kind = kind
    self.namespace = namespace
    self.name = name
  }

  /// `nil` where a manifest lacks what every object has.
  package init?(manifest: Document) {
    guard let apiVersion = manifest["apiVersion"]?.stringValue,
      let kind = manifest["kind"]?.stringValue,
      let name = manifest["metadata"]?["name"]?.stringValue, !name.isEmpty
    else { return nil }
    self.init(
      apiVersion: apiVersion, kind: kind,
      namespace: manifest["metadata"]?["namespace"]?.stringValue, name: name)
  }

  package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

  /// As people name it: `Deployment deepseek/deepseek-az1`.
  package var title: String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }

  /// Whether both name one object, whatever version of its group they are written in.
  package func names(sameAs other: ObjectReference) -> Bool {
    group == other.group && kind == other.kind && namespace == other.namespace
      && name == other.name
  }
}

/// Where the objects of a kind are found on an API server.
struct KubeResource: Equatable {
  let group: String
  let version: String
  /// `deployments`
  let plural: String
  let isNamespaced: Bool

  /// `deployments.apps`, as permissions name it.
  var qualified: String { group.isEmpty ? plural : "\(plural).\(group)" }

  /// The namespace that an object of this kind is in: `default` where none was written.
  func namespace(_ written: String?) -> String { isNamespaced ? written ?? "default" : "" }

  func path(_ object: ObjectReference) -> KubePath {
    KubePath(
      group: group, version: version, namespace: namespace(object.namespace), plural, object.name)
  }
}

extension KubeClient {
  /// Where objects of a kind live, by the discovery API; `nil` where the cluster does not know it.
  func resource(of object: ObjectReference) -> Flow<KubeResource?> {
    let list =
      object.group.isEmpty
      ? KubePath(absolute: "/api/\(KubePath.encode(object.version))")
      : KubePath(
        absolute: "/apis/\(KubePath.encode(object.group))/\(KubePath.encode(object.version))")
    return get(list).then { reply in
      if reply.status == 404 { return .value(nil) }
      return reply.document("read the resources of \(object.apiVersion)").map { resources in
        let found = (resources["resources"]?.arrayValue ?? []).first {
          $0["kind"]?.stringValue == object.kind && $0["name"]?.stringValue?.contains("/") == false
        }
        return found?["name"]?.stringValue.map { plural in
          KubeResource(
            group: object.group, version: object.version, plural: plural,
            isNamespaced: found?["namespaced"]?.boolValue ?? false)
        }
      }
    }
  }
}
