// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// How manifests are written.
package enum ManifestFormat: String, Sendable, CaseIterable {
  case yaml, json
}

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
  /// The zone that it belongs to, by its label `topology.kubernetes.io/zone`.
  package let zone: String?
  /// The object itself, with a line break at its end.
  package let text: [UInt8]
  /// The cluster that it belongs to, by its label; `nil` where the block names none.
  package var cluster: String?
  /// The drill that it is a fault of.
  package var drill: String?
  /// What made it: `deepseek.dr:12 service deepseek`.
  package var source = ""

  /// `apps` of `apps/v1`; nothing of `v1`.
  package var group: Substring { apiVersion.split(separator: "/").dropLast().last ?? "" }

  /// The object as a file holds it, in YAML with a comment that says what made it.
  func bytes(_ format: ManifestFormat, comment: Bool) -> [UInt8] {
    guard comment, format == .yaml, !source.isEmpty else { return text }
    return Array("# from \(source)\n".utf8) + text
  }

  /// As people name it: `Deployment deepseek/deepseek-az1`.
  package var title: String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }

  /// Reads what every object must have; says what is missing or wrong.
  init(
    _ value: Value, of machine: Machine, as format: ManifestFormat
  ) throws(ManifestFailure) {
    func invalid(_ reason: String) -> ManifestFailure { .invalid(InvalidManifest(reason)) }
    guard let apiVersion = machine.text(value, at: "apiVersion") else {
      throw invalid("it has no apiVersion")
    }
    guard let kind = machine.text(value, at: "kind") else { throw invalid("it has no kind") }
    guard let name = machine.text(value, at: "metadata", "name") else {
      throw invalid("a \(kind) has no metadata.name")
    }
    let namespace = machine.text(value, at: "metadata", "namespace")
    do throws(InvalidManifest) {
      try Self.checkName(name, kind)
      if let namespace { try Self.checkName(namespace, "Namespace") }
    } catch {
      throw .invalid(error)
    }
    do throws(Diagnostic) {
      switch format {
      case .yaml: text = try machine.yaml(value)
      case .json: text = try machine.json(value, pretty: true) + [UInt8(ascii: "\n")]
      }
    } catch {
      throw .diagnostic(error)
    }
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.namespace = namespace
    zone = machine.text(value, at: "metadata", "labels", "topology.kubernetes.io/zone")
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

  /// Where an object goes among others.
  struct Order: Comparable {
    let rank: Int
    let kind: String
    let namespace: String
    let name: String

    static func < (a: Order, b: Order) -> Bool {
      (a.rank, a.kind, a.namespace, a.name) < (b.rank, b.kind, b.namespace, b.name)
    }
  }

  var order: Order { Order(rank: rank, kind: kind, namespace: namespace ?? "", name: name) }

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

/// Why a value is no manifest.
enum ManifestFailure: Error {
  case invalid(InvalidManifest)
  /// It could not be written as data.
  case diagnostic(Diagnostic)
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
