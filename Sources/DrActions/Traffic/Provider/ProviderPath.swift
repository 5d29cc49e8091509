// SPDX-License-Identifier: Apache-2.0

import DrData

/// Where a value stands in a JSON document: a JSON pointer (RFC 6901) in which a part `name=value` is the element of an
/// array whose member `name` has that text. `name` may go deeper, by dots: `rrdatas.0=192.0.2.10`.
struct ProviderPath: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    /// Of an object; of an array where it is a number.
    case member(String)
    case element(whose: [String], is: String)
  }

  let text: String
  let parts: [Part]

  /// `nil` where it is neither empty nor begins with a `/`.
  init?(_ text: String) {
    guard text.isEmpty || text.hasPrefix("/") else { return nil }
    self.text = text
    parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { part in
      guard let mark = part.firstIndex(of: "=") else { return .member(Self.unescaped(part)) }
      return .element(
        whose: part[..<mark].split(separator: ".").map(Self.unescaped),
        is: Self.unescaped(part[part.index(after: mark)...]))
    }
  }

  private init(text: String, parts: [Part]) { (self.text, self.parts) = (text, parts) }

  private static func unescaped(_ part: Substring) -> String {
    part.split(separator: "~1", omittingEmptySubsequences: false).joined(separator: "/")
      .split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
  }

  /// What is left of it inside of what the other one leads to; `nil` where it does not lead through that.
  func inside(of outer: ProviderPath) -> ProviderPath? {
    parts.starts(with: outer.parts)
      ? ProviderPath(text: text, parts: Array(parts.dropFirst(outer.parts.count))) : nil
  }

  // MARK: Reading

  func value(in document: Document) -> Document? {
    parts.reduce(Optional(document)) { found, part in found.flatMap { Self.step(part, in: $0) } }
  }

  private static func step(_ part: Part, in document: Document) -> Document? {
    switch (part, document) {
    case (.member(let name), .object(let object)): object[name]
    case (_, .array(let items)): index(part, in: items).map { items[$0] }
    case (.element, _), (.member, _): nil
    }
  }

  private static func index(_ part: Part, in items: [Document]) -> Int? {
    switch part {
    case .member(let name):
      return Int(name).flatMap { items.indices.contains($0) ? $0 : nil }
    case .element(let names, let value):
      return items.firstIndex { item in
        names.reduce(Optional(item)) { found, name in found.flatMap { step(.member(name), in: $0) }
        }
        .map(plain) == value
      }
    }
  }

  private static func plain(_ document: Document) -> String {
    document.stringValue ?? JSON.write(document)
  }

  // MARK: Writing

  /// The document with the value there; `nil` where there is no such place.
  func putting(_ value: Document, into document: Document) -> Document? {
    Self.putting(value, parts[...], into: document)
  }

  private static func putting(
    _ value: Document, _ parts: ArraySlice<Part>, into document: Document
  ) -> Document? {
    guard let part = parts.first else { return value }
    switch (part, document) {
    case (.member(let name), .object(var object)):
      guard let old = object[name] else { return nil }
      guard let new = putting(value, parts.dropFirst(), into: old) else { return nil }
      object[name] = new
      return .object(object)
    case (_, .array(var items)):
      guard let index = index(part, in: items),
        let new = putting(value, parts.dropFirst(), into: items[index])
      else { return nil }
      items[index] = new
      return .array(items)
    case (.member, _), (.element, _): return nil
    }
  }

  /// Of a document only what is on the way to the paths; arrays on the way stay whole, for a merge patch
  /// (RFC 7386) replaces them.
  static func pruned(_ document: Document, to paths: [ArraySlice<Part>]) -> Document {
    guard case .object(let object) = document, !paths.contains(where: \.isEmpty) else {
      return document
    }
    return .object(
      DocumentObject(
        object.members.compactMap { member in
          let inner = paths.filter { $0.first == .member(member.name) }.map { $0.dropFirst() }
          return inner.isEmpty ? nil : (member.name, pruned(member.value, to: inner))
        }))
  }
}
