// SPDX-License-Identifier: Apache-2.0
//
// Lists, and strings that grow. Two lists may have their elements in the same places (see Objects.swift). A
// list is made longer where it stands only when it ends where the taken places end, and taking further
// ones moves that end; so a place is written at most once after it was handed out, and never while a
// list has it. That holds after `release` too: what was taken since the mark stays taken.

extension Heap {
  // MARK: Lists

  /// An empty list with room for so many elements.
  func makeList(capacity: Int) -> Value? {
    let headers = ListRef.headerBytes + ListRef.placesHeaderBytes
    let (bytes, overflow) = capacity.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    guard !overflow, bytes < .max / 2, let raw = allocate(headers + bytes) else { return nil }
    let list = ListRef(raw: raw)
    list.count = 0
    list.elements = (raw + headers).assumingMemoryBound(to: Value.self)
    list.fill = 0
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
    list.fill = values.count
    return value
  }

  /// Another list with the same elements, which may be made longer.
  func share(_ list: ListRef) -> ListRef? {
    guard let raw = allocate(ListRef.headerBytes) else { return nil }
    let other = ListRef(raw: raw)
    other.count = list.count
    other.elements = list.elements
    return other
  }

  /// Adds an element to a list that is being built. Gives the list's new place, or nil.
  @inline(__always)
  func append(_ element: Value, to value: Value) -> Value? {
    let list = ListRef(value)
    let count = list.count
    if count == list.fill, count < list.capacity {
      (list.elements + count).initialize(to: element)
      list.count = count &+ 1
      list.fill = count &+ 1
      return value
    }
    return appendSlowly(element, to: list)
  }

  @inline(never)
  private func appendSlowly(_ element: Value, to list: ListRef) -> Value? {
    guard let longer = reserve(1, behind: list) else { return nil }
    (longer.elements + longer.count).initialize(to: element)
    longer.count += 1
    longer.fill = longer.count
    return Value(.list, at: longer.raw)
  }

  /// Adds the elements of a list to one that is being built.
  func append(_ source: ListRef, to list: ListRef) throws(Stop) -> ListRef {
    let count = source.count
    try charge(count)
    guard let longer = reserve(count, behind: list) else { throw .memory }
    (longer.elements + longer.count).initialize(from: source.elements, count: count)
    longer.count += count
    longer.fill = longer.count
    return longer
  }

  /// A list with the elements of one that is being built, and room behind them that nobody else has: itself
  /// where that is so. Room grows with the list, so that n additions copy n elements, twice or thrice; less
  /// for one that shares its places, since it may have all of its elements.
  private func reserve(_ count: Int, behind list: ListRef) -> ListRef? {
    let wanted = list.count + count
    let isEnd = list.count == list.fill
    if isEnd, wanted <= list.capacity { return list }
    let stride = MemoryLayout<Value>.stride
    let capacity = max(wanted, list.isShared ? list.count + list.count / 2 : 2 * list.count, 4)
    if isEnd,
      extend(
        list.places, from: ListRef.placesHeaderBytes + list.capacity * stride,
        to: ListRef.placesHeaderBytes + capacity * stride)
    {
      list.capacity = capacity
      return list
    }
    // Where the limit leaves no room to grow into, what is needed may still fit.
    guard let value = makeList(capacity: capacity) ?? makeList(capacity: wanted) else { return nil }
    let moved = ListRef(value)
    moved.elements.initialize(from: list.elements, count: list.count)
    moved.count = list.count
    moved.fill = list.count
    return moved
  }

  /// The elements of one list and then those of another.
  func concatenated(_ x: ListRef, _ y: ListRef) throws(Stop) -> Value {
    try charge(1)
    if x.count == 0 { return Value(.list, at: y.raw) }
    if y.count == 0 { return Value(.list, at: x.raw) }
    guard let list = share(x) else { throw .memory }
    // A copy is paid for too.
    if x.count < x.fill || x.count + y.count > x.capacity { try charge(x.count) }
    return Value(.list, at: try append(y, to: list).raw)
  }

  // MARK: Strings

  /// Strings of fewer bytes are copied: what is kept of a place that is shared takes as long.
  static let longString = 256

  /// The bytes of a string and then so many that the caller writes, fewer than the string has: where they are free,
  /// in the places after it.
  func makeString(
    _ start: StringRef, longerBy count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void
  ) throws(Stop) -> Value {
    if count == 0 { return Value(.string, at: start.raw) }
    let length = start.count
    let wanted = length + count
    guard length >= Heap.longString, count < length else {
      try charge(wanted / 16)
      return try makeString(count: wanted) { buffer in
        _ = buffer.initialize(from: start.bytes)
        fill(UnsafeMutableBufferPointer(rebasing: buffer[length...]))
      }
    }
    try charge(count / 16 + 1)
    let raw = try take(StringRef.headerBytes + 16)
    let bytes: SharedBytes
    if let shared = start.shared, shared.fill == length, wanted <= shared.capacity {
      bytes = shared
    } else {
      try charge(length / 16)
      let capacity = wanted + wanted / 2
      guard let place = allocate(SharedBytes.headerBytes + capacity) else {
        return try makeString(count: wanted) { buffer in
          _ = buffer.initialize(from: start.bytes)
          fill(UnsafeMutableBufferPointer(rebasing: buffer[length...]))
        }
      }
      bytes = SharedBytes(raw: place)
      bytes.capacity = capacity
      _ = UnsafeMutableBufferPointer(start: bytes.bytes, count: length).initialize(
        from: start.bytes)
    }
    fill(UnsafeMutableBufferPointer(start: bytes.bytes + length, count: count))
    bytes.fill = wanted
    raw.storeBytes(of: wanted | StringRef.isShared, as: Int.self)
    raw.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
    raw.storeBytes(
      of: bytes.raw, toByteOffset: StringRef.headerBytes, as: UnsafeMutableRawPointer.self)
    return Value(.string, at: raw)
  }
}
