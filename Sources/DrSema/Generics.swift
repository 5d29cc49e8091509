// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Generic functions: what their type parameters stand for in one call.
extension Checker {
  /// A generic function's type where a function of some type is expected; `nil` when that does not
  /// say enough.
  func instance(of own: TypeID, for expected: TypeID?) -> TypeID? {
    guard let expected, case .function(let wanted, let wantedResult) = type(unwrapped(expected)),
      case .function(let parameters, let result) = type(own), wanted.count == parameters.count
    else { return nil }
    var bindings: [Int: TypeID] = [:]
    for (pattern, actual) in zip(parameters, wanted)
    where !bind(pattern, to: actual, &bindings, weakly: false) {
      return nil
    }
    if wantedResult != TypeTable.error, wantedResult != TypeTable.unit {
      bind(result, to: wantedResult, &bindings, weakly: true)
    }
    let known = parameters.compactMap { substitute($0, bindings, [:]) }
    guard known.count == parameters.count, let result = substitute(result, bindings, [:]) else {
      return nil
    }
    return intern(.function(parameters: known, result: result))
  }

  func mentionsParameter(_ id: TypeID) -> Bool {
    switch type(id) {
    case .parameter: true
    case .list(let element): mentionsParameter(element)
    case .optional(let inner): mentionsParameter(inner)
    case .map(let key, let value): mentionsParameter(key) || mentionsParameter(value)
    case .function(let parameters, let result):
      parameters.contains(where: mentionsParameter) || mentionsParameter(result)
    default: false  // open: all other types are closed
    }
  }

  /// Learns what type parameters stand for. Returns whether the types agree.
  @discardableResult
  func bind(
    _ pattern: TypeID, to actual: TypeID, _ bindings: inout [Int: TypeID], weakly: Bool
  ) -> Bool {
    switch (type(pattern), type(actual)) {
    case (_, .error): return true
    case (.parameter(let index), _):
      guard let bound = bindings[index] else {
        bindings[index] = actual
        return true
      }
      guard let joined = join(bound, actual) else { return weakly }
      bindings[index] = joined
      return true
    case (.list(let a), .list(let b)): return bind(a, to: b, &bindings, weakly: weakly)
    case (.optional(let a), .optional(let b)): return bind(a, to: b, &bindings, weakly: weakly)
    case (.optional(let a), _): return bind(a, to: actual, &bindings, weakly: weakly)
    case (.map(let k, let v), .map(let k2, let v2)):
      return bind(k, to: k2, &bindings, weakly: weakly)
        && bind(v, to: v2, &bindings, weakly: weakly)
    case (.function(let p, let r), .function(let p2, let r2)):
      guard p.count == p2.count else { return false }
      for (a, b) in zip(p, p2) where !bind(a, to: b, &bindings, weakly: weakly) { return false }
      return bind(r, to: r2, &bindings, weakly: weakly)
    default: return weakly || fitting(actual, pattern) == .same  // open: closed types must fit
    }
  }

  /// The type with type parameters replaced; `nil` where one is not known yet.
  func substitute(
    _ id: TypeID, _ bindings: [Int: TypeID], _ hints: [Int: TypeID]
  ) -> TypeID? {
    switch type(id) {
    case .parameter(let index): return bindings[index] ?? hints[index]
    case .list(let element):
      return substitute(element, bindings, hints).map { intern(.list($0)) }
    case .optional(let inner): return substitute(inner, bindings, hints).map(optional)
    case .map(let key, let value):
      guard let key = substitute(key, bindings, hints),
        let value = substitute(value, bindings, hints)
      else { return nil }
      return intern(.map(key: key, value: value))
    case .function(let parameters, let result):
      let known = parameters.compactMap { substitute($0, bindings, hints) }
      guard known.count == parameters.count else { return nil }
      // The result may be what the lambda teaches us.
      let result = substitute(result, bindings, hints) ?? TypeTable.error
      return intern(.function(parameters: known, result: result))
    default: return id  // open: all other types are closed
    }
  }
}
