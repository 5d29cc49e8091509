// SPDX-License-Identifier: Apache-2.0
//
// DrEval turns a checked program into bytecode and runs it on a register machine that can be
// stopped at every effect. It never touches the world: a call on it and every statement of a
// runbook ends `run` with an `Outcome`, and the host decides what happens. It trusts the checker
// about types, and nobody about numbers: overflow, bounds, fuel, memory and depth are checked where
// they are used.
//
// `Codegen` walks the expressions once per function; locals and temporaries get registers like a
// stack, so that the arguments of a call already stand where the callee looks for them. What need
// not be computed (constants, a block's constant fields) becomes a template that is copied. `Heap`
// has the objects, `Machine` the loop, `Conversion` the ways from and to documents and text,
// `Natives` the built-in functions.

import DrBase
import DrSema

/// The bytecode of a checked program. Any number of machines may run one program.
package struct Program: Sendable {
  package let checked: CheckedProgram
  /// All functions' instructions, one function after the other.
  let code: [Instruction]
  /// Those of `checked.functions` by the same numbers, then those made for globals, slots and
  /// defaults.
  let functions: [CompiledFunction]
  let constants: [Constant]
  let globals: [GlobalPlan]
  /// By record type: what a new record's slots hold before any field is set.
  let records: [[SlotPlan]]
  /// Defaults of the parameters of functions that are started from outside.
  let parameterDefaults: [ParameterPlace: Int]
  /// What is shown of conditions that do not hold.
  let explanations: [[WitnessPlan]]
  /// Where observers are told something; empty where nobody watches.
  package let sites: [ObservedSite]
  private let spans: [PlacedSpan]

  /// Generates code for every function and global. Pure native functions of those names are
  /// answered by the host, as are all that have an effect. Only a program that is generated for an
  /// observation tells an observer anything.
  package init(
    _ checked: CheckedProgram, hostFunctions: Set<String> = [], observing: Observation? = nil
  ) {
    let generator = Generator(checked, hostFunctions: hostFunctions, observing: observing)
    generator.generate()
    self.checked = checked
    code = generator.code
    functions = generator.functions
    constants = generator.constants
    globals = generator.globals
    records = generator.records
    parameterDefaults = generator.parameterDefaults
    explanations = generator.explanations
    sites = generator.sites
    spans = generator.spans
  }

  /// The function that an instruction is part of.
  func function(at offset: Int) -> Int? {
    functions.indices.filter { functions[$0].start <= offset }.max {
      functions[$0].start < functions[$1].start
    }
  }

  /// The source of an instruction.
  func span(at offset: Int) -> Span? {
    var low = 0
    var high = spans.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if spans[middle].offset <= offset { low = middle } else { high = middle }
    }
    return low < spans.count ? spans[low].span : nil
  }
}

/// From this instruction on, up to the next entry, code stands for this source.
struct PlacedSpan: Sendable {
  let offset: Int
  let span: Span
}

/// A parameter of a function.
struct ParameterPlace: Hashable, Sendable {
  let function: Int
  let index: Int
}

struct CompiledFunction: Sendable {
  /// What people call it: `evacuate`, `az1.cluster`.
  var name: String
  var span: Span
  /// Offset of its first instruction.
  var start: Int = 0
  var registerCount: Int = 1
  var parameterCount: Int = 0
  /// Captured values come in the registers after the parameters.
  var captureCount: Int = 0
}

/// A value that is known before the program runs.
enum Constant: Hashable, Sendable {
  case nilValue, unit
  case bool(Bool)
  case whole(Tag, Int64)
  /// By bit pattern, so that 0.0 and -0.0 stay apart.
  case float(UInt64)
  case string(String)
  case function(Int)
}

/// How a slot or a global begins.
enum SlotPlan: Sendable {
  case constant(Int)
  /// Evaluated by that function when first loaded.
  case function(Int)
}

enum GlobalPlan: Sendable {
  case slot(SlotPlan)
  case block(RecordID, slots: [SlotPlan], spans: [Span?])
  /// The function gives the default.
  case input(default: Int?)
  case missing
}
