// SPDX-License-Identifier: Apache-2.0

import DrBase

/// What the statements of runbooks and calls on the world leave in an outline.
extension Outliner {
  func directive(
    _ kind: DirectiveKind, _ operands: [Expr], _ expr: Expr, _ frame: OutlineFrame
  ) -> Foreseen {
    var statement = OutlineStatement(kind: Self.word(kind), span: expr.span)
    /// A clause, where it is written and known.
    func take(_ field: String, _ index: Int) {
      if case .nilValue = operands[index].kind { return }
      if case .value(let pure) = evaluate(operands[index], frame), pure.isClosed {
        statement.fields[field] = pure.expr
      }
    }
    /// What a closure does and gives.
    func enter(_ index: Int, _ arguments: [Foreseen] = []) -> Foreseen {
      if case .nilValue = operands[index].kind { return .unknown(operands[index].type) }
      let type = operands[index].type
      guard case .function(_, let result) = program.types[type] else { return .unknown(type) }
      return call(evaluate(operands[index], frame), arguments, result, at: expr.span)
    }
    let (parts, value) = collecting { () -> Foreseen in
      switch kind {
      case .step:
        statement.fields["text"] = text(operands[0], frame)
        take("within", 1)
        take("retry", 2)
        take("every", 3)
        take("backoff", 4)
        var condition: Pure?
        if case .value(let pure) = enter(5) { condition = pure }
        statement.conditions = [condition].compactMap(\.self)
        return assuming(condition) { enter(6) }
      case .undo: return enter(0)
      case .wait:
        take("within", 1)
        take("every", 2)
        return enter(0)
      case .pause:
        take("lasting", 0)
        return .unknown(expr.type)
      case .require:
        _ = enter(1)
        return enter(0)
      case .verify:
        take("within", 1)
        take("every", 2)
        _ = enter(3)
        return enter(0)
      case .approve:
        statement.fields["text"] = text(operands[0], frame)
        take("by", 1)
        take("within", 2)
        take("otherwise", 3)
        return .unknown(expr.type)
      case .parallel:
        take("limit", 0)
        branches(operands[1], frame)
        return .unknown(expr.type)
      case .run:
        statement.fields["text"] = text(operands[0], frame)
        return enter(1)
      case .lock:
        statement.fields["text"] = text(operands[0], frame)
        take("lasting", 1)
        return .unknown(expr.type)
      case .onFailure: return enter(0, [.unknown(TypeTable.string)])
      case .fail:
        statement.fields["text"] = text(operands[0], frame)
        return .unknown(expr.type)
      }
    }
    statement.parts = parts
    statements.append(statement)
    return kind == .step || kind == .run ? value : .unknown(expr.type)
  }

  private static func word(_ kind: DirectiveKind) -> String {
    switch kind {
    case .step: "step"
    case .undo: "undo"
    case .wait: "wait"
    case .pause: "pause"
    case .require: "require"
    case .verify: "verify"
    case .approve: "approve"
    case .parallel: "parallel"
    case .run: "run"
    case .lock: "lock"
    case .onFailure: "on_failure"
    case .fail: "fail"
    }
  }

  /// The branches of a `parallel`: a list of closures, or one closure for each element of a list.
  private func branches(_ bodies: Expr, _ frame: OutlineFrame) {
    func branch(_ closure: Foreseen) {
      let inner = collecting { call(closure, [], TypeTable.unit, at: bodies.span) }.statements
      statements.append(OutlineStatement(kind: "branch", span: bodies.span, parts: inner))
    }
    switch bodies.kind {
    case .list(let elements):
      for case .value(let element) in elements { branch(evaluate(element, frame)) }
    case .comprehension(let loop):
      let each = Comprehension(
        local: loop.local, source: loop.source, condition: nil, key: nil,
        value: Expr(.callValue(loop.value, []), TypeTable.unit, bodies.span))
      _ = comprehension(each, bodies, frame)
    case _: _ = evaluate(bodies, frame)
    }
  }

  /// A text as far as it is known; what is only known in a run stands in it as the program writes it.
  private func text(_ expr: Expr, _ frame: OutlineFrame) -> Expr {
    let parts: [Expr] = if case .interpolation(let parts) = expr.kind { parts } else { [expr] }
    let known = parts.map { part -> Expr in
      if case .value(let pure) = evaluate(part, frame), pure.isClosed { return pure.expr }
      return Expr(.string("\\(\(source(part.span)))"), TypeTable.string, part.span)
    }
    return Expr(.interpolation(known), TypeTable.string, expr.span)
  }

  private func source(_ span: Span) -> String {
    let bytes = program.sources[span.file].bytes
    let range = Int(span.start)..<min(Int(span.end), bytes.count)
    return String(decoding: bytes[range], as: UTF8.self)
  }

  // MARK: Calls

