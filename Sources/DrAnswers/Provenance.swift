// SPDX-License-Identifier: Apache-2.0
//
// DrAnswers answers questions about programs: why a value is what it is, what an evaluation costs,
// which lines the tests reach. DrEval watches the program run; here it becomes trees, tables and
// files. Nothing here reads a clock or writes a file.

import DrBase
import DrEval
import DrSema

/// Why a value is what it is: where it was given, and what it was computed from.
package struct Provenance: Sendable {
  /// Who gave a value.
  package enum Giver: String, Sendable {
    /// It stands where it is declared, or in the block.
    case written
    /// The default of the type's field.
    case typeDefault = "default"
    /// An input, given from outside or left to its default.
    case given, inputDefault = "input default"
    /// The block around it, what it is `for`, its own name.
    case parent, subject, name
    /// Nobody: an optional field.
    case nobody
    /// A named block.
    case block
    /// The expression that was asked about.
    case expression
    /// The engine, which read it from outside.
    case outside
  }

  /// What a value would be otherwise.
  package struct Other: Sendable {
    package let value: String
    package let span: Span
  }

  /// `deepseek.objective.rto`
  package let name: String
  /// As `dr eval` shows it.
  package fileprivate(set) var value: String
  package let giver: Giver
  /// The type whose field it is; for a block its own.
  package var type: String?
  /// What computes it, on one line; `nil` where what is written is the value.
  package var expression: String?
  /// Where it was given.
  package var span: Span?
  /// Where the function was called that gave it to a record which it made.
  package var calledFrom: Span?
  /// The default that it stands in for.
  package var insteadOf: Other?
  /// Of a block, record or list: its fields and elements.
  package var parts: [Provenance] = []
  /// What it was computed from, in the order of reading.
  package var sources: [Provenance] = []
  /// How many parts and sources were left out because they lie too deep, or are too many.
  package var hidden = 0
  /// Whether it is explained further up.
  package var isRepeated = false
}

