// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSchema
import DrSema

/// Where in the program a member of a manifest comes from.
///
/// Nothing is kept while manifests are made. When one turns out to be wrong, the way to the member is
/// walked again over the code of its backend: into object literals, calls, branches and spreads, as
/// far as it goes without computing anything. So it costs only who made a mistake, and where a member's
/// name is computed, the place is that of what computes it.
struct ManifestOrigin {
  /// How far a path could be followed.
  struct Place {
    /// How many parts of the path were found.
    var found: Int
    /// The expression that gives what was found last.
    var value: Expr
    /// Where its name stands.
    var name: Span?
    fileprivate var scope: Scope
  }

  /// What the locals of a function stand for.
  fileprivate final class Scope {
    var values: [LocalID: (expr: Expr, scope: Scope)] = [:]
    /// Locals that are a named block.
    var blocks: [LocalID: GlobalID] = [:]
  }

  private let program: CheckedProgram
  /// Steps left: what a program makes of its functions could be walked for ever.
  private var steps = 4000

  init(_ program: CheckedProgram) { self.program = program }

  /// The place of a path in what a backend yields for a block, in an object of that kind; `nil` where
  /// no such object is found.
  mutating func place(
    of path: SchemaPath, kind: String, backend: Function, block: GlobalID
  ) -> Place? {
    guard case .expression(let body) = backend.body else { return nil }
    let scope = Scope()
    if let parameter = backend.parameters.first { scope.blocks[parameter.local] = block }
    var best: Place?
    for (object, scope) in yields(body, scope) {
      if let other = self.kind(of: object, scope), other != kind { continue }
      let place = follow(path.parts[...], object, scope)
      if place.found > best?.found ?? -1 { best = place }
    }
    return best
  }

  /// The expression of a user's own file that an expression depends on: the field of a block, say.
  mutating func userSource(of place: Place) -> Expr? { userSource(place.value, place.scope) }

  // Yields

  private mutating func yields(_ expr: Expr, _ scope: Scope) -> [(Expr, Scope)] {
    switch expr.kind {
    case .block(let statements, let result):
      return yields(statements, scope) + (result.map { yields($0, scope) } ?? [])
    case .if(_, let then, let other):
      return yields(then, scope) + (other.map { yields($0, scope) } ?? [])
    case .match(_, _, let arms): return arms.flatMap { yields($0.body, scope) }
    case .convert(_, let inner): return yields(inner, scope)
    case _: return []
    }
  }

  private mutating func yields(_ statements: [Statement], _ scope: Scope) -> [(Expr, Scope)] {
    var found: [(Expr, Scope)] = []
    for statement in statements {
      switch statement {
      case .let(let local, let value): scope.values[local] = (value, scope)
      case .expression(let expr): found += yields(expr, scope)
      case .for(_, _, let body): found += yields(body, scope)
      case .yield(let object): found.append((object, scope))
      case .assert: break
      }
    }
    return found
  }

  private mutating func kind(of object: Expr, _ scope: Scope) -> String? {
    let place = follow([.member("kind")], object, scope)
    if place.found == 1, case .string(let kind) = place.value.kind { return kind }
    return nil
  }

  // Paths

  private mutating func follow(
    _ path: ArraySlice<SchemaPath.Part>, _ expr: Expr, _ scope: Scope
  ) -> Place {
    var place = Place(found: 0, value: expr, name: nil, scope: scope)
    steps -= 1
    guard let part = path.first, steps > 0 else { return place }
    /// Keeps the better of two ways.
    func take(_ other: Place, adding count: Int = 0, name: Span? = nil) {
      guard other.found + count > place.found else { return }
      place = other
      place.found += count
      place.name = other.name ?? name
    }
    let rest = path.dropFirst()
    switch expr.kind {
    case .object(let members):
      for member in members.reversed() where place.found == 0 {
        switch member {
        case .member(let name, let value):
          guard case .string(let text) = name.kind, part == .member(text) else { continue }
          take(follow(rest, value, scope), adding: 1, name: name.span)
        case .spread(let other): take(follow(path, other, scope))
        }
      }
      if place.found == 0 { take(computed(members, part, rest, scope)) }
    case .map(let entries):
      for entry in entries.reversed() where place.found == 0 {
        switch entry {
        case .entry(let key, let value):
          guard case .string(let text) = key.kind, part == .member(text) else { continue }
          take(follow(rest, value, scope), adding: 1, name: key.span)
        case .spread(let other): take(follow(path, other, scope))
        }
      }
    case .list(let elements): take(element(part, of: elements, path, scope))
    case .comprehension(let comprehension):
      take(follow(rest, comprehension.value, scope), adding: 1, name: comprehension.key?.span)
    case .binary(.concatenateLists, let a, let b):
      take(follow(path, a, scope))
      take(follow(path, b, scope))
    case _:
      for (inner, scope) in sameValue(as: expr, scope) { take(follow(path, inner, scope)) }
    }
    return place
  }

  /// A member whose name is computed: the only one that it can be.
  private mutating func computed(
    _ members: [Member], _ part: SchemaPath.Part, _ rest: ArraySlice<SchemaPath.Part>,
    _ scope: Scope
  ) -> Place {
    var place = Place(found: 0, value: Expr(.nilValue, TypeTable.never, noSpan), scope: scope)
    for case .member(let name, let value) in members {
      if case .string = name.kind { continue }
      place = follow(rest, value, scope)
      place.found += 1
      place.name = place.name ?? name.span
    }
    return place
  }

