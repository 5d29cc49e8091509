// SPDX-License-Identifier: Apache-2.0
//
// How the objects of the heap are laid out. Each type here is an address seen through typed
// accessors; nothing is counted or freed. Headers take a multiple of 16 bytes so that the values
// after them are aligned. A list or table may be written to only by the code that builds it, before
// anything else can see it; from then on every object but a record's unforced slots is immutable.
//
// Lists, and long strings, that grew one out of another stand in the same places and differ in how many
// of these are theirs: `xs + [1]` takes the first free place after xs, unless `xs + [2]` took it before.
// A place is written once, before anything can see it, so nobody sees a value change.

/// `count`, `hash` (0 until asked for), then UTF-8 bytes. Where the count has the bit `isShared`, the
/// address of bytes in a `SharedBytes` stands in place of them.
struct StringRef {
  let raw: UnsafeMutableRawPointer
  static let headerBytes = 16
  static let isShared = 1 << 62

  @inline(__always)
  init(_ value: Value) { raw = address(value) }
  init(raw: UnsafeMutableRawPointer) { self.raw = raw }

  @inline(__always)
  var count: Int { raw.load(as: Int.self) & ~StringRef.isShared }
  @inline(__always)
  var bytes: UnsafeBufferPointer<UInt8> {
    let word = raw.load(as: Int.self)
    let own = (raw + StringRef.headerBytes).assumingMemoryBound(to: UInt8.self)
    if word & StringRef.isShared == 0 { return UnsafeBufferPointer(start: own, count: word) }
    return UnsafeBufferPointer(start: shared?.bytes, count: word & ~StringRef.isShared)
  }
  /// Where its bytes are, where others have them too.
  var shared: SharedBytes? {
    guard raw.load(as: Int.self) & StringRef.isShared != 0 else { return nil }
    return SharedBytes(
      raw: raw.load(fromByteOffset: StringRef.headerBytes, as: UnsafeMutableRawPointer.self))
  }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  var hash: UInt64 {
    let kept = raw.load(fromByteOffset: 8, as: UInt64.self)
    if kept != 0 { return kept }
    let hash = hashBytes(bytes) | 1
    raw.storeBytes(of: hash, toByteOffset: 8, as: UInt64.self)
    return hash
  }

  func equals(_ other: StringRef) -> Bool {
    if raw == other.raw { return true }
    let count = count
    return count == other.count && compareBytes(bytes, other.bytes) == 0
  }

  /// By code point, which is the order of UTF-8 bytes.
  func precedes(_ other: StringRef) -> Bool {
    compareBytes(bytes, other.bytes) < 0
  }
}

/// `fill`, `capacity`, then bytes: the first `fill` of them belong to strings.
struct SharedBytes {
  let raw: UnsafeMutableRawPointer
  static let headerBytes = 16

  var fill: Int {
    get { raw.load(as: Int.self) }
    nonmutating set { raw.storeBytes(of: newValue, as: Int.self) }
  }
  var capacity: Int {
    get { raw.load(fromByteOffset: 8, as: Int.self) }
    nonmutating set { raw.storeBytes(of: newValue, toByteOffset: 8, as: Int.self) }
  }
  var bytes: UnsafeMutablePointer<UInt8> {
    (raw + SharedBytes.headerBytes).assumingMemoryBound(to: UInt8.self)
  }
}

/// `count` and the address of the elements. Directly before these stand `fill` and `capacity`: how many
/// places are taken, by whatever list, and how many there are. A list that was made by itself has its
/// places right behind it.
struct ListRef {
  let raw: UnsafeMutableRawPointer
  static let headerBytes = 16
  static let placesHeaderBytes = 16

  @inline(__always)
  init(_ value: Value) { raw = address(value) }
  init(raw: UnsafeMutableRawPointer) { self.raw = raw }

  /// Set only while the list is being built.
  var count: Int {
    @inline(__always) get { raw.load(as: Int.self) }
    @inline(__always) nonmutating set { raw.storeBytes(of: newValue, as: Int.self) }
  }
  var elements: UnsafeMutablePointer<Value> {
    @inline(__always) get {
      raw.load(fromByteOffset: 8, as: UnsafeMutablePointer<Value>.self)
    }
    nonmutating set {
      raw.storeBytes(of: newValue, toByteOffset: 8, as: UnsafeMutablePointer<Value>.self)
    }
  }
  /// What comes before the elements.
  var places: UnsafeMutableRawPointer {
    @inline(__always) get { UnsafeMutableRawPointer(elements) - ListRef.placesHeaderBytes }
  }
  /// Whether its places were made for another list.
  var isShared: Bool { places != raw + ListRef.headerBytes }
  var fill: Int {
    @inline(__always) get { places.load(as: Int.self) }
    @inline(__always) nonmutating set { places.storeBytes(of: newValue, as: Int.self) }
  }
  var capacity: Int {
    @inline(__always) get { places.load(fromByteOffset: 8, as: Int.self) }
    nonmutating set { places.storeBytes(of: newValue, toByteOffset: 8, as: Int.self) }
  }
  var values: UnsafeBufferPointer<Value> { UnsafeBufferPointer(start: elements, count: count) }
}

