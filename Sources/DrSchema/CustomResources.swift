// SPDX-License-Identifier: Apache-2.0

import DrData

/// What is no definition of a custom resource, in a few words.
package struct CustomResourceFailure: Error, Sendable, Equatable {
  package let message: String
}

/// Reads CustomResourceDefinitions (apiextensions.k8s.io/v1, structural schemas).
///
/// Types, fields, required fields, choices and bounds go into the tables, the rest into a
/// `StructuralRule`. Rules in CEL are the API server's to check.
package struct CustomResources {
  private var builder = SchemaBuilder()
  /// Kinds that were read, `Gslb in k8gb.absa.oss/v1beta1`.
  package private(set) var kinds: [String] = []

  package init() {}

  package var tables: SchemaTables { builder.build() }

  /// Adds the definitions of a document; what is none is passed over, so that a folder may hold other
  /// manifests too.
  package mutating func add(_ document: Document) throws(CustomResourceFailure) {
    if document["kind"] == "List" {
      for item in document["items"]?.arrayValue ?? [] { try add(item) }
      return
    }
    guard document["kind"] == "CustomResourceDefinition" else { return }
    let name = document["metadata"]?["name"]?.stringValue ?? "a definition without name"
    guard document["apiVersion"] == "apiextensions.k8s.io/v1" else {
      throw CustomResourceFailure(message: "\(name) is no apiextensions.k8s.io/v1")
    }
    guard let group = document["spec"]?["group"]?.stringValue,
      let kind = document["spec"]?["names"]?["kind"]?.stringValue,
      let versions = document["spec"]?["versions"]?.arrayValue
    else {
      throw CustomResourceFailure(message: "\(name) lacks spec.group, names.kind or versions")
    }
    for version in versions where version["served"] != false {
      guard let number = version["name"]?.stringValue,
        let schema = version["schema"]?["openAPIV3Schema"]
      else { throw CustomResourceFailure(message: "\(name) has a version without name or schema") }
      let apiVersion = "\(group)/\(number)"
      builder.add(
        SchemaRoot(
          apiVersion: apiVersion, kind: kind, type: root(schema), rule: StructuralRule(schema)))
      kinds.append("\(kind) in \(apiVersion)")
    }
  }

  /// The fields that every object has, beside those of the schema.
  private mutating func root(_ schema: Document) -> SchemaTypeID {
    let text = builder.type(.string)
    let labels = builder.collection(
      .map, of: builder.type(.string, format: .labelValue), format: .qualifiedName)
    let annotations = builder.collection(.map, of: text, format: .qualifiedName)
    let anything = builder.type(.any)
    let metadata = builder.object(
      [
        SchemaField("name", builder.type(.string, format: .subdomain)),
        SchemaField("namespace", builder.type(.string, format: .label)),
        SchemaField("generateName", text), SchemaField("labels", labels),
        SchemaField("annotations", annotations), SchemaField("finalizers", anything),
        SchemaField("ownerReferences", anything),
      ])
    var fields = [
      SchemaField("apiVersion", text), SchemaField("kind", text),
      SchemaField("metadata", metadata), SchemaField("status", anything),
    ]
    let taken = Set(fields.map(\.name))
    fields += self.fields(schema, depth: 0).filter { !taken.contains($0.name) }
    return builder.object(fields, isOpen: isOpen(schema))
  }

  private mutating func fields(_ schema: Document, depth: Int) -> [SchemaField] {
    let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
    return (schema["properties"]?.objectValue?.members ?? []).map { name, property in
      // A default fills in what is missing.
      let mustBe = required.contains(name) && property["default"] == nil
      return SchemaField(
        name, type(property, depth: depth + 1), required: mustBe ? .all : [])
    }
  }

  private func isOpen(_ schema: Document) -> Bool {
    schema["x-kubernetes-preserve-unknown-fields"] == true
  }

  private mutating func type(_ schema: Document, depth: Int) -> SchemaTypeID {
    guard depth < 100 else { return builder.type(.any) }
    if schema["x-kubernetes-int-or-string"] == true { return builder.type(.intOrString) }
    if schema["x-kubernetes-embedded-resource"] == true { return builder.type(.any) }
    switch schema["type"]?.stringValue {
    case "string":
      let options = (schema["enum"]?.arrayValue ?? []).compactMap(\.stringValue)
      if !options.isEmpty { return builder.choice(options.map { SchemaOption($0) }) }
      return builder.type(.string, format: format(schema))
    case "boolean": return builder.type(.bool)
    case "integer": return builder.type(.integer, bounds: bounds(schema))
    case "number": return builder.type(.number)
    case "array":
      guard let items = schema["items"] else { return builder.type(.any) }
      return builder.collection(.array, of: type(items, depth: depth + 1))
    case "object": return object(schema, depth: depth)
    case _: return builder.type(.any)
    }
  }

  private mutating func object(_ schema: Document, depth: Int) -> SchemaTypeID {
    if let properties = schema["properties"]?.objectValue, !properties.members.isEmpty {
      return builder.object(fields(schema, depth: depth), isOpen: isOpen(schema))
    }
    if let values = schema["additionalProperties"], values.objectValue != nil {
      return builder.collection(.map, of: type(values, depth: depth + 1))
    }
    // An object that names nothing: with `preserve` anything, else what the API server empties.
    return isOpen(schema) || schema["additionalProperties"] == true
      ? builder.type(.any) : builder.object([])
  }

  private func bounds(_ schema: Document) -> SchemaBounds? {
    let least = schema["minimum"]?.intValue
    let greatest = schema["maximum"]?.intValue
    guard least != nil || greatest != nil else { return nil }
    return SchemaBounds(least: least, greatest: greatest)
  }

  private func format(_ schema: Document) -> SchemaFormat {
    switch schema["format"]?.stringValue {
    case "byte": .bytes
    case "date-time": .dateTime
    case _: .none
    }
  }
}