  private var noSpan: Span { Span(FileID(0), 0, 0) }

  private mutating func element(
    _ part: SchemaPath.Part, of elements: [Element], _ path: ArraySlice<SchemaPath.Part>,
    _ scope: Scope
  ) -> Place {
    var best = Place(found: 0, value: Expr(.nilValue, TypeTable.never, noSpan), scope: scope)
    guard case .element(let index) = part else { return best }
    for (number, element) in elements.enumerated() {
      var other: Place
      switch element {
      case .value(let value):
        // Behind a spread, nobody knows which element is meant.
        guard number == index || elements[..<number].contains(where: \.isSpread) else { continue }
        other = follow(path.dropFirst(), value, scope)
        other.found += 1
      case .spread(let list): other = follow(path, list, scope)
      }
      if other.found > best.found { best = other }
    }
    return best
  }

  /// Expressions that have the value of this one, or may have.
  private mutating func sameValue(as expr: Expr, _ scope: Scope) -> [(Expr, Scope)] {
    switch expr.kind {
    case .convert(_, let inner): return [(inner, scope)]
    case .block(let statements, let result):
      for case .let(let local, let value) in statements { scope.values[local] = (value, scope) }
      return result.map { [($0, scope)] } ?? []
    case .if(_, let then, let other): return [(then, scope)] + (other.map { [($0, scope)] } ?? [])
    case .match(_, _, let arms): return arms.map { ($0.body, scope) }
    case .coalesce(let a, let b): return [(a, scope), (b, scope)]
    case .local(let local): return scope.values[local].map { [($0.expr, $0.scope)] } ?? []
    case .global(let id):
      guard case .value(let value) = program[id].body else { return [] }
      return [(value, Scope())]
    case .call(let id, let arguments):
      guard case .expression(let body) = program[id].body else { return [] }
      return [(body, self.scope(of: program[id], arguments, scope))]
    case .field(let base, let slot), .optionalField(let base, let slot):
      return field(slot, of: base, scope).map { [$0] } ?? []
    case _: return []
    }
  }

  private mutating func scope(
    of function: Function, _ arguments: [Expr], _ outer: Scope
  ) -> Scope {
    let inner = Scope()
    for (parameter, argument) in zip(function.parameters, arguments) {
      if let block = block(argument, outer) {
        inner.blocks[parameter.local] = block
      } else {
        inner.values[parameter.local] = (argument, outer)
      }
    }
    return inner
  }

  /// The named block that an expression is.
  private mutating func block(_ expr: Expr, _ scope: Scope) -> GlobalID? {
    steps -= 1
    guard steps > 0 else { return nil }
    switch expr.kind {
    case .global(let id):
      if case .block = program[id].body { return id }
    case .local(let local):
      if let block = scope.blocks[local] { return block }
      if let known = scope.values[local] { return block(known.expr, known.scope) }
    case .field(let base, let slot):
      if let (value, scope) = field(slot, of: base, scope) { return block(value, scope) }
    case _: break
    }
    return nil
  }

  /// What a field of a record was given, where that stands in the program; what its type says
  /// otherwise.
  private mutating func field(_ slot: Int, of base: Expr, _ scope: Scope) -> (Expr, Scope)? {
    if let id = block(base, scope), case .block(let record, let fields) = program[id].body {
      let inner = Scope()
      inner.blocks[LocalID(0)] = id
      if let value = fields[slot] { return (value, inner) }
      return defaultValue(slot, of: record, inner)
    }
    for (value, scope) in [(base, scope)] + sameValue(as: base, scope) {
      if case .record(_, let fields) = value.kind, let given = fields[slot] {
        return (given, scope)
      }
    }
    return nil
  }

  private func defaultValue(_ slot: Int, of record: RecordID, _ scope: Scope) -> (Expr, Scope)? {
    guard let id = program[record].fields[slot].defaultValue,
      case .expression(let body) = program[id].body
    else { return nil }
    return (body, scope)
  }

  // Sources

  private mutating func userSource(_ expr: Expr, _ scope: Scope) -> Expr? {
    steps -= 1
    guard steps > 0 else { return nil }
    switch expr.kind {
    case .field, .optionalField:
      for (value, scope) in sameValue(as: expr, scope) {
        if let inner = userSource(value, scope) { return inner }
        if !program.isStandard(value.span) { return value }
      }
    case .local, .convert, .block, .if, .match, .coalesce, .global:
      for (value, scope) in sameValue(as: expr, scope) {
        if let inner = userSource(value, scope) { return inner }
      }
    case .call(_, let arguments), .callValue(_, let arguments):
      for argument in arguments {
        if let inner = userSource(argument, scope) { return inner }
      }
      for (value, scope) in sameValue(as: expr, scope) {
        if let inner = userSource(value, scope) { return inner }
      }
    case .interpolation(let parts):
      for part in parts { if let inner = userSource(part, scope) { return inner } }
    case .binary(_, let a, let b): return userSource(a, scope) ?? userSource(b, scope)
    case _: break
    }
    return nil
  }
}

extension Element {
  fileprivate var isSpread: Bool { if case .spread = self { true } else { false } }
}

extension CheckedProgram {
  /// Whether a place is one of the standard library.
  func isStandard(_ span: Span) -> Bool { sources[span.file].name.hasPrefix("stdlib/") }
}