/// Finds the provenance of what one machine evaluated.
package struct Explainer {
  let machine: Machine
  let trace: OriginTrace
  /// How many steps back are shown.
  let depth: Int
  /// How many sources of one value are shown.
  static let sourcesMax = 12
  /// How many parts.
  static let partsMax = 40
  /// Columns of a value and of an expression.
  static let columns = 60

  private var explained: Set<Origin> = []

  var program: CheckedProgram { machine.program.checked }

  /// Of a machine whose observer the trace was while everything was evaluated.
  package init(machine: Machine, trace: OriginTrace, depth: Int) {
    self.machine = machine
    self.trace = trace
    self.depth = depth
  }

  /// Why an expression, checked by itself and evaluated to the value, has that value.
  package mutating func explain(
    _ function: FunctionID, value: Value, text: String
  ) -> Provenance {
    let reads = trace.reads(of: nil)
    if case .expression(let body) = program[function].body, body.isPath, let last = reads.last,
      name(of: last.origin) == text
    {
      return explain(last.origin, level: 0)
    }
    var result = Provenance(
      name: text, value: show(value, program[function].result), giver: .expression)
    addSources(reads, to: &result, level: 0)
    return result
  }

  func show(_ value: Value, _ type: TypeID) -> String {
    let text = machine.describe(value, type: type)
    return text.count > Self.columns ? "\(text.prefix(Self.columns - 1))…" : text
  }

  // MARK: Slots and globals

  mutating func explain(_ origin: Origin, level: Int) -> Provenance {
    let value = machine.known(origin) ?? .nilValue
    var result: Provenance
    var given: Expr?
    switch origin {
    case .global(let id):
      result = self.global(id, value)
      given = writtenValue(program[id])
    case .field(let record, let slot):
      (result, given) = field(record, slot, value)
    }
    guard explained.insert(origin).inserted else {
      result.isRepeated = hasMore(origin, given)
      return result
    }
    if level > 0, case .global(let id) = origin, case .block = program[id].body { return result }
    addParts(of: value, as: given, to: &result, level: level)
    if result.parts.isEmpty, result.giver != .block, !(given.map(namesBlock) ?? false) {
      addSources(reads(of: origin, given), to: &result, level: level)
    }
    return result
  }

  private func hasMore(_ origin: Origin, _ given: Expr?) -> Bool {
    if case .global(let id) = origin, case .block = program[id].body { return false }
    return !reads(of: origin, given).isEmpty
  }

  private func reads(of origin: Origin, _ given: Expr?) -> [OriginTrace.Read] {
    if case .field(let record, _) = origin, let given, let making = trace.making(of: record) {
      return trace.reads(of: given, in: making)
    }
    return trace.reads(of: origin)
  }

  private func writtenValue(_ global: Global) -> Expr? {
    switch global.body {
    case .value(let expression): expression
    case .input(let expression): expression
    case .block, .missing: nil
    }
  }

  private func global(_ id: GlobalID, _ value: Value) -> Provenance {
    let global = program[id]
    switch global.body {
    case .value(let expression):
      return Provenance(
        name: name(of: .global(id)), value: show(value, global.type), giver: .written,
        expression: text(of: expression), span: expression.span)
    case .input(let expression):
      let isGiven = machine.isGiven(global)
      var result = Provenance(
        name: global.name, value: show(value, global.type),
        giver: isGiven ? .given : expression == nil ? .nobody : .inputDefault,
        expression: isGiven ? nil : expression.flatMap(text), span: global.span)
      if isGiven, let expression {
        result.insteadOf = Provenance.Other(value: written(expression), span: expression.span)
      }
      return result
    case .block(let record, _):
      return Provenance(
        name: name(of: .global(id)), value: show(value, global.type), giver: .block,
        type: program[record].name, span: global.span)
    case .missing:
      return Provenance(name: global.name, value: "…", giver: .nobody, span: global.span)
    }
  }

  private func field(
    _ identity: UInt, _ slot: Int, _ value: Value
  ) -> (Provenance, given: Expr?) {
    let record = machine.record(identity)
    guard let (id, block) = machine.record(record), program[id].fields.indices.contains(slot) else {
      return (Provenance(name: "?", value: "…", giver: .nobody), nil)
    }
    let type = program[id]
    let field = type.fields[slot]
    var result = Provenance(
      name: name(of: .field(record: identity, slot: slot)), value: show(value, field.type),
      giver: .outside, type: type.name)
    switch field.mark {
    case .parent: result = result.from(.parent, place(of: value))
    case .subject: result = result.from(.subject, place(of: value))
    case .implicit: result = result.from(.name, block.map { program[$0].span })
    case .ordinary: break
    }
    guard field.mark == .ordinary else { return (result, nil) }
    let fields = block.map(blockFields) ?? trace.making(of: identity)?.fields
    guard let fields else { return (result, nil) }
    if let given = slot < fields.count ? fields[slot] : nil {
      result = result.from(.written, given.span)
      result.expression = text(of: given)
      if let making = trace.making(of: identity), making.way.count > 1, result.expression != nil {
        result.calledFrom = making.way[0]
      }
      // Nested blocks are collected in a list that would be empty.
      if field.hasDefault, let other = defaultExpression(field), written(other) != "[]" {
        result.insteadOf = Provenance.Other(value: written(other), span: other.span)
      }
      return (result, given)
    }
    guard field.hasDefault, let expression = defaultExpression(field) else {
      return (result.from(.nobody, field.span), nil)
    }
    result = result.from(.typeDefault, expression.span)
    result.expression = text(of: expression)
    return (result, nil)
  }

  private func blockFields(_ id: GlobalID) -> [Expr?] {
    if case .block(_, let fields) = program[id].body { fields } else { [] }
  }

  private func place(of value: Value) -> Span? {
    machine.record(value)?.block.map { program[$0].span }
  }

  private func defaultExpression(_ field: RecordField) -> Expr? {
    guard let id = field.defaultValue, case .expression(let body) = program[id].body else {
      return nil
    }
    return body
  }

  /// What computes a value, where it does not stand there as it is.
  private func text(of expression: Expr) -> String? {
    expression.isLiteral || namesBlock(expression) ? nil : written(expression)
  }

  /// Whether an expression is no more than the name of a block.
  private func namesBlock(_ expression: Expr) -> Bool {
    guard case .global(let id) = expression.kind, case .block = program[id].body else {
      return false
    }
    return true
  }

  private func written(_ expression: Expr) -> String {
    program.sources.excerpt(expression.span, columns: Self.columns)
  }

  // MARK: Sources

  private mutating func addSources(
    _ reads: [OriginTrace.Read], to result: inout Provenance, level: Int
  ) {
    var seen: Set<Origin> = []
    var origins = reads.map(\.origin).filter { seen.insert($0).inserted }
    let records = Set(origins.compactMap(\.record))
    origins.removeAll { origin in
      // Of `a.b.c` the value of `a.b` only leads to `c`, unless it could have been another one.
      guard let value = machine.known(origin), let record = machine.identity(of: value) else {
        return false
      }
      return records.contains(record) && name(ofRecord: record) == name(of: origin)
    }
    guard level < depth else {
      result.hidden = origins.count
      return
    }
    for origin in origins.prefix(Self.sourcesMax) {
      result.sources.append(explain(origin, level: level + 1))
    }
    result.hidden = max(0, origins.count - Self.sourcesMax)
  }

  // MARK: Parts

  /// The fields of a record without a name, or of the block that was asked about; the elements of a
  /// list of records.
  private mutating func addParts(
    of value: Value, as given: Expr?, to result: inout Provenance, level: Int
  ) {
    if let identity = machine.identity(of: value), let (id, block) = machine.record(value) {
      guard block == nil || level == 0 && result.giver == .block else { return }
      // A record that was made elsewhere is explained there.
      let name = name(ofRecord: identity)
      guard block != nil || name == result.name else {
        if name != program[id].name { result.value = name }
        return
      }
      let slots = program[id].fields.indices.filter {
        program[id].fields[$0].mark != .implicit
      }
      add(slots.map { .field(record: identity, slot: $0) }, to: &result, level: level)
    } else if let elements = machine.list(value) {
      var origins: [Origin] = []
      for element in elements {
        guard let block = machine.record(element)?.block else { return }
        origins.append(.global(block))
      }
      // Blocks that were named in an expression are what it read.
      guard given?.isLiteral ?? true else { return }
      add(origins, to: &result, level: level)
    }
  }

  private mutating func add(_ origins: [Origin], to result: inout Provenance, level: Int) {
    // The parts of one value are no further away than the value.
    let isDeep = level > depth
    let shown = isDeep ? 0 : min(origins.count, Self.partsMax)
    for origin in origins.prefix(shown) { result.parts.append(explain(origin, level: level + 1)) }
    result.hidden = origins.count - shown
  }
}

