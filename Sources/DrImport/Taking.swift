// SPDX-License-Identifier: Apache-2.0

import DrData

/// An object from which members are taken one after the other, so that what nobody took remains.
struct Taking {
  private(set) var rest: DocumentObject

  init(_ object: DocumentObject) { rest = object }

  init?(_ document: Document?) {
    guard case .object(let object)? = document else { return nil }
    rest = object
  }

  /// Takes the member at a path; objects that it leaves empty go, too.
  @discardableResult
  mutating func take(_ path: String...) -> Document? { Self.take(path[...], from: &rest) }

  /// Takes the member at a path if it has one of these values; another one stays.
  mutating func drop(_ path: String..., ifOneOf values: [Document]) {
    guard let value = Self.look(path[...], in: .object(rest)), values.contains(value) else {
      return
    }
    Self.take(path[...], from: &rest)
  }

  /// Paths of what nobody took: `spec.template.spec.hostNetwork`.
  func left(under prefix: String) -> [String] { Self.leaves(.object(rest), prefix) }

  @discardableResult
  private static func take(
    _ path: ArraySlice<String>, from object: inout DocumentObject
  ) -> Document? {
    guard let name = path.first, let value = object[name] else { return nil }
    guard path.count > 1 else {
      object[name] = nil
      return value
    }
    guard case .object(var inner) = value else { return nil }
    let taken = take(path.dropFirst(), from: &inner)
    object[name] = inner.members.isEmpty ? nil : .object(inner)
    return taken
  }

  private static func look(_ path: ArraySlice<String>, in value: Document) -> Document? {
    guard let name = path.first else { return value }
    return value[name].flatMap { look(path.dropFirst(), in: $0) }
  }

  private static func leaves(_ value: Document, _ path: String) -> [String] {
    guard case .object(let object) = value, !object.members.isEmpty else {
      if case .object = value { return [] }
      return [path]
    }
    return object.members.flatMap { member in
      leaves(member.value, path.isEmpty ? member.name : "\(path).\(member.name)")
    }
  }
}
