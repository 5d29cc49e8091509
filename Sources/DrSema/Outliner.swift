// SPDX-License-Identifier: Apache-2.0
//
// Reads a runbook without running it. Its code is evaluated as far as it is pure; a call on the world
// gives nothing that is known, and is noted with what is known of its arguments. A value that is not
// known but must be a block of the program (`to: Zone`, a zone that was chosen by its health) is a
// *choice* among all blocks of that kind: what is made of it stays an expression, which is evaluated
// for each of them when the model is asked. So the outline is code of the program like any other, and
// whoever reads `model.runbooks` sees values.
//
// It errs on one side: a call that the runbook can make is in the outline, with all arguments that it
// can have. Both branches of an `if` are there unless the condition is known; what recursion does, it
// is taken to do with any arguments.

import DrBase

/// Reads one runbook.
final class Outliner {
  let checker: Checker
  /// The statements noted so far, of the block being read.
  var statements: [OutlineStatement] = []
  /// What must hold for the code being read to be reached.
  var conditions: [Pure] = []
  /// The lists that choices are made from, in the order in which they were met.
  var choices: [(local: LocalID, source: Pure)] = []
  /// Local 0 is the block itself.
  var nextLocal: Int32 = 1
  /// Where the program itself came to the code being read, which may be the library's.
  private var site: Span?
  private let files: Set<FileID>
  /// The functions that are being read.
  private var stack: [FunctionID] = []
  /// Bounds what a program made of many functions costs.
  private var steps = 0

  private static let stepsAtMost = 200_000
  private static let sizeAtMost = 2_000
  private static let depthAtMost = 64

  init(_ checker: Checker) {
    self.checker = checker
    files = Set(checker.program.files.map(\.file))
  }

  var program: CheckedProgram { checker.program }

  /// The statements of a runbook.
  func statements(of id: FunctionID) -> [OutlineStatement] {
    let parameters = program[id].parameters.map { unknown($0.type, at: program[id].span) }
    return collecting { enter(id, parameters, TypeTable.unit) }.statements
  }

  /// What a policy looks at, and what it does then.
  func statements(ofPolicy id: GlobalID) -> [OutlineStatement] {
    guard case .block(_, let fields) = program[id].body else { return [] }
    let frame = OutlineFrame()
    return collecting { for field in fields { if let field { visit(field, frame) } } }.statements
  }

  /// What each detector of a policy looks at, and what it does then.
  func detectors(ofPolicy id: GlobalID) -> [OutlineDetector] {
    guard let policy = checker.preludeRecord("Policy"),
      case .block(_, let fields) = program[id].body,
      let slot = program[policy].fields.firstIndex(where: { $0.name == "detectors" }),
      case .list(let elements)? = fields[slot]?.kind
    else { return [] }
    return elements.compactMap { element in
      guard case .value(let detector) = element,
        case .record(let record, let values) = detector.kind
      else { return nil }
      func value(_ name: String) -> Expr? {
        program[record].fields.firstIndex { $0.name == name }.flatMap { values[$0] }
      }
      func statements(_ part: String) -> [OutlineStatement] {
        collecting {
          if let cases = value("cases") { visit(cases, OutlineFrame(), only: part) }
        }.statements
      }
      return OutlineDetector(
        fields: ["name": value("name"), "at": value("at")].compactMapValues(\.self),
        looks: statements("holds"), does: statements("react"), span: detector.span)
    }
  }

  /// Enters the closures in detectors and guards; of a case of a detector `only` one of them.
  private func visit(_ expr: Expr, _ frame: OutlineFrame, only part: String? = nil) {
    switch expr.kind {
    case .list(let elements):
      for case .value(let element) in elements { visit(element, frame, only: part) }
    case .record(let id, let fields):
      for (field, value) in zip(program[id].fields, fields) {
        if let value, part == nil || field.name == part { visit(value, frame) }
      }
    case .comprehension(let loop):
      frame.values[loop.local] = element(
        of: evaluate(loop.source, frame), elementType(loop.source.type), at: loop.source.span)
      visit(loop.value, frame, only: part)
    case .convert(_, let inner): visit(inner, frame, only: part)
    case .lambda: _ = call(evaluate(expr, frame), [], TypeTable.unit, at: expr.span)
    case _: break
    }
  }

  /// The place in the program that code, perhaps of the library, is read for.
  func place(of span: Span) -> Span { files.contains(span.file) ? span : site ?? span }

  func newLocal() -> LocalID {
    defer { nextLocal += 1 }
    return LocalID(nextLocal)
  }

