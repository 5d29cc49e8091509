// SPDX-License-Identifier: Apache-2.0
//
// What the loop leaves to the outside: larger stacks, values of slots and globals, suspensions.
// Each function gives an outcome when the fiber stops, and nil when the loop is to go on.

import DrBase
import DrData
import DrSema

extension Machine {
  func handle(_ exit: Exit, _ fiber: Fiber) -> Outcome? {
    let word = (fiber.pc - 1).pointee
    switch exit {
    case .grow: return grow(fiber, word)
    case .unforcedField:
      let record = RecordRef(fiber.base[word.opcode == .forceField ? word.a : word.b])
      return enterSlot(record, word.c, fiber)
    case .unforcedGlobal: return enterGlobal(word.c, fiber)
    case .returned: return goBack(fiber, with: fiber.base[word.a])
    case .stopped:
      guard let reason = stop else {
        look(at: fiber)
        return nil
      }
      stop = nil
      return handle(reason, fiber)
    case .fuel:
      // Every instruction that pays does so last, so that the loop simply goes on.
      do throws(Stop) {
        try heap.refill()
        look(at: fiber)
        return nil
      } catch {
        return fail(fiber, failure(of: error, at: fiber))
      }
    case .memory: return fail(fiber, failure(of: .memory, at: fiber))
    case .arithmetic: return fail(fiber, arithmeticFailure(word, fiber))
    case .world: return suspendAtCall(fiber, word)
    case .directive:
      let operands = (0..<word.b).map { fiber.base[word.a + $0] }
      let directive = Directive(
        kind: DirectiveKind.numbered(word.c), operands: operands, span: span(of: fiber))
      return suspend(fiber, word, .directive(directive))
    case .refuted:
      fiber.witnesses = witnesses(program.explanations[word.c], fiber)
      return nil
    case .assertion, .comparison, .raised:
      return fail(fiber, statedFailure(exit, word, fiber))
    case .constraint:
      let message = fiber.base[word.b]
      return fail(
        fiber,
        constraintFailure(
          RecordRef(fiber.base[word.a]), word.c, message, at: span(of: fiber), fiber))
    }
  }

  private func handle(_ reason: Stop, _ fiber: Fiber) -> Outcome? {
    guard case .force(let record, let slot) = reason else {
      return fail(fiber, failure(of: reason, at: fiber))
    }
    return enterSlot(RecordRef(address: record), slot, fiber)
  }

  /// Ends a fiber. What it was evaluating may be asked for again, and will then fail again.
  func fail(_ fiber: Fiber, _ diagnostic: Diagnostic) -> Outcome {
    while fiber.depth > 1 {
      fiber.frame -= 1
      let frame = fiber.frame.pointee
      switch frame.kind {
      case .call, .entry: break
      case .slot, .constraint, .message:
        let record = RecordRef(Value(.record, frame.target))
        record.slots[Int(frame.slot)] = image.value(slotPlan(record, Int(frame.slot)))
      case .global: image.globals[Int(frame.target)] = unforced(global: Int(frame.target))
      }
    }
    observer?.unwind(to: fiber.observedDepth, on: self)
    let outcome = Outcome.failed(diagnostic)
    finish(fiber, outcome, .failed)
    return outcome
  }

  private func unforced(global number: Int) -> Value {
    if case .slot(let plan) = program.globals[number] { return image.value(plan) }
    return Value(.pending, 0)
  }

  func slotPlan(_ record: RecordRef, _ slot: Int) -> SlotPlan {
    if record.isBlock, case .block(_, let slots, _) = program.globals[Int(record.global)] {
      return slots[slot]
    }
    return program.records[Int(record.recordID)][slot]
  }

  // Stacks

  private func grow(_ fiber: Fiber, _ word: Instruction) -> Outcome? {
    let number: Int
    if word.opcode == .call {
      number = word.c
    } else {
      let callee = fiber.base[word.b]
      number = callee.tag == .closure ? ClosureRef(callee).function : Int(callee.payload)
    }
    let count = image.functions[number].registerCount
    if let outcome = reserve(number, count, from: fiber.base + word.a, fiber) { return outcome }
    fiber.pc -= 1
    return nil
  }

  private func reserve(
    _ function: Int, _ count: Int, from start: UnsafeMutablePointer<Value>, _ fiber: Fiber
  ) -> Outcome? {
    guard fiber.reserveFrame() else { return fail(fiber, depthFailure(function, fiber)) }
    guard fiber.reserve(count, from: start, limit: stackLimit) else {
      return fail(fiber, failure(of: .memory, at: fiber))
    }
    return nil
  }

