// SPDX-License-Identifier: Apache-2.0

/// A type, by its place in the `TypeTable`; equal types have equal identities.
package struct TypeID: Hashable, Sendable {
  package let rawValue: Int32
  package init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// A record type, by its place in `CheckedProgram.records`.
package struct RecordID: Hashable, Sendable {
  package let rawValue: Int32
  package init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// The types of the language. Quantities are whole numbers of a base unit:
/// `duration` nanoseconds, `bytes` bytes, `percent` 1e-9 (70% is 700,000,000),
/// `rate` 1e-6 per second, `throughput` bytes per second.
package enum Type: Hashable, Sendable {
  /// Stands for what could not be typed; agrees with everything so that one mistake gives one
  /// diagnostic.
  case error
  /// The type of `nil` alone, and of `fail`.
  case never
  /// What a statement or an act without a result gives.
  case unit
  case bool, int, float, string, duration, bytes, percent, rate, throughput, secret
  /// An ordered JSON-like value.
  case object
  /// Whole numbers from a lower bound up to, not including, an upper one.
  case range
  case list(TypeID)
  case map(key: TypeID, value: TypeID)
  case optional(TypeID)
  case choice([String])
  case record(RecordID)
  case union([RecordID])
  case function(parameters: [TypeID], result: TypeID)
  /// A type parameter of the generic function or record being checked.
  case parameter(Int)
}

/// Interned types; the first entries are fixed so that they can be named.
package struct TypeTable: Sendable {
  /// By `TypeID`.
  package private(set) var types: [Type] = []
  private var index: [Type: TypeID] = [:]

  package static let error = TypeID(0)
  package static let never = TypeID(1)
  package static let unit = TypeID(2)
  package static let bool = TypeID(3)
  package static let int = TypeID(4)
  package static let float = TypeID(5)
  package static let string = TypeID(6)
  package static let duration = TypeID(7)
  package static let bytes = TypeID(8)
  package static let percent = TypeID(9)
  package static let rate = TypeID(10)
  package static let throughput = TypeID(11)
  package static let secret = TypeID(12)
  package static let object = TypeID(13)
  package static let range = TypeID(14)

  package init() {
    for type: Type in [
      .error, .never, .unit, .bool, .int, .float, .string, .duration, .bytes, .percent, .rate,
      .throughput, .secret, .object, .range,
    ] {
      _ = intern(type)
    }
  }

  package subscript(id: TypeID) -> Type { types[Int(id.rawValue)] }

  /// The identity of a type, a new one where it was not seen before.
  package mutating func intern(_ type: Type) -> TypeID {
    if let id = index[type] { return id }
    let id = TypeID(Int32(types.count))
    types.append(type)
    index[type] = id
    return id
  }
}
