// SPDX-License-Identifier: Apache-2.0

/// Makes tables in which no two types are alike.
package struct SchemaBuilder {
  private var tables = SchemaTables()
  private var known: [Shape: SchemaTypeID] = [:]

  /// A type with all that its rows say.
  private struct Shape: Hashable {
    var type: SchemaType
    var fields: [SchemaField] = []
    var options: [SchemaOption] = []
    var bounds: SchemaBounds?
  }

  package init() {}

  /// A type without rows.
  package mutating func type(
    _ kind: SchemaKind, format: SchemaFormat = .none, bounds: SchemaBounds? = nil
  ) -> SchemaTypeID {
    var type = SchemaType(kind)
    type.format = format
    return intern(Shape(type: type, bounds: bounds))
  }

  /// An array or map of a type; `format` is that of a map's keys.
  package mutating func collection(
    _ kind: SchemaKind, of element: SchemaTypeID, format: SchemaFormat = .none
  ) -> SchemaTypeID {
    var type = SchemaType(kind)
    type.element = element
    type.format = format
    return intern(Shape(type: type))
  }

  /// One of these texts.
  package mutating func choice(_ options: [SchemaOption]) -> SchemaTypeID {
    intern(Shape(type: SchemaType(.choice), options: options))
  }

  /// An object with these fields, in any order.
  package mutating func object(_ fields: [SchemaField], isOpen: Bool = false) -> SchemaTypeID {
    var type = SchemaType(.object)
    type.isOpen = isOpen
    return intern(Shape(type: type, fields: fields.inOrder()))
  }

  /// A type that may be referred to before it is known; `define` says what it is.
  package mutating func reserve() -> SchemaTypeID {
    tables.types.append(SchemaType(.any))
    return tables.types.count - 1
  }

  package mutating func define(_ id: SchemaTypeID, fields: [SchemaField]) {
    var type = SchemaType(.object)
    type.rows = append(fields.inOrder())
    tables.types[id] = type
  }

  package mutating func add(_ root: SchemaRoot) { tables.roots.append(root) }

  package func build() -> SchemaTables {
    var tables = tables
    tables.roots.sort { ($0.apiVersion, $0.kind) < ($1.apiVersion, $1.kind) }
    return tables
  }

  private mutating func intern(_ shape: Shape) -> SchemaTypeID {
    if let id = known[shape] { return id }
    var type = shape.type
    if !shape.fields.isEmpty { type.rows = append(shape.fields) }
    if !shape.options.isEmpty {
      type.rows = tables.options.count..<tables.options.count + shape.options.count
      tables.options += shape.options
    }
    if let bounds = shape.bounds {
      type.bounds = tables.bounds.firstIndex(of: bounds) ?? tables.bounds.count
      if type.bounds == tables.bounds.count { tables.bounds.append(bounds) }
    }
    tables.types.append(type)
    known[shape] = tables.types.count - 1
    return tables.types.count - 1
  }

  private mutating func append(_ fields: [SchemaField]) -> Range<Int> {
    let start = tables.fields.count
    tables.fields += fields
    return start..<tables.fields.count
  }
}

extension [SchemaField] {
  /// By the bytes of the name, then by version, so that a name is found by halving.
  fileprivate func inOrder() -> [SchemaField] {
    sorted { a, b in
      a.name == b.name
        ? a.versions.rawValue < b.versions.rawValue
        : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }
  }
}
