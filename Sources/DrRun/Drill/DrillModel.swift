// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// A drill of a program, as the engine carries it out. Times are nanoseconds.
package struct DrillModel {
  /// What is broken, and for how long.
  package struct Fault {
    /// stdlib/policy.dr's `_TimedFault`: `kind`, and the labels of what it hits.
    package let document: Document
    package let lasting: Int64

    /// Whether it comes once and stays until it is taken back.
    package var isPlain: Bool {
      document["every"]?.intValue == nil && document["mended"]?.boolValue != true
    }
  }

  /// Requests that are sent all the while, however they fare.
  package struct Load: Sendable, Equatable {
    /// Where the front answers; empty where that is not known.
    package let url: String
    package let perSecond: Double
    package let path: String
    package let method: String
    package let body: Document
  }

  /// What the program calls it: `az1_goes_dark`.
  package let name: String
  package let label: String
  /// Labels of the service that it is for, and of the cluster that this runs on.
  package let service: String
  package let cluster: String
  package let span: Span
  package let faults: [Fault]
  package let load: Load?
  /// After how long from the faults what is expected must hold.
  package let within: Int64
  let steady: Value
  let aborts: Value?
  let expects: Value?

  /// All code of the drill.
  package var closures: [Value] { [steady] + [aborts, expects].compactMap(\.self) }

  /// The drills of a program, in source order.
  package static func all(of machine: Machine) throws(Diagnostic) -> [DrillModel] {
    let program = machine.program.checked
    var drills: [DrillModel] = []
    for id in program.roots {
      guard case .block(let record, _) = program[id].body, program[record].name == "Drill" else {
        continue
      }
      let reader = DrillReader(machine: machine, span: program[id].span)
      drills.append(try reader.drill(try machine.global(id), named: program[id].name))
    }
    return drills
  }
}

/// What a field does not have reads as nothing: the checker has seen to it that it is there.
private struct DrillReader {
  let machine: Machine
  let span: Span

  private func field(_ value: Value, _ name: String) throws(Diagnostic) -> Value {
    try machine.field(value, named: name) ?? .nilValue
  }

  private func given(_ value: Value, _ name: String) throws(Diagnostic) -> Value? {
    let value = try field(value, name)
    return machine.isNil(value) ? nil : value
  }

  private func text(_ value: Value, _ name: String) throws(Diagnostic) -> String {
    machine.string(try field(value, name)) ?? ""
  }

  func drill(_ value: Value, named name: String) throws(Diagnostic) -> DrillModel {
    let service = try field(value, "service")
    var faults: [DrillModel.Fault] = []
    for window in machine.list(try field(value, "faults")) ?? [] {
      faults.append(
        DrillModel.Fault(
          document: try document(try field(window, "fault")),
          lasting: machine.int(try field(window, "lasting")) ?? 0))
    }
    let promise = machine.int(try field(try field(service, "objective"), "rto")) ?? 0
    return DrillModel(
      name: name, label: try text(value, "label"), service: try text(service, "label"),
      cluster: try text(try field(service, "on"), "label"), span: span, faults: faults,
      load: try given(value, "load").map { load throws(Diagnostic) in try self.load(load) },
      within: machine.int(try field(value, "within")) ?? promise,
      steady: try field(value, "steady"), aborts: try given(value, "aborts"),
      expects: try given(value, "expects"))
  }

  /// The standard library boils a fault down to names.
  private func document(_ fault: Value) throws(Diagnostic) -> Document {
    let program = machine.program.checked
    let found = program.functions.firstIndex { function in
      function.name == "_timed" && function.role == .function
        && program.sources[function.span.file].name.hasSuffix("policy.dr")
    }
    guard let found else {
      throw Diagnostic(.unknownName, "the standard library has no faults", at: span)
    }
    let function = FunctionID(Int32(found))
    let start = try machine.value(.int(0), as: program.functions[found].parameters[0].type)
    return try machine.document(try machine.call(function, [start, fault]))
  }

  private func load(_ value: Value) throws(Diagnostic) -> DrillModel.Load {
    // Rates are whole millionths of a request per second.
    let rate = machine.int(try field(value, "rate")) ?? 0
    return DrillModel.Load(
      url: try text(value, "url"), perSecond: Double(rate) / 1e6, path: try text(value, "path"),
      method: try text(value, "method"), body: try machine.document(try field(value, "body")))
  }
}
