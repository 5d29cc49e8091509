// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// A value of a machine and the way to it. What a Swift type does not ask for is never evaluated, so
/// that a block that knows others, which know it, can be read as far as the host wants.
struct Reader {
  let machine: Machine
  let value: DrEval.Value
  let path: [any CodingKey]

  var kind: ValueKind { machine.kind(value) }

  /// Reading counts against the machine's limits, so that a value that holds another one a million
  /// times over cannot exhaust the host, and one that is nested too deep not its stack.
  func pay() throws {
    guard path.count <= nestingLimit else {
      throw BridgeError([], "is nested more than \(nestingLimit) deep")
    }
    try machine.pay(for: value)
  }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try pay()
    guard let scalar = T.self as? any Scalar.Type else {
      return try T(from: MachineDecoder(reader: self))
    }
    let value = try scalar.read(self)
    guard let result = value as? T else { throw mismatch("a \(T.self)") }
    return result
  }

  /// The value inside this one.
  func inner(_ value: DrEval.Value, _ key: any CodingKey) -> Reader {
    Reader(machine: machine, value: value, path: path + [key])
  }

  func mismatch(_ expected: String) -> BridgeError {
    BridgeError(path, "must be \(expected), not \(shown)")
  }

  /// The value in a few words.
  private var shown: String {
    switch kind {
    case .nothing: "nil"
    case .list: "a list"
    case .table: "an object"
    case .function: "a function"
    case .secret: "a secret"
    case .record(let type, let block):
      block.map { "the block `\(machine.program.checked[$0].name)`" }
        ?? "a `\(machine.program.checked[type].name)`"
    case .bool, .int, .float, .string, .duration, .bytes, .percent, .rate, .throughput, .range:
      machine.describe(value, type: TypeTable.object)
    }
  }

  /// What the outside calls a named block.
  func label() throws -> String? {
    guard case .record(_, .some) = kind,
      let label = try machine.field(value, named: "label")
    else { return nil }
    return machine.string(label)
  }

  /// The name of a member for a map's key.
  func keyText(_ key: DrEval.Value) throws -> String {
    if let text = machine.string(key) { return text }
    let reader = Reader(machine: machine, value: key, path: path)
    return try reader.label() ?? machine.describe(key, type: TypeTable.object)
  }
}

private struct MachineDecoder: Decoder {
  let reader: Reader
  var codingPath: [any CodingKey] { reader.path }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
    switch reader.kind {
    case .record: break
    case .table(let entries):
      return KeyedDecodingContainer(
        Members(
          reader: reader,
          members: try entries.map { (name: try reader.keyText($0.key), value: $0.value) }))
    case .nothing, .bool, .int, .float, .string, .duration, .bytes, .percent, .rate, .throughput,
      .secret, .list, .range, .function:
      throw reader.mismatch("an object")
    }
    return KeyedDecodingContainer(Members(reader: reader, members: nil))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .list(let elements) = reader.kind else { throw reader.mismatch("a list") }
    return Elements(reader: reader, elements: elements)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(reader: reader) }
}

private struct Single: SingleValueDecodingContainer {
  let reader: Reader
  var codingPath: [any CodingKey] { reader.path }

  func decodeNil() -> Bool { reader.machine.isNil(reader.value) }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try reader.decode(type) }
}

private struct Elements: UnkeyedDecodingContainer {
  let reader: Reader
  let elements: [DrEval.Value]
  var codingPath: [any CodingKey] { reader.path }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }
  private(set) var currentIndex = 0

  init(reader: Reader, elements: [DrEval.Value]) {
    self.reader = reader
    self.elements = elements
  }

  private mutating func next() throws -> Reader {
    guard !isAtEnd else {
      throw BridgeError(reader.path, "has \(elements.count) elements, and one more is wanted")
    }
    defer { currentIndex += 1 }
    return reader.inner(elements[currentIndex], PlaceKey(currentIndex))
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, reader.machine.isNil(elements[currentIndex]) else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }
  mutating func nestedContainer<Key: CodingKey>(
    keyedBy type: Key.Type
  ) throws -> KeyedDecodingContainer<Key> {
    try superDecoder().container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try superDecoder().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { MachineDecoder(reader: try next()) }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let reader: Reader
  /// Of a map or an object; the fields of a record are looked up one by one.
  let members: [(name: String, value: DrEval.Value)]?
  var codingPath: [any CodingKey] { reader.path }

  private var names: [String] {
    members?.map(\.name) ?? reader.machine.fieldNames(reader.value)
  }

  var allKeys: [Key] { names.compactMap(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { names.contains(key.stringValue) }

  private func member(_ key: any CodingKey) throws -> Reader {
    let name = key.stringValue
    let value: DrEval.Value? =
      if let members { members.last { $0.name == name }?.value } else {
        try reader.machine.field(reader.value, named: name)
      }
    guard let value else {
      throw BridgeError(reader.path, "has no `\(name)`; it has \(list(names))")
    }
    return reader.inner(value, key)
  }

  private func list(_ names: [String]) -> String {
    names.isEmpty ? "nothing" : names.map { "`\($0)`" }.joined(separator: ", ")
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    let member = try member(key)
    return member.machine.isNil(member.value)
  }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try member(key).decode(type)
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try superDecoder(forKey: key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try superDecoder(forKey: key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder {
    MachineDecoder(reader: try member(PlaceKey("super")))
  }
  func superDecoder(forKey key: Key) throws -> any Decoder {
    MachineDecoder(reader: try member(key))
  }
}