extension Provenance {
  fileprivate func from(_ giver: Giver, _ span: Span?) -> Provenance {
    Provenance(
      name: name, value: value, giver: giver, type: type, expression: expression, span: span)
  }
}

extension Expr {
  /// A name, or fields of one.
  var isPath: Bool {
    switch kind {
    case .global: true
    case .field(let base, _), .optionalField(let base, _): base.isPath
    default: false  // open: everything else computes
    }
  }

  /// Whether it is a number, a text or the like, written down.
  var isConstant: Bool {
    switch kind {
    case .bool, .int, .float, .string, .nilValue: true
    case .negateInt(let inner), .negateFloat(let inner), .convert(_, let inner): inner.isConstant
    default: false  // open: everything else computes
    }
  }

  /// Whether the value stands there as it is, with nothing computed or named.
  var isLiteral: Bool {
    switch kind {
    case .bool, .int, .float, .string, .nilValue, .negateInt, .negateFloat, .convert: isConstant
    // The fields of a record are explained one by one.
    case .record: true
    case .list(let elements):
      elements.allSatisfy { element in
        switch element {
        case .value(let value): value.isLiteral || value.isBlockName
        case .spread: false
        }
      }
    default: false  // open: everything else computes
    }
  }

  private var isBlockName: Bool { if case .global = kind { true } else { false } }
}
