// SPDX-License-Identifier: Apache-2.0
//
// DrImport: from manifests to a program. What an app of several objects is, a `service` says
// (`AppReader`, `ServiceWriter`); everything else stays word for word, as a `manifest` block
// (`SourceWriter`). Nothing is dropped in silence: what became of each object, and why, is told.
//
// Whether a service says all that its objects did is found by taking: the reader removes from a
// copy of each object what a service can say, and what means nothing to a running pod. What is left
// over is the reason why an app stays as it is.

import DrData

/// One object that was read.
package struct ImportedObject: Sendable, Equatable {
  package let document: DocumentObject
  package let apiVersion: String
  package let kind: String
  package let namespace: String?
  package let name: String
  /// Where it was read.
  package let origin: String

  /// As people name it: `Deployment web/server`.
  package var title: String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }

  /// The group, without the version.
  var group: String { apiVersion.split(separator: "/").dropLast().joined() }
}

/// Why a document is none that can be imported.
package struct ImportProblem: Sendable, Equatable {
  package let origin: String
  package let reason: String
}

/// All objects of an import, in the order in which they were read.
package struct ManifestSet: Sendable {
  package private(set) var objects: [ImportedObject] = []
  package private(set) var problems: [ImportProblem] = []
  /// What was left out on purpose, as a line for people.
  package private(set) var leftOut: [String] = []

  package init() {}

  /// Takes a document: an object, or a `List` of them. Empty documents are passed over.
  ///
  /// With `isLive` it comes from a cluster: what the API server and controllers have added is
  /// removed, and objects that another object makes are left out.
  package mutating func add(_ document: Document, origin: String, isLive: Bool = false) {
    guard document != .null else { return }
    guard case .object(let object) = document else {
      return problems.append(ImportProblem(origin: origin, reason: "it is no object"))
    }
    if let kind = object["kind"]?.stringValue, kind.hasSuffix("List"),
      let items = object["items"]?.arrayValue
    {
      for item in items { add(item, origin: origin, isLive: isLive) }
      return
    }
    guard let apiVersion = object["apiVersion"]?.stringValue,
      let kind = object["kind"]?.stringValue,
      let name = object["metadata"]?["name"]?.stringValue, !name.isEmpty
    else {
      problems.append(
        ImportProblem(
          origin: origin, reason: "it has no apiVersion, kind and metadata.name together"))
      return
    }
    let cleaned = Self.withoutNulls(isLive ? Self.cleaned(object, kind: kind) : object)
    let entry = ImportedObject(
      document: cleaned, apiVersion: apiVersion, kind: kind,
      namespace: object["metadata"]?["namespace"]?.stringValue, name: name, origin: origin)
    if isLive, let why = Self.madeByOthers(object, kind: kind, name: name) {
      if !why.isEmpty { leftOut.append("\(entry.title): \(why)") }
      return
    }
    if let other = objects.first(where: { $0.title == entry.title && $0.group == entry.group }) {
      guard other.document != entry.document else { return }
      problems.append(
        ImportProblem(
          origin: origin, reason: "\(entry.title) is also in \(other.origin), and not the same"))
      return
    }
    objects.append(entry)
  }

  /// Takes Secrets out: what is in them does not belong into a program.
  package mutating func removeSecrets() {
    for secret in objects where secret.kind == "Secret" && secret.group.isEmpty {
      leftOut.append(
        "\(secret.title): what is in a Secret does not belong into a program; keep it in the cluster"
      )
    }
    objects.removeAll { $0.kind == "Secret" && $0.group.isEmpty }
  }

  /// A member that is null is not there, for the API server as for the language.
  private static func withoutNulls(_ object: DocumentObject) -> DocumentObject {
    DocumentObject(
      object.members.filter { $0.value != .null }.map { ($0.name, withoutNulls($0.value)) })
  }

  private static func withoutNulls(_ value: Document) -> Document {
    switch value {
    case .object(let object): .object(withoutNulls(object))
    case .array(let values): .array(values.map(withoutNulls))
    case .null, .bool, .int, .float, .string: value
    }
  }

  // MARK: From a cluster

  private static let bookkeeping = [
    "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields",
  ]
  private static let annotations = [
    "kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision",
    "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node", "deprecated.daemonset.template.generation",
    "autoscaling.alpha.kubernetes.io/conditions", "autoscaling.alpha.kubernetes.io/current-metrics",
  ]

  private static func cleaned(_ object: DocumentObject, kind: String) -> DocumentObject {
    var object = object
    object["status"] = nil
    var metadata = object["metadata"]?.objectValue ?? DocumentObject()
    for name in bookkeeping { metadata[name] = nil }
    if var kept = metadata["annotations"]?.objectValue {
      for name in annotations { kept[name] = nil }
      metadata["annotations"] = kept.members.isEmpty ? nil : .object(kept)
    }
    if var labels = metadata["labels"]?.objectValue {
      labels["dr.run/program"] = nil
      metadata["labels"] = labels.members.isEmpty ? nil : .object(labels)
    }
    if let finalizers = metadata["finalizers"]?.arrayValue,
      finalizers.allSatisfy({ $0.stringValue?.hasPrefix("kubernetes.io/") == true })
    {
      metadata["finalizers"] = nil
    }
    object["metadata"] = .object(metadata)
    guard var spec = object["spec"]?.objectValue else { return object }
    switch kind {
    case "Service":
      if spec["clusterIP"]?.stringValue != "None" {
        spec["clusterIP"] = nil
        spec["clusterIPs"] = nil
      }
      for name in ["ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] { spec[name] = nil }
      if spec["type"]?.stringValue != "NodePort" { spec["ports"] = withoutNodePorts(spec["ports"]) }
    case "PersistentVolumeClaim": spec["volumeName"] = nil
    case "Namespace": spec["finalizers"] = nil
    case _: break
    }
    object["spec"] = spec.members.isEmpty ? nil : .object(spec)
    return object
  }

  private static func withoutNodePorts(_ ports: Document?) -> Document? {
    ports?.arrayValue.map { ports in
      .array(
        ports.map { port in
          guard case .object(var object) = port else { return port }
          object["nodePort"] = nil
          return .object(object)
        })
    }
  }

  /// Why an object of a cluster is none of the user's; empty where that goes without saying.
  private static func madeByOthers(_ object: DocumentObject, kind: String, name: String) -> String?
  {
    if object["metadata"]?["ownerReferences"]?.arrayValue?.isEmpty == false { return "" }
    switch (kind, name) {
    case ("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"): return ""
    case ("ConfigMap", _) where name.hasPrefix("dr-inventory-"): return ""
    case ("Secret", _) where object["type"]?.stringValue == "kubernetes.io/service-account-token":
      return ""
    case _: return nil
    }
  }
}
