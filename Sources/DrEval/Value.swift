// SPDX-License-Identifier: Apache-2.0

/// What a value is. The order matters in two places: quantities stand together, and the two states
/// of a slot that has no value yet come last, so that one comparison tells them from values.
enum Tag: UInt8 {
  case nilValue, unit, bool, int
  case duration, bytes, percent, rate, throughput
  case float
  /// The payload of these and of all that follow up to `record` is an address in the machine's
  /// heap.
  case string, secret, list, map, object, range, record
  /// The payload is the index of a function that captures nothing.
  case function
  case closure
  /// A slot or global that nobody asked for yet; the payload is the function that gives its value.
  case pending
  /// The same while that function runs.
  case evaluating

  /// Whole numbers of a base unit, `Int` included.
  var isWhole: Bool { rawValue >= Tag.int.rawValue && rawValue <= Tag.throughput.rawValue }
  var isUnforced: Bool { rawValue >= Tag.pending.rawValue }
  /// Whether values are in it.
  var hasParts: Bool {
    self == .list || self == .map || self == .object || self == .record || self == .closure
  }
}

/// A value of the language: a tag and 64 bits, 16 bytes in memory, copied without any counting.
/// What does not fit is an address in the heap of the machine that made the value; a value must not
/// outlive that machine.
package struct Value {
  var payload: UInt64
  var tag: Tag

  @inline(__always)
  init(_ tag: Tag, _ payload: UInt64) {
    self.payload = payload
    self.tag = tag
  }

  @inline(__always)
  init(_ tag: Tag, whole: Int64) { self.init(tag, UInt64(bitPattern: whole)) }

  @inline(__always)
  init(_ tag: Tag, at address: UnsafeMutableRawPointer) {
    self.init(tag, UInt64(UInt(bitPattern: address)))
  }

  @inline(__always)
  var whole: Int64 { Int64(bitPattern: payload) }
  @inline(__always)
  var double: Double { Double(bitPattern: payload) }
  @inline(__always)
  var isTrue: Bool { payload != 0 }

  /// Tells two objects, lists or records apart, be they equal or not.
  package var identity: UInt64 { payload }

  package static var nilValue: Value { Value(.nilValue, 0) }
  package static var unit: Value { Value(.unit, 0) }
  package static func bool(_ value: Bool) -> Value { Value(.bool, value ? 1 : 0) }
  package static func int(_ value: Int64) -> Value { Value(.int, whole: value) }
  package static func float(_ value: Double) -> Value { Value(.float, value.bitPattern) }
  /// Nanoseconds.
  package static func duration(_ value: Int64) -> Value { Value(.duration, whole: value) }
  package static func bytes(_ value: Int64) -> Value { Value(.bytes, whole: value) }
  /// Units of 1e-9: 70% is 700,000,000.
  package static func percent(_ value: Int64) -> Value { Value(.percent, whole: value) }
  /// Units of 1e-6 per second.
  package static func rate(_ value: Int64) -> Value { Value(.rate, whole: value) }
  /// Bytes per second.
  package static func throughput(_ value: Int64) -> Value { Value(.throughput, whole: value) }
}
