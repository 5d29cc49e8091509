// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// What a value is, for hosts that turn values into their own types one level at a time.
package enum ValueKind {
  /// `nil`, and what an act without a result gives.
  case nothing
  case bool(Bool)
  case int(Int64)
  case float(Double)
  case string(String)
  /// In the base unit of the quantity; see `Value`.
  case duration(Int64), bytes(Int64), percent(Int64), rate(Int64), throughput(Int64)
  /// Where a secret is kept; `nil` for its contents, which nobody is told.
  case secret((namespace: String?, name: String)?)
  case list([Value])
  /// From a number up to, not including, another one.
  case range(Int64, Int64)
  /// The entries of a map or an object in order.
  case table([(key: Value, value: Value)])
  case record(RecordID, block: GlobalID?)
  case function
}

extension Machine {
  package func kind(_ value: Value) -> ValueKind {
    switch value.tag {
    case .nilValue, .unit: return .nothing
    case .bool: return .bool(value.isTrue)
    case .int: return .int(value.whole)
    case .float: return .float(value.double)
    case .duration: return .duration(value.whole)
    case .bytes: return .bytes(value.whole)
    case .percent: return .percent(value.whole)
    case .rate: return .rate(value.whole)
    case .throughput: return .throughput(value.whole)
    case .string: return .string(StringRef(value).text)
    case .secret:
      let secret = SecretRef(value)
      return .secret(secret.isReference ? Secrets.parts(secret) : nil)
    case .list: return .list(Array(ListRef(value).values))
    case .range:
      let range = RangeRef(value)
      return .range(range.lower, range.upper)
    case .map, .object: return .table(entries(value) ?? [])
    case .record:
      let record = RecordRef(value)
      return .record(
        RecordID(record.recordID), block: record.isBlock ? GlobalID(record.global) : nil)
    case .function, .closure: return .function
    case .pending, .evaluating: preconditionFailure("a value is read once it is there")
    }
  }

  /// Counts that a host reads a value, one level of it, against the limits on steps and memory.
  package func pay(for value: Value) throws(Diagnostic) {
    try settle { () throws(Stop) in
      try self.heap.charge(1)
      try self.heap.reserve(value.tag == .string ? 32 + StringRef(value).count : 32)
    }
  }

  /// The arguments of the call that a suspended fiber stopped at.
  package func arguments(of fiber: Fiber, count: Int) -> [Value] {
    guard fiber.status == .suspended else { return [] }
    return (0..<count).map { fiber.base[fiber.resumeRegister + $0] }
  }

  /// The fields of a record that are data, evaluated: not the names that every block has, nor what
  /// it belongs to.
  package func dataFields(
    _ value: Value
  ) throws(Diagnostic) -> [(name: String, value: Value)] {
    guard value.tag == .record else { return [] }
    let record = RecordRef(value)
    let type = program.checked.records[Int(record.recordID)]
    var fields: [(name: String, value: Value)] = []
    for slot in records[Int(record.recordID)].dataSlots {
      fields.append((type.fields[slot].name, try self.slot(record, slot)))
    }
    return fields
  }

  /// Every field of a record by its name, evaluated or not.
  package func fieldNames(_ value: Value) -> [String] {
    guard value.tag == .record else { return [] }
    return program.checked.records[Int(RecordRef(value).recordID)].fields.map(\.name)
  }
}
