// SPDX-License-Identifier: Apache-2.0

import DrEval
import DrSema

/// A Swift type of which it is known before any value is there which types of the language it can
/// hold.
protocol Shaped {
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool
}

/// Whether values of a type of the language can become a Swift type, and the other way round, as
/// far as that can be told without a value.
enum Shape {
  static func of(
    _ swift: any Any.Type, fits type: TypeID, in program: CheckedProgram
  ) -> Bool {
    if type == TypeTable.error || type == TypeTable.object { return true }
    if let shaped = swift as? any Shaped.Type { return shaped.fits(type, in: program) }
    // A Codable type of the host's own: its containers decide when there is a value.
    return switch program.types[type] {
    case .record, .union, .choice, .map, .list, .optional: true
    case .bool, .int, .float, .string, .duration, .bytes, .percent, .rate, .throughput: true
    case .error, .object: true
    case .never, .unit, .secret, .range, .function, .parameter: false
    }
  }

  /// The language's own words for a type.
  static func name(_ type: TypeID, in program: CheckedProgram) -> String {
    Spelling.of(type, in: program)
  }
}

extension Optional: Shaped {
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    if case .optional(let inner) = program.types[type] {
      return Shape.of(Wrapped.self, fits: inner, in: program)
    }
    return Shape.of(Wrapped.self, fits: type, in: program)
  }
}

extension Array: Shaped {
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    guard case .list(let element) = program.types[type] else { return false }
    return Shape.of(Element.self, fits: element, in: program)
  }
}

extension Set: Shaped {
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    guard case .list(let element) = program.types[type] else { return false }
    return Shape.of(Element.self, fits: element, in: program)
  }
}

extension Dictionary: Shaped {
  static func fits(_ type: TypeID, in program: CheckedProgram) -> Bool {
    guard case .map(let key, let value) = program.types[type] else { return false }
    return Shape.of(Key.self, fits: key, in: program)
      && Shape.of(Value.self, fits: value, in: program)
  }
}
