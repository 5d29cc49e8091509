// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// For whom a value becomes data.
enum DataStyle {
  /// A manifest or another file: quantities as text, whole floats as integers, no secrets, no nil
  /// members.
  case manifest
  /// A call on the world: quantities as whole numbers of the base unit, nil as null.
  case driver
}

extension Machine {
  /// `Conversion.toObject`: a value as data of the language.
  func object(_ value: Value, depth: Int) throws(Stop) -> Value {
    if depth > nestingLimit { throw .nesting }
    switch value.tag {
    case .nilValue, .bool, .int, .string: return value
    case .unit: return .nilValue
    case .float:
      guard let whole = Machine.integral(value.double) else { return value }
      return .int(whole)
    case .duration, .bytes, .percent, .rate, .throughput:
      return try heap.makeString(Machine.manifestText(value))
    case .secret: throw Machine.secretRefused
    case .list:
      let list = ListRef(value)
      try heap.charge(list.count)
      guard var result = heap.makeList(capacity: list.count) else { throw .memory }
      for element in list.values {
        let converted = try object(element, depth: depth + 1)
        guard let longer = heap.append(converted, to: result) else { throw .memory }
        result = longer
      }
      return result
    case .range: return try object(try listed(value), depth: depth)
    case .map, .object:
      let table = TableRef(value)
      try heap.charge(table.count)
      var result = try heap.makeTable(.object, capacity: table.count)
      for number in 0..<table.count {
        let key = try keyText(table.key(number))
        result = try heap.set(key, try object(table.value(number), depth: depth + 1), in: result)
      }
      return result
    case .record:
      let record = RecordRef(value)
      if let label = try label(of: record) { return Value(.string, at: label.raw) }
      return try members(of: record, depth: depth)
    case .function, .closure, .pending, .evaluating:
      throw .failed("a function cannot be written as data", help: "call it and write the result")
    }
  }

  /// A record's own fields as an object, also those of a named block; nil fields are left out.
  func members(of record: RecordRef, depth: Int) throws(Stop) -> Value {
    let info = records[Int(record.recordID)]
    try heap.charge(info.dataSlots.count)
    // All slots first: what has no value yet makes the whole operation begin again.
    for slot in info.dataSlots { _ = try loaded(record, slot) }
    var result = try heap.makeTable(.object, capacity: info.dataSlots.count)
    for slot in info.dataSlots {
      let value = try object(record.slots[slot], depth: depth + 1)
      if value.tag == .nilValue { continue }
      result = try heap.set(info.fieldNames[slot], value, in: result)
    }
    return result
  }

  static let secretRefused = Stop.failed(
    "a secret must not be written", help: "refer to it by name, as in secretKeyRef")

  /// The members of a range as a list.
  func listed(_ value: Value) throws(Stop) -> Value {
    let range = RangeRef(value)
    try heap.charge(range.count)
    guard var result = heap.makeList(capacity: 0) else { throw .memory }
    for index in 0..<range.count {
      guard let longer = heap.append(.int(range.lower + Int64(index)), to: result) else {
        throw .memory
      }
      result = longer
    }
    return result
  }

  /// The name of an object's member for a map's key.
  func keyText(_ key: Value) throws(Stop) -> Value {
    if key.tag == .string { return key }
    if key.tag == .secret { throw Machine.secretRefused }
    var writer = writer
    try write(key, &writer)
    return try heap.makeString(writer.bytes)
  }

  static func integral(_ number: Double) -> Int64? {
    guard number.magnitude < 9_007_199_254_740_992 else { return nil }
    let whole = Int64(number)
    return Double(whole) == number ? whole : nil
  }

  /// A quantity as a manifest has it.
  static func manifestText(_ value: Value) -> String {
    switch value.tag {
    case .duration: Text.duration(value.whole, days: false)
    case .bytes: Text.kubernetesBytes(value.whole)
    case .nilValue, .unit, .bool, .int, .percent, .rate, .throughput, .float, .string, .secret,
      .list, .map, .object, .range, .record, .function, .closure, .pending, .evaluating:
      Text.whole(value)
    }
  }

  // Documents

  func document(_ value: Value, _ style: DataStyle, depth: Int) throws(Stop) -> Document {
    if depth > nestingLimit { throw .nesting }
    try heap.charge(1)
    try heap.reserve(32)
    switch value.tag {
    case .nilValue, .unit: return .null
    case .bool: return .bool(value.isTrue)
    case .int: return .int(value.whole)
    case .float:
      if style == .manifest, let whole = Machine.integral(value.double) { return .int(whole) }
      return .float(value.double)
    case .duration, .bytes, .percent, .rate, .throughput:
      return style == .driver ? .int(value.whole) : .string(Machine.manifestText(value))
    case .string:
      let text = StringRef(value)
      try heap.reserve(text.count)
      return .string(text.text)
    case .secret: return try document(secret: SecretRef(value), style)
    case .list:
      let list = ListRef(value)
      var elements: [Document] = []
      for element in list.values { elements.append(try document(element, style, depth: depth + 1)) }
      return .array(elements)
    case .range: return try document(try listed(value), style, depth: depth)
    case .map, .object:
      let table = TableRef(value)
      var members: [(String, Document)] = []
      for number in 0..<table.count {
        let member = table.value(number)
        if style == .manifest, member.tag == .nilValue { continue }
        let name = StringRef(try keyText(table.key(number))).text
        members.append((name, try document(member, style, depth: depth + 1)))
      }
      return .object(DocumentObject(members))
    case .record: return try document(record: RecordRef(value), style, depth: depth)
    case .function, .closure, .pending, .evaluating:
      throw .failed("a function cannot be written as data", help: "call it and write the result")
    }
  }

  private func document(
    record: RecordRef, _ style: DataStyle, depth: Int
  ) throws(Stop) -> Document {
    if let label = try label(of: record) { return .string(label.text) }
    let info = records[Int(record.recordID)]
    for slot in info.dataSlots { _ = try loaded(record, slot) }
    var members: [(String, Document)] = []
    for slot in info.dataSlots {
      let value = record.slots[slot]
      if style == .manifest, value.tag == .nilValue { continue }
      let name = StringRef(info.fieldNames[slot]).text
      members.append((name, try document(value, style, depth: depth + 1)))
    }
    return .object(DocumentObject(members))
  }

  /// A driver is told where a secret is, never what it is.
  private func document(secret: SecretRef, _ style: DataStyle) throws(Stop) -> Document {
    guard style == .driver, secret.isReference else { throw Machine.secretRefused }
    let (namespace, name) = Secrets.parts(secret)
    return ["namespace": .string(namespace ?? ""), "name": .string(name)]
  }

  /// The objects that an emit function gave.
  package func emitted(_ value: Value) throws(Diagnostic) -> [Document] {
    try settle { () throws(Stop) -> [Document] in
      guard value.tag == .list else {
        throw .failed("an `emit` function gives a list of objects, not \(self.literal(value))")
      }
      var documents: [Document] = []
      for element in ListRef(value).values where element.tag != .nilValue {
        documents.append(try self.document(element, .manifest, depth: 0))
      }
      return documents
    }
  }

  /// A value as data for a file; see `Conversion.toObject`.
  package func document(_ value: Value) throws(Diagnostic) -> Document {
    try settle { () throws(Stop) -> Document in try self.document(value, .manifest, depth: 0) }
  }
}
