// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

extension Machine {
  /// Where the instruction that the fiber executed last comes from.
  func span(of fiber: Fiber) -> Span {
    // Before its first instruction a function stands at its start, not at the end of another one.
    let function = Int((fiber.frame - 1).pointee.function)
    var pc = fiber.pc - 1
    if function >= 0 { pc = max(pc, UnsafePointer(image.code) + program.functions[function].start) }
    return place(pc) ?? Span(FileID(0), 0, 0)
  }

  private func place(_ pc: UnsafePointer<Instruction>) -> Span? {
    pc < image.stub ? program.span(at: pc - UnsafePointer(image.code)) : nil
  }

  /// Who called whom, newest first.
  package func callers(of fiber: Fiber) -> [Label] {
    var labels: [Label] = []
    var frame = fiber.frame - 1
    while frame > fiber.frames, labels.count < 10 {
      let isCall = frame.pointee.kind == .call
      // A call returns to the instruction after it; a load is executed again.
      let span = place(isCall ? frame.pointee.returnTo - 1 : frame.pointee.returnTo)
      if let span, !labels.contains(where: { $0.span == span }) {
        labels.append(Label(span, isCall ? "called from here" : "needed here"))
      }
      frame -= 1
    }
    return labels
  }

  func failure(
    _ code: DiagnosticCode, _ message: String, _ fiber: Fiber, caption: String? = nil,
    help: String? = nil
  ) -> Diagnostic {
    Diagnostic(
      code, message, at: span(of: fiber), caption: caption, labels: callers(of: fiber),
      help: help)
  }

  /// The diagnostic for what an operation could not do; without a place when it has no fiber.
  func failure(of reason: Stop, at fiber: Fiber?) -> Diagnostic {
    var result: Diagnostic
    var name: String?
    if let fiber {
      let number = Int((fiber.frame - 1).pointee.function)
      if number >= 0 { name = program.functions[number].name }
    }
    let place = name.map { "in `\($0)`" }
    switch reason {
    case .fuel:
      result = Diagnostic(
        .fuelExhausted, "the program did not end within \(limits.fuel) steps",
        caption: place.map { "still running here, \($0)" },
        help: "look for a loop or a recursion that goes on for too long, or raise the limit")
    case .memory:
      result = Diagnostic(
        .memoryExhausted,
        "the program needs more than \(Text.memory(limits.memoryBytes)) of memory",
        caption: place.map { "the limit was reached here, \($0)" },
        help: "look for a list or text that grows without need, or raise the limit")
    case .cancelled:
      result = Diagnostic(
        .cancelled, "the evaluation was cancelled", caption: place.map { "it was here, \($0)" })
    case .nesting:
      result = Diagnostic(
        .depthExceeded, "a value is nested more than \(DrEval.nestingLimit) deep",
        help: "build a flatter list or object")
    case .force(let record, let slot):
      let type = program.checked.records[Int(RecordRef(address: record).recordID)]
      let field = type.fields[slot].name
      result = Diagnostic(.failed, "`\(field)` has no value yet")
    case .failure(let code, let message, let help):
      result = Diagnostic(code, message, help: help)
    }
    if let fiber {
      result.span = span(of: fiber)
      result.labels = callers(of: fiber)
      if result.code == .fuelExhausted || result.code == .memoryExhausted {
        blame(&result, fiber)
      }
    }
    return result
  }

  func depthFailure(_ function: Int, _ fiber: Fiber) -> Diagnostic {
    var result = failure(
      .depthExceeded, "calls are nested more than \(limits.callDepth) deep", fiber,
      caption: "`\(program.functions[function].name)` would be one too many",
      help: "check that the recursion ends, or use a loop")
    result.notes += [nestedCalls(fiber)].compactMap(\.self)
    return result
  }

  func arithmeticFailure(_ word: Instruction, _ fiber: Fiber) -> Diagnostic {
    var x = fiber.base[word.b]
    var y = fiber.base[word.opcode == .negateInt || word.opcode == .addImmediate ? word.b : word.c]
    let sign: String
    switch word.opcode {
    case .addInt, .addFloat: sign = "+"
    case .addImmediate:
      // `n - 2` adds -2.
      sign = word.c < 0 ? "-" : "+"
      y = Value(x.tag, whole: Int64(word.c.magnitude))
    case .subtractInt, .subtractFloat: sign = "-"
    case .multiplyInt:
      sign = "*"
      // A whole number on the left has changed places with what it multiplies.
      if x.tag == .int, y.tag == .int { swap(&x, &y) }
    case .multiplyFloat: sign = "*"
    case .divideInt, .divideFloat:
      if y.tag == .float ? y.double == 0 : y.whole == 0 {
        return failure(
          .arithmetic, "\(brief(x)) is divided by zero", fiber, caption: "the divisor is 0 here",
          help: "check the divisor first")
      }
      sign = "/"
    default:  // open: the only other instruction that overflows is the negation
      return failure(.arithmetic, "-(\(brief(x))) is out of range", fiber)
    }
    return failure(
      .arithmetic, "\(brief(x)) \(sign) \(brief(y)) is out of range", fiber,
      caption: "the result does not fit")
  }

