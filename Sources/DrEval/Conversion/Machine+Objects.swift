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
}
