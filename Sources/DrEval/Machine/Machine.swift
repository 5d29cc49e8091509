// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// Runs one program: owns the memory of its values and the state of its globals. Used by one
/// thread.
package final class Machine {
  package let program: Program
  package let limits: Limits
  package let inputs: [String: Document]
  let heap: Heap
  let image: Image
  let records: [RecordInfo]
  /// Why the loop stopped, when it says `stopped`.
  var stop: Stop?
  /// Evaluations that the machine began inside another one, for the conversion of inputs.
  var nesting = 0
  /// Slots and globals that began to be evaluated; see `scratch`.
  var forcedCount = 0
  /// The latest walk over records; see `RecordRef.mark`.
  var walk: Int32 = 0
  private let fuelAtStart: Int
  /// The fiber that was made last, to be used again once nobody else has it.
  private var latestFiber: Fiber?
  var whereabouts: Whereabouts
  /// Is told what the program does, where it is generated for that.
  package var observer: (any Observer)?
  /// Whether quantities among the inputs are whole numbers of their base unit, as a host converts
  /// its own values. What people write has a unit.
  package var inputsAreConverted = false
  /// Answers calls on the host at once, also those amid a conversion. Where there is none, or it
  /// answers `later`, `run` stops at the call.
  package var answer: ((Machine, HostCall, [Value]) -> HostAnswer)?

  /// A machine on which nothing was evaluated yet. Inputs are by the name of the global.
  package init(program: Program, limits: Limits, inputs: [String: Document] = [:]) {
    self.program = program
    self.limits = limits
    self.inputs = inputs
    heap = Heap()
    image = Image(program, heap: heap)
    records = RecordInfo.all(of: program.checked, heap: heap)
    fuelAtStart = limits.fuel
    whereabouts = Whereabouts(fuel: limits.fuel)
    heap.setLimits(memoryBytes: limits.memoryBytes, fuel: limits.fuel)
  }

  deinit {
    image.free()
    heap.free()
  }

  /// Steps taken so far by everything that this machine evaluated.
  package var fuelUsed: Int { fuelAtStart - heap.fuelLeft }
  /// Bytes of values made so far.
  package var memoryUsed: Int { heap.state.pointee.used }

  /// Gives the machine its fuel back, for hosts that bound each part of a long run by itself.
  package func refuel() {
    observer?.willRefuel(self)
    heap.setFuel(fuelAtStart)
    whereabouts.reset(fuel: fuelAtStart)
  }

  /// Has everything that this machine evaluates fail with E0407 soon after the function says so,
  /// which it is asked every few ten thousand steps.
  package func cancel(when isCancelled: @escaping () -> Bool) {
    heap.state.pointee.isCancelled = isCancelled
    heap.setFuel(heap.fuelLeft)
  }

  /// Computes something of which no value is kept, and gives its memory back. What the body returns
  /// must hold no value that it made.
  package func scratch<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let mark = heap.mark
    let forced = forcedCount
    // A slot that was evaluated meanwhile keeps what it evaluated to.
    defer { if forcedCount == forced { heap.release(to: mark) } }
    return try body()
  }

  // Fibers

  /// A fiber about to run a function. Arguments left out at the end take their defaults.
  package func start(_ function: FunctionID, _ arguments: [Value]) -> Fiber {
    start(number: Int(function.rawValue), captures: nil, arguments)
  }

  /// A fiber about to run a closure, such as an operand of a directive.
  package func start(closure: Value, _ arguments: [Value]) -> Fiber {
    guard closure.tag == .closure else {
      precondition(closure.tag == .function, "only a function can be started")
      return start(number: Int(closure.payload), captures: nil, arguments)
    }
    let closure = ClosureRef(closure)
    return start(number: closure.function, captures: closure, arguments)
  }

  /// The function of a closure; `nil` where a value is none.
  package func function(of closure: Value) -> FunctionID? {
    switch closure.tag {
    case .closure: FunctionID(Int32(ClosureRef(closure).function))
    case .function: FunctionID(Int32(closure.payload))
    default: nil  // open: no other value can be called
    }
  }

  private func makeFiber() -> Fiber {
    let fiber: Fiber
    if isKnownUniquelyReferenced(&latestFiber), let latest = latestFiber, latest.isSmall {
      fiber = latest
      fiber.restart(stub: image.stub)
    } else {
      fiber = Fiber(stub: image.stub, depthLimit: limits.callDepth)
      latestFiber = fiber
    }
    fiber.observedDepth = observer?.depth ?? 0
    return fiber
  }

  private func start(number: Int, captures: ClosureRef?, _ arguments: [Value]) -> Fiber {
    let fiber = makeFiber()
    let function = image.functions[number]
    var arguments = arguments
    while arguments.count < function.parameterCount {
      let place = ParameterPlace(function: number, index: arguments.count)
      guard let thunk = program.parameterDefaults[place] else { break }
      do {
        arguments.append(try evaluate(thunk))
      } catch {
        finish(fiber, .failed(error), .failed)
        return fiber
      }
    }
    precondition(arguments.count == function.parameterCount, "an argument is missing")
    guard fiber.reserve(function.registerCount, from: fiber.base, limit: stackLimit) else {
      finish(fiber, .failed(failure(of: .memory, at: nil)), .failed)
      return fiber
    }
    for (register, argument) in arguments.enumerated() { fiber.base[register] = argument }
    if let captures {
      (fiber.base + function.parameterCount).update(
        from: captures.captures, count: captures.captureCount)
    }
    fiber.frames.pointee.function = Int32(number)
    fiber.pc = function.code
    return fiber
  }

  /// Bytes that one fiber's registers may take.
  var stackLimit: Int { max(limits.memoryBytes - heap.state.pointee.used, 1 << 12) }

  /// Runs a fiber until it has finished, failed or stopped at an effect. Running one that is over
  /// gives the same outcome again.
  package func run(_ fiber: Fiber) -> Outcome {
    if let outcome = fiber.outcome { return outcome }
    precondition(fiber.status == .ready, "a suspended fiber is resumed before it runs")
    while true {
      if let outcome = handle(execute(fiber), fiber) { return outcome }
    }
  }

  /// Gives a suspended fiber the result of what it stopped at; `run` then goes on.
  package func resume(_ fiber: Fiber, with value: Value) {
    precondition(fiber.status == .suspended, "only a suspended fiber is resumed")
    fiber.base[fiber.resumeRegister] = value
    fiber.status = .ready
    fiber.outcome = nil
  }

  func finish(_ fiber: Fiber, _ outcome: Outcome, _ status: Fiber.Status) {
    fiber.outcome = outcome
    fiber.status = status
  }

  // Pure evaluation

  /// The value of a pure function for these arguments.
  package func call(_ function: FunctionID, _ arguments: [Value]) throws(Diagnostic) -> Value {
    try finished(start(function, arguments))
  }

  func evaluate(_ function: Int) throws(Diagnostic) -> Value {
    try finished(start(number: function, captures: nil, []))
  }

  /// Runs what must not stop at an effect.
  func finished(_ fiber: Fiber) throws(Diagnostic) -> Value {
    guard nesting < Machine.nestingLimit else {
      throw Diagnostic(.depthExceeded, "inputs need one another more than 50 deep")
    }
    nesting += 1
    defer { nesting -= 1 }
    switch run(fiber) {
    case .finished(let value): return value
    case .failed(let diagnostic): throw diagnostic
    case .call(let call):
      throw Diagnostic(
        .effectNotAllowed, "`\(call.name)` needs the world, which a pure value must not",
        at: call.span)
    case .directive(let directive):
      throw Diagnostic(
        .effectNotAllowed, "a statement of a runbook must not be part of a pure value",
        at: directive.span)
    }
  }

  private static let nestingLimit = 50

  /// The value of a global, evaluated now if it was not yet. Slots of a named block stay as they
  /// are.
  package func global(_ id: GlobalID) throws(Diagnostic) -> Value {
    let number = Int(id.rawValue)
    if !image.globals[number].tag.isUnforced { return image.globals[number] }
    let fiber = makeFiber()
    if let outcome = enterGlobal(number, fiber), case .failed(let diagnostic) = outcome {
      throw diagnostic
    }
    if fiber.depth > 1 { _ = try finished(fiber) }
    return image.globals[number]
  }

  /// Gives a global its value, in place of what its expression says.
  package func define(_ id: GlobalID, as value: Value) {
    image.globals[Int(id.rawValue)] = value
  }

  /// The value of a slot, evaluated now if it was not yet.
  func slot(_ record: RecordRef, _ slot: Int) throws(Diagnostic) -> Value {
    if record.slots[slot].tag.isUnforced {
      let fiber = makeFiber()
      if let outcome = enterSlot(record, slot, fiber), case .failed(let diagnostic) = outcome {
        throw diagnostic
      }
      _ = try finished(fiber)
    }
    return record.slots[slot]
  }

  /// Does something that may need slots which have no value yet; it is tried until all have.
  func settle<Result>(_ body: () throws(Stop) -> Result) throws(Diagnostic) -> Result {
    while true {
      let needed: (RecordRef, Int)
      do throws(Stop) {
        return try body()
      } catch {
        guard case .force(let record, let slot) = error else { throw failure(of: error, at: nil) }
        needed = (RecordRef(address: record), slot)
      }
      _ = try slot(needed.0, needed.1)
    }
  }
}
