// SPDX-License-Identifier: Apache-2.0

/// Any data of the language, for hosts that do not know its shape before.
///
/// Where the shape is known, `Codable` types say more: ask for those instead. What can be said with
/// literals is: `["region": "cn-beijing", "replicas": 2]` is a value, too.
public enum Value: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case duration(Duration)
  case bytes(Bytes)
  case percent(Percent)
  case rate(Rate)
  case throughput(Throughput)
  case list([Value])
  /// The members of a map, an object or a record, in order.
  case object([Member])

  /// A named member of an object.
  public struct Member: Sendable, Hashable {
    public var name: String
    public var value: Value

    public init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  /// The value that a Swift value stands for, as an argument or an input would become it.
  ///
  /// - Throws: `DrError` of the kind `mismatch` where the language has nothing for it, such as a
  ///   number above `Int.max`.
  public init(encoding value: some Encodable) throws(DrError) {
    do {
      self = try Encoding.value(of: value, path: [])
    } catch {
      throw BridgeError.wrapping(error).asDrError()
    }
  }

  /// The member of that name; `nil` where this is no object or has none. Of two members of one name,
  /// the last.
  public subscript(name: String) -> Value? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  /// The element at that place; `nil` where this is no list or has none.
  public subscript(index: Int) -> Value? {
    guard case .list(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}

extension Value: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .float(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: Value...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, Value)...) {
    self = .object(elements.map { Member($0, $1) })
  }
}
