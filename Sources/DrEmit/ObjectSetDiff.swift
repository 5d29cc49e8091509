// SPDX-License-Identifier: Apache-2.0

import DrData

/// What makes an object the same one elsewhere.
package struct ObjectIdentity: Hashable, Sendable, Comparable {
  /// `apps`; nothing for the core group. The version in it does not count.
  package let group: String
  package let kind: String
  package let namespace: String
  package let name: String

  /// nil where the document is no Kubernetes object.
  package init?(_ document: Document) {
    guard let apiVersion = document["apiVersion"]?.stringValue,
      let kind = document["kind"]?.stringValue,
      let name = document["metadata"]?["name"]?.stringValue
    else { return nil }
    group = apiVersion.split(separator: "/").dropLast().last.map(String.init) ?? ""
    self.kind = kind
    self.name = name
    namespace = document["metadata"]?["namespace"]?.stringValue ?? ""
  }

  /// As people name it: `Deployment shop/web`.
  package var title: String { "\(kind) \(namespace.isEmpty ? "" : "\(namespace)/")\(name)" }

  package static func < (a: Self, b: Self) -> Bool {
    (a.kind, a.namespace, a.name, a.group) < (b.kind, b.namespace, b.name, b.group)
  }
}

/// How a set of objects differs from another one.
package struct ObjectSetDiff: Sendable {
  /// One object that differs.
  package enum Entry: Sendable {
    case added(ObjectIdentity)
    case removed(ObjectIdentity)
    case changed(ObjectIdentity, ObjectDiff)
  }

  /// Sorted by identity.
  package private(set) var entries: [Entry] = []
  package private(set) var sameCount = 0

  /// Of objects of one identity the last counts; what is no object, and kustomizations, are passed
  /// over.
  package init(from old: [Document], to new: [Document]) {
    let before = Self.index(old)
    let after = Self.index(new)
    for identity in Set(before.keys).union(after.keys).sorted() {
      switch (before[identity], after[identity]) {
      case (let old?, let new?):
        let diff = ObjectDiff(from: old, to: new)
        if diff.isEmpty { sameCount += 1 } else { entries.append(.changed(identity, diff)) }
      case (nil, .some): entries.append(.added(identity))
      case (.some, nil): entries.append(.removed(identity))
      case (nil, nil): break
      }
    }
  }

  private static func index(_ documents: [Document]) -> [ObjectIdentity: Document] {
    var index: [ObjectIdentity: Document] = [:]
    for document in documents {
      if document["kind"] == "List", let items = document["items"]?.arrayValue {
        index.merge(Self.index(items)) { $1 }
      } else if let identity = ObjectIdentity(document),
        identity.group != "kustomize.config.k8s.io"
      {
        index[identity] = document
      }
    }
    return index
  }
}
