// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// Readers give nil where a value is of another kind.
extension Machine {
  package func isNil(_ value: Value) -> Bool { value.tag == .nilValue }

  package func bool(_ value: Value) -> Bool? { value.tag == .bool ? value.isTrue : nil }

  /// An Int, or a quantity in its base unit.
  package func int(_ value: Value) -> Int64? { value.tag.isWhole ? value.whole : nil }

  package func float(_ value: Value) -> Double? { value.tag == .float ? value.double : nil }

  package func string(_ value: Value) -> String? {
    value.tag == .string ? StringRef(value).text : nil
  }

  package func list(_ value: Value) -> [Value]? {
    value.tag == .list ? Array(ListRef(value).values) : nil
  }

  /// The entries of a map or object in order.
  package func entries(_ value: Value) -> [(key: Value, value: Value)]? {
    guard value.tag == .map || value.tag == .object else { return nil }
    let table = TableRef(value)
    return (0..<table.count).map { (table.key($0), table.value($0)) }
  }

  /// The type of a record and, where it is a named block, which one.
  package func record(_ value: Value) -> (type: RecordID, block: GlobalID?)? {
    guard value.tag == .record else { return nil }
    let record = RecordRef(value)
    return (RecordID(record.recordID), record.isBlock ? GlobalID(record.global) : nil)
  }

  /// A field of a record, evaluated now if it was not yet; nil when there is no such field.
  package func field(_ value: Value, named name: String) throws(Diagnostic) -> Value? {
    guard value.tag == .record else { return nil }
    let record = RecordRef(value)
    let fields = program.checked.records[Int(record.recordID)].fields
    guard let slot = fields.firstIndex(where: { $0.name == name }) else { return nil }
    return try self.slot(record, slot)
  }

  // Makers

  package func string(_ text: String) throws(Diagnostic) -> Value {
    try settle { () throws(Stop) -> Value in try self.heap.makeString(text) }
  }

  package func list(_ values: [Value]) throws(Diagnostic) -> Value {
    try settle { () throws(Stop) -> Value in try self.heap.makeList(values) }
  }

  package func function(_ id: FunctionID) -> Value { Value(.function, UInt64(id.rawValue)) }

  // Forcing

  /// Evaluates every slot that can be reached from a value; the first failure ends it.
  package func forceAll(_ value: Value) throws(Diagnostic) {
    if let failure = failures(forcing: value, stopAtFirst: true).first { throw failure }
  }

  /// Evaluates every slot that can be reached from a value; everything that failed, in the order of
  /// fields.
  package func failures(forcing value: Value, stopAtFirst: Bool = false) -> [Diagnostic] {
    walk &+= 1
    var failures: [Diagnostic] = []
    var waiting = [value]
    while let next = waiting.popLast() {
      let start = waiting.count
      switch next.tag {
      case .list: for part in ListRef(next).values where part.tag.hasParts { waiting.append(part) }
      case .map, .object:
        let table = TableRef(next)
        for number in 0..<table.count {
          if table.key(number).tag.hasParts { waiting.append(table.key(number)) }
          if table.value(number).tag.hasParts { waiting.append(table.value(number)) }
        }
      case .closure:
        let closure = ClosureRef(next)
        waiting += UnsafeBufferPointer(start: closure.captures, count: closure.captureCount)
          .filter(\.tag.hasParts)
      case .record:
        let record = RecordRef(next)
        if record.mark == walk { continue }
        record.mark = walk
        for slot in 0..<record.slotCount {
          do throws(Diagnostic) {
            let value = try self.slot(record, slot)
            if value.tag.hasParts { waiting.append(value) }
          } catch {
            if !failures.contains(error) { failures.append(error) }
            if stopAtFirst { return failures }
          }
        }
      case .nilValue, .unit, .bool, .int, .duration, .bytes, .percent, .rate, .throughput, .float,
        .string, .secret, .range, .function, .pending, .evaluating:
        break
      }
      reverse(&waiting, from: start)
      do throws(Stop) {
        try heap.charge(1 + waiting.count - start)
      } catch {
        return failures + [failure(of: error, at: nil)]
      }
    }
    return failures
  }

  /// In place: a slice that is reversed would be a copy.
  private func reverse(_ values: inout [Value], from start: Int) {
    var (low, high) = (start, values.count - 1)
    while low < high {
      values.swapAt(low, high)
      low += 1
      high -= 1
    }
  }
}
