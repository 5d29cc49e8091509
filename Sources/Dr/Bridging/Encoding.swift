// SPDX-License-Identifier: Apache-2.0

/// Swift values as data of the language.
enum Encoding {
  static func value(of value: some Encodable, path: [any CodingKey]) throws -> Value {
    let box = Box()
    try write(value, into: box, path: path)
    return box.value
  }

  fileprivate static func write(
    _ value: some Encodable, into box: Box, path: [any CodingKey]
  ) throws {
    if let scalar = value as? any Scalar {
      box.content = .value(try scalar.written(path))
    } else {
      try value.encode(to: ValueEncoder(box: box, codingPath: path))
    }
  }
}

/// A value in the making: `Codable` fills containers after it has asked for them.
private final class Box {
  enum Content {
    case value(Value)
    case list([Box])
    case object([(name: String, box: Box)])
  }

  var content = Content.value(.null)

  var value: Value {
    switch content {
    case .value(let value): value
    case .list(let boxes): .list(boxes.map(\.value))
    case .object(let members): .object(members.map { Value.Member($0.name, $0.box.value) })
    }
  }

  func beginList() { if case .list = content { return } else { content = .list([]) } }
  func beginObject() { if case .object = content { return } else { content = .object([]) } }

  func element() -> Box {
    let box = Box()
    if case .list(let boxes) = content { content = .list(boxes + [box]) }
    return box
  }

  func member(_ name: String) -> Box {
    let box = Box()
    if case .object(var members) = content {
      members.removeAll { $0.name == name }
      content = .object(members + [(name, box)])
    }
    return box
  }

  var count: Int { if case .list(let boxes) = content { boxes.count } else { 0 } }
}

private struct ValueEncoder: Encoder {
  let box: Box
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
    box.beginObject()
    return KeyedEncodingContainer(Members(box: box, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    box.beginList()
    return Elements(box: box, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(box: box, codingPath: codingPath)
  }
}

private struct Single: SingleValueEncodingContainer {
  let box: Box
  let codingPath: [any CodingKey]

  func encodeNil() { box.content = .value(.null) }
  func encode<T: Encodable>(_ value: T) throws {
    try Encoding.write(value, into: box, path: codingPath)
  }
}

private struct Elements: UnkeyedEncodingContainer {
  let box: Box
  let codingPath: [any CodingKey]
  var count: Int { box.count }

  private var next: [any CodingKey] { codingPath + [PlaceKey(box.count)] }

  func encodeNil() { _ = box.element() }
  func encode<T: Encodable>(_ value: T) throws {
    let path = next
    try Encoding.write(value, into: box.element(), path: path)
  }
  func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    superEncoder().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    superEncoder().unkeyedContainer()
  }
  func superEncoder() -> any Encoder {
    let path = next
    return ValueEncoder(box: box.element(), codingPath: path)
  }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let box: Box
  let codingPath: [any CodingKey]

  func encodeNil(forKey key: Key) { _ = box.member(key.stringValue) }
  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try Encoding.write(value, into: box.member(key.stringValue), path: codingPath + [key])
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    superEncoder(forKey: key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    superEncoder(forKey: key).unkeyedContainer()
  }
  func superEncoder() -> any Encoder {
    ValueEncoder(box: box.member("super"), codingPath: codingPath + [PlaceKey("super")])
  }
  func superEncoder(forKey key: Key) -> any Encoder {
    ValueEncoder(box: box.member(key.stringValue), codingPath: codingPath + [key])
  }
}