  /// What a part of the code notes.
  func collecting<T>(
    _ body: () -> T
  ) -> (statements: [OutlineStatement], value: T) {
    let saved = statements
    statements = []
    let value = body()
    defer { statements = saved }
    return (statements, value)
  }

  /// Reads code that is reached only where something holds.
  func assuming<T>(_ condition: Pure?, _ body: () -> T) -> T {
    let count = conditions.count
    if let condition { conditions.append(condition) }
    defer { conditions.removeLast(conditions.count - count) }
    return body()
  }

  // MARK: Values that are not known

  /// A value of a type of which nothing else is known: a choice, where the type has few values.
  func unknown(_ type: TypeID, at span: Span) -> Foreseen {
    let inner = checker.unwrapped(type)
    switch program.types[inner] {
    case .record(let id) where program[id].isVocabulary:
      let list = checker.modelList(of: id, at: span)
      return .value(choice(of: Pure(expr: list), type: inner, at: span))
    case .choice(let words):
      let list = Expr(
        .list(words.map { .value(Expr(.string($0), inner, span)) }),
        checker.intern(.list(inner)), span)
      return .value(choice(of: Pure(expr: list), type: inner, at: span))
    case .list(let element): return .list(unknown(element, at: span))
    case .error, .never, .unit, .bool, .int, .float, .string, .duration, .bytes, .percent, .rate,
      .throughput, .secret, .object, .range, .map, .optional, .record, .union, .function,
      .parameter:
      return .unknown(type)
    }
  }

  /// A value that may be any element of a list, key of a map, or number of a range.
  func choice(of source: Pure, type: TypeID, at span: Span) -> Pure {
    let local = newLocal()
    choices.append((local, source))
    return Pure(expr: Expr(.local(local), type, span), choices: [local.rawValue])
  }

  /// Either of two values.
  func either(_ a: Foreseen, _ b: Foreseen, _ type: TypeID, at span: Span) -> Foreseen {
    switch (a, b) {
    case (.value(let x), .value(let y)):
      let listType = checker.intern(.list(type))
      let list = Pure(
        expr: Expr(.list([.value(x.expr), .value(y.expr)]), listType, span),
        choices: x.choices.union(y.choices), size: x.size + y.size)
      return .value(choice(of: list, type: type, at: span))
    case (.list(let x), .list(let y)):
      return .list(either(x, y, elementType(type), at: span))
    case (.record(let x), .record(let y)) where x.count == y.count:
      return .record(zip(x, y).map { either($0, $1, TypeTable.error, at: span) })
    case (.value, _), (.partial, _), (.list, _), (.record, _), (.closure, _), (.unknown, _):
      return unknown(type, at: span)
    }
  }

  func elementType(_ type: TypeID) -> TypeID {
    switch program.types[checker.unwrapped(type)] {
    case .list(let element): element
    case .map(let key, _): key
    case .range: TypeTable.int
    case _: TypeTable.error
    }
  }

  // MARK: Functions

  /// What a function gives for these arguments; what it does is noted.
  func enter(_ id: FunctionID, _ arguments: [Foreseen], _ type: TypeID) -> Foreseen {
    let function = program[id]
    guard case .expression(let body) = function.body else {
      return unknown(type, at: function.span)
    }
    // What a function that calls itself does, it may do with any arguments.
    let rounds = stack.count { $0 == id }
    guard rounds < 2, stack.count < Self.depthAtMost else { return unknown(type, at: body.span) }
    stack.append(id)
    defer { stack.removeLast() }
    let frame = OutlineFrame()
    for (parameter, argument) in zip(function.parameters, arguments) {
      frame.values[parameter.local] =
        rounds == 0 ? argument : unknown(parameter.type, at: function.span)
    }
    return evaluate(body, frame)
  }

  /// The value of a function that is a value.
  func call(
    _ callee: Foreseen, _ arguments: [Foreseen], _ type: TypeID, at span: Span
  ) -> Foreseen {
    switch callee {
    case .closure(let id, let frame):
      guard case .expression(let body) = program[id].body, stack.count < Self.depthAtMost else {
        return unknown(type, at: span)
      }
      stack.append(id)
      defer { stack.removeLast() }
      for (parameter, argument) in zip(program[id].parameters, arguments) {
        frame.values[parameter.local] = argument
      }
      return evaluate(body, frame)
    case .value(let pure):
      if case .function(let id) = pure.expr.kind { return call(id, arguments, type, at: span) }
      return rebuilt([callee] + arguments, type, span) {
        .callValue($0[0], Array($0.dropFirst()))
      }
    case .partial, .record, .list, .unknown: return unknown(type, at: span)
    }
  }