  // Slots and globals

  /// Makes the fiber evaluate a slot, and then execute again the instruction before its `pc`.
  func enterSlot(_ record: RecordRef, _ slot: Int, _ fiber: Fiber) -> Outcome? {
    let value = record.slots[slot]
    guard value.tag.isUnforced else { return executeAgain(fiber) }
    forcedCount &+= 1
    if value.tag == .evaluating {
      return fail(fiber, cycle(.slot, UInt64(UInt(bitPattern: record.raw)), slot, fiber))
    }
    let frame = Frame(
      kind: .slot, returnTo: fiber.pc - 1, shift: 0, function: Int32(value.payload),
      target: record.value.payload, slot: Int32(slot))
    if let outcome = enter(frame, argument: record.value, fiber) { return outcome }
    record.slots[slot] = Value(.evaluating, value.payload)
    return nil
  }

  private func executeAgain(_ fiber: Fiber) -> Outcome? {
    fiber.pc -= 1
    return nil
  }

  /// Makes the fiber evaluate a global, and then execute again the instruction before its `pc`.
  func enterGlobal(_ number: Int, _ fiber: Fiber) -> Outcome? {
    let value = image.globals[number]
    guard value.tag.isUnforced else { return executeAgain(fiber) }
    forcedCount &+= 1
    if value.tag == .evaluating { return fail(fiber, cycle(.global, UInt64(number), 0, fiber)) }
    switch program.globals[number] {
    case .slot(.constant(let constant)):
      image.globals[number] = image.constants[constant]
      return executeAgain(fiber)
    case .slot(.function(let function)): return enter(global: number, function, fiber)
    case .block(let id, _, _):
      let template = image.blocks[number]
      guard
        let record = heap.makeRecord(
          id.rawValue, global: Int32(number), template: template.slots,
          slotCount: template.slotCount)
      else { return fail(fiber, failure(of: .memory, at: fiber)) }
      image.globals[number] = record.value
      return executeAgain(fiber)
    case .input(let function):
      let declared = program.checked.globals[number]
      guard let document = inputs[declared.name] else {
        if let function { return enter(global: number, function, fiber) }
        return fail(fiber, missingInput(declared))
      }
      image.globals[number] = Value(.evaluating, 0)
      do {
        image.globals[number] = try input(document, declared)
        return executeAgain(fiber)
      } catch {
        image.globals[number] = Value(.pending, 0)
        return fail(fiber, error)
      }
    case .missing:
      let declared = program.checked.globals[number]
      let message = "`\(declared.name)` has a mistake and has no value"
      return fail(fiber, Diagnostic(.failed, message, at: declared.span))
    }
  }

  private func enter(global number: Int, _ function: Int, _ fiber: Fiber) -> Outcome? {
    let frame = Frame(
      kind: .global, returnTo: fiber.pc - 1, shift: 0, function: Int32(function),
      target: UInt64(number), slot: 0)
    if let outcome = enter(frame, argument: .nilValue, fiber) { return outcome }
    image.globals[number] = Value(.evaluating, UInt64(function))
    return nil
  }

  /// Pushes a frame whose window begins after the registers of the function that runs now.
  private func enter(_ frame: Frame, argument: Value, _ fiber: Fiber) -> Outcome? {
    let current = Int((fiber.frame - 1).pointee.function)
    let shift = current < 0 ? 1 : image.functions[current].registerCount
    let function = image.functions[Int(frame.function)]
    if let outcome = reserve(
      Int(frame.function), function.registerCount, from: fiber.base + shift, fiber)
    {
      return outcome
    }
    do throws(Stop) {
      try heap.charge(1)
    } catch {
      return fail(fiber, failure(of: error, at: fiber))
    }
    observer?.willForce(origin(of: frame))
    fiber.frame.initialize(to: frame)
    fiber.frame.pointee.shift = Int32(shift)
    fiber.frame += 1
    fiber.base += shift
    fiber.base[0] = argument
    fiber.pc = function.code
    return nil
  }

  private func origin(of frame: Frame) -> Origin {
    frame.kind == .global
      ? .global(GlobalID(Int32(frame.target)))
      : .field(record: UInt(frame.target), slot: Int(frame.slot))
  }

