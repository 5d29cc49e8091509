// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Branches and loops: what may be done, and under which condition as far as that is known.
extension Outliner {
  func run(_ statement: Statement, _ frame: OutlineFrame) {
    switch statement {
    case .let(let local, let value): frame.values[local] = evaluate(value, frame)
    case .expression(let expr): _ = evaluate(expr, frame)
    case .for(let local, let source, let body):
      loop(local, evaluate(source, frame), source.type, at: source.span, frame) {
        for statement in body { run(statement, frame) }
      }
    case .yield(let expr): _ = evaluate(expr, frame)
    case .assert(let condition, let message, _):
      _ = evaluate(condition, frame)
      if let message { _ = evaluate(message, frame) }
    }
  }

  /// What is done for each element; noted as `each` where it does anything.
  private func loop(
    _ local: LocalID, _ source: Foreseen, _ type: TypeID, at span: Span, _ frame: OutlineFrame,
    _ body: () -> Void
  ) {
    frame.values[local] = element(of: source, elementType(type), at: span)
    let inner = collecting(body).statements
    note(each: inner, of: source, at: span)
  }

  private func note(each inner: [OutlineStatement], of source: Foreseen, at span: Span) {
    guard !inner.isEmpty else { return }
    var each = OutlineStatement(kind: "each", span: place(of: span), parts: inner)
    if case .value(let list) = source, list.isClosed, case .list = program.types[list.expr.type],
      let count = checker.preludeFunction("len")
    {
      each.fields["times"] = Expr(.call(count, [list.expr]), TypeTable.int, span)
    }
    statements.append(each)
  }

  func comprehension(
    _ loop: Comprehension, _ expr: Expr, _ frame: OutlineFrame
  ) -> Foreseen {
    let source = evaluate(loop.source, frame)
    let element = element(of: source, elementType(loop.source.type), at: loop.source.span)
    frame.values[loop.local] = element
    let (inner, parts) = collecting { () -> [Foreseen] in
      let condition = loop.condition.map { evaluate($0, frame) }
      var holds: Pure?
      if case .value(let pure)? = condition { holds = pure }
      return assuming(holds) {
        [condition, loop.key.map { evaluate($0, frame) }, evaluate(loop.value, frame)]
          .compactMap(\.self)
      }
    }
    note(each: inner, of: source, at: loop.source.span)
    if inner.isEmpty, case .value(let list) = source, case .value(let variable) = element,
      case .local(let local) = variable.expr.kind,
      case .value(let whole) = rebuilt(
        [source] + parts, expr.type, expr.span,
        { exprs in
          var rest = exprs[...]
          return .comprehension(
            Comprehension(
              local: local, source: rest.removeFirst(),
              condition: loop.condition == nil ? nil : rest.removeFirst(),
              key: loop.key == nil ? nil : rest.removeFirst(), value: rest.removeFirst()))
        })
    {
      // Its own variable is none of the choices.
      let choices = whole.choices.subtracting([local.rawValue]).union(list.choices)
      return .value(Pure(expr: whole.expr, choices: choices, size: whole.size))
    }
    guard loop.key == nil, let value = parts.last else { return unknown(expr.type, at: expr.span) }
    return .list(value)
  }

  func branch(
    _ condition: Expr, _ then: Expr, _ otherwise: Expr?, _ expr: Expr, _ frame: OutlineFrame
  ) -> Foreseen {
    let test = evaluate(condition, frame)
    var (holds, fails): (Pure?, Pure?)
    if case .value(let pure) = test {
      holds = pure
      fails = Pure(
        expr: Expr(.not(pure.expr), TypeTable.bool, condition.span), choices: pure.choices,
        size: pure.size + 1)
    }
    let first = collecting { assuming(holds) { evaluate(then, frame) } }
    let second = collecting { assuming(fails) { otherwise.map { evaluate($0, frame) } } }
    note(
      either: [
        (first.statements, holds, then.span),
        (second.statements, fails, otherwise?.span ?? expr.span),
      ], at: expr.span)
    guard let other = second.value else { return .unknown(expr.type) }
    if case .value = test, case .value = first.value, case .value = other {
      return rebuilt([test, first.value, other], expr.type, expr.span) {
        .if($0[0], $0[1], else: $0[2])
      }
    }
    return either(first.value, other, expr.type, at: expr.span)
  }

  /// Branches of which one is taken; nothing where none of them does anything.
  private func note(
    either branches: [(statements: [OutlineStatement], condition: Pure?, span: Span)],
    at span: Span
  ) {
    guard branches.contains(where: { !$0.statements.isEmpty }) else { return }
    let parts = branches.map { branch in
      OutlineStatement(
        kind: "branch", span: place(of: branch.span), parts: branch.statements,
        conditions: [branch.condition].compactMap(\.self))
    }
    statements.append(OutlineStatement(kind: "either", span: place(of: span), parts: parts))
  }

  func match(
    _ subject: Expr, _ local: LocalID, _ arms: [Arm], _ expr: Expr, _ frame: OutlineFrame
  ) -> Foreseen {
    let value = evaluate(subject, frame)
    frame.values[local] = value
    var subjectValue: Pure?
    if case .value(let pure) = value { subjectValue = pure }
    var branches: [(statements: [OutlineStatement], condition: Pure?, span: Span)] = []
    var values: [Foreseen] = []
    for (index, arm) in arms.enumerated() {
      if case .record(let id, let name?) = arm.pattern {
        let type = checker.intern(.record(id))
        frame.values[name] =
          subjectValue.map { pure in
            .value(
              Pure(
                expr: Expr(pure.expr.kind, type, pure.expr.span), choices: pure.choices,
                size: pure.size))
          } ?? value
      }
      let condition = subjectValue.map { isTaken(index, arms, $0) }
      let arm = collecting { assuming(condition) { evaluate(arm.body, frame) } }
      branches.append((arm.statements, condition, arms[index].body.span))
      values.append(arm.value)
    }
    note(either: branches, at: expr.span)
    if subjectValue != nil, values.allSatisfy(\.isValue) {
      let bound = newLocal()
      return rebuilt([value] + values, expr.type, expr.span) { exprs in
        .match(
          exprs[0], local: bound, zip(arms, exprs.dropFirst()).map { Arm($0.pattern.unbound, $1) })
      }
    }
    guard let first = values.first else { return .unknown(expr.type) }
    return values.dropFirst().reduce(first) { either($0, $1, expr.type, at: expr.span) }
  }

  /// Whether a `match` takes that arm.
  private func isTaken(_ index: Int, _ arms: [Arm], _ subject: Pure) -> Pure {
    let span = arms[index].body.span
    func answer(_ value: Bool) -> Expr { Expr(.bool(value), TypeTable.bool, span) }
    var tests = arms[...index].enumerated().map { place, arm in
      Arm(arm.pattern.unbound, answer(place == index))
    }
    tests.append(Arm(.any, answer(false)))
    return Pure(
      expr: Expr(.match(subject.expr, local: newLocal(), tests), TypeTable.bool, span),
      choices: subject.choices, size: subject.size + tests.count)
  }
}

extension Arm.Pattern {
  /// The same pattern, without a name for what it takes.
  fileprivate var unbound: Arm.Pattern {
    if case .record(let id, _) = self { .record(id, nil) } else { self }
  }
}
