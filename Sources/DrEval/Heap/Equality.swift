// SPDX-License-Identifier: Apache-2.0

extension Heap {
  /// Whether two values are the same. Named blocks are the same only as themselves; other records,
  /// lists and objects when their parts are; the order of an object's or map's entries is no
  /// difference.
  func equal(_ a: Value, _ b: Value, depth: Int = 0) throws(Stop) -> Bool {
    guard a.tag == b.tag else { return false }
    switch a.tag {
    case .nilValue, .unit: return true
    case .bool, .int, .duration, .bytes, .percent, .rate, .throughput, .function:
      return a.payload == b.payload
    case .float: return a.double == b.double
    case .string: return StringRef(a).equals(StringRef(b))
    case .list, .map, .object, .record: return try equalParts(a, b, depth: depth)
    case .range:
      let (x, y) = (RangeRef(a), RangeRef(b))
      return x.lower == y.lower && x.upper == y.upper
    case .secret:
      let (x, y) = (SecretRef(a), SecretRef(b))
      return x.isReference == y.isReference && x.text.equals(y.text)
    case .closure: return a.payload == b.payload
    case .pending, .evaluating: return false
    }
  }

  private func equalParts(_ a: Value, _ b: Value, depth: Int) throws(Stop) -> Bool {
    if a.payload == b.payload { return true }
    if depth > nestingLimit { throw .nesting }
    if a.tag == .list {
      let (x, y) = (ListRef(a), ListRef(b))
      guard x.count == y.count else { return false }
      return try equalRuns(x.elements, y.elements, count: x.count, depth: depth)
    }
    if a.tag == .record {
      let (x, y) = (RecordRef(a), RecordRef(b))
      guard !x.isBlock, !y.isBlock, x.recordID == y.recordID else { return false }
      return try equalRuns(x.slots, y.slots, count: x.slotCount, depth: depth)
    }
    let (x, y) = (TableRef(a), TableRef(b))
    guard x.count == y.count else { return false }
    try charge(x.count)
    for number in 0..<x.count {
      let other = try find(x.key(number), in: y)
      guard other >= 0, try equal(x.value(number), y.value(other), depth: depth + 1) else {
        return false
      }
    }
    return true
  }

  private func equalRuns(
    _ x: UnsafeMutablePointer<Value>, _ y: UnsafeMutablePointer<Value>, count: Int, depth: Int
  ) throws(Stop) -> Bool {
    for index in 0..<count {
      try charge(1)
      guard try equal(x[index], y[index], depth: depth + 1) else { return false }
    }
    return true
  }

  /// Equal values have equal hashes; nothing else goes in, no address and no seed.
  func hash(_ value: Value, depth: Int) throws(Stop) -> UInt64 {
    let kind = UInt64(value.tag.rawValue)
    switch value.tag {
    case .string: return StringRef(value).hash
    case .nilValue, .unit, .bool, .int, .duration, .bytes, .percent, .rate, .throughput, .function:
      return mixed(value.payload ^ kind << 56)
    case .float: return mixed(value.double == 0 ? 0 : value.payload)
    case .range:
      let range = RangeRef(value)
      return mixed(UInt64(bitPattern: range.lower) ^ mixed(UInt64(bitPattern: range.upper)))
    case .secret: return SecretRef(value).text.hash
    case .list:
      let list = ListRef(value)
      return try hash(list.elements, count: list.count, depth: depth) ^ kind
    case .record:
      let record = RecordRef(value)
      if record.isBlock { return mixed(UInt64(record.global) ^ kind << 56) }
      return try hash(record.slots, count: record.slotCount, depth: depth) ^ kind
    case .map, .object: return try hash(TableRef(value), depth: depth) ^ kind
    case .closure, .pending, .evaluating: return kind
    }
  }

  private func hash(
    _ values: UnsafeMutablePointer<Value>, count: Int, depth: Int
  ) throws(Stop) -> UInt64 {
    if depth > nestingLimit { throw .nesting }
    try charge(count)
    var result = UInt64(count)
    for index in 0..<count {
      result = mixed(result ^ (try hash(values[index], depth: depth + 1)))
    }
    return result
  }

  /// The same whatever the order of the entries.
  private func hash(_ table: TableRef, depth: Int) throws(Stop) -> UInt64 {
    if depth > nestingLimit { throw .nesting }
    try charge(table.count)
    var result = UInt64(table.count)
    for number in 0..<table.count {
      let key = try hash(table.key(number), depth: depth + 1)
      result &+= mixed(key ^ mixed(try hash(table.value(number), depth: depth + 1)))
    }
    return result
  }
}
