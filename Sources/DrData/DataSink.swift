// SPDX-License-Identifier: Apache-2.0

/// Takes data as a sequence of events, so that it can be written without being built as a
/// `Document` first. Each value is one scalar, or a `begin` with everything up to its `end`;
/// inside an object `name` comes before each value.
package protocol DataSink {
  mutating func null()
  mutating func bool(_ value: Bool)
  mutating func int(_ value: Int64)
  mutating func float(_ value: Double)
  /// UTF-8.
  mutating func string(_ bytes: UnsafeBufferPointer<UInt8>)
  /// `count` is the number of members that follow.
  mutating func beginObject(count: Int)
  mutating func name(_ bytes: UnsafeBufferPointer<UInt8>)
  mutating func endObject()
  /// `count` is the number of elements that follow.
  mutating func beginArray(count: Int)
  mutating func endArray()
}

extension Document {
  /// The document as events.
  package func write(to sink: inout some DataSink) {
    switch self {
    case .null: sink.null()
    case .bool(let value): sink.bool(value)
    case .int(let value): sink.int(value)
    case .float(let value): sink.float(value)
    case .string(var text): text.withUTF8 { sink.string($0) }
    case .array(let elements):
      sink.beginArray(count: elements.count)
      for element in elements { element.write(to: &sink) }
      sink.endArray()
    case .object(let object):
      sink.beginObject(count: object.members.count)
      for (name, value) in object.members {
        var name = name
        name.withUTF8 { sink.name($0) }
        value.write(to: &sink)
      }
      sink.endObject()
    }
  }
}

/// Builds a `Document` from events. Names within an object must be unique.
package struct DocumentBuilder: DataSink {
  private enum Frame {
    case array([Document])
    case object([(name: String, value: Document)], name: String)
  }

  private var frames: [Frame] = []
  /// The value, once it is complete.
  package private(set) var document: Document = .null

  package init() {}

  package mutating func null() { add(.null) }
  package mutating func bool(_ value: Bool) { add(.bool(value)) }
  package mutating func int(_ value: Int64) { add(.int(value)) }
  package mutating func float(_ value: Double) { add(.float(value)) }

  package mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) {
    add(.string(String(decoding: bytes, as: UTF8.self)))
  }

  package mutating func beginObject(count: Int) {
    var members: [(name: String, value: Document)] = []
    members.reserveCapacity(count)
    frames.append(.object(members, name: ""))
  }

  package mutating func name(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard case .object(let members, _)? = frames.popLast() else { return }
    frames.append(.object(members, name: String(decoding: bytes, as: UTF8.self)))
  }

  package mutating func endObject() {
    guard case .object(let members, _)? = frames.popLast() else { return }
    add(.object(DocumentObject(unique: members)))
  }

  package mutating func beginArray(count: Int) {
    var elements: [Document] = []
    elements.reserveCapacity(count)
    frames.append(.array(elements))
  }

  package mutating func endArray() {
    guard case .array(let elements)? = frames.popLast() else { return }
    add(.array(elements))
  }

  private mutating func add(_ value: Document) {
    switch frames.popLast() {
    case .array(var elements)?:
      elements.append(value)
      frames.append(.array(elements))
    case .object(var members, let name)?:
      members.append((name, value))
      frames.append(.object(members, name: name))
    case nil: document = value
    }
  }
}
