// SPDX-License-Identifier: Apache-2.0

import DrData

/// The objects that one program made in a cluster, as a ConfigMap there keeps them.
///
/// An object is written here before it is made, so that whatever interrupts an apply, the next one
/// knows all that the program ever made. Taking away needs both: this list, and the object's own
/// label.
package struct Inventory: Sendable, Equatable {
  /// The label that says which program made an object.
  package static let label = "dr.run/program"
  /// Where inventories are kept, beside the locks of runs.
  static let namespace = "default"

  package let program: String
  /// In the order in which they were first made.
  package private(set) var objects: [ObjectReference]
  /// Of the ConfigMap as it was read; `nil` where there was none.
  private let resourceVersion: String?

  /// The ConfigMap of a program.
  package static func reference(_ program: String) -> ObjectReference {
    ObjectReference(
      apiVersion: "v1", kind: "ConfigMap", namespace: namespace, name: "dr-inventory-\(program)")
  }

  /// From the ConfigMap as it is in the cluster; `.null` where there is none. Lines that are no
  /// object are left out.
  package init(program: String, configMap: Document) {
    self.program = program
    resourceVersion = configMap["metadata"]?["resourceVersion"]?.stringValue
    objects = (configMap["data"]?["objects"]?.stringValue ?? "")
      .split(separator: "\n").compactMap { Self.read(String($0)) }
  }

  /// With these too.
  package mutating func add(_ others: [ObjectReference]) {
    for other in others where !objects.contains(where: { $0.names(sameAs: other) }) {
      objects.append(other)
    }
  }

  /// Without these.
  package mutating func remove(_ others: [ObjectReference]) {
    objects.removeAll { object in others.contains { $0.names(sameAs: object) } }
  }

  /// Those that are none of these: what the program has made and no longer declares.
  package func stale(_ declared: [ObjectReference]) -> [ObjectReference] {
    objects.filter { object in !declared.contains { $0.names(sameAs: object) } }
  }

  /// The ConfigMap, for the version that was read: of two applies at once one is refused.
  package var configMap: DocumentObject {
    var metadata: Document = [
      "name": .string(Self.reference(program).name), "namespace": .string(Self.namespace),
      "labels": [
        "app.kubernetes.io/managed-by": "dr", Self.label: .string(program),
      ],
    ]
    if let resourceVersion, case .object(var object) = metadata {
      object["resourceVersion"] = .string(resourceVersion)
      metadata = .object(object)
    }
    let lines = objects.map { Self.line($0) + "\n" }.joined()
    return DocumentObject([
      ("apiVersion", "v1"), ("kind", "ConfigMap"), ("metadata", metadata),
      ("data", ["objects": .string(lines)]),
    ])
  }

  /// `apps/v1 Deployment deepseek/deepseek-az1`
  private static func line(_ object: ObjectReference) -> String {
    "\(object.apiVersion) \(object.title)"
  }

  private static func read(_ line: String) -> ObjectReference? {
    let words = line.split(separator: " ").map(String.init)
    guard words.count == 3 else { return nil }
    let names = words[2].split(separator: "/").map(String.init)
    guard let name = names.last, names.count <= 2 else { return nil }
    return ObjectReference(
      apiVersion: words[0], kind: words[1], namespace: names.count == 2 ? names[0] : nil,
      name: name)
  }

  // MARK: Whose an object is

  /// Objects of these kinds hold what others made, or data: they are never taken away by `dr`.
  package static func keeps(_ kind: String) -> Bool {
    ["Namespace", "CustomResourceDefinition", "PersistentVolumeClaim", "PersistentVolume"]
      .contains(kind)
  }

  /// Several programs may need one namespace or one definition; of everything else one has it.
  private static func isShared(_ kind: String) -> Bool {
    kind == "Namespace" || kind == "CustomResourceDefinition"
  }

  /// A manifest with the label of its program.
  package func marked(_ manifest: DocumentObject) -> DocumentObject {
    guard let kind = manifest["kind"]?.stringValue, !Self.isShared(kind) else { return manifest }
    var manifest = manifest
    var metadata = manifest["metadata"]?.objectValue ?? DocumentObject()
    var labels = metadata["labels"]?.objectValue ?? DocumentObject()
    labels[Self.label] = .string(program)
    metadata["labels"] = .object(labels)
    manifest["metadata"] = .object(metadata)
    return manifest
  }

  /// The other program that an object in the cluster belongs to.
  package func otherOwner(_ live: Document) -> String? {
    guard let kind = live["kind"]?.stringValue, !Self.isShared(kind) else { return nil }
    let owner = live["metadata"]?["labels"]?[Self.label]?.stringValue
    return owner == program ? nil : owner
  }

  /// Whether an object in the cluster may be taken away: it must say itself that it is this
  /// program's.
  package func owns(_ live: Document) -> Bool {
    live["metadata"]?["labels"]?[Self.label]?.stringValue == program
  }
}
