// SPDX-License-Identifier: Apache-2.0

import DrData

/// Hides secrets in what is written down or shown of a run, by how they are called: `token=…`, `"password": "…"`,
/// `Authorization: …`. What only names a secret (`env:NAME`, `file:/path`) stays.
package enum SecretText {
  package static let shown = "•••"

  /// Does not repeat what it refuses.
  package static let refusal =
    "a secret that is given as it is would stand in journals and reports: put it into a header, such as "
    + "authorization: \"Bearer env:NAME\", or name all of a URL by env:NAME"

  /// The text with every secret hidden; the same again where it is masked again.
  package static func mask(_ text: String) -> String {
    hidden(in: text).map { hide($0, in: text) } ?? text
  }

  /// Whether a text holds a secret.
  package static func isIn(_ text: String) -> Bool { hidden(in: text) != nil }

  /// The secrets that a text holds.
  package static func secrets(in text: String) -> [String] {
    let bytes = text.utf8
    return (hidden(in: text) ?? []).compactMap { range in
      String(bytes.dropFirst(range.lowerBound).prefix(range.count))
    }
  }

  /// The secret that a header holds; `nil` where it holds none, or only names one.
  package static func secret(ofHeader name: String, _ value: String) -> String? {
    guard SecretName.isSecret(name, isShort: true), !SecretScanner.isReference(value.utf8) else {
      return nil
    }
    return value.split(separator: " ").last.map(String.init)
  }

  private static func hidden(in text: String) -> [Range<Int>]? {
    var text = text
    let hidden = text.withUTF8 { bytes in
      var scanner = SecretScanner(bytes)
      scanner.scan()
      return scanner.hidden
    }
    return hidden.isEmpty ? nil : hidden
  }

  private static func hide(_ ranges: [Range<Int>], in text: String) -> String {
    let bytes = Array(text.utf8)
    var masked: [UInt8] = []
    var start = 0
    for range in ranges {
      masked += bytes[start..<range.lowerBound]
      masked += shown.utf8
      start = range.upperBound
    }
    return String(decoding: masked + bytes[start...], as: UTF8.self)
  }

  // MARK: Documents

  /// The same of all texts of a document, and of its members by their names: those of `headers` by the names of headers,
  /// and all that a Secret of Kubernetes holds.
  package static func mask(_ document: Document) -> Document { masked(document) ?? document }

  /// `nil` where it stays as it is.
  private static func masked(_ document: Document) -> Document? {
    switch document {
    case .null, .bool, .int, .float: nil
    case .string(let text): hidden(in: text).map { .string(hide($0, in: text)) }
    case .array(let items): masked(items).map(Document.array)
    case .object(let object): masked(object, areHeaders: false).map(Document.object)
    }
  }

  private static func masked(_ items: [Document]) -> [Document]? {
    var masked: [Document]?
    for (index, item) in items.enumerated() {
      // `--token`, and what is given to it.
      let isGiven = index > 0 && items[index - 1].stringValue.map(isSecretFlag) ?? false
      if let new = isGiven ? concealed(item) : Self.masked(item) {
        masked = masked ?? items
        masked?[index] = new
      }
    }
    return masked
  }

  private static func isSecretFlag(_ text: String) -> Bool {
    text.hasPrefix("-") && !text.utf8.contains(UInt8(ascii: "="))
      && SecretName.isSecret(text)
  }

  private static func masked(_ object: DocumentObject, areHeaders: Bool) -> DocumentObject? {
    let isSecret = object["kind"] == "Secret"
    // A variable of a container: `{ name: DB_PASSWORD, value: … }`.
    let isVariable =
      object["name"]?.stringValue.map { SecretName.isSecret($0) } ?? false
    var masked: DocumentObject?
    for member in object.members {
      let new: Document?
      switch member.value {
      case .object(let inner) where isSecret && ["data", "stringData"].contains(member.name):
        new = .object(DocumentObject(inner.members.map { ($0.name, .string(shown)) }))
      case .object(let inner):
        new = Self.masked(inner, areHeaders: member.name == "headers").map(Document.object)
      case .string, .int, .float:
        new =
          SecretName.isSecret(member.name, isShort: areHeaders)
            || isVariable && member.name == "value"
          ? concealed(member.value) : Self.masked(member.value)
      case .null, .bool, .array: new = Self.masked(member.value)
      }
      if let new {
        masked = masked ?? object
        masked?[member.name] = new
      }
    }
    return masked
  }

  /// What stands where a secret should; `nil` where it only names one.
  private static func concealed(_ document: Document) -> Document? {
    guard let text = document.stringValue else { return .string(shown) }
    let isOpen = text.isEmpty || text == shown || SecretScanner.isReference(text.utf8)
    return isOpen ? nil : .string(shown)
  }
}
