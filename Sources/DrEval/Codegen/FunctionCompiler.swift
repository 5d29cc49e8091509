// SPDX-License-Identifier: Apache-2.0
//
// Code for one function. Registers are handed out like a stack: parameters, captured values, then
// locals and temporaries as they come. An expression is compiled *into* a register that is always
// fresh: nothing in the expression can see it, so it may serve as scratch space on the way. A call
// whose result goes to the topmost register takes that register as its first argument, and so needs
// no move.

import DrBase
import DrSema

/// Code to be placed behind the end of a function.
struct Aftermath {
  /// The first register that is free there.
  let next: Int
  let emit: (inout FunctionCompiler) -> Void
}

struct FunctionCompiler {
  let generator: Generator
  private(set) var code: [Instruction] = []
  private(set) var spans: [PlacedSpan] = []
  /// The place in the source that an observer was told last, on every way that leads here.
  private var observed: Span?
  /// The next free register.
  var next: Int
  var registerCount: Int
  /// More registers or longer jumps than an instruction can name.
  private(set) var isTooLarge = false
  private var locals: [Int32: Int] = [:]
  /// The parameter in register 0, which most functions have only: the block that a field is of.
  private let firstParameter: Int32
  /// The list that `yield` adds to.
  var yieldRegister: Int?
  /// Code that stands behind the function's end, for what ends it early.
  var aftermath: [Aftermath] = []

  init(_ generator: Generator, parameters: [LocalID]) {
    self.generator = generator
    next = parameters.count
    registerCount = max(1, parameters.count)
    firstParameter = parameters.first?.rawValue ?? -1
    for (register, local) in parameters.enumerated().dropFirst() {
      locals[local.rawValue] = register
    }
  }

  mutating func compileBody(_ body: Expr) {
    if case .local(let id) = body.kind {
      emit(.returnValue, a: register(of: id), at: body.span)
      return
    }
    let result = allocate()
    compile(body, into: result)
    emit(.returnValue, a: result, at: body.span)
    compileAftermath()
  }

  mutating func compileEmit(_ body: Expr) {
    let list = allocate()
    yieldRegister = list
    emit(.newList, a: list, c: 4, at: body.span)
    compile(body, into: allocate())
    emit(.returnValue, a: list, at: body.span)
    compileAftermath()
  }

  /// A native function as one with code, so that it can be passed as a value and started.
  mutating func compileNative(_ id: FunctionID) {
    let function = generator.checked[id]
    emitNativeCall(id, at: 0, type: function.result, span: function.span)
    emit(.returnValue, a: 0, at: function.span)
  }

  mutating func raise(_ message: String, _ span: Span) {
    emit(.raise, c: generator.number(of: .string(message)), at: span)
  }

  mutating func compileAftermath() {
    while !aftermath.isEmpty {
      let part = aftermath.removeFirst()
      next = part.next
      part.emit(&self)
    }
  }

  // Registers

  mutating func allocate() -> Int {
    let register = next
    next += 1
    if next > Instruction.registerLimit {
      isTooLarge = true
      next = Instruction.registerLimit
    }
    registerCount = max(registerCount, next)
    return register
  }

  mutating func bind(_ local: LocalID, to register: Int) { locals[local.rawValue] = register }

  /// The checker never lets a use come before its binding.
  func register(of local: LocalID) -> Int {
    local.rawValue == firstParameter ? 0 : locals[local.rawValue] ?? 0
  }

  /// The register that holds an expression's value: a local's own, or one filled for the purpose.
  mutating func operand(_ expression: Expr, scratch: Int? = nil) -> Int {
    if case .local(let id) = expression.kind { return register(of: id) }
    let register = scratch ?? allocate()
    compile(expression, into: register)
    return register
  }

  // Instructions

  mutating func emit(_ opcode: Opcode, a: Int = 0, b: Int = 0, c: Int = 0, at span: Span) {
    if generator.observing != nil { observe(opcode, at: span) }
    place(opcode, a: a, b: b, c: c, at: span)
  }

  private mutating func place(_ opcode: Opcode, a: Int, b: Int, c: Int, at span: Span) {
    if c > Instruction.wideLimit || c < -Instruction.wideLimit { isTooLarge = true }
    if spans.last?.span != span { spans.append(PlacedSpan(offset: code.count, span: span)) }
    code.append(Instruction(opcode, a: a, b: b, c: c))
  }

  /// Tells an observer, where there may be one.
  mutating func observe(_ event: ObservedSite.Event, about register: Int = 0, at span: Span) {
    guard generator.observing != nil else { return }
    place(.observe, a: register, b: 0, c: generator.number(of: event, at: span), at: span)
  }

  /// What an observer has to know before an instruction.
  private mutating func observe(_ opcode: Opcode, at span: Span) {
    if observed != span, observed.map({ generator.isSamePlace($0, span) }) != true {
      observe(.line, at: span)
    }
    observed = span
    if opcode == .returnValue { observe(.leave, at: span) }
  }

  mutating func load(_ constant: Constant, into register: Int, at span: Span) {
    emit(.loadConstant, a: register, c: generator.number(of: constant), at: span)
  }

  /// Where the next instruction will stand.
  var here: Int { code.count }

  /// The same, for a jump back to it.
  mutating func loopStart() -> Int {
    observed = nil
    return here
  }

  /// A jump whose target is set by `land`.
  mutating func jump(_ opcode: Opcode, a: Int = 0, b: Int = 0, at span: Span) -> Int {
    emit(opcode, a: a, b: b, at: span)
    return here - 1
  }

  mutating func jump(_ opcode: Opcode, a: Int = 0, b: Int = 0, to target: Int, at span: Span) {
    if generator.observing != nil { observe(opcode, at: span) }
    place(opcode, a: a, b: b, c: target - here - 1, at: span)
  }

  /// Makes jumps go to the next instruction.
  mutating func land(_ jumps: [Int]) {
    observed = nil
    for place in jumps {
      let distance = here - place - 1
      if distance > Instruction.wideLimit { isTooLarge = true }
      let old = code[place]
      code[place] = Instruction(old.opcode, a: old.a, b: old.b, c: distance)
    }
  }
}
