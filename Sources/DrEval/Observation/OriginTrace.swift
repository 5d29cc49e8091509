// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// Keeps which slots and globals were read while others were evaluated, and where records were made.
/// Every slot is evaluated once, so what it read then is what its value came from, on the ways that
/// were really taken and through all functions that were called.
package final class OriginTrace: Observer {
  /// Something that was read.
  package struct Read {
    package let origin: Origin
    /// How the evaluation came to it: a place in its own code, one in the function called there,
    /// and so on.
    package let way: [Span]
    fileprivate let order: Int
  }

  /// How a record without a name was made.
  package struct Making {
    /// What is given for its fields; `nil` where the default holds.
    package let fields: [Expr?]
    package let span: Span
    /// In whose evaluation; `nil` where an expression was evaluated for its own sake.
    package let origin: Origin?
    /// As that of a read.
    package let way: [Span]
    fileprivate let start: Int
    fileprivate var end = Int.max
  }

  private struct Entry {
    enum Kind {
      case call
      case evaluation(Origin)
      /// A constraint: what it reads is no part of the value.
      case constraint
    }
    let kind: Kind
    var place: Span?
  }

  private let sites: [ObservedSite]
  private let constraints: Set<Int>
  private var stack: [Entry] = []
  private var order = 0
  private var reads: [Origin?: [Read]] = [:]
  private var readCount = 0
  private var makings: [UInt: Making] = [:]

  /// Reads beyond these are not kept: nobody asks where each of a million elements came from.
  private static let readsMax = 200_000

  /// For a machine that runs this program, which must be generated for origins.
  package init(_ program: Program) {
    sites = program.sites
    var constraints: Set<Int> = []
    for field in program.checked.records.flatMap(\.fields) {
      for id in [field.constraint, field.constraintMessage] {
        if let id { constraints.insert(Int(id.rawValue)) }
      }
    }
    self.constraints = constraints
  }

  // MARK: Watching

  package var depth: Int { stack.count }

  package func unwind(to depth: Int, on machine: Machine) {
    stack.removeLast(max(0, stack.count - depth))
  }

  package func willForce(_ origin: Origin) { stack.append(Entry(kind: .evaluation(origin))) }

  package func didForce() {
    while let last = stack.popLast() { if case .evaluation = last.kind { return } }
  }

  package func pass(_ site: Int, _ value: Value, on machine: Machine) {
    order += 1
    let site = sites[site]
    switch site.event {
    case .enter(let function):
      stack.append(Entry(kind: constraints.contains(function) ? .constraint : .call))
    case .leave: stack.removeLast()
    case .line: if !stack.isEmpty { stack[stack.count - 1].place = site.span }
    case .readGlobal(let id): note(.global(id), at: site.span)
    case .readField(let slot):
      note(.field(record: UInt(value.payload), slot: slot), at: site.span)
    case .make(let fields):
      let here = here
      makings[UInt(value.payload)] = Making(
        fields: fields, span: site.span, origin: here.origin,
        way: way(from: here.start, to: site.span), start: order)
    case .made: makings[UInt(value.payload)]?.end = order
    }
  }

  private func note(_ origin: Origin, at span: Span) {
    let here = here
    guard !here.isConstraint, readCount < Self.readsMax else { return }
    readCount += 1
    reads[here.origin, default: []].append(
      Read(origin: origin, way: way(from: here.start, to: span), order: order))
  }

  /// The evaluation that goes on, and where in the stack its own code begins.
  private var here: (origin: Origin?, start: Int, isConstraint: Bool) {
    var isConstraint = false
    for index in stack.indices.reversed() {
      switch stack[index].kind {
      case .call: break
      case .constraint: isConstraint = true
      case .evaluation(let origin): return (origin, index + 1, isConstraint)
      }
    }
    return (nil, 0, isConstraint)
  }

  /// The calls on the way to a place in the function that runs now.
  private func way(from start: Int, to span: Span) -> [Span] {
    stack[start...].dropLast().compactMap(\.place) + [span]
  }

  // MARK: Asking

  /// What an evaluation read, in its order; `nil` for the expression that was evaluated for its own
  /// sake.
  package func reads(of origin: Origin?) -> [Read] { reads[origin] ?? [] }

  /// How a record was made; `nil` for a named block, and for one that was not made by the program.
  package func making(of record: UInt) -> Making? { makings[record] }

  /// What the given value of a record's field was computed from: what its expression read and, where
  /// a function made the record, what that function was given.
  package func reads(of expression: Expr, in making: Making) -> [Read] {
    let call = making.way.count > 1 ? making.way[0] : nil
    return reads(of: making.origin).filter { read in
      if read.order > making.start, read.order < making.end {
        return read.way.contains { expression.span.encloses($0) }
      }
      return read.order < making.start && call.map { $0.encloses(read.way[0]) } ?? false
    }
  }
}

extension Machine {
  /// What tells a record from all others of this machine; `nil` for what is no record.
  package func identity(of value: Value) -> UInt? {
    value.tag == .record ? UInt(value.payload) : nil
  }

  /// The record of that identity.
  package func record(_ identity: UInt) -> Value { Value(.record, UInt64(identity)) }

  /// The value that a slot or global has; `nil` where nobody asked for it.
  package func known(_ origin: Origin) -> Value? {
    let value =
      switch origin {
      case .global(let id): image.globals[Int(id.rawValue)]
      case .field(let record, let slot): RecordRef(self.record(record)).slots[slot]
      }
    return value.tag.isUnforced ? nil : value
  }

  /// Whether an input was given, rather than left to its default.
  package func isGiven(_ input: Global) -> Bool { inputs[input.name] != nil }
}
