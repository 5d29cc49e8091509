// SPDX-License-Identifier: Apache-2.0

import DrData

/// What differs between two states of one Kubernetes object, member by member.
///
/// Elements of a list are matched by what names them (containers by `name`, ports by their number)
/// where every element has such a name, otherwise by their place. What the API server keeps for
/// itself is not compared, and what is in a Secret is told to differ, never shown.
package struct ObjectDiff: Sendable, Equatable {
  /// One place that differs.
  package struct Change: Sendable, Equatable {
    /// `spec.template.spec.containers[server].image`, `metadata.labels["app.kubernetes.io/name"]`
    package let path: String
    /// `nil` where there was nothing.
    package let old: Document?
    /// `nil` where there is nothing any more.
    package let new: Document?
  }

  /// In the order of the old object's members, then of those that are new.
  package private(set) var changes: [Change] = []

  package var isEmpty: Bool { changes.isEmpty }

  /// Stands for what is in a Secret.
  package static let masked = "•••"

  /// `.null` for an object that is not there.
  package init(from old: Document, to new: Document) {
    compare(old, new, Path())
    if [old, new].contains(where: { $0["kind"]?.stringValue == "Secret" }) {
      changes = changes.map(Self.mask)
    }
  }

  /// Written by the API server with every change, or by tools as a copy of the whole object.
  private static let ignored: Set<String> = [
    "status", "metadata.managedFields", "metadata.resourceVersion", "metadata.generation",
    "metadata.uid", "metadata.creationTimestamp", "metadata.selfLink",
    #"metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]"#,
    #"metadata.annotations["deployment.kubernetes.io/revision"]"#,
  ]

  /// Members that name an element of a list, the first that all elements have.
  private static let keys = [
    "name", "containerPort", "port", "mountPath", "devicePath", "key", "type", "ip",
  ]

  private mutating func compare(_ old: Document, _ new: Document, _ path: Path) {
    guard old != new, !Self.ignored.contains(path.text) else { return }
    switch (old, new) {
    case (.object(let a), .object(let b)):
      let names = a.members.map(\.name) + b.members.map(\.name).filter { a[$0] == nil }
      for name in names {
        compare(a[name] ?? .null, b[name] ?? .null, path.member(name))
      }
    case (.array(let a), .array(let b)):
      compareLists(a, b, path)
    case (.object(let a), .null) where !a.members.isEmpty && holdsIgnored(path):
      compare(old, .object(DocumentObject()), path)
    case (.null, .object(let b)) where !b.members.isEmpty && holdsIgnored(path):
      compare(.object(DocumentObject()), new, path)
    case (.null, _): changes.append(Change(path: path.text, old: nil, new: new))
    case (_, .null): changes.append(Change(path: path.text, old: old, new: nil))
    case (_, _): changes.append(Change(path: path.text, old: old, new: new))
    }
  }

  /// Whether something below a place is not to be compared, so that it cannot be told as one.
  private func holdsIgnored(_ path: Path) -> Bool {
    path.text.isEmpty || path.text == "metadata" || path.text == "metadata.annotations"
  }

  private mutating func compareLists(_ old: [Document], _ new: [Document], _ path: Path) {
    guard let (oldKeys, newKeys) = Self.elementKeys(old, new) else {
      for index in 0..<max(old.count, new.count) {
        compare(
          index < old.count ? old[index] : .null, index < new.count ? new[index] : .null,
          path.element("\(index)"))
      }
      return
    }
    let newByKey = Dictionary(uniqueKeysWithValues: zip(newKeys, new))
    let oldByKey = Dictionary(uniqueKeysWithValues: zip(oldKeys, old))
    for (key, element) in zip(oldKeys, old) {
      compare(element, newByKey[key] ?? .null, path.element(key))
    }
    for (key, element) in zip(newKeys, new) where oldByKey[key] == nil {
      compare(.null, element, path.element(key))
    }
    let keptBefore = oldKeys.filter { newByKey[$0] != nil }
    let keptAfter = newKeys.filter { oldByKey[$0] != nil }
    if keptBefore != keptAfter {
      changes.append(
        Change(
          path: "\(path.text), in order", old: .array(keptBefore.map { .string($0) }),
          new: .array(keptAfter.map { .string($0) })))
    }
  }

  /// What names the elements of two lists, where one member does for all of them.
  private static func elementKeys(
    _ old: [Document], _ new: [Document]
  ) -> (old: [String], new: [String])? {
    for key in keys {
      func names(_ list: [Document]) -> [String]? {
        let names = list.compactMap { element in
          element[key]?.stringValue ?? element[key]?.intValue.map { String($0) }
        }
        return names.count == list.count && Set(names).count == names.count ? names : nil
      }
      if let old = names(old), let new = names(new) { return (old, new) }
    }
    return nil
  }

  private static func mask(_ change: Change) -> Change {
    guard ["data", "stringData"].contains(where: { change.path.hasPrefix($0) }) else {
      return change
    }
    return Change(
      path: change.path, old: change.old.map(mask), new: change.new.map(mask))
  }

  /// The names in a Secret may be shown, their values not.
  private static func mask(_ value: Document) -> Document {
    guard case .object(let object) = value else { return .string(masked) }
    return .object(DocumentObject(object.members.map { ($0.name, .string(masked)) }))
  }
}

/// The way to a member.
private struct Path {
  var text = ""

  func member(_ name: String) -> Path {
    let isPlain =
      !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
    if !isPlain { return Path(text: "\(text)[\"\(name)\"]") }
    return Path(text: text.isEmpty ? name : "\(text).\(name)")
  }

  func element(_ key: String) -> Path { Path(text: "\(text)[\(key)]") }
}
