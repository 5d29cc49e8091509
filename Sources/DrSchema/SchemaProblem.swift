// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Where in an object something is: `spec.template.spec.containers[0].ports`.
package struct SchemaPath: Sendable, Hashable {
  package enum Part: Sendable, Hashable {
    case member(String)
    case element(Int)
  }

  package var parts: [Part]

  package init(_ parts: [Part] = []) { self.parts = parts }

  /// As people write it; a name that is no word stands in brackets.
  package var text: String {
    var text = ""
    for part in parts {
      switch part {
      case .element(let index): text += "[\(index)]"
      case .member(let name):
        let isWord = name.utf8.allSatisfy { byte in
          NameRules.isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || byte == 0x2d
        }
        text += isWord ? (text.isEmpty ? name : ".\(name)") : "[\"\(name)\"]"
      }
    }
    return text
  }
}

/// What an object has that the API server would refuse, or would quietly change.
package struct SchemaProblem: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// No version has such a field.
    case unknown(similar: String?)
    /// Only later versions have the field, or the text of a choice.
    case notYet(since: KubernetesVersion)
    /// Only earlier versions have it.
    case gone(last: KubernetesVersion)
    /// The version knows the field but drops it, as its feature is off until a later one.
    case dropped(until: KubernetesVersion?)
    case missing
    case wrongType(expected: String, found: String)
    /// One of a few texts, and not of these.
    case noOption(found: String, options: [String], similar: String?)
    /// Why the value is not one, to go on with after it: "is no quantity".
    case invalid(found: String, reason: String)
    /// What a value of the right type has or lacks, to go on with after its path: "needs `a` or `b`".
    case misshapen(reason: String)
    /// Why the name of a member is not one, to go on with after it.
    case invalidName(reason: String)
    /// A quantity that would be stored as another one.
    case rounded(found: String, unit: String)
  }

  package let kind: Kind
  package let path: SchemaPath

  package init(_ kind: Kind, at path: SchemaPath) {
    self.kind = kind
    self.path = path
  }
}