  /// The parts of a condition as people see them, each once.
  func witnesses(_ plans: [WitnessPlan], _ fiber: Fiber) -> [Witness] {
    var shown: Set<[String]> = []
    var witnesses: [Witness] = []
    for plan in plans {
      let value =
        switch plan.source {
        case .register(let register): literal(fiber.base[register], columns: 60)
        case .truth(let truth): truth ? "true" : "false"
        }
      if shown.insert([program.checked.sources.text(plan.span), value]).inserted {
        witnesses.append(Witness(plan.span, value))
      }
    }
    return witnesses
  }

  private func refutation(_ message: String, _ fiber: Fiber) -> Diagnostic {
    var result = failure(.failed, message, fiber, caption: "this does not hold")
    result.witnesses = fiber.witnesses
    return result
  }

  /// A false `assert`, or what the generator knew would fail.
  func statedFailure(_ exit: Exit, _ word: Instruction, _ fiber: Fiber) -> Diagnostic {
    if exit == .assertion {
      let message = fiber.base[word.a]
      let text = message.tag == .string ? StringRef(message).text : "the assertion does not hold"
      return refutation(text, fiber)
    }
    let words = StringRef(image.constants[word.c]).text
    guard exit == .comparison else { return failure(.failed, words, fiber) }
    let x = literal(fiber.base[word.a])
    let y = literal(fiber.base[word.b])
    return refutation("\(x) \(words) \(y)", fiber)
  }

  func constraintFailure(
    _ record: RecordRef, _ slot: Int, _ message: Value, at span: Span, _ fiber: Fiber?
  ) -> Diagnostic {
    let type = program.checked.records[Int(record.recordID)]
    let field = type.fields[slot]
    let value = literal(record.slots[slot])
    var result = Diagnostic(
      .constraintViolated,
      message.tag == .string
        ? StringRef(message).text
        : "`\(field.name)` of \(withArticle(type.name, shown: "`\(type.name)`")) must not be \(value)",
      at: span, caption: "`\(field.name)` is \(value)")
    if let constraint = field.constraint {
      let function = program.checked[constraint]
      let place = if case .expression(let body) = function.body { body.span } else { function.span }
      result.labels.append(Label(place, "required here"))
    }
    if let fiber {
      result.labels += callers(of: fiber)
      // The caption has the field itself.
      result.witnesses = fiber.witnesses.filter {
        program.checked.sources.text($0.span) != field.name
      }
    }
    return result
  }

  func missingInput(_ global: Global) -> Diagnostic {
    Diagnostic(
      .missingInput, "the input `\(global.name)` was not given", at: global.span,
      caption: "it has no default", help: "pass it with --set \(global.name)=…")
  }

  // Cycles

  /// What waits for what, from the slot or global that is needed again to itself.
  func cycle(_ kind: FrameKind, _ target: UInt64, _ slot: Int, _ fiber: Fiber) -> Diagnostic {
    let name = self.name(kind, target, slot)
    var chain = [name]
    var labels: [Label] = []
    var frame = fiber.frame - 1
    while frame > fiber.frames {
      let current = frame.pointee
      switch current.kind {
      case .call, .entry, .constraint, .message: break
      case .slot, .global:
        let isSelf =
          current.kind == kind && current.target == target
          && (kind == .global || Int(current.slot) == slot)
        chain.append(self.name(current.kind, current.target, Int(current.slot)))
        let span = program.functions[Int(current.function)].span
        if labels.count < 10 { labels.append(Label(span, "`\(chain[chain.count - 1])` is this")) }
        if isSelf { return cycle(name, chain.reversed(), labels.reversed(), fiber) }
      }
      frame -= 1
    }
    return cycle(name, [name, name], [], fiber)
  }

  private func cycle(
    _ name: String, _ chain: [String], _ labels: [Label], _ fiber: Fiber
  ) -> Diagnostic {
    let shown = chain.count > 12 ? Array(chain.prefix(11)) + ["…", name] : chain
    return Diagnostic(
      .cyclicDefinition, "`\(name)` needs itself: \(shown.joined(separator: " → "))",
      at: span(of: fiber), caption: "needed again here", labels: labels,
      help: "give one of them a value that does not depend on the others")
  }

  private func name(_ kind: FrameKind, _ target: UInt64, _ slot: Int) -> String {
    if kind == .global { return program.checked.globals[Int(target)].name }
    let record = RecordRef(Value(.record, target))
    let type = program.checked.records[Int(record.recordID)]
    let owner = record.isBlock ? program.checked.globals[Int(record.global)].name : type.name
    return "\(owner).\(type.fields[slot].name)"
  }
}
