// SPDX-License-Identifier: Apache-2.0

import DrSema

extension Expr {
  /// Whether it computes something from its operands that is worth showing beside them: a call or
  /// an operator, not a literal that only holds them.
  var isComputed: Bool {
    switch kind {
    case .field, .optionalField, .member, .index, .not, .negateInt, .negateFloat, .binary, .and,
      .or, .coalesce, .call, .callValue, .if, .match, .comprehension, .interpolation, .block:
      true
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .list, .map, .object,
      .record, .range, .lambda, .convert, .directive:
      false
    }
  }

  var isCall: Bool {
    switch kind {
    case .call, .callValue: true
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .interpolation, .list,
      .map, .object, .record, .field, .optionalField, .member, .index, .not, .negateInt,
      .negateFloat, .binary, .and, .or, .coalesce, .range, .lambda, .if, .match, .comprehension,
      .block, .convert, .directive:
      false
    }
  }

  /// The expressions that are evaluated whenever this one is, before it and in this order. Code
  /// that runs later, more than once or perhaps not at all is not among them.
  var operands: [Expr] {
    switch kind {
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .lambda, .block,
      .directive:
      []
    case .interpolation(let parts), .call(_, let parts): parts
    case .callValue(let callee, let arguments): [callee] + arguments
    case .list(let elements):
      elements.map { element in
        switch element {
        case .value(let value), .spread(let value): value
        }
      }
    case .map(let entries):
      entries.flatMap { entry in
        switch entry {
        case .entry(let key, let value): [key, value]
        case .spread(let value): [value]
        }
      }
    case .object(let members):
      members.flatMap { member in
        switch member {
        case .member(let name, let value): [name, value]
        case .spread(let value): [value]
        }
      }
    case .record(_, let fields): fields.compactMap(\.self)
    case .field(let base, _), .optionalField(let base, _), .not(let base), .negateInt(let base),
      .negateFloat(let base), .convert(_, let base):
      [base]
    case .member(let a, let b), .index(let a, let b), .binary(_, let a, let b),
      .range(let a, let b):
      [a, b]
    case .and(let first, _), .or(let first, _), .coalesce(let first, _), .if(let first, _, _),
      .match(let first, _, _):
      [first]
    case .comprehension(let loop): [loop.source]
    }
  }

  /// The same expression with other operands, as many as it has.
  func with(operands new: [Expr]) -> Expr {
    var rest = new[...]
    func next() -> Expr { rest.removeFirst() }
    let changed: Kind
    switch kind {
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .lambda, .block,
      .directive:
      changed = kind
    case .interpolation: changed = .interpolation(new)
    case .call(let id, _): changed = .call(id, new)
    case .callValue: changed = .callValue(new[0], Array(new.dropFirst()))
    case .list(let elements):
      changed = .list(
        elements.map { element in
          switch element {
          case .value: .value(next())
          case .spread: .spread(next())
          }
        })
    case .map(let entries):
      changed = .map(
        entries.map { entry in
          switch entry {
          case .entry: .entry(key: next(), value: next())
          case .spread: .spread(next())
          }
        })
    case .object(let members):
      changed = .object(
        members.map { member in
          switch member {
          case .member: .member(name: next(), value: next())
          case .spread: .spread(next())
          }
        })
    case .record(let id, let fields):
      changed = .record(id, fields: fields.map { $0 == nil ? nil : next() })
    case .field(_, let slot): changed = .field(new[0], slot)
    case .optionalField(_, let slot): changed = .optionalField(new[0], slot)
    case .not: changed = .not(new[0])
    case .negateInt: changed = .negateInt(new[0])
    case .negateFloat: changed = .negateFloat(new[0])
    case .convert(let conversion, _): changed = .convert(conversion, new[0])
    case .member: changed = .member(new[0], new[1])
    case .index: changed = .index(new[0], new[1])
    case .binary(let operation, _, _): changed = .binary(operation, new[0], new[1])
    case .range: changed = .range(new[0], new[1])
    case .and(_, let second): changed = .and(new[0], second)
    case .or(_, let second): changed = .or(new[0], second)
    case .coalesce(_, let second): changed = .coalesce(new[0], second)
    case .if(_, let then, let otherwise): changed = .if(new[0], then, else: otherwise)
    case .match(_, let local, let arms): changed = .match(new[0], local: local, arms)
    case .comprehension(let loop):
      changed = .comprehension(
        Comprehension(
          local: loop.local, source: new[0], condition: loop.condition, key: loop.key,
          value: loop.value))
    }
    return Expr(changed, type, span)
  }
}
