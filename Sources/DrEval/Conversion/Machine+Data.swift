// SPDX-License-Identifier: Apache-2.0
//
// Values on their way out, as data for files and for calls on the world.

import DrBase
import DrData

extension Machine {
  /// A value as data for a file; see `Conversion.toObject`.
  package func document(_ value: Value) throws(Diagnostic) -> Document {
    try settle { () throws(Stop) -> Document in try self.document(value, .manifest) }
  }

  /// The same as events. A slot may have to be evaluated on the way: then all is written again, and
  /// `restart` must take back what the sink has got.
  package func write<Sink: DataSink>(
    _ value: Value, to sink: inout Sink, restart: (inout Sink) -> Void
  ) throws(Diagnostic) {
    try settle { () throws(Stop) in
      restart(&sink)
      try self.write(value, .manifest, to: &sink, depth: 0)
    }
  }

  /// The objects that an emit function gave.
  package func emitted(_ value: Value) throws(Diagnostic) -> [Value] {
    guard value.tag == .list else {
      throw failure(
        of: .failed("an `emit` function gives a list of objects, not \(literal(value))"), at: nil)
    }
    return ListRef(value).values.filter { $0.tag != .nilValue }
  }

  /// The member of an object.
  package func member(_ value: Value, _ name: StaticString) -> Value? {
    guard value.tag == .object else { return nil }
    let table = TableRef(value)
    let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    for number in 0..<table.count {
      let key = StringRef(table.key(number)).bytes
      if key.count == wanted.count, compareBytes(key, wanted) == 0 { return table.value(number) }
    }
    return nil
  }

  /// The bytes of a text, which stay where they are until the machine takes its memory back; see
  /// `scratch`.
  package func bytes(_ value: Value?) -> UnsafeBufferPointer<UInt8>? {
    guard let value, value.tag == .string else { return nil }
    return StringRef(value).bytes
  }

  func document(_ value: Value, _ style: DataStyle) throws(Stop) -> Document {
    var builder = DocumentBuilder()
    try write(value, style, to: &builder, depth: 0)
    return builder.document
  }

  /// A value as events. When it throws, the sink holds a part of it and is of no use.
  func write(
    _ value: Value, _ style: DataStyle, to sink: inout some DataSink, depth: Int
  ) throws(Stop) {
    if depth > nestingLimit { throw .nesting }
    try heap.charge(1)
    try heap.reserve(32)
    switch value.tag {
    case .nilValue, .unit: sink.null()
    case .bool: sink.bool(value.isTrue)
    case .int: sink.int(value.whole)
    case .float:
      if style == .manifest, let whole = Machine.integral(value.double) {
        sink.int(whole)
      } else {
        sink.float(value.double)
      }
    case .duration, .bytes, .percent, .rate, .throughput:
      if style == .driver {
        sink.int(value.whole)
      } else {
        sink.string(Machine.manifestText(value))
      }
    case .string:
      let text = StringRef(value)
      try heap.reserve(text.count)
      sink.string(text.bytes)
    case .secret: try write(secret: SecretRef(value), style, to: &sink)
    case .list:
      let list = ListRef(value)
      sink.beginArray(count: list.count)
      for element in list.values { try write(element, style, to: &sink, depth: depth + 1) }
      sink.endArray()
    case .range: try write(try listed(value), style, to: &sink, depth: depth)
    case .map, .object: try write(table: TableRef(value), style, to: &sink, depth)
    case .record: try write(record: RecordRef(value), style, to: &sink, depth)
    case .function, .closure, .pending, .evaluating:
      throw .failed("a function cannot be written as data", help: "call it and write the result")
    }
  }

  private func write(
    table: TableRef, _ style: DataStyle, to sink: inout some DataSink, _ depth: Int
  ) throws(Stop) {
    var count = table.count
    if style == .manifest {
      for number in 0..<table.count where table.value(number).tag == .nilValue { count -= 1 }
    }
    sink.beginObject(count: count)
    for number in 0..<table.count {
      let member = table.value(number)
      if style == .manifest, member.tag == .nilValue { continue }
      sink.name(StringRef(try keyText(table.key(number))).bytes)
      try write(member, style, to: &sink, depth: depth + 1)
    }
    sink.endObject()
  }

  private func write(
    record: RecordRef, _ style: DataStyle, to sink: inout some DataSink, _ depth: Int
  ) throws(Stop) {
    if let label = try label(of: record) { return sink.string(label.bytes) }
    let info = records[Int(record.recordID)]
    var count = 0
    for slot in info.dataSlots {
      let value = try loaded(record, slot)
      if style != .manifest || value.tag != .nilValue { count += 1 }
    }
    sink.beginObject(count: count)
    for slot in info.dataSlots {
      let value = record.slots[slot]
      if style == .manifest, value.tag == .nilValue { continue }
      sink.name(StringRef(info.fieldNames[slot]).bytes)
      try write(value, style, to: &sink, depth: depth + 1)
    }
    sink.endObject()
  }

  /// A driver is told where a secret is, never what it is.
  private func write(
    secret: SecretRef, _ style: DataStyle, to sink: inout some DataSink
  ) throws(Stop) {
    guard style == .driver, secret.isReference else { throw Machine.secretRefused }
    let (namespace, name) = Secrets.parts(secret)
    let reference: Document = ["namespace": .string(namespace ?? ""), "name": .string(name)]
    reference.write(to: &sink)
  }
}

extension DataSink {
  fileprivate mutating func string(_ text: String) {
    var text = text
    text.withUTF8 { string($0) }
  }
}
