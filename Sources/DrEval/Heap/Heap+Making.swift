// SPDX-License-Identifier: Apache-2.0

extension Heap {
  /// A string of so many bytes, all of which the caller writes.
  func makeString(
    count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void
  ) throws(Stop) -> Value {
    let (size, overflow) = count.addingReportingOverflow(StringRef.headerBytes + 15)
    if overflow { throw .memory }
    let raw = try take(size - 15)
    raw.storeBytes(of: count, as: Int.self)
    raw.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
    let start = (raw + StringRef.headerBytes).assumingMemoryBound(to: UInt8.self)
    fill(UnsafeMutableBufferPointer(start: start, count: count))
    return Value(.string, at: raw)
  }

  func makeString(_ bytes: some Collection<UInt8>) throws(Stop) -> Value {
    try makeString(count: bytes.count) { _ = $0.initialize(from: bytes) }
  }

  func makeString(_ text: String) throws(Stop) -> Value { try makeString(text.utf8) }

  /// An empty list with room for so many elements.
  func makeList(capacity: Int) -> Value? {
    let (bytes, overflow) = capacity.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    guard !overflow, bytes < .max / 2, let raw = allocate(ListRef.headerBytes + bytes) else {
      return nil
    }
    let list = ListRef(raw: raw)
    list.count = 0
    list.capacity = capacity
    return Value(.list, at: raw)
  }

  func makeList(_ values: some Collection<Value>) throws(Stop) -> Value {
    guard let value = makeList(capacity: values.count) else { throw .memory }
    let list = ListRef(value)
    var end = list.elements
    for element in values {
      end.initialize(to: element)
      end += 1
    }
    list.count = values.count
    return value
  }

  /// Adds an element to a list that nothing else can see yet. Gives the list's new place, or nil.
  @inline(__always)
  func append(_ element: Value, to value: Value) -> Value? {
    let list = ListRef(value)
    let count = list.count
    if count < list.capacity {
      (list.elements + count).initialize(to: element)
      list.count = count &+ 1
      return value
    }
    return appendSlowly(element, to: list)
  }

  @inline(never)
  private func appendSlowly(_ element: Value, to list: ListRef) -> Value? {
    guard let moved = grow(list, toHold: list.count + 1) else { return nil }
    (moved.elements + moved.count).initialize(to: element)
    moved.count += 1
    return Value(.list, at: moved.raw)
  }

  /// A list with the same elements and room for at least so many, where it stands if possible.
  func grow(_ list: ListRef, toHold count: Int) -> ListRef? {
    let capacity = max(count, list.capacity * 2, 4)
    let stride = MemoryLayout<Value>.stride
    let old = ListRef.headerBytes + list.capacity * stride
    if extend(list.raw, from: old, to: ListRef.headerBytes + capacity * stride) {
      list.capacity = capacity
      return list
    }
    guard let value = makeList(capacity: capacity) else { return nil }
    let moved = ListRef(value)
    moved.elements.initialize(from: list.elements, count: list.count)
    moved.count = list.count
    return moved
  }

  func makeRange(_ lower: Int64, _ upper: Int64) -> Value? {
    guard let raw = allocate(16) else { return nil }
    raw.storeBytes(of: lower, as: Int64.self)
    raw.storeBytes(of: upper, toByteOffset: 8, as: Int64.self)
    return Value(.range, at: raw)
  }

  /// A record whose slots are those of the template.
  func makeRecord(
    _ recordID: Int32, global: Int32, template: UnsafePointer<Value>, slotCount: Int
  ) -> RecordRef? {
    let bytes = RecordRef.headerBytes + slotCount * MemoryLayout<Value>.stride
    guard let raw = allocate(bytes) else { return nil }
    raw.storeBytes(of: recordID, as: Int32.self)
    raw.storeBytes(of: 0, toByteOffset: 4, as: Int32.self)
    raw.storeBytes(of: Int32(truncatingIfNeeded: slotCount), toByteOffset: 8, as: Int32.self)
    raw.storeBytes(of: global, toByteOffset: 12, as: Int32.self)
    let record = RecordRef(raw: raw)
    record.slots.initialize(from: template, count: slotCount)
    return record
  }

  func makeClosure(
    _ function: Int, captures: UnsafePointer<Value>, count: Int
  ) -> Value? {
    let bytes = ClosureRef.headerBytes + count * MemoryLayout<Value>.stride
    guard let raw = allocate(bytes) else { return nil }
    raw.storeBytes(of: function, as: Int.self)
    raw.storeBytes(of: count, toByteOffset: 8, as: Int.self)
    ClosureRef(raw: raw).captures.initialize(from: captures, count: count)
    return Value(.closure, at: raw)
  }

  func makeSecret(_ text: Value, isReference: Bool) throws(Stop) -> Value {
    let raw = try take(16)
    raw.storeBytes(of: isReference ? 1 : 0, as: Int.self)
    raw.storeBytes(of: address(text), toByteOffset: 8, as: UnsafeMutableRawPointer.self)
    return Value(.secret, at: raw)
  }
}
