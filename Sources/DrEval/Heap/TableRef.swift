// SPDX-License-Identifier: Apache-2.0

/// A map or an object: entries in the order of insertion. `count`, `mask`, the address of the entries, which are
/// pairs of key and value, and that of an index (0 while there are few entries). Directly before the
/// entries stand `fill` and `capacity`, as in a list: tables that grew one out of another have their first entries
/// in the same places (see Objects.swift). A table that was made by itself has its places right behind it.
///
/// The index is open addressing with linear probing. A place holds an entry's number plus one in its
/// low half, 0 where it is free, and half of the key's hash in its high half, so that neither a
/// collision nor a larger index looks at a key, which is somewhere else in memory. There are at
/// least twice as many places as entries, and hashes depend on nothing but the key, so that the work
/// done, too, is the same on every run. Tables in the same places may have the same index; only the one that
/// takes a further place writes to it, and the others pass over entries that are not theirs.
struct TableRef {
  let raw: UnsafeMutableRawPointer
  static let headerBytes = 24
  static let placesHeaderBytes = 8
  static let entryBytes = 2 * MemoryLayout<Value>.stride
  /// Up to so many entries are searched one after the other.
  static let linearCount = 8
  /// Stands in the word of the count.
  private static let holdsNil: UInt32 = 1 << 31
  /// More entries than memory holds, and fewer than the header's numbers count.
  static let capacityLimit = 1 << 30

  @inline(__always)
  init(_ value: Value) { raw = address(value) }
  init(raw: UnsafeMutableRawPointer) { self.raw = raw }

  var count: Int {
    get { Int(raw.load(as: UInt32.self) & ~TableRef.holdsNil) }
    nonmutating set {
      let flag = raw.load(as: UInt32.self) & TableRef.holdsNil
      raw.storeBytes(of: UInt32(truncatingIfNeeded: newValue) | flag, as: UInt32.self)
    }
  }
  /// Whether a value may be nil.
  var holdsNil: Bool { raw.load(as: UInt32.self) & TableRef.holdsNil != 0 }
  func noteNil() {
    raw.storeBytes(of: raw.load(as: UInt32.self) | TableRef.holdsNil, as: UInt32.self)
  }

  var mask: Int {
    get { Int(raw.load(fromByteOffset: 4, as: UInt32.self)) }
    nonmutating set {
      raw.storeBytes(of: UInt32(truncatingIfNeeded: newValue), toByteOffset: 4, as: UInt32.self)
    }
  }
  var entries: UnsafeMutablePointer<Value> {
    get { raw.load(fromByteOffset: 8, as: UnsafeMutablePointer<Value>.self) }
    nonmutating set {
      raw.storeBytes(of: newValue, toByteOffset: 8, as: UnsafeMutablePointer<Value>.self)
    }
  }
  var index: UnsafeMutablePointer<UInt64>? {
    get { UnsafeMutablePointer(bitPattern: raw.load(fromByteOffset: 16, as: UInt.self)) }
    nonmutating set {
      raw.storeBytes(of: UInt(bitPattern: newValue), toByteOffset: 16, as: UInt.self)
    }
  }

  /// What comes before the entries.
  private var places: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(entries) - TableRef.placesHeaderBytes
  }
  /// The table that the places were made for.
  var origin: UnsafeMutableRawPointer { places - TableRef.headerBytes }
  /// Whether its places were made for another table.
  var isShared: Bool { origin != raw }
  /// How many places are taken, by whatever table.
  var fill: Int {
    get { Int(places.load(as: UInt32.self)) }
    nonmutating set { places.storeBytes(of: UInt32(truncatingIfNeeded: newValue), as: UInt32.self) }
  }
  var capacity: Int {
    get { Int(places.load(fromByteOffset: 4, as: UInt32.self)) }
    nonmutating set {
      places.storeBytes(of: UInt32(truncatingIfNeeded: newValue), toByteOffset: 4, as: UInt32.self)
    }
  }

  /// Key and value of an entry.
  func entry(_ number: Int) -> UnsafeMutablePointer<Value> { entries + 2 * number }
  func key(_ number: Int) -> Value { entry(number)[0] }
  func value(_ number: Int) -> Value { entry(number)[1] }

  /// The bytes of a table with its places.
  static func bytes(capacity: Int) -> Int {
    headerBytes + placesHeaderBytes + capacity * entryBytes
  }

  /// What the index holds for an entry.
  static func mark(_ number: Int, _ hash: UInt32) -> UInt64 {
    UInt64(hash) << 32 | UInt64(number + 1)
  }

  /// The number of the entry that the index holds there.
  @inline(__always)
  static func number(_ mark: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: mark)) - 1 }
}

