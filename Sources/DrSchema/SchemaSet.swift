// SPDX-License-Identifier: Apache-2.0

import DrBase

/// The schemas of one version of Kubernetes, and of custom resources beside them, laid out for
/// validating.
package struct SchemaSet: Sendable {
  /// A type, seen from one version.
  struct Row: Sendable {
    let kind: SchemaKind
    let format: SchemaFormat
    let isOpen: Bool
    let element: Int32
    /// Fields of an object, texts of a choice.
    var first: Int32 = 0
    var count: Int32 = 0
    /// The fields that must be there, by their `bit`.
    var required: UInt64 = 0
    let bounds: Int32
  }

  struct Field: Sendable {
    /// The name's place in `text`.
    let start: Int32
    let count: Int32
    let type: Int32
    /// Of a field that must be there; 0 of others.
    let bit: UInt64
    let isDropped: Bool
  }

  package let version: KubernetesVersion
  /// All versions, to explain what this one has not.
  private(set) var tables = SchemaTables()
  private(set) var rows: [Row] = []
  /// Of each object side by side, sorted by the bytes of their names.
  private(set) var fields: [Field] = []
  /// Of each choice side by side.
  private(set) var options: [Field] = []
  /// Names, one after the other.
  private(set) var text: [UInt8] = []
  private var roots: [RootKey: SchemaRoot] = [:]
  /// Every API group that Kubernetes itself has or had.
  private let coreGroups: Set<Substring>

  private struct RootKey: Hashable {
    let apiVersion: String
    let kind: String
  }

  /// `custom` are the tables of custom resources.
  package init(
    core: SchemaTables, custom: [SchemaTables] = [], version: KubernetesVersion
  ) {
    self.version = version
    coreGroups = Set(core.roots.map(\.group))
    for tables in [core] + custom { append(tables) }
    for root in tables.roots { roots[RootKey(apiVersion: root.apiVersion, kind: root.kind)] = root }
  }

  private mutating func append(_ other: SchemaTables) {
    let (typeOffset, rowOffset) = (tables.types.count, tables.fields.count)
    let (optionOffset, boundsOffset) = (tables.options.count, tables.bounds.count)
    tables.options += other.options
    tables.bounds += other.bounds
    tables.fields += other.fields.map { field in
      var field = field
      field.type += typeOffset
      return field
    }
    tables.roots += other.roots.map { root in
      var root = root
      root.type += typeOffset
      return root
    }
    for type in other.types {
      let offset = type.kind == .choice ? optionOffset : rowOffset
      var moved = type
      moved.element += typeOffset
      moved.rows = type.rows.lowerBound + offset..<type.rows.upperBound + offset
      moved.bounds = type.bounds.map { $0 + boundsOffset }
      tables.types.append(moved)
      rows.append(row(moved))
    }
  }

  private mutating func row(_ type: SchemaType) -> Row {
    var row = Row(
      kind: type.kind, format: type.format, isOpen: type.isOpen, element: Int32(type.element),
      bounds: Int32(type.bounds ?? -1))
    let mask = VersionMask(version)
    switch type.kind {
    case .object:
      row.first = Int32(fields.count)
      for field in tables.fields[type.rows] where field.versions.contains(mask) {
        var bit: UInt64 = 0
        // No object of Kubernetes comes near 64 fields that it must have; more are not asked for.
        if field.required.contains(mask), row.required != .max {
          bit = ~row.required & (row.required &+ 1)
          row.required |= bit
        }
        fields.append(
          Field(
            start: Int32(text.count), count: Int32(field.name.utf8.count), type: Int32(field.type),
            bit: bit, isDropped: field.dropped.contains(mask)))
        text += field.name.utf8
      }
      row.count = Int32(fields.count) - row.first
    case .choice:
      row.first = Int32(options.count)
      for option in tables.options[type.rows] where option.versions.contains(mask) {
        options.append(
          Field(
            start: Int32(text.count), count: Int32(option.text.utf8.count), type: 0, bit: 0,
            isDropped: false))
        text += option.text.utf8
      }
      row.count = Int32(options.count) - row.first
    case .any, .bool, .integer, .number, .string, .intOrString, .quantity, .array, .map: break
    }
    return row
  }

  /// What a kind of object is, for this version.
  package enum Lookup: Sendable, Equatable {
    case type(SchemaTypeID)
    /// Nothing is known of it: a custom resource.
    case custom
    /// Kubernetes has the group but not this kind in it; `similar` is a kind that it has.
    case unknown(similar: String?)
    /// Other versions of Kubernetes have it; `instead` is where this one has the kind.
    case notYet(since: KubernetesVersion, instead: String?)
    case gone(last: KubernetesVersion, instead: String?)
  }

  package func look(up kind: String, in apiVersion: String) -> Lookup {
    let mask = VersionMask(version)
    if let root = roots[RootKey(apiVersion: apiVersion, kind: kind)] {
      if root.versions.contains(mask) { return .type(root.type) }
      let instead = tables.roots.last { other in
        other.kind == kind && other.group == root.group && other.versions.contains(mask)
      }?.apiVersion
      if let last = root.versions.last, last < version {
        return .gone(last: last, instead: instead)
      }
      return root.versions.first.map { .notYet(since: $0, instead: instead) } ?? .custom
    }
    let group = apiVersion.split(separator: "/").dropLast().last ?? ""
    guard coreGroups.contains(group) else { return .custom }
    let here = tables.roots.filter { $0.versions.contains(mask) }
    if let root = here.last(where: { $0.kind == kind }) {
      return .unknown(similar: "\(root.apiVersion) \(kind)")
    }
    let near = nearestName(to: kind, among: here.map(\.kind))
    return .unknown(
      similar: here.last { $0.kind == near }.map { "\($0.apiVersion) \($0.kind)" })
  }

  /// What a custom resource must be beyond its type.
  package func rule(of kind: String, in apiVersion: String) -> StructuralRule? {
    roots[RootKey(apiVersion: apiVersion, kind: kind)]?.rule
  }

  // What is wrong

  /// Why an object of this version has no such field.
  func fault(of name: String, in type: SchemaTypeID) -> SchemaProblem.Kind {
    let all = tables.fields[tables.types[type].rows]
    if let other = all.first(where: { $0.name == name }) { return fault(other.versions) }
    let mask = VersionMask(version)
    let here = all.filter { $0.versions.contains(mask) }.map(\.name)
    return .unknown(similar: nearestName(to: name, among: here))
  }

  /// Why a choice of this version has no such text.
  func fault(ofOption text: String, in type: SchemaTypeID) -> SchemaProblem.Kind {
    let all = tables.options[tables.types[type].rows]
    if let other = all.first(where: { $0.text == text }) { return fault(other.versions) }
    let mask = VersionMask(version)
    let here = all.filter { $0.versions.contains(mask) }.map(\.text)
    return .noOption(found: text, options: here, similar: nearestName(to: text, among: here))
  }

  private func fault(_ versions: VersionMask) -> SchemaProblem.Kind {
    if let last = versions.last, last < version { return .gone(last: last) }
    return versions.first.map { .notYet(since: $0) } ?? .unknown(similar: nil)
  }

  /// From which version on a field that this one drops is kept.
  func keptSince(_ name: String, in type: SchemaTypeID) -> KubernetesVersion? {
    let mask = VersionMask(version)
    let field = tables.fields[tables.types[type].rows].first {
      $0.name == name && $0.dropped.contains(mask)
    }
    guard let field else { return nil }
    let later = field.versions.subtracting(field.dropped)
    return VersionMask(rawValue: later.rawValue & ~(mask.rawValue &- 1)).first
  }

  /// The fields that are missing of those that must be there.
  func missing(_ bits: UInt64, in type: SchemaTypeID) -> [String] {
    let row = rows[type]
    return fields[Int(row.first)..<Int(row.first + row.count)].filter { $0.bit & bits != 0 }
      .map { field in
        String(decoding: text[Int(field.start)..<Int(field.start + field.count)], as: UTF8.self)
      }
  }

  /// How many fields all types have; they are numbered from 0 on.
  package var fieldCount: Int { fields.count }

  func bounds(_ row: Row) -> SchemaBounds? {
    row.bounds < 0 ? nil : tables.bounds[Int(row.bounds)]
  }
}
