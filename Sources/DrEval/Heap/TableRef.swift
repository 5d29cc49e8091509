// SPDX-License-Identifier: Apache-2.0

/// A map or an object: entries in the order of insertion. `count`, `capacity`, the address of an
/// index (0 while there are few entries), `mask`, then pairs of key and value.
///
/// The index is open addressing with linear probing. A place holds an entry's number plus one in its
/// low half, 0 where it is free, and half of the key's hash in its high half, so that neither a
/// collision nor a larger index looks at a key, which is somewhere else in memory. There are at
/// least twice as many places as entries, and hashes depend on nothing but the key, so that the work
/// done, too, is the same on every run.
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
  var index: UnsafeMutablePointer<UInt64>? {
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

  /// What the index holds for an entry.
  static func mark(_ number: Int, _ hash: UInt32) -> UInt64 {
    UInt64(hash) << 32 | UInt64(number + 1)
  }
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
    guard table.index != nil else { return try search(key, in: table) }
    return try probe(key, hash: shortHash(key), in: table).number
  }

  func find(_ name: StringRef, in table: TableRef) throws(Stop) -> Int {
    try find(Value(.string, at: name.raw), in: table)
  }

  /// Adds or replaces in a table that nothing else can see yet. Gives the table's new place.
  func set(_ key: Value, _ value: Value, in owner: Value) throws(Stop) -> Value {
    let table = TableRef(owner)
    guard table.index != nil else {
      let number = try search(key, in: table)
      if number >= 0 {
        table.entry(number)[1] = value
        return owner
      }
      let longer = try append(key, value, to: table, tag: owner.tag)
      if longer.count > TableRef.linearCount { try buildIndex(longer) }
      return Value(owner.tag, at: longer.raw)
    }
    let hash = try shortHash(key)
    let (number, place) = try probe(key, hash: hash, in: table)
    if number >= 0 {
      table.entry(number)[1] = value
      return owner
    }
    let longer = try append(key, value, to: table, tag: owner.tag)
    let mark = TableRef.mark(longer.count - 1, hash)
    if let index = longer.index, longer.mask >= 2 * longer.count {
      index[place] = mark
    } else {
      try growIndex(longer, adding: mark)
    }
    return Value(owner.tag, at: longer.raw)
  }

  private func search(_ key: Value, in table: TableRef) throws(Stop) -> Int {
    for number in 0..<table.count where try keysAgree(table.key(number), key) { return number }
    return -1
  }

  private func append(
    _ key: Value, _ value: Value, to table: TableRef, tag: Tag
  ) throws(Stop) -> TableRef {
    let count = table.count
    let longer = count == table.capacity ? try grow(table, tag: tag) : table
    let entry = longer.entry(count)
    entry.initialize(to: key)
    (entry + 1).initialize(to: value)
    longer.count = count + 1
    return longer
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

  /// The first index of a table.
  private func buildIndex(_ table: TableRef) throws(Stop) {
    let (index, mask) = try makeIndex(places: 4 * TableRef.linearCount)
    for number in 0..<table.count {
      try insert(TableRef.mark(number, try shortHash(table.key(number))), into: index, mask)
    }
    table.index = index
    table.mask = mask
  }

  /// Twice as many places, filled from those there are.
  private func growIndex(_ table: TableRef, adding mark: UInt64) throws(Stop) {
    guard let old = table.index else { return }
    let (index, newMask) = try makeIndex(places: 2 * (table.mask + 1))
    for place in 0...table.mask where old[place] != 0 {
      try insert(old[place], into: index, newMask)
    }
    try insert(mark, into: index, newMask)
    table.index = index
    table.mask = newMask
  }

  private func makeIndex(
    places: Int
  ) throws(Stop) -> (index: UnsafeMutablePointer<UInt64>, mask: Int) {
    if places > Int(UInt32.max) { throw .memory }
    let raw = try take(places * MemoryLayout<UInt64>.stride)
    let index = raw.bindMemory(to: UInt64.self, capacity: places)
    index.initialize(repeating: 0, count: places)
    return (index, places - 1)
  }

  // Long chains are paid for, here and in `probe`, so that chosen collisions cannot buy more time
  // than the limit.
  private func insert(
    _ mark: UInt64, into index: UnsafeMutablePointer<UInt64>, _ mask: Int
  ) throws(Stop) {
    var place = Int(mark >> 32) & mask
    while index[place] != 0 {
      place = (place + 1) & mask
      try charge(1)
    }
    index[place] = mark
  }

  /// As much of a key's hash as the index keeps.
  @inline(__always)
  private func shortHash(_ key: Value) throws(Stop) -> UInt32 {
    if key.tag == .string { return UInt32(truncatingIfNeeded: StringRef(key).hash) }
    return UInt32(truncatingIfNeeded: try hash(key, depth: 0))
  }

  /// The entry with that key, or -1 and the free place for it.
  private func probe(
    _ key: Value, hash: UInt32, in table: TableRef
  ) throws(Stop) -> (number: Int, place: Int) {
    guard let index = table.index else { return (-1, 0) }
    let mask = table.mask
    var place = Int(hash) & mask
    while true {
      let mark = index[place]
      if mark == 0 { return (-1, place) }
      if UInt32(truncatingIfNeeded: mark >> 32) == hash {
        let number = Int(UInt32(truncatingIfNeeded: mark)) - 1
        if try keysAgree(table.key(number), key) { return (number, place) }
      }
      place = (place + 1) & mask
      try charge(1)
    }
  }

  @inline(__always)
  private func keysAgree(_ a: Value, _ b: Value) throws(Stop) -> Bool {
    if a.tag == .string, b.tag == .string { return StringRef(a).equals(StringRef(b)) }
    return try equal(a, b)
  }
}