/// `recordID`, `flags`, `slotCount`, `global`, then one value per field.
struct RecordRef {
  let raw: UnsafeMutableRawPointer
  static let headerBytes = 16

  @inline(__always)
  init(_ value: Value) { raw = address(value) }
  init(raw: UnsafeMutableRawPointer) { self.raw = raw }

  /// The record that a `Stop.force` names.
  init(address: UInt) {
    raw = UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
  }

  var recordID: Int32 { raw.load(as: Int32.self) }
  var slotCount: Int { Int(raw.load(fromByteOffset: 8, as: Int32.self)) }
  /// The named block that this record is; -1 for a record that an expression built.
  var global: Int32 { raw.load(fromByteOffset: 12, as: Int32.self) }
  var isBlock: Bool { global >= 0 }
  /// The walk that saw this record last; see `Machine.forceAll`.
  var mark: Int32 {
    get { raw.load(fromByteOffset: 4, as: Int32.self) }
    nonmutating set { raw.storeBytes(of: newValue, toByteOffset: 4, as: Int32.self) }
  }
  var slots: UnsafeMutablePointer<Value> {
    @inline(__always) get { (raw + RecordRef.headerBytes).assumingMemoryBound(to: Value.self) }
  }
  var value: Value { Value(.record, at: raw) }
}

/// `function`, `captureCount`, then the captured values.
struct ClosureRef {
  let raw: UnsafeMutableRawPointer
  static let headerBytes = 16

  @inline(__always)
  init(_ value: Value) { raw = address(value) }
  init(raw: UnsafeMutableRawPointer) { self.raw = raw }

  var function: Int { raw.load(as: Int.self) }
  var captureCount: Int { raw.load(fromByteOffset: 8, as: Int.self) }
  var captures: UnsafeMutablePointer<Value> {
    (raw + ClosureRef.headerBytes).assumingMemoryBound(to: Value.self)
  }
}

/// `lower`, `upper`.
struct RangeRef {
  let raw: UnsafeMutableRawPointer

  @inline(__always)
  init(_ value: Value) { raw = address(value) }

  var lower: Int64 { raw.load(as: Int64.self) }
  var upper: Int64 { raw.load(fromByteOffset: 8, as: Int64.self) }
  /// Number of members; 0 when the bounds are the wrong way round, clamped when it is past `Int`.
  var count: Int {
    guard upper > lower else { return 0 }
    let (size, overflow) = upper.subtractingReportingOverflow(lower)
    return overflow ? .max : Int(size)
  }
}

/// Whether the text is only a reference (`namespace/name`), then the text's address.
struct SecretRef {
  let raw: UnsafeMutableRawPointer

  init(_ value: Value) { raw = address(value) }

  var isReference: Bool { raw.load(as: Int.self) != 0 }
  var text: StringRef {
    StringRef(raw: raw.load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self))
  }
}

/// The address in a value whose tag says that it has one.
@inline(__always)
func address(_ value: Value) -> UnsafeMutableRawPointer {
  UnsafeMutableRawPointer(bitPattern: UInt(value.payload)).unsafelyUnwrapped
}

/// Like `memcmp`, and the shorter of two that agree comes first.
func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
  let count = min(a.count, b.count)
  if count > 0, let x = a.baseAddress, let y = b.baseAddress {
    let (x, y) = (UnsafeRawPointer(x), UnsafeRawPointer(y))
    var index = 0
    while index + 8 <= count {
      let p = x.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let q = y.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if p != q { return p.bigEndian < q.bigEndian ? -1 : 1 }
      index += 8
    }
    while index < count {
      let (p, q) = (a[index], b[index])
      if p != q { return p < q ? -1 : 1 }
      index += 1
    }
  }
  return a.count == b.count ? 0 : a.count < b.count ? -1 : 1
}

/// A number for these bytes that depends on nothing else; eight bytes at a time.
func hashBytes(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
  var hash = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
  guard let start = bytes.baseAddress else { return mixed(hash) }
  let raw = UnsafeRawPointer(start)
  var index = 0
  while index + 8 <= bytes.count {
    hash = mixed(hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
    index += 8
  }
  var rest: UInt64 = 0
  while index < bytes.count {
    rest = rest << 8 | UInt64(bytes[index])
    index += 1
  }
  return mixed(hash ^ rest)
}

/// Spreads the bits of a number over the whole word.
func mixed(_ number: UInt64) -> UInt64 {
  var bits = number
  bits ^= bits >> 32
  bits &*= 0xd6e8_feb8_6659_fd93
  bits ^= bits >> 32
  bits &*= 0xd6e8_feb8_6659_fd93
  bits ^= bits >> 32
  return bits
}
