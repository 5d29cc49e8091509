// SPDX-License-Identifier: Apache-2.0
//
// A program laid out for the loop: plain tables at fixed addresses, made once per machine.
// Invariants: the tables live from `init` to `free`; code, functions, constants and templates are
// not written after `init`; the globals' states change only when the machine forces them.

/// What the loop needs to know of a function.
struct FunctionEntry {
  let code: UnsafePointer<Instruction>
  let registerCount: Int
  let parameterCount: Int
}

/// What a new record of a type begins with.
struct RecordTemplate {
  let slots: UnsafePointer<Value>
  let slotCount: Int
}

struct Image {
  let code: UnsafeMutablePointer<Instruction>
  let functions: UnsafeMutablePointer<FunctionEntry>
  let constants: UnsafeMutablePointer<Value>
  let globals: UnsafeMutablePointer<Value>
  let records: UnsafeMutablePointer<RecordTemplate>
  /// By global; those of named blocks only.
  let blocks: UnsafeMutablePointer<RecordTemplate>
  /// One instruction that returns register 0: what a fiber started by the machine itself stands on.
  let stub: UnsafePointer<Instruction>
  private let slots: UnsafeMutablePointer<Value>

  init(_ program: Program, heap: Heap) {
    code = .allocate(capacity: program.code.count + 1)
    for (offset, instruction) in program.code.enumerated() {
      (code + offset).initialize(to: instruction)
    }
    (code + program.code.count).initialize(to: Instruction(.returnValue, a: 0))
    stub = UnsafePointer(code + program.code.count)

    functions = .allocate(capacity: max(1, program.functions.count))
    for (number, function) in program.functions.enumerated() {
      (functions + number).initialize(
        to: FunctionEntry(
          code: UnsafePointer(code + function.start), registerCount: function.registerCount,
          parameterCount: function.parameterCount))
    }
    constants = .allocate(capacity: max(1, program.constants.count))
    for (number, constant) in program.constants.enumerated() {
      (constants + number).initialize(to: Image.value(constant, heap))
    }
    records = .allocate(capacity: max(1, program.records.count))
    globals = .allocate(capacity: max(1, program.globals.count))
    blocks = .allocate(capacity: max(1, program.globals.count))
    slots = .allocate(capacity: max(1, Image.slotCount(program)))
    fillTemplates(program)
  }

  private static func slotCount(_ program: Program) -> Int {
    var count = 0
    for record in program.records { count += record.count }
    for case .block(_, let slots, _) in program.globals { count += slots.count }
    return count
  }

  private func fillTemplates(_ program: Program) {
    var free = slots
    func template(_ plans: [SlotPlan]) -> RecordTemplate {
      let start = free
      for plan in plans {
        free.initialize(to: value(plan))
        free += 1
      }
      return RecordTemplate(slots: UnsafePointer(start), slotCount: plans.count)
    }
    for (number, plans) in program.records.enumerated() {
      (records + number).initialize(to: template(plans))
    }
    for (number, global) in program.globals.enumerated() {
      switch global {
      case .slot(let plan):
        (globals + number).initialize(to: value(plan))
        (blocks + number).initialize(to: template([]))
      case .block(_, let plans, _):
        (globals + number).initialize(to: Value(.pending, 0))
        (blocks + number).initialize(to: template(plans))
      case .input, .missing:
        (globals + number).initialize(to: Value(.pending, 0))
        (blocks + number).initialize(to: template([]))
      }
    }
  }

  func value(_ plan: SlotPlan) -> Value {
    switch plan {
    case .constant(let number): constants[number]
    case .function(let number): Value(.pending, UInt64(number))
    }
  }

  /// Constants are made before limits are set, so that there is room for them.
  private static func value(_ constant: Constant, _ heap: Heap) -> Value {
    switch constant {
    case .nilValue: .nilValue
    case .unit: .unit
    case .bool(let value): .bool(value)
    case .whole(let tag, let value): Value(tag, whole: value)
    case .float(let bits): Value(.float, bits)
    case .string(let text): (try? heap.makeString(text)) ?? .nilValue
    case .function(let number): Value(.function, UInt64(number))
    }
  }

  func free() {
    code.deallocate()
    functions.deallocate()
    constants.deallocate()
    globals.deallocate()
    records.deallocate()
    blocks.deallocate()
    slots.deallocate()
  }
}
