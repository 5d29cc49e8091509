// SPDX-License-Identifier: Apache-2.0

import DrData
import DrSchema
import Foundation

/// `drdev schemas DIR`: writes `schemas/kubernetes.bin` from the published schemas of many versions.
///
/// DIR holds a folder for each version, its name beginning with `v1.26.`, with the definitions in
/// `_definitions.json` (as the PyPI package kubernetes-validate lays them out) or `swagger.json` (as
/// kubernetes/kubernetes publishes them in api/openapi-spec).
struct Schemas {
  private var builder = SchemaBuilder()
  private let facts: SchemaFacts
  private var unused: Set<String>
  private var types: [String: Definition] = [:]
  private var names: [String] = []
  private var rootVersions: [(root: SchemaRoot, definition: String)] = []

  /// An object type of all versions.
  private struct Definition {
    let id: SchemaTypeID
    var fields: [FieldKey: SchemaField] = [:]
    var order: [FieldKey] = []
  }

  private struct FieldKey: Hashable {
    let name: String
    let type: SchemaTypeID
  }

  static func run(folder: String, root: String) throws {
    var schemas = Schemas(facts: try SchemaFacts(path: "\(root)/schemas/facts.txt"))
    for version in KubernetesVersion.known.lowerBound
      .minor...KubernetesVersion.known.upperBound.minor
    {
      let path = try definitions(of: version, in: folder)
      try schemas.add(path: path, version: KubernetesVersion(minor: version))
    }
    guard schemas.unused.isEmpty else {
      throw SchemaFacts.Mistake(
        description: "facts of fields that no version has: \(schemas.unused.sorted())")
    }
    let tables = schemas.build()
    guard let bytes = tables.encoded() else {
      throw SchemaFacts.Mistake(description: "a table has become too long for its numbers")
    }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(root)/schemas/kubernetes.bin"))
    print(
      "wrote schemas/kubernetes.bin: \(bytes.count) bytes, \(tables.types.count) types, "
        + "\(tables.fields.count) fields, \(tables.roots.count) kinds")
  }

  private init(facts: SchemaFacts) {
    self.facts = facts
    unused = Set(facts.choices.keys).union(facts.formats.keys).union(facts.bounds.keys)
      .union(facts.since.keys)
  }

  private static func definitions(of minor: Int, in folder: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    for name in names where name.hasPrefix("v1.\(minor).") && !name.hasSuffix("-strict") {
      for file in ["_definitions.json", "swagger.json"] {
        let path = "\(folder)/\(name)/\(file)"
        if FileManager.default.fileExists(atPath: path) { return path }
      }
    }
    throw SchemaFacts.Mistake(description: "\(folder) has no schemas of 1.\(minor)")
  }

  // One version

  private mutating func add(path: String, version: KubernetesVersion) throws {
    let data = FileManager.default.contents(atPath: path) ?? Data()
    let document = try JSON.parse(Array(data))
    guard let all = (document["$defs"] ?? document["definitions"])?.objectValue else {
      throw SchemaFacts.Mistake(description: "\(path) has no definitions")
    }
    for (name, schema) in all.members where Self.special(name) == nil {
      guard let properties = schema["properties"]?.objectValue else { continue }
      let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
      let isRoot = isObject(schema)
      for (field, property) in properties.members {
        let type = self.type(property, of: Self.short(name), field, isRoot: isRoot)
        note(field, type, in: name, isRequired: required.contains(field), version)
      }
      if isRoot { addRoots(schema, name, version) }
    }
  }

  /// Whether a definition is that of an object with metadata, not of a list of some.
  private func isObject(_ schema: Document) -> Bool {
    let reference = schema["properties"]?["metadata"]?["$ref"]?.stringValue ?? ""
    return schema["x-kubernetes-group-version-kind"] != nil && reference.hasSuffix(".ObjectMeta")
  }

  private mutating func addRoots(_ schema: Document, _ name: String, _ version: KubernetesVersion) {
    for item in schema["x-kubernetes-group-version-kind"]?.arrayValue ?? [] {
      guard let kind = item["kind"]?.stringValue, let api = item["version"]?.stringValue else {
        continue
      }
      let group = item["group"]?.stringValue ?? ""
      let apiVersion = group.isEmpty ? api : "\(group)/\(api)"
      let place = rootVersions.firstIndex {
        $0.root.apiVersion == apiVersion && $0.root.kind == kind
      }
      if let place {
        rootVersions[place].root.versions.insert(VersionMask(version))
      } else {
        let root = SchemaRoot(
          apiVersion: apiVersion, kind: kind, type: definition(name),
          versions: VersionMask(version))
        rootVersions.append((root, name))
      }
    }
  }

  private mutating func definition(_ name: String) -> SchemaTypeID {
    if let known = types[name] { return known.id }
    let id = builder.reserve()
    types[name] = Definition(id: id)
    names.append(name)
    return id
  }

  private mutating func note(
    _ field: String, _ type: SchemaTypeID, in name: String, isRequired: Bool,
    _ version: KubernetesVersion
  ) {
    _ = definition(name)
    let key = FieldKey(name: field, type: type)
    let mask = VersionMask(version)
    var row = types[name]?.fields[key] ?? SchemaField(field, type, versions: [])
    if types[name]?.fields[key] == nil { types[name]?.order.append(key) }
    if let since = facts.since["\(Self.short(name)).\(field)"] {
      unused.remove("\(Self.short(name)).\(field)")
      if version.minor < since.taken { return types[name]?.order.removeAll { $0 == key } ?? () }
      if version.minor < since.kept { row.dropped.insert(mask) }
    }
    row.versions.insert(mask)
    if isRequired { row.required.insert(mask) }
    types[name]?.fields[key] = row
  }

