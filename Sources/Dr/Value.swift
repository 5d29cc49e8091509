// SPDX-License-Identifier: Apache-2.0

/// Any data of the language, for hosts that do not know its shape before.
///
/// Where the shape is known, `Codable` types say more: ask for those instead. What can be said with
/// literals is: `["region": "cn-beijing", "replicas": 2]` is a value, too.
public enum Value: Sendable, Hashable {
  /// No value: the language's `nil`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A whole number.
  case int(Int)
  /// A number with a fraction; finite.
  case float(Double)
  /// Text; of a named block, its label.
  case string(String)
  /// A length of time: `30s`.
  case duration(Duration)
  /// An amount of memory: `16Gi`.
  case bytes(Bytes)
  /// A ratio: `70%`.
  case percent(Percent)
  /// Requests per second: `50rps`.
  case rate(Rate)
  /// Bytes per second: `2GB/s`.
  case throughput(Throughput)
  /// Elements in order.
  case list([Value])
  /// The members of a map, an object or a record, in order.
  case object([Member])

  /// A named member of an object.
  public struct Member: Sendable, Hashable {
    /// What it is called.
    public var name: String
    /// What it holds.
    public var value: Value

    /// A member of that name.
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
  /// ``null``.
  public init(nilLiteral: ()) { self = .null }
  /// A ``bool(_:)``.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An ``int(_:)``.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A ``float(_:)``.
  public init(floatLiteral value: Double) { self = .float(value) }
  /// A ``string(_:)``.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A ``list(_:)``.
  public init(arrayLiteral elements: Value...) { self = .list(elements) }
  /// An ``object(_:)``.
  public init(dictionaryLiteral elements: (String, Value)...) {
    self = .object(elements.map { Member($0, $1) })
  }
}