  /// A function that was not simply called has returned.
  private func goBack(_ fiber: Fiber, with value: Value) -> Outcome? {
    let frame = (fiber.frame - 1).pointee
    switch frame.kind {
    case .call: preconditionFailure("the loop returns from calls")
    case .entry:
      let outcome = Outcome.finished(value)
      finish(fiber, outcome, .finished)
      return outcome
    case .global:
      observer?.didForce()
      image.globals[Int(frame.target)] = value
    case .slot:
      observer?.didForce()
      let record = RecordRef(Value(.record, frame.target))
      record.slots[Int(frame.slot)] = value
      // A whole field would have to be copied.
      let fields = program.checked.records[Int(record.recordID)].fields
      if let constraint = fields[Int(frame.slot)].constraint {
        return change(fiber, to: .constraint, constraint)
      }
    case .constraint:
      if !value.isTrue {
        let record = RecordRef(Value(.record, frame.target))
        if let message = field(record, Int(frame.slot)).constraintMessage {
          return change(fiber, to: .message, message)
        }
        return failSlot(fiber, frame, message: .nilValue)
      }
    case .message: return failSlot(fiber, frame, message: value)
    }
    fiber.pc = frame.returnTo
    fiber.base -= Int(frame.shift)
    fiber.frame -= 1
    return nil
  }

  private func field(_ record: RecordRef, _ slot: Int) -> RecordField {
    program.checked.records[Int(record.recordID)].fields[slot]
  }

  /// The newest frame goes on with another function of the same record.
  private func change(_ fiber: Fiber, to kind: FrameKind, _ id: FunctionID) -> Outcome? {
    let function = image.functions[Int(id.rawValue)]
    guard fiber.reserve(function.registerCount, from: fiber.base, limit: stackLimit) else {
      return fail(fiber, failure(of: .memory, at: fiber))
    }
    let top = fiber.frame - 1
    top.pointee.kind = kind
    top.pointee.function = id.rawValue
    fiber.base[0] = Value(.record, top.pointee.target)
    fiber.pc = function.code
    return nil
  }

  private func failSlot(_ fiber: Fiber, _ frame: Frame, message: Value) -> Outcome {
    let record = RecordRef(Value(.record, frame.target))
    let slot = Int(frame.slot)
    var span = field(record, slot).span
    if record.isBlock, case .block(_, _, let spans) = program.globals[Int(record.global)],
      slot < spans.count, let given = spans[slot]
    {
      span = given
    }
    return fail(fiber, constraintFailure(record, slot, message, at: span, fiber))
  }

  // Suspensions

  private func suspendAtCall(_ fiber: Fiber, _ word: Instruction) -> Outcome? {
    let functions = program.checked.functions
    guard case .native(let name, let actClass) = functions[word.c].body else {
      preconditionFailure("only natives call the world")
    }
    let parameters = functions[word.c].parameters
    var arguments: [(name: String, value: Document)] = []
    arguments.reserveCapacity(parameters.count)
    do throws(Stop) {
      for index in parameters.indices {
        let value = try document(fiber.base[word.a + index], .driver)
        arguments.append((parameters[index].label, value))
      }
    } catch {
      return handle(error, fiber)
    }
    let call = HostCall(
      name: name, effect: functions[word.c].effect, actClass: actClass,
      arguments: DocumentObject(unique: arguments),
      resultType: functions[word.c].result, span: span(of: fiber))
    guard let answer else { return suspend(fiber, word, .call(call)) }
    let values = parameters.indices.map { fiber.base[word.a + $0] }
    switch answer(self, call, values) {
    case .value(let value):
      fiber.base[word.a] = value
      return nil
    case .failure(let code, let message, let help):
      return fail(fiber, failure(code, message, fiber, caption: "called here", help: help))
    case .later: return suspend(fiber, word, .call(call))
    }
  }

  /// Ends a suspended fiber because what it stopped at cannot be done.
  package func refuse(_ fiber: Fiber, _ code: DiagnosticCode, _ message: String, help: String?) {
    precondition(fiber.status == .suspended, "only a suspended fiber is refused")
    _ = fail(fiber, failure(code, message, fiber, caption: "called here", help: help))
  }

  private func suspend(_ fiber: Fiber, _ word: Instruction, _ outcome: Outcome) -> Outcome {
    fiber.resumeRegister = word.a
    fiber.status = .suspended
    return outcome
  }
}
