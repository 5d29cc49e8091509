// SPDX-License-Identifier: Apache-2.0

import DrData

/// What differs between two states of a Kubernetes object, for people: `spec.replicas 1 → 2`.
enum ObjectDifference {
  /// Bookkeeping of the API server, which changes with every write or never means anything.
  private static let ignored: Set<String> = [
    "metadata.managedFields", "metadata.resourceVersion", "metadata.generation", "status",
  ]
  private static let most = 20

  static func of(_ old: Document, _ new: Document) -> [String] {
    var changes: [String] = []
    compare(old, new, "", &changes)
    guard changes.count > most else { return changes }
    return Array(changes.prefix(most)) + ["and \(changes.count - most) more"]
  }

  private static func compare(
    _ old: Document, _ new: Document, _ path: String, _ changes: inout [String]
  ) {
    guard old != new, !ignored.contains(path) else { return }
    switch (old, new) {
    case (.object(let a), .object(let b)):
      let names = a.members.map(\.name) + b.members.map(\.name).filter { a[$0] == nil }
      for name in names {
        let inner = path.isEmpty ? name : "\(path).\(name)"
        compare(a[name] ?? .null, b[name] ?? .null, inner, &changes)
      }
    case (.array(let a), .array(let b)):
      for index in 0..<max(a.count, b.count) {
        compare(
          index < a.count ? a[index] : .null, index < b.count ? b[index] : .null,
          "\(path)[\(index)]", &changes)
      }
    case _:
      changes.append("\(path) \(shown(old)) → \(shown(new))")
    }
  }

  private static func shown(_ value: Document) -> String {
    switch value {
    case .null: return "none"
    case .string(let text): return text.count > 60 ? "\(text.prefix(60))…" : text
    case .bool, .int, .float: return JSON.write(value)
    case .array, .object:
      let text = JSON.write(value)
      return text.count > 60 ? "\(text.prefix(60))…" : text
    }
  }
}
