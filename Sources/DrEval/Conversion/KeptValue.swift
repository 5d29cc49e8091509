// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// A value outside of any machine, for hosts that go from one program to the next and keep what a
/// program gave. Records are kept by the names of their types and fields, named blocks by name.
package struct KeptValue: Sendable {
  indirect enum Content: Sendable {
    /// `nil`, a truth, a number or a quantity.
    case plain(Tag, UInt64)
    case string(String)
    case secret(String, isReference: Bool)
    case range(Int64, Int64)
    case list([Content])
    case table(Tag, [(key: Content, value: Content)])
    case record(type: TypeKey, [(name: String, value: Content)])
    /// A named block: the one of several of that name that comes so far down the source.
    case block(type: TypeKey, name: String, ordinal: Int)
  }

  /// A record type by its name and the file that declares it.
  struct TypeKey: Hashable, Sendable {
    let name: String
    let file: String
  }

  let content: Content
}

extension Machine {
  /// The value without this machine; `nil` where a function is part of it, whose code belongs to
  /// this program.
  package func keep(_ value: Value) throws(Diagnostic) -> KeptValue? {
    try content(value, depth: 0).map(KeptValue.init)
  }

  private func content(_ value: Value, depth: Int) throws(Diagnostic) -> KeptValue.Content? {
    guard depth <= nestingLimit else { return nil }
    try charged(1)
    switch value.tag {
    case .nilValue, .unit, .bool, .int, .float, .duration, .bytes, .percent, .rate, .throughput:
      return .plain(value.tag, value.payload)
    case .string: return .string(StringRef(value).text)
    case .secret:
      let secret = SecretRef(value)
      return .secret(secret.text.text, isReference: secret.isReference)
    case .range:
      let range = RangeRef(value)
      return .range(range.lower, range.upper)
    case .list:
      var elements: [KeptValue.Content] = []
      for element in ListRef(value).values {
        guard let kept = try content(element, depth: depth + 1) else { return nil }
        elements.append(kept)
      }
      return .list(elements)
    case .map, .object:
      let table = TableRef(value)
      var entries: [(key: KeptValue.Content, value: KeptValue.Content)] = []
      for number in 0..<table.count {
        guard let key = try content(table.key(number), depth: depth + 1),
          let kept = try content(table.value(number), depth: depth + 1)
        else { return nil }
        entries.append((key, kept))
      }
      return .table(value.tag, entries)
    case .record: return try content(of: RecordRef(value), depth: depth)
    case .function, .closure, .pending, .evaluating: return nil
    }
  }

  private func content(of record: RecordRef, depth: Int) throws(Diagnostic) -> KeptValue.Content? {
    let id = RecordID(record.recordID)
    if record.isBlock {
      let global = GlobalID(record.global)
      let same = namesakes(of: global)
      guard let ordinal = same.firstIndex(of: global) else { return nil }
      return .block(type: typeKey(id), name: program.checked[global].name, ordinal: ordinal)
    }
    var fields: [(name: String, value: KeptValue.Content)] = []
    for (slot, field) in program.checked[id].fields.enumerated() {
      let value = try self.slot(record, slot)
      guard let kept = try content(value, depth: depth + 1) else { return nil }
      fields.append((field.name, kept))
    }
    return .record(type: typeKey(id), fields)
  }

  private func charged(_ steps: Int) throws(Diagnostic) {
    try settle { () throws(Stop) in try self.heap.charge(steps) }
  }

  private func typeKey(_ id: RecordID) -> KeptValue.TypeKey {
    let record = program.checked[id]
    return KeptValue.TypeKey(
      name: record.name, file: program.checked.sources[record.span.file].name)
  }

  /// The named blocks of one name and type, in source order.
  private func namesakes(of global: GlobalID) -> [GlobalID] {
    let wanted = program.checked[global]
    return blocks(named: wanted.name).filter { program.checked[$0].type == wanted.type }
  }

  private func blocks(named name: String) -> [GlobalID] {
    program.checked.globals.indices.compactMap { index in
      let global = program.checked.globals[index]
      guard global.name == name, case .block = global.body else { return nil }
      return GlobalID(Int32(index))
    }
  }

  /// Gives a global the value that another program gave. False, and nothing is changed, where this
  /// program has no longer the types or blocks that are part of it.
  package func assign(_ kept: KeptValue, to global: GlobalID) throws(Diagnostic) -> Bool {
    guard let value = try settle({ () throws(Stop) in try self.value(kept.content) }) else {
      return false
    }
    image.globals[Int(global.rawValue)] = value
    return true
  }

  private func value(_ content: KeptValue.Content) throws(Stop) -> Value? {
    switch content {
    case .plain(let tag, let payload): return Value(tag, payload)
    case .string(let text): return try heap.makeString(text)
    case .secret(let text, let isReference):
      return try heap.makeSecret(try heap.makeString(text), isReference: isReference)
    case .range(let lower, let upper):
      guard let range = heap.makeRange(lower, upper) else { throw .memory }
      return range
    case .list(let elements):
      var values: [Value] = []
      for element in elements {
        guard let value = try value(element) else { return nil }
        values.append(value)
      }
      return try heap.makeList(values)
    case .table(let tag, let entries):
      var table = try heap.makeTable(tag, capacity: entries.count)
      for entry in entries {
        guard let key = try value(entry.key), let value = try value(entry.value) else {
          return nil
        }
        table = try heap.set(key, value, in: table)
      }
      return table
    case .record(let type, let fields): return try record(type, fields)
    case .block(let type, let name, let ordinal):
      let same = blocks(named: name).filter { id in
        guard case .record(let record) = program.checked.types[program.checked[id].type] else {
          return false
        }
        return typeKey(record) == type
      }
      guard same.indices.contains(ordinal) else { return nil }
      return try block(same[ordinal])
    }
  }

  /// A named block, whose slots are evaluated when they are first loaded.
  private func block(_ id: GlobalID) throws(Stop) -> Value? {
    do {
      return try global(id)
    } catch {
      return nil
    }
  }

  private func record(
    _ type: KeptValue.TypeKey, _ fields: [(name: String, value: KeptValue.Content)]
  ) throws(Stop) -> Value? {
    let all = program.checked.records
    guard
      let number = all.indices.first(where: {
        all[$0].name == type.name && typeKey(RecordID(Int32($0))) == type
      }), all[number].fields.map(\.name) == fields.map(\.name)
    else { return nil }
    let template = image.records[number]
    guard
      let record = heap.makeRecord(
        Int32(number), global: -1, template: template.slots, slotCount: template.slotCount)
    else { throw .memory }
    for (slot, field) in fields.enumerated() {
      guard let value = try value(field.value) else { return nil }
      record.slots[slot] = value
    }
    return record.value
  }
}