  /// Notes a call on the world.
  func note(
    call name: String, _ actClass: ActClass?, _ function: Function, _ arguments: [Foreseen],
    at span: Span
  ) {
    let span = place(of: span)
    var members: [Member] = []
    var chosen: Set<Int32> = []
    var fields: [String: Expr] = [
      "driver": string(name, span),
      "acts": Expr(.bool(function.effect == .acts), TypeTable.bool, span),
      "class": string(actClass?.rawValue ?? "", span),
      "at": string(program.sources.location(span), span),
    ]
    for (parameter, argument) in zip(function.parameters, arguments) {
      let pure: Pure
      switch argument {
      case .value(let known), .partial(let known): pure = known
      case .record, .list, .closure, .unknown: continue
      }
      if ["over", "timeout"].contains(parameter.label), pure.isClosed,
        pure.expr.type == TypeTable.duration
      {
        fields[parameter.label] = pure.expr
      }
      guard let data = data(pure.expr, of: parameter.type) else { continue }
      chosen.formUnion(pure.choices)
      members.append(.member(name: string(parameter.label, span), value: data))
    }
    let object = Expr(.object(members), TypeTable.object, span)
    fields["cases"] = cases(object, chosen, at: span)
    var statement = OutlineStatement(kind: "call", span: span, conditions: conditions)
    if let id = checker.preludeRecord("RunbookCall") {
      statement.fields["call"] = checker.makeRecord(id, fields, span)
    }
    statements.append(statement)
  }

  private func string(_ text: String, _ span: Span) -> Expr {
    Expr(.string(text), TypeTable.string, span)
  }

  /// An argument as a member of an object; `nil` for what is no data.
  private func data(_ expr: Expr, of type: TypeID) -> Expr? {
    if case .optional = program.types[type] { return nil }
    switch checker.fitting(type, TypeTable.object) {
    case .same: return expr
    case .convert(let conversion):
      return Expr(.convert(conversion, expr), TypeTable.object, expr.span)
    case .no: return nil
    }
  }

  /// The arguments for each way in which the choices in them can be made.
  private func cases(_ object: Expr, _ chosen: Set<Int32>, at span: Span) -> Expr {
    let listType = checker.intern(.list(TypeTable.object))
    // What a choice is made from may depend on another one.
    var wanted = chosen
    for (local, source) in choices.reversed() where wanted.contains(local.rawValue) {
      wanted.formUnion(source.choices)
    }
    var conditions = conditions.filter { $0.choices.isSubset(of: wanted) }
    var known: Set<Int32> = []
    /// The conditions that can be tested by now.
    func test() -> Expr? {
      let ready = conditions.filter { $0.choices.isSubset(of: known) }
      conditions.removeAll { $0.choices.isSubset(of: known) }
      guard var test = ready.first?.expr else { return nil }
      for other in ready.dropFirst() {
        test = Expr(.and(test, other.expr), TypeTable.bool, span)
      }
      return test
    }
    var loops: [Comprehension] = []
    if let always = test() {
      let once = Expr(
        .list([.value(Expr(.int(0), TypeTable.int, span))]),
        checker.intern(.list(TypeTable.int)), span)
      loops.append(
        Comprehension(local: newLocal(), source: once, condition: always, key: nil, value: object))
    }
    for (local, source) in choices where wanted.contains(local.rawValue) {
      known.insert(local.rawValue)
      loops.append(
        Comprehension(
          local: local, source: source.expr, condition: test(), key: nil, value: object))
    }
    var result = Expr(.list([.value(object)]), listType, span)
    for loop in loops.reversed() {
      let each = Expr(
        .comprehension(
          Comprehension(
            local: loop.local, source: loop.source, condition: loop.condition, key: nil,
            value: result)),
        checker.intern(.list(listType)), span)
      result = flattened(each, listType)
    }
    guard !loops.isEmpty, let unique = checker.preludeFunction("unique") else { return result }
    return Expr(.call(unique, [result]), listType, span)
  }

  private func flattened(_ lists: Expr, _ type: TypeID) -> Expr {
    guard let flatten = checker.preludeFunction("flatten") else { return lists }
    return Expr(.call(flatten, [lists]), type, lists.span)
  }

  // MARK: The record

  /// The statements as a list of `RunbookStatement`; without those that are never reached.
  func list(_ statements: [OutlineStatement], _ id: RecordID, at span: Span) -> Expr {
    let type = checker.intern(.record(id))
    let listType = checker.intern(.list(type))
    let elements = statements.map { statement -> Element in
      var fields = statement.fields
      let kind = checker.fieldType(id, "kind") ?? TypeTable.string
      fields["kind"] = Expr(.string(statement.kind), kind, statement.span)
      fields["at"] = string(program.sources.location(statement.span), statement.span)
      fields["parts"] = list(statement.parts, id, at: statement.span)
      let made = Expr(checker.makeRecord(id, fields, statement.span).kind, type, statement.span)
      let closed = statement.conditions.filter(\.isClosed).map(\.expr)
      guard let first = closed.first else { return .value(made) }
      let condition = closed.dropFirst().reduce(first) {
        Expr(.and($0, $1), TypeTable.bool, span)
      }
      let nothing = Expr(.list([]), listType, span)
      let one = Expr(.list([.value(made)]), listType, span)
      return .spread(Expr(.if(condition, one, else: nothing), listType, span))
    }
    return Expr(.list(elements), listType, span)
  }
}
