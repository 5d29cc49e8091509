// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData

/// What an apply and a diff say.
struct ApplyText {
  let paint: Paint

  func line(_ word: String, _ style: Paint.Style, _ what: String, _ note: String = "") {
    let padding = String(repeating: " ", count: max(1, 11 - word.count))
    let note = note.isEmpty ? "" : paint(": \(note)", .dim)
    Console.write("  \(paint(word, style))\(padding)\(what)\(note)\n")
  }

  /// Why objects cannot be applied, each with what to do. `running` is the cluster's version.
  func problems(_ previews: [PreviewedObject], running: String) {
    for (index, preview) in previews.enumerated() {
      switch preview.outcome {
      case .conflict(let conflicts, let live):
        Console.write(
          paint("conflict", .red) + " \(preview.reference.title)\n", to: .error)
        for conflict in conflicts {
          let ours = FieldPath.value(at: conflict.field, of: .object(preview.manifest))
          let theirs = FieldPath.value(at: conflict.field, of: live)
          let values =
            ours != nil || theirs != nil
            ? ": it is \(text(theirs)), the program wants \(text(ours))" : ""
          Console.write(
            "  \(conflict.field.drop { $0 == "." }) belongs to \"\(conflict.manager)\"\(values)\n",
            to: .error)
        }
      case .refused(let reason), .unknownKind(let reason):
        Console.write(paint("refused", .red) + "  \(preview.reference.title)\n", to: .error)
        // Said once of several objects that are refused for the same.
        if index + 1 == previews.count || previews[index + 1].refusal != reason {
          Console.write("  \(reason)\n", to: .error)
        }
      case .unchanged, .created, .changed, .later, .skipped: break
      }
    }
    if previews.contains(where: \.isConflict) {
      Console.write(
        "help: let the program say what the other manager does, or take the fields over with --force\n",
        to: .error)
    }
    if previews.contains(where: \.isOfUnknownKind) {
      Console.write(
        "help: install the definitions, leave these objects out with --skip-unknown-kinds, or compile for the "
          + "cluster's version with --target kubernetes=\(running)\n",
        to: .error)
    }
  }

  private func text(_ value: Document?) -> String {
    value.map { JSON.write($0) } ?? "not there"
  }
}

extension PreviewedObject {
  fileprivate var isConflict: Bool { if case .conflict = outcome { true } else { false } }

  fileprivate var refusal: String? {
    switch outcome {
    case .refused(let reason), .unknownKind(let reason): reason
    case .unchanged, .created, .changed, .later, .skipped, .conflict: nil
    }
  }

  fileprivate var isOfUnknownKind: Bool {
    if case .unknownKind = outcome { true } else { false }
  }
}

/// Field paths as the API server writes them in conflicts:
/// `.spec.template.spec.containers[name="server"].image`.
enum FieldPath {
  /// The value there; `nil` where there is none or the path is of another shape.
  static func value(at path: String, of document: Document) -> Document? {
    var rest = path[...]
    var value = document
    while !rest.isEmpty {
      if rest.first == "." {
        let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" }
        rest = rest.dropFirst(name.count + 1)
        guard let next = value[String(name)] else { return nil }
        value = next
      } else if rest.first == "[", let end = rest.firstIndex(of: "]") {
        let key = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        guard let next = element(key, of: value) else { return nil }
        value = next
      } else {
        return nil
      }
    }
    return value
  }

  /// `name="server"` or `containerPort=80,protocol="TCP"`.
  private static func element(_ key: Substring, of list: Document) -> Document? {
    let conditions = key.split(separator: ",").map {
      $0.split(separator: "=", maxSplits: 1).map(String.init)
    }
    guard conditions.allSatisfy({ $0.count == 2 }) else { return nil }
    return list.arrayValue?.first { element in
      conditions.allSatisfy { element[$0[0]].map { JSON.write($0) } == $0[1] }
    }
  }
}
