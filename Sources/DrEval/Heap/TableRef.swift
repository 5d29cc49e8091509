// SPDX-License-Identifier: Apache-2.0

/// A map or an object: entries in the order of insertion. `count`, `capacity`, the address of an
/// index (0 while there are few entries), `mask`, then pairs of key and value.
///
/// The index is open addressing with linear probing over 32-bit entry numbers plus one; 0 is free.
/// It has at least twice as many places as there are entries, and hashes depend on nothing but the
/// key, so that the work done, too, is the same on every run.
struct TableRef {
  let raw: UnsafeMutableRawPointer
  static let headerBytes = 32
  static let entryBytes = 2 * MemoryLayout<Value>.stride
  /// Up to so many entries are searched one after the other.
  static let linearCount = 8

  @inline(__always)
  init(_ value: Value) { raw = address(value) }
  init(raw: UnsafeMutableRawPointer) { self.raw = raw }

  var count: Int {
    get { raw.load(as: Int.self) }
    nonmutating set { raw.storeBytes(of: newValue, as: Int.self) }
  }
  var capacity: Int {
    get { raw.load(fromByteOffset: 8, as: Int.self) }
    nonmutating set { raw.storeBytes(of: newValue, toByteOffset: 8, as: Int.self) }
  }
  var index: UnsafeMutablePointer<UInt32>? {
    get { UnsafeMutablePointer(bitPattern: raw.load(fromByteOffset: 16, as: UInt.self)) }
    nonmutating set {
      raw.storeBytes(of: UInt(bitPattern: newValue), toByteOffset: 16, as: UInt.self)
    }
  }
  var mask: Int {
    get { raw.load(fromByteOffset: 24, as: Int.self) }
    nonmutating set { raw.storeBytes(of: newValue, toByteOffset: 24, as: Int.self) }
  }
  /// Key and value of an entry.
  func entry(_ number: Int) -> UnsafeMutablePointer<Value> {
    (raw + TableRef.headerBytes + number * TableRef.entryBytes).assumingMemoryBound(
      to: Value.self)
  }
  func key(_ number: Int) -> Value { entry(number)[0] }
  func value(_ number: Int) -> Value { entry(number)[1] }
}

extension Heap {
  func makeTable(_ tag: Tag, capacity: Int) throws(Stop) -> Value {
    let (bytes, overflow) = capacity.multipliedReportingOverflow(by: TableRef.entryBytes)
    if overflow || bytes >= .max / 2 { throw .memory }
    let table = TableRef(raw: try take(TableRef.headerBytes + bytes))
    table.count = 0
    table.capacity = capacity
    table.index = nil
    table.mask = 0
    return Value(tag, at: table.raw)
  }

  /// The number of the entry with that key, or -1.
  func find(_ key: Value, in table: TableRef) throws(Stop) -> Int {
    let count = table.count
    if table.index == nil {
      for number in 0..<count where try keysAgree(table.key(number), key) { return number }
      return -1
    }
    return try probe(key, in: table).number
  }

  func find(_ name: StringRef, in table: TableRef) throws(Stop) -> Int {
    try find(Value(.string, at: name.raw), in: table)
  }

  /// Adds or replaces in a table that nothing else can see yet. Gives the table's new place.
  func set(_ key: Value, _ value: Value, in owner: Value) throws(Stop) -> Value {
    var table = TableRef(owner)
    let number = try find(key, in: table)
    if number >= 0 {
      table.entry(number)[1] = value
      return owner
    }
    let count = table.count
    if count == table.capacity { table = try grow(table, tag: owner.tag) }
    let entry = table.entry(count)
    entry.initialize(to: key)
    (entry + 1).initialize(to: value)
    table.count = count + 1
    if let index = table.index, table.mask >= 2 * (count + 1) {
      index[try probe(key, in: table, assumingAbsent: true).place] = UInt32(count + 1)
    } else if count + 1 > TableRef.linearCount {
      try buildIndex(table)
    }
    return Value(owner.tag, at: table.raw)
  }

  private func grow(_ table: TableRef, tag: Tag) throws(Stop) -> TableRef {
    let capacity = max(4, table.capacity * 2)
    let old = TableRef.headerBytes + table.capacity * TableRef.entryBytes
    let new = TableRef.headerBytes + capacity * TableRef.entryBytes
    if extend(table.raw, from: old, to: new) {
      table.capacity = capacity
      return table
    }
    let moved = TableRef(try makeTable(tag, capacity: capacity))
    moved.entry(0).initialize(from: table.entry(0), count: 2 * table.count)
    moved.count = table.count
    moved.index = table.index
    moved.mask = table.mask
    return moved
  }

  private func buildIndex(_ table: TableRef) throws(Stop) {
    var places = 32
    while places < 4 * table.count { places *= 2 }
    if places > Int(UInt32.max) { throw .memory }
    let raw = try take(places * MemoryLayout<UInt32>.stride)
    let index = raw.bindMemory(to: UInt32.self, capacity: places)
    index.initialize(repeating: 0, count: places)
    table.index = index
    table.mask = places - 1
    for number in 0..<table.count {
      let place = try probe(table.key(number), in: table, assumingAbsent: true).place
      index[place] = UInt32(number + 1)
    }
  }

  private func probe(
    _ key: Value, in table: TableRef, assumingAbsent: Bool = false
  ) throws(Stop) -> (number: Int, place: Int) {
    guard let index = table.index else { return (-1, 0) }
    let mask = table.mask
    var place = Int(truncatingIfNeeded: try hash(key, depth: 0)) & mask
    while index[place] != 0 {
      let number = Int(index[place]) - 1
      if !assumingAbsent, try keysAgree(table.key(number), key) { return (number, place) }
      place = (place + 1) & mask
      // Long chains are paid for, so that chosen collisions cannot buy more time than the limit.
      try charge(1)
    }
    return (-1, place)
  }

  @inline(__always)
  private func keysAgree(_ a: Value, _ b: Value) throws(Stop) -> Bool {
    if a.tag == .string, b.tag == .string { return StringRef(a).equals(StringRef(b)) }
    return try equal(a, b)
  }
}
