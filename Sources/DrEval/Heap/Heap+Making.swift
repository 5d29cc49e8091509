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
