// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// One Kubernetes object.
package struct Manifest: Sendable, Equatable {
  package let apiVersion: String
  package let kind: String
  /// `nil` for what belongs to no namespace.
  package let namespace: String?
  package let name: String
  package let document: Document

  /// Where it goes below an output folder: `deepseek/deployment-deepseek-az1.yaml`.
  package var path: String {
    let folder = namespace ?? "cluster"
    return "\(folder)/\(kind.lowercased())-\(name).yaml"
  }

  /// As people name it: `Deployment deepseek/deepseek-az1`.
  package var title: String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }

  /// Reads what every object must have; says what is missing or wrong.
  package init(_ document: Document) throws(InvalidManifest) {
    guard let apiVersion = document["apiVersion"]?.stringValue else {
      throw InvalidManifest("it has no apiVersion")
    }
    guard let kind = document["kind"]?.stringValue else { throw InvalidManifest("it has no kind") }
    guard let name = document["metadata"]?["name"]?.stringValue else {
      throw InvalidManifest("a \(kind) has no metadata.name")
    }
    let namespace = document["metadata"]?["namespace"]?.stringValue
    // RFC 1123 subdomain: kubernetes.io, "Object Names and IDs".
    guard Self.isSubdomain(name), name.utf8.count <= 253 else {
      throw InvalidManifest(
        "\"\(name)\" cannot name a \(kind): small letters, digits, `-` and `.`, at most 253 of them")
    }
    if let namespace, !Self.isSubdomain(namespace) || namespace.utf8.count > 63 {
      throw InvalidManifest("\"\(namespace)\" cannot name a namespace")
    }
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.namespace = namespace
    self.document = document
  }

  private static func isSubdomain(_ text: String) -> Bool {
    !text.isEmpty
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
        guard let first = part.utf8.first, let last = part.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
          && part.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// The order in which objects can be applied: what others need comes first.
  package var rank: Int {
    switch kind {
    case "Namespace": 0
    case "CustomResourceDefinition": 1
    case "ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding": 2
    case "PriorityClass", "StorageClass": 3
    case "Secret", "ConfigMap": 4
    case "PersistentVolumeClaim": 5
    case "Service": 6
    case "Deployment", "StatefulSet", "DaemonSet": 7
    case "HorizontalPodAutoscaler", "PodDisruptionBudget": 8
    case "ServiceMonitor", "PodMonitor", "PrometheusRule": 9
    default: 10
    }
  }
}

/// What is wrong with an object, in a few words.
package struct InvalidManifest: Error, Sendable, Equatable {
  package let reason: String
  package init(_ reason: String) { self.reason = reason }
}

/// A file that is no Kubernetes object, such as a load plan.
package struct EmittedFile: Sendable, Equatable {
  /// Below an output folder.
  package let path: String
  package let text: String
}