  func call(
    _ id: FunctionID, _ arguments: [Foreseen], _ type: TypeID, at span: Span
  ) -> Foreseen {
    let function = program[id]
    let saved = site
    if files.contains(span.file) { site = span }
    defer { site = saved }
    if case .native(let name, let actClass) = function.body {
      if function.effect > .pure {
        note(call: name, actClass, function, arguments, at: span)
        return unknown(type, at: span)
      }
      return rebuilt(arguments, type, span) { .call(id, $0) }
    }
    if function.effect == .pure, function.role != .runbook {
      let whole = rebuilt(arguments, type, span) { .call(id, $0) }
      if case .value = whole { return whole }
    }
    return enter(id, arguments, type)
  }

  // MARK: Expressions

  /// An expression made of others, where all of them are known.
  func rebuilt(
    _ parts: [Foreseen], _ type: TypeID, _ span: Span, _ make: ([Expr]) -> Expr.Kind
  ) -> Foreseen {
    var exprs: [Expr] = []
    var choices: Set<Int32> = []
    var size = 1
    for part in parts {
      guard case .value(let pure) = part else { return unknown(type, at: span) }
      exprs.append(pure.expr)
      choices.formUnion(pure.choices)
      size += pure.size
    }
    guard size <= Self.sizeAtMost else { return unknown(type, at: span) }
    return .value(Pure(expr: Expr(make(exprs), type, span), choices: choices, size: size))
  }

  private func all(_ exprs: [Expr], _ frame: OutlineFrame) -> [Foreseen] {
    var values: [Foreseen] = []
    for expr in exprs { values.append(evaluate(expr, frame)) }
    return values
  }

  func evaluate(_ expr: Expr, _ frame: OutlineFrame) -> Foreseen {
    steps += 1
    guard steps < Self.stepsAtMost else { return .unknown(expr.type) }
    let (type, span) = (expr.type, expr.span)
    func remade(_ parts: [Expr], _ make: ([Expr]) -> Expr.Kind) -> Foreseen {
      rebuilt(all(parts, frame), type, span, make)
    }
    switch expr.kind {
    case .bool, .int, .float, .string, .nilValue, .global, .function:
      return .value(Pure(expr: expr))
    case .local(let local): return frame.values[local] ?? unknown(type, at: span)
    case .interpolation(let parts): return remade(parts) { .interpolation($0) }
    case .list(let elements): return list(elements, expr, frame)
    case .map(let entries): return map(entries, expr, frame)
    case .object(let members): return object(members, expr, frame)
    case .record(let id, let fields): return record(id, fields, expr, frame)
    case .field(let base, let slot):
      let record = evaluate(base, frame)
      if case .record(let fields) = record { return fields[slot] }
      return rebuilt([record], type, span) { .field($0[0], slot) }
    case .optionalField(let base, let slot):
      let record = evaluate(base, frame)
      if case .record(let fields) = record { return fields[slot] }
      return rebuilt([record], type, span) { .optionalField($0[0], slot) }
    case .member(let base, let key): return remade([base, key]) { .member($0[0], $0[1]) }
    case .index(let base, let index):
      let (list, place) = (evaluate(base, frame), evaluate(index, frame))
      if case .list(let element) = list { return element }
      if case .value(let known) = list, case .list = program.types[known.expr.type], !place.isValue
      {
        // Which element is not known, but it is one of these.
        return .value(choice(of: known, type: type, at: span))
      }
      return rebuilt([list, place], type, span) { .index($0[0], $0[1]) }
    case .not(let inner): return remade([inner]) { .not($0[0]) }
    case .negateInt(let inner): return remade([inner]) { .negateInt($0[0]) }
    case .negateFloat(let inner): return remade([inner]) { .negateFloat($0[0]) }
    case .binary(let operation, let a, let b):
      return remade([a, b]) { .binary(operation, $0[0], $0[1]) }
    case .and(let a, let b): return remade([a, b]) { .and($0[0], $0[1]) }
    case .or(let a, let b): return remade([a, b]) { .or($0[0], $0[1]) }
    case .coalesce(let a, let b): return remade([a, b]) { .coalesce($0[0], $0[1]) }
    case .range(let a, let b): return remade([a, b]) { .range($0[0], $0[1]) }
    case .call(let id, let arguments): return call(id, all(arguments, frame), type, at: span)
    case .callValue(let callee, let arguments):
      return call(evaluate(callee, frame), all(arguments, frame), type, at: span)
    case .lambda(let id): return .closure(id, frame)
    case .if(let condition, let then, let otherwise):
      return branch(condition, then, otherwise, expr, frame)
    case .match(let subject, let local, let arms): return match(subject, local, arms, expr, frame)
    case .comprehension(let loop): return comprehension(loop, expr, frame)
    case .block(let statements, let result):
      for statement in statements { run(statement, frame) }
      return result.map { evaluate($0, frame) } ?? .unknown(TypeTable.unit)
    case .convert(let conversion, let inner):
      let value = evaluate(inner, frame)
      if case .partial = value { return value }
      return rebuilt([value], type, span) { .convert(conversion, $0[0]) }
    case .directive(let kind, let operands): return directive(kind, operands, expr, frame)
    }
  }

