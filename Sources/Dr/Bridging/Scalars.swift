// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// A Swift type that stands for a type of the language as a whole, and not through `Codable`'s
/// containers.
protocol Scalar: Shaped {
  static func read(_ reader: Reader) throws -> Self
  func written(_ path: [any CodingKey]) throws -> Value
}

extension Bool: Scalar {
  static func read(_ reader: Reader) throws -> Bool {
    guard case .bool(let value) = reader.kind else { throw reader.mismatch("a Bool") }
    return value
  }
  func written(_ path: [any CodingKey]) -> Value { .bool(self) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool { type == TypeTable.bool }
}

extension FixedWidthInteger {
  fileprivate static func readWhole(_ reader: Reader) throws -> Self {
    guard case .int(let value) = reader.kind else { throw reader.mismatch("an Int") }
    guard let exact = Self(exactly: value) else {
      throw BridgeError(reader.path, "is \(value), which no \(Self.self) holds")
    }
    return exact
  }
  fileprivate func writtenWhole(_ path: [any CodingKey]) throws -> Value {
    guard let exact = Int(exactly: self) else {
      throw BridgeError(path, "is \(self), which no Int holds")
    }
    return .int(exact)
  }
}

/// Swift has many integer types; the language has `Int`, of 64 bits.
protocol IntegerScalar: Scalar, FixedWidthInteger {}

extension IntegerScalar {
  static func read(_ reader: Reader) throws -> Self { try readWhole(reader) }
  func written(_ path: [any CodingKey]) throws -> Value { try writtenWhole(path) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool { type == TypeTable.int }
}

extension Int: IntegerScalar {}
extension Int8: IntegerScalar {}
extension Int16: IntegerScalar {}
extension Int32: IntegerScalar {}
extension Int64: IntegerScalar {}
extension UInt: IntegerScalar {}
extension UInt8: IntegerScalar {}
extension UInt16: IntegerScalar {}
extension UInt32: IntegerScalar {}
extension UInt64: IntegerScalar {}

extension Double: Scalar {
  /// A whole number is a Float where one is wanted, as in the language.
  static func read(_ reader: Reader) throws -> Double {
    switch reader.kind {
    case .float(let value): value
    case .int(let value): Double(value)
    default: throw reader.mismatch("a Float")  // open: nothing else is a plain number
    }
  }
  func written(_ path: [any CodingKey]) throws -> Value {
    guard isFinite else { throw BridgeError(path, "is \(self), which no Float is") }
    return .float(self)
  }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    type == TypeTable.float || type == TypeTable.int
  }
}

extension Float: Scalar {
  static func read(_ reader: Reader) throws -> Float { Float(try Double.read(reader)) }
  func written(_ path: [any CodingKey]) throws -> Value { try Double(self).written(path) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    Double.fits(type, in: program)
  }
}

extension String: Scalar {
  /// A named block is what the outside calls it: its label.
  static func read(_ reader: Reader) throws -> String {
    if case .string(let text) = reader.kind { return text }
    guard let label = try reader.label() else { throw reader.mismatch("a String") }
    return label
  }
  func written(_ path: [any CodingKey]) -> Value { .string(self) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    switch program.types[type] {
    case .string, .choice, .secret: true
    case .record(let id): program[id].isVocabulary
    case .error, .never, .unit, .bool, .int, .float, .duration, .bytes, .percent, .rate,
      .throughput, .object, .range, .list, .map, .optional, .union, .function, .parameter:
      false
    }
  }
}

extension Duration: Scalar {
  static func read(_ reader: Reader) throws -> Duration {
    guard case .duration(let value) = reader.kind else { throw reader.mismatch("a Duration") }
    return .nanoseconds(value)
  }
  func written(_ path: [any CodingKey]) throws -> Value {
    guard nanoseconds != nil else {
      throw BridgeError(path, "is \(self), which is no whole number of nanoseconds in 64 bits")
    }
    return .duration(self)
  }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    type == TypeTable.duration
  }
}

