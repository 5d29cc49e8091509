// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSchema

/// How manifests are written.
package enum ManifestFormat: String, Sendable, CaseIterable {
  case yaml, json
}

/// One Kubernetes object.
package struct Manifest: Sendable {
  let type: ManifestType
  let origin: ManifestSource
  /// `nil` for what belongs to no namespace.
  package let namespace: String?
  /// `metadata.name`
  package let name: String
  /// The zone that it belongs to, by its label `topology.kubernetes.io/zone`.
  package let zone: String?
  /// The object itself, with a line break at its end.
  package internal(set) var text: ArraySlice<UInt8> = []

  /// Group and version: `apps/v1`.
  package var apiVersion: String { type.apiVersion }
  /// `Deployment`
  package var kind: String { type.kind }
  /// `apps` of `apps/v1`; nothing of `v1`.
  package var group: String { type.group }
  /// The cluster that it belongs to, by its label; `nil` where the block names none.
  package var cluster: String? { origin.cluster }
  /// The drill that it is a fault of.
  package var drill: String? { origin.drill }
  /// What made it: `deepseek.dr:12 service deepseek`.
  package var source: String { origin.text }

  /// The object as a file holds it, in YAML with a comment that says what made it.
  func bytes(_ format: ManifestFormat, comment: Bool) -> [UInt8] {
    guard comment, format == .yaml else { return Array(text) }
    return origin.comment + text
  }

  /// As people name it: `Deployment deepseek/deepseek-az1`.
  package var title: String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }

  /// Whether it is the same object of the same cluster, be it as it is there or not.
  func hasIdentity(of other: Manifest) -> Bool {
    type.groupAndKind == other.type.groupAndKind && name == other.name
      && namespace == other.namespace && cluster == other.cluster
  }

  /// Whether the stream has the object before another one.
  func precedes(_ other: Manifest) -> Bool {
    if type !== other.type {
      if type.rank != other.type.rank { return type.rank < other.type.rank }
      if kind != other.kind { return kind < other.kind }
    }
    return namespace == other.namespace
      ? name < other.name : namespace ?? "" < other.namespace ?? ""
  }
}

/// What all objects of a kind have in common.
final class ManifestType: Sendable {
  let apiVersion: String
  let kind: String
  let group: String
  /// A number for group and kind, the same for all versions of the group.
  let groupAndKind: Int
  /// The order in which objects can be applied: what others need comes first.
  let rank: Int
  let schema: SchemaSet.Lookup
  /// What its custom resources must be beyond their type.
  let rule: StructuralRule?

  init(
    apiVersion: String, kind: String, groupAndKind: Int, schema: SchemaSet.Lookup,
    rule: StructuralRule?
  ) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.groupAndKind = groupAndKind
    group = Self.group(of: apiVersion)
    rank = Self.rank(of: kind)
    self.schema = schema
    self.rule = rule
  }

  /// Whether the target takes objects of the kind, as far as it is known.
  var isKnown: Bool {
    switch schema {
    case .type, .custom: true
    case .unknown, .notYet, .gone: false
    }
  }

  /// Of what the schema says how it looks.
  var schemaType: SchemaTypeID? { if case .type(let type) = schema { type } else { nil } }

  static func group(of apiVersion: String) -> String {
    apiVersion.split(separator: "/").dropLast().last.map(String.init) ?? ""
  }

  private static func rank(of kind: String) -> Int {
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

  /// kubernetes.io, "Object Names and IDs": RFC 1123 subdomains, labels for namespaces, RFC 1035
  /// labels for services, which DNS serves, and for roles whatever fits into a path, such as `system:node`.
  func checkName(_ name: UnsafeBufferPointer<UInt8>) throws(InvalidManifest) {
    let isGood =
      switch kind {
      case "Service":
        NameRules.isLabel(name[...]) && !NameRules.isDigit(name.first ?? UInt8(ascii: "0"))
      case "Namespace": NameRules.isLabel(name[...])
      case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding":
        NameRules.isPathSegment(name[...])
      default: NameRules.isSubdomain(name[...])
      }
    if !isGood { throw Self.invalid(name, kind: kind) }
  }

  static func checkNamespace(_ name: UnsafeBufferPointer<UInt8>) throws(InvalidManifest) {
    if !NameRules.isLabel(name[...]) { throw invalid(name, kind: "Namespace") }
  }

  private static func invalid(
    _ bytes: UnsafeBufferPointer<UInt8>, kind: String
  ) -> InvalidManifest {
    let name = String(decoding: bytes, as: UTF8.self)
    let words =
      switch kind {
      case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding": "any letters but `/` and `%`"
      case "Service": "small letters, digits and `-`, at most 63, a letter first"
      case "Namespace": "small letters, digits and `-`, at most 63, a letter or digit at both ends"
      default: "small letters, digits, `-` and `.`, at most 253, a letter or digit at both ends"
      }
    return InvalidManifest(
      "\"\(name)\" cannot name a \(kind)", name: name,
      help: "the block's label names it, or its own metadata.name: \(words)")
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
