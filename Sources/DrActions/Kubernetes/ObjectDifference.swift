// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What differs between two states of a Kubernetes object, for people and without secrets: `spec.replicas 1 → 2`.
enum ObjectDifference {
  /// Bookkeeping of the API server, which changes with every write or never means anything.
  private static let ignored: Set<String> = [
    "metadata.managedFields", "metadata.resourceVersion", "metadata.generation", "status",
  ]
  private static let most = 20

  /// One of both states, as it is and as it is shown.
  private struct Side {
    let value: Document
    let shown: Document

    init(_ value: Document) { self.init(value, SecretText.mask(value)) }

    private init(_ value: Document, _ shown: Document) { (self.value, self.shown) = (value, shown) }

    subscript(_ name: String) -> Side { Side(value[name] ?? .null, shown[name] ?? .null) }

    subscript(_ index: Int) -> Side {
      func item(_ document: Document) -> Document {
        let items = document.arrayValue ?? []
        return items.indices.contains(index) ? items[index] : .null
      }
      return Side(item(value), item(shown))
    }
  }

  static func of(_ old: Document, _ new: Document) -> [String] {
    var changes: [String] = []
    compare(Side(old), Side(new), "", &changes)
    guard changes.count > most else { return changes }
    return Array(changes.prefix(most)) + ["and \(changes.count - most) more"]
  }

  private static func compare(
    _ old: Side, _ new: Side, _ path: String, _ changes: inout [String]
  ) {
    guard old.value != new.value, !ignored.contains(path) else { return }
    switch (old.value, new.value) {
    case (.object(let a), .object(let b)):
      let names = a.members.map(\.name) + b.members.map(\.name).filter { a[$0] == nil }
      for name in names {
        compare(old[name], new[name], path.isEmpty ? name : "\(path).\(name)", &changes)
      }
    case (.array(let a), .array(let b)):
      for index in 0..<max(a.count, b.count) {
        compare(old[index], new[index], "\(path)[\(index)]", &changes)
      }
    case _:
      changes.append("\(path) \(shown(old.shown)) → \(shown(new.shown))")
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
