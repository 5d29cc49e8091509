// SPDX-License-Identifier: Apache-2.0

import DrData
import DrSchema

/// Writes an object and holds it against its schema, in one walk.
struct ManifestSink: DataSink {
  private var yaml = YAMLWriter(reserving: 1 << 12)
  private var json = JSONWriter(pretty: true)
  private let format: ManifestFormat
  private(set) var validator: SchemaValidator
  /// Whether the name of a field stands plain in YAML, as far as it was asked, by the field's number.
  private var plainNames: [Bool?]

  init(_ format: ManifestFormat, _ schemas: SchemaSet) {
    self.format = format
    validator = SchemaValidator(schemas)
    plainNames = [Bool?](repeating: nil, count: schemas.fieldCount)
  }

  /// The object's text, with a line break at its end.
  var text: ArraySlice<UInt8> {
    switch format {
    case .yaml: yaml.text
    case .json: (json.text + [UInt8(ascii: "\n")])[...]
    }
  }

  /// Begins with another object, of a type; `nil` where nothing is known of it.
  mutating func begin(_ type: SchemaTypeID?) {
    switch format {
    case .yaml: yaml.restart()
    case .json: json.restart()
    }
    validator.begin(type)
  }

  mutating func null() {
    switch format {
    case .yaml: yaml.null()
    case .json: json.null()
    }
    validator.null()
  }

  mutating func bool(_ value: Bool) {
    switch format {
    case .yaml: yaml.bool(value)
    case .json: json.bool(value)
    }
    validator.bool(value)
  }

  mutating func int(_ value: Int64) {
    switch format {
    case .yaml: yaml.int(value)
    case .json: json.int(value)
    }
    validator.int(value)
  }

  mutating func float(_ value: Double) {
    switch format {
    case .yaml: yaml.float(value)
    case .json: json.float(value)
    }
    validator.float(value)
  }

  mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) {
    switch format {
    case .yaml: yaml.string(bytes)
    case .json: json.string(bytes)
    }
    validator.string(bytes)
  }

  mutating func beginObject(count: Int) {
    switch format {
    case .yaml: yaml.beginObject(count: count)
    case .json: json.beginObject(count: count)
    }
    validator.beginObject(count: count)
  }

  mutating func name(_ bytes: UnsafeBufferPointer<UInt8>) {
    let field = validator.field(named: bytes)
    switch format {
    case .yaml:
      if let field, isPlain(field, bytes) { yaml.plainName(bytes) } else { yaml.name(bytes) }
    case .json: json.name(bytes)
    }
  }

  private mutating func isPlain(_ field: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    if let known = plainNames[field] { return known }
    let isPlain = YAMLWriter.isPlain(name: name)
    plainNames[field] = isPlain
    return isPlain
  }

  mutating func endObject() {
    switch format {
    case .yaml: yaml.endObject()
    case .json: json.endObject()
    }
    validator.endObject()
  }

  mutating func beginArray(count: Int) {
    switch format {
    case .yaml: yaml.beginArray(count: count)
    case .json: json.beginArray(count: count)
    }
    validator.beginArray(count: count)
  }

  mutating func endArray() {
    switch format {
    case .yaml: yaml.endArray()
    case .json: json.endArray()
    }
    validator.endArray()
  }
}