extension Bytes: Scalar {
  static func read(_ reader: Reader) throws -> Bytes {
    guard case .bytes(let value) = reader.kind else { throw reader.mismatch("Bytes") }
    return Bytes(Int(value))
  }
  func written(_ path: [any CodingKey]) -> Value { .bytes(self) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool { type == TypeTable.bytes }
}

extension Percent: Scalar {
  static func read(_ reader: Reader) throws -> Percent {
    guard case .percent(let value) = reader.kind else { throw reader.mismatch("a Percent") }
    return Percent(billionths: Int(value))
  }
  func written(_ path: [any CodingKey]) -> Value { .percent(self) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    type == TypeTable.percent
  }
}

extension Rate: Scalar {
  static func read(_ reader: Reader) throws -> Rate {
    guard case .rate(let value) = reader.kind else { throw reader.mismatch("a Rate") }
    return Rate(millionths: Int(value))
  }
  func written(_ path: [any CodingKey]) -> Value { .rate(self) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool { type == TypeTable.rate }
}

extension Throughput: Scalar {
  static func read(_ reader: Reader) throws -> Throughput {
    guard case .throughput(let value) = reader.kind else { throw reader.mismatch("a Throughput") }
    return Throughput(bytesPerSecond: Int(value))
  }
  func written(_ path: [any CodingKey]) -> Value { .throughput(self) }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    type == TypeTable.throughput
  }
}

extension SecretReference: Scalar {
  static func read(_ reader: Reader) throws -> SecretReference {
    guard case .secret(let place) = reader.kind else { throw reader.mismatch("a Secret") }
    guard let place else {
      throw BridgeError(reader.path, "is the contents of a secret, which nobody is told")
    }
    return SecretReference(namespace: place.namespace, name: place.name)
  }
  func written(_ path: [any CodingKey]) throws -> Value {
    throw BridgeError(path, "is a reference to a secret, which only a program makes")
  }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    type == TypeTable.secret
  }
}

extension Range<Int>: Shaped, Scalar {
  static func read(_ reader: Reader) throws -> Range<Int> {
    guard case .range(let lower, let upper) = reader.kind else { throw reader.mismatch("a range") }
    return Int(lower)..<Int(Swift.max(lower, upper))
  }
  func written(_ path: [any CodingKey]) throws -> Value {
    throw BridgeError(path, "is a range, which only a program makes")
  }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool { type == TypeTable.range }
}

extension Value: Scalar, Codable {
  static func read(_ reader: Reader) throws -> Value { try read(reader, isInner: false) }

  /// A block is its fields, a block inside another value its label, so that there is an end.
  static func read(_ reader: Reader, isInner: Bool) throws -> Value {
    try reader.pay()
    switch reader.kind {
    case .nothing: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(Int(value))
    case .float(let value): return .float(value)
    case .string(let text): return .string(text)
    case .duration(let value): return .duration(.nanoseconds(value))
    case .bytes(let value): return .bytes(Bytes(Int(value)))
    case .percent(let value): return .percent(Percent(billionths: Int(value)))
    case .rate(let value): return .rate(Rate(millionths: Int(value)))
    case .throughput(let value): return .throughput(Throughput(bytesPerSecond: Int(value)))
    case .list(let elements):
      return .list(
        try elements.enumerated().map { index, element in
          try read(reader.inner(element, PlaceKey(index)), isInner: true)
        })
    case .range(let lower, let upper):
      guard upper - lower <= 1_000_000 else {
        throw BridgeError(reader.path, "is a range too long for a list")
      }
      return .list((Int(lower)..<Int(Swift.max(lower, upper))).map(Value.int))
    case .table(let entries):
      return .object(
        try entries.map { key, value in
          let name = try reader.keyText(key)
          return Member(name, try read(reader.inner(value, PlaceKey(name)), isInner: true))
        })
    case .record:
      if isInner, let label = try reader.label() { return .string(label) }
      return .object(
        try reader.machine.dataFields(reader.value).map { name, value in
          Member(name, try read(reader.inner(value, PlaceKey(name)), isInner: true))
        })
    case .secret:
      let place = try SecretReference.read(reader)
      return ["namespace": place.namespace.map(Value.string) ?? .null, "name": .string(place.name)]
    case .function: throw reader.mismatch("data")
    }
  }

  func written(_ path: [any CodingKey]) -> Value { self }
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool { true }

  /// Works with values of the language only.
  public init(from decoder: any Decoder) throws {
    self = try decoder.singleValueContainer().decode(Value.self)
  }

  /// As plain data: quantities as the numbers of their types in this library.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .int(let value): try container.encode(value)
    case .float(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .duration(let value): try container.encode(value)
    case .bytes(let value): try container.encode(value)
    case .percent(let value): try container.encode(value)
    case .rate(let value): try container.encode(value)
    case .throughput(let value): try container.encode(value)
    case .list(let elements): try container.encode(elements)
    case .object(let members):
      var container = encoder.container(keyedBy: PlaceKey.self)
      for member in members { try container.encode(member.value, forKey: PlaceKey(member.name)) }
    }
  }
}