  // MARK: Data

  private func list(
    _ elements: [Element], _ expr: Expr, _ frame: OutlineFrame
  ) -> Foreseen {
    var values: [Foreseen] = []
    for element in elements {
      switch element {
      case .value(let value), .spread(let value): values.append(evaluate(value, frame))
      }
    }
    let whole = rebuilt(values, expr.type, expr.span) { exprs in
      .list(zip(elements, exprs).map { $0.isSpread ? .spread($1) : .value($1) })
    }
    if case .value = whole { return whole }
    var any: Foreseen?
    let type = elementType(expr.type)
    for (element, value) in zip(elements, values) {
      var each = value
      if element.isSpread { each = self.element(of: value, type, at: expr.span) }
      any = any.map { either($0, each, type, at: expr.span) } ?? each
    }
    return .list(any ?? .unknown(type))
  }

  private func map(_ entries: [Entry], _ expr: Expr, _ frame: OutlineFrame) -> Foreseen {
    var parts: [Foreseen] = []
    for entry in entries {
      switch entry {
      case .entry(let key, let value): parts += all([key, value], frame)
      case .spread(let other): parts.append(evaluate(other, frame))
      }
    }
    return rebuilt(parts, expr.type, expr.span) { exprs in
      var rest = exprs[...]
      return .map(
        entries.map { entry in
          switch entry {
          case .entry: .entry(key: rest.removeFirst(), value: rest.removeFirst())
          case .spread: .spread(rest.removeFirst())
          }
        })
    }
  }

  /// Members that are not known are left out.
  private func object(
    _ members: [Member], _ expr: Expr, _ frame: OutlineFrame
  ) -> Foreseen {
    var known: [Member] = []
    var whole = Pure(expr: expr)
    var isWhole = true
    func take(_ value: Foreseen) -> Expr? {
      switch value {
      case .value(let pure):
        whole.choices.formUnion(pure.choices)
        whole.size += pure.size
        return pure.expr
      case .partial(let pure):
        whole.choices.formUnion(pure.choices)
        whole.size += pure.size
        isWhole = false
        return pure.expr
      case .record, .list, .closure, .unknown:
        isWhole = false
        return nil
      }
    }
    for member in members {
      switch member {
      case .member(let name, let value):
        let (key, content) = (evaluate(name, frame), evaluate(value, frame))
        if let key = take(key), let content = take(content) {
          known.append(.member(name: key, value: content))
        }
      case .spread(let other):
        if let content = take(evaluate(other, frame)) { known.append(.spread(content)) }
      }
    }
    guard whole.size <= Self.sizeAtMost else { return .unknown(expr.type) }
    let made = Pure(
      expr: Expr(.object(known), expr.type, expr.span), choices: whole.choices, size: whole.size)
    return isWhole ? .value(made) : .partial(made)
  }

  private func record(
    _ id: RecordID, _ fields: [Expr?], _ expr: Expr, _ frame: OutlineFrame
  ) -> Foreseen {
    var values: [Foreseen?] = []
    for field in fields { values.append(field.map { evaluate($0, frame) }) }
    let whole = rebuilt(values.compactMap(\.self), expr.type, expr.span) { exprs in
      var rest = exprs[...]
      return .record(id, fields: fields.map { $0 == nil ? nil : rest.removeFirst() })
    }
    if case .value = whole { return whole }
    var slots: [Foreseen] = []
    for (field, value) in zip(program[id].fields, values) {
      slots.append(value ?? unknown(field.type, at: expr.span))
    }
    return .record(slots)
  }

  /// Any element of a list.
  func element(of list: Foreseen, _ type: TypeID, at span: Span) -> Foreseen {
    switch list {
    case .value(let pure): .value(choice(of: pure, type: type, at: span))
    case .list(let element): element
    case .partial, .record, .closure, .unknown: unknown(type, at: span)
    }
  }
}

extension Element {
  var isSpread: Bool { if case .spread = self { true } else { false } }
}
