// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// One Kubernetes object.
package struct Manifest: Sendable, Equatable {
  /// Group and version: `apps/v1`.
  package let apiVersion: String
  /// `Deployment`
  package let kind: String
  /// `nil` for what belongs to no namespace.
  package let namespace: String?
  /// `metadata.name`
  package let name: String
  /// The object itself.
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
    try Self.checkName(name, kind)
    if let namespace { try Self.checkName(namespace, "Namespace") }
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.namespace = namespace
    self.document = document
  }

  /// kubernetes.io, "Object Names and IDs": RFC 1123 subdomains, labels for namespaces, and RFC
  /// 1035 labels for services, which DNS serves.
  private static func checkName(_ name: String, _ kind: String) throws(InvalidManifest) {
    let isLabel = kind == "Service" || kind == "Namespace"
    let length = isLabel ? 63 : 253
    let isGood = isSubdomain(name) && name.utf8.count <= length && !(isLabel && name.contains("."))
    let beginsWell = kind != "Service" || name.first?.isLetter == true
    if isGood, beginsWell { return }
    throw InvalidManifest(
      "\"\(name)\" cannot name a \(kind)", name: name,
      help: "give the block a label of small letters, digits and `-`, at most \(length), "
        + "that begins and ends with a letter")
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
  /// What is wrong, in a few words.
  package let reason: String
  /// The name that cannot be one, where that is what is wrong: the fault of a block, not of the
  /// backend.
  package let name: String?
  /// What to do about it.
  package let help: String?

  package init(_ reason: String, name: String? = nil, help: String? = nil) {
    self.reason = reason
    self.name = name
    self.help = help
  }
}

/// A file that is no Kubernetes object, such as a load plan.
package struct EmittedFile: Sendable, Equatable {
  /// Below an output folder.
  package let path: String
  /// What is in it.
  package let text: String
}
