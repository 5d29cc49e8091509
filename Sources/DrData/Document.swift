// SPDX-License-Identifier: Apache-2.0
//
// DrData: data that leaves or enters the program: an ordered document value and its JSON and YAML
// codecs. It is the only user of libyaml. It knows nothing of the language.

/// A JSON-like value. Members of an object keep the order in which they were added.
package enum Document: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case float(Double)
  case string(String)
  case array([Document])
  case object(DocumentObject)
}

/// An ordered mapping from names to documents.
package struct DocumentObject: Sendable, Equatable {
  /// In the order of insertion; names are unique.
  package private(set) var members: [(name: String, value: Document)] = []

  package init() {}

  /// Later members of the same name replace earlier ones in place.
  package init(_ members: [(String, Document)]) {
    for (name, value) in members { self[name] = value }
  }

  /// Members whose names the caller knows to be unique; linear where one by one is quadratic.
  package init(unique members: [(name: String, value: Document)]) { self.members = members }

  /// The member of that name. Setting `nil` removes it; setting a new one appends it.
  package subscript(name: String) -> Document? {
    get { members.first { $0.name == name }?.value }
    set {
      if let index = members.firstIndex(where: { $0.name == name }) {
        if let newValue { members[index].value = newValue } else { members.remove(at: index) }
      } else if let newValue {
        members.append((name, newValue))
      }
    }
  }

  package static func == (a: DocumentObject, b: DocumentObject) -> Bool {
    // Name by name: a pair of members would be copied to be looked at.
    a.members.count == b.members.count
      && a.members.indices.allSatisfy { index in
        a.members[index].name == b.members[index].name
          && a.members[index].value == b.members[index].value
      }
  }
}

extension Document: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .int(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: Document...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, Document)...) {
    self = .object(DocumentObject(elements))
  }
}

extension Document {
  /// The member of that name, or `nil` where this is no object or has none.
  package subscript(name: String) -> Document? {
    if case .object(let object) = self { object[name] } else { nil }
  }

  package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  package var intValue: Int64? { if case .int(let value) = self { value } else { nil } }
  package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var arrayValue: [Document]? { if case .array(let value) = self { value } else { nil } }
  package var objectValue: DocumentObject? {
    if case .object(let value) = self { value } else { nil }
  }
}