extension Heap {
  func makeTable(_ tag: Tag, capacity: Int) throws(Stop) -> Value {
    if capacity >= TableRef.capacityLimit { throw .memory }
    let table = TableRef(raw: try take(TableRef.bytes(capacity: capacity)))
    table.raw.storeBytes(of: 0, as: UInt64.self)
    table.entries = (table.raw + TableRef.headerBytes + TableRef.placesHeaderBytes)
      .assumingMemoryBound(to: Value.self)
    table.index = nil
    table.fill = 0
    table.capacity = capacity
    return Value(tag, at: table.raw)
  }

  /// Another table with the same entries, which further ones may be added to.
  func share(_ table: TableRef, as tag: Tag) throws(Stop) -> Value {
    try charge(1)
    let other = TableRef(raw: try take(TableRef.headerBytes))
    other.raw.copyMemory(from: table.raw, byteCount: TableRef.headerBytes)
    return Value(tag, at: other.raw)
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
      if number >= 0 { return try replacing(number, value, in: owner) }
      let longer = try append(key, value, to: table, tag: owner.tag)
      if longer.count > TableRef.linearCount { try buildIndex(longer) }
      return Value(owner.tag, at: longer.raw)
    }
    let hash = try shortHash(key)
    let (number, place) = try probe(key, hash: hash, in: table)
    if number >= 0 { return try replacing(number, value, in: owner) }
    let old = table.index
    let longer = try append(key, value, to: table, tag: owner.tag)
    let mark = TableRef.mark(longer.count - 1, hash)
    if let index = longer.index, longer.mask >= 2 * longer.count {
      // In an index of its own, it may stand elsewhere.
      if index == old { index[place] = mark } else { try insert(mark, into: index, longer.mask) }
    } else {
      try growIndex(longer, adding: mark)
    }
    return Value(owner.tag, at: longer.raw)
  }

  /// An entry that others have, too, is replaced in a copy.
  private func replacing(_ number: Int, _ value: Value, in owner: Value) throws(Stop) -> Value {
    var table = TableRef(owner)
    if table.isShared { table = try move(table, tag: owner.tag, capacity: table.count) }
    table.entry(number)[1] = value
    if value.tag == .nilValue { table.noteNil() }
    return Value(owner.tag, at: table.raw)
  }

  /// Adds what the table has not to one that nothing else can see yet. Gives the table's new place.
  func add(_ key: Value, _ value: Value, to owner: Value) throws(Stop) -> Value {
    let table = TableRef(owner)
    guard table.count < TableRef.linearCount else { return try set(key, value, in: owner) }
    return Value(owner.tag, at: try append(key, value, to: table, tag: owner.tag).raw)
  }

  private func search(_ key: Value, in table: TableRef) throws(Stop) -> Int {
    for number in 0..<table.count where try keysAgree(table.key(number), key) { return number }
    return -1
  }

  private func append(
    _ key: Value, _ value: Value, to table: TableRef, tag: Tag
  ) throws(Stop) -> TableRef {
    let count = table.count
    let isEnd = count == table.fill
    let longer = isEnd && count < table.capacity ? table : try grow(table, isEnd: isEnd, tag: tag)
    let entry = longer.entry(count)
    entry.initialize(to: key)
    (entry + 1).initialize(to: value)
    longer.count = count + 1
    longer.fill = count + 1
    if value.tag == .nilValue { longer.noteNil() }
    return longer
  }

  /// The same entries with room behind them that no other table has. Room grows with the table, less for one
  /// that shares its places, since it may have all of its entries.
  private func grow(_ table: TableRef, isEnd: Bool, tag: Tag) throws(Stop) -> TableRef {
    let count = table.count
    let capacity = max(4, table.isShared ? count + count / 2 : 2 * count)
    if isEnd, capacity < TableRef.capacityLimit,
      extend(
        table.origin, from: TableRef.bytes(capacity: table.capacity),
        to: TableRef.bytes(capacity: capacity))
    {
      table.capacity = capacity
      return table
    }
    return try move(table, tag: tag, capacity: capacity)
  }

  /// A copy in places of its own.
  private func move(_ table: TableRef, tag: Tag, capacity: Int) throws(Stop) -> TableRef {
    let moved = TableRef(try makeTable(tag, capacity: capacity))
    moved.entry(0).initialize(from: table.entry(0), count: 2 * table.count)
    moved.count = table.count
    moved.fill = table.count
    if table.holdsNil { moved.noteNil() }
    guard table.isShared else {
      moved.index = table.index
      moved.mask = table.mask
      return moved
    }
    try charge(table.count)
    guard let old = table.index else { return moved }
    let (index, mask) = try makeIndex(places: table.mask + 1)
    for place in 0...table.mask where TableRef.number(old[place]) < table.count && old[place] != 0 {
      try insert(old[place], into: index, mask)
    }
    moved.index = index
    moved.mask = mask
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
        let number = TableRef.number(mark)
        if number < table.count, try keysAgree(table.key(number), key) { return (number, place) }
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