  // Types

  private mutating func type(
    _ schema: Document, of owner: String, _ field: String, isRoot: Bool
  ) -> SchemaTypeID {
    // What the cluster writes is none of a manifest's business.
    if isRoot, field == "status" { return builder.type(.any) }
    if field == "managedFields" { return builder.type(.any) }
    let key = "\(owner).\(field)"
    if let options = facts.choices[key] {
      unused.remove(key)
      let choice = builder.choice(options)
      return schema["items"] == nil ? choice : builder.collection(.array, of: choice)
    }
    if let bounds = facts.bounds[key] {
      unused.remove(key)
      return builder.type(.integer, bounds: bounds)
    }
    if let format = facts.formats[key] {
      unused.remove(key)
      let text = builder.type(.string, format: format.values)
      return schema["additionalProperties"] == nil
        ? text : builder.collection(.map, of: text, format: format.keys)
    }
    return type(schema)
  }

  private mutating func type(_ schema: Document) -> SchemaTypeID {
    if let reference = schema["$ref"]?.stringValue {
      let name = String(reference.split(separator: "/").last ?? "")
      if let special = Self.special(name) {
        return builder.type(special.kind, format: special.format)
      }
      return definition(name)
    }
    switch name(ofType: schema) {
    case "string": return builder.type(.string, format: format(schema))
    case "boolean": return builder.type(.bool)
    case "number": return builder.type(.number)
    case "integer":
      return builder.type(.integer, bounds: schema["format"] == "int32" ? Self.int32 : nil)
    case "array":
      return schema["items"].map { builder.collection(.array, of: type($0)) } ?? builder.type(.any)
    case "object":
      return schema["additionalProperties"].flatMap { $0.objectValue == nil ? nil : $0 }
        .map { builder.collection(.map, of: type($0)) } ?? builder.type(.any)
    default: return builder.type(.any)  // open: a schema without a type
    }
  }

  private static let int32 = SchemaBounds(
    least: Int64(Int32.min), greatest: Int64(Int32.max))

  private func name(ofType schema: Document) -> String {
    let type = schema["type"]
    return type?.stringValue
      ?? type?.arrayValue?.compactMap(\.stringValue).first { $0 != "null" } ?? ""
  }

  private func format(_ schema: Document) -> SchemaFormat {
    switch schema["format"]?.stringValue {
    case "byte": .bytes
    case "date-time": .dateTime
    default: .none  // open: formats of whole numbers, and none
    }
  }

  /// Definitions that stand for a kind of scalar, or for anything.
  private static func special(_ name: String) -> (kind: SchemaKind, format: SchemaFormat)? {
    switch name.split(separator: ".").last {
    case "Quantity" where name.contains(".api.resource."): (.quantity, .none)
    case "IntOrString": (.intOrString, .none)
    case "Time" where name.contains(".meta."), "MicroTime": (.string, .dateTime)
    case "JSON", "RawExtension", "FieldsV1", "Patch", "JSONSchemaPropsOrArray",
      "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray":
      (.any, .none)
    default: nil  // open: all others
    }
  }

  /// `core.v1.Container` of `io.k8s.api.core.v1.Container`.
  private static func short(_ name: String) -> String {
    for prefix in ["io.k8s.apimachinery.pkg.apis.", "io.k8s.api."] where name.hasPrefix(prefix) {
      return String(name.dropFirst(prefix.count))
    }
    return name
  }

  // All versions

  private mutating func build() -> SchemaTables {
    var wanted: Set<String> = []
    var waiting = rootVersions.map(\.definition)
    let byID = Dictionary(uniqueKeysWithValues: types.map { ($0.value.id, $0.key) })
    for (root, _) in rootVersions { builder.add(root) }
    for name in names {
      guard let definition = types[name], !definition.order.isEmpty else { continue }
      builder.define(
        definition.id, fields: definition.order.compactMap { definition.fields[$0] })
    }
    // Only what an object can reach is kept.
    var kept = builder.build()
    while let name = waiting.popLast() {
      guard wanted.insert(name).inserted, let definition = types[name] else { continue }
      for field in definition.fields.values {
        var id = field.type
        while [.array, .map].contains(kept.types[id].kind) { id = kept.types[id].element }
        if let next = byID[id] { waiting.append(next) }
      }
    }
    kept.keep(types: Set(wanted.compactMap { types[$0]?.id }), named: Set(byID.keys))
    return kept
  }
}

extension SchemaTables {
  /// Empties the named object types but for some: their fields go, their numbers stay.
  fileprivate mutating func keep(types wanted: Set<SchemaTypeID>, named: Set<SchemaTypeID>) {
    var fields: [SchemaField] = []
    for id in types.indices where types[id].kind == .object {
      let rows = self.fields[types[id].rows]
      let start = fields.count
      if wanted.contains(id) || !named.contains(id) { fields += rows }
      types[id].rows = start..<fields.count
    }
    self.fields = fields
  }
}
