// SPDX-License-Identifier: Apache-2.0
//
// DrProve: runs the analysis of `stdlib/analysis` over a program and reads what it says. It knows
// no figure and no rule: what is lost, what is left and how long recovery takes is written in `.dr`,
// over the same model that backends and rules see. What it adds are the places in the source that
// the figures come from, and what policies do about a loss (`Rehearsal`).

import DrBase
import DrData
import DrEval
import DrSema

/// Proves one program.
package struct Prover {
  private let machine: Machine
  private var program: CheckedProgram { machine.program.checked }

  /// The machine's program includes the analysis, and its model was computed without failures.
  package init(machine: Machine) { self.machine = machine }

  /// The proofs of all services, in source order, for a version of Kubernetes such as `1.26`. What
  /// policies do is asked of losses with these names only, or of all: proofs of others leave it out.
  package func prove(
    kubernetes: String, asking names: Set<String>? = nil
  ) throws(Diagnostic) -> [Proof] {
    let strikes = try function("strikes")
    let prove = try function("prove")
    let target = try machine.value(
      ["kubernetes": .string(kubernetes)], as: program[prove].parameters[0].type)
    let rehearsal = Rehearsal(machine: machine, kubernetes: kubernetes)
    let watched = items(try machine.call(function("watched"), []))
    let calm = try watched.map { service throws(Diagnostic) in
      try rehearsal.calm(
        of: try text(service, "label"), on: try text(try field(service, "on"), "label"))
    }
    var responses = calm
    for strike in items(try machine.call(strikes, [target])) {
      let name = try text(try field(strike, "loss"), "name")
      if names?.contains(name) ?? true { responses.append(try rehearse(strike, rehearsal)) }
    }
    let given = try machine.value(.array(responses), as: program[prove].parameters[1].type)
    let proofs = try machine.call(prove, [target, given])
    return try items(proofs).map { value throws(Diagnostic) in try proof(value) }
  }

  private func function(_ name: String) throws(Diagnostic) -> FunctionID {
    let file = "analysis/prove.dr"
    let found = program.functions.firstIndex { function in
      function.name == name && function.role == .function
        && program.sources[function.span.file].name.hasSuffix(file)
    }
    guard let found else {
      throw Diagnostic(.unknownModule, "the standard library has no \(name) of \(file)")
    }
    return FunctionID(Int32(found))
  }

  private func rehearse(
    _ strike: Value, _ rehearsal: Rehearsal
  ) throws(Diagnostic) -> Document {
    let service = try field(strike, "service")
    let loss = try field(strike, "loss")
    return try rehearsal.response(
      to: try self.loss(loss), named: try text(loss, "name"), of: try text(service, "label"),
      on: try text(try field(service, "on"), "label"),
      noticed: machine.int(try field(strike, "noticed")))
  }

  // MARK: Reading

  private func proof(_ value: Value) throws(Diagnostic) -> Proof {
    let service = try field(value, "service")
    return Proof(
      service: try text(service, "label"), place: try place(of: service, ""),
      rto: try whole(value, "rto"), rtoPlace: try place(of: service, "objective.rto"),
      cases: try items(try field(value, "cases")).map { item throws(Diagnostic) in
        try proofCase(item)
      },
      pairs: try items(try field(value, "pairs")).map { item throws(Diagnostic) in
        try proofCase(item)
      },
      rpo: try whole(value, "rpo"),
      keepings: try items(try field(value, "keepings")).map { item throws(Diagnostic) in
        ProofKeeping(
          text: try text(item, "text"), lag: machine.int(try field(item, "lag")),
          place: try location(of: item))
      },
      availability: try availability(
        field(value, "availability"), promised: whole(field(service, "objective"), "availability")))
  }

  private func availability(
    _ value: Value, promised: Int64
  ) throws(Diagnostic) -> ProofAvailability {
    ProofAvailability(
      promised: promised, worst: machine.int(try field(value, "worst")),
      best: machine.int(try field(value, "best")),
      undeclared: items(try field(value, "undeclared")).compactMap(machine.string))
  }

  private func proofCase(_ value: Value) throws(Diagnostic) -> ProofCase {
    let loss = try field(value, "loss")
    let recovery = try field(value, "recovery")
    return ProofCase(
      loss: try self.loss(loss), kind: try text(loss, "kind"), name: try text(loss, "name"),
      place: try place(try field(loss, "place")),
      counts: machine.bool(try field(value, "counts")) ?? true,
      verdict: ProofVerdict(rawValue: try text(value, "verdict")) ?? .unknown,
      left: Int(try whole(value, "left")), room: Int(try whole(value, "room")),
      wanted: Int(try whole(value, "wanted")),
      isAPIUp: machine.bool(try field(value, "api")) ?? true,
      ending: ProofEnding(rawValue: try text(recovery, "ends")) ?? .unknown,
      takes: try interval(try field(recovery, "takes")),
      terms: try items(try field(recovery, "terms")).map { item throws(Diagnostic) in
        try term(item)
      },
      because: try text(recovery, "because"),
      changes: try items(try field(value, "changes")).map { item throws(Diagnostic) in
        try change(item)
      }.compactMap(\.self))
  }

  private func loss(_ value: Value) throws(Diagnostic) -> ProofLoss {
    func labels(_ name: String) throws(Diagnostic) -> [String] {
      try items(try field(value, name)).map { item throws(Diagnostic) in try text(item, "label") }
    }
    func nodes(_ name: String) throws(Diagnostic) -> [String] {
      try items(try field(value, name)).map { pool throws(Diagnostic) in
        "\(try text(try field(pool, "zone"), "label"))-\(try text(pool, "label"))-"
      }
    }
    return ProofLoss(
      zones: try labels("zones"), pools: try nodes("pools"), nodes: try nodes("nodes"),
      hangs: try labels("hangs"), takesPlane: !items(try field(value, "planes")).isEmpty,
      dependencies: try labels("dependencies"), fronts: try labels("fronts"))
  }

  private func term(_ value: Value) throws(Diagnostic) -> ProofTerm {
    ProofTerm(
      part: ProofTerm.Part(rawValue: try text(value, "part")) ?? .detect,
      takes: try interval(try field(value, "takes")), because: try text(value, "because"),
      place: try location(of: value), isAfter: machine.bool(try field(value, "after")) ?? false)
  }

  /// A line of the program: of a field of a block, else as text.
  private func location(of term: Value) throws(Diagnostic) -> String? {
    if let span = try place(try field(term, "place")) { return program.sources.location(span) }
    let line = try text(term, "at")
    return line.isEmpty ? nil : line
  }

  private func change(_ value: Value) throws(Diagnostic) -> ProofChange? {
    let line = try text(value, "at")
    if !line.isEmpty {
      guard let around = program.sources.span(ofLine: line) else { return nil }
      return ProofChange(
        title: try text(value, "title"), field: ProofChange.clause, value: try text(value, "value"),
        present: nil, around: around, rest: ProofChange.clause)
    }
    let at = try field(value, "place")
    let name = try text(at, "field")
    guard let found = try resolve(try field(at, "of"), name) else { return nil }
    return ProofChange(
      title: try text(value, "title"), field: name, value: try text(value, "value"),
      present: found.rest.isEmpty ? found.span : nil, around: found.span, rest: found.rest)
  }

  private func interval(_ value: Value) throws(Diagnostic) -> Interval {
    Interval(
      best: try whole(value, "best"), worst: machine.int(try field(value, "worst")))
  }

  private func field(_ value: Value, _ name: String) throws(Diagnostic) -> Value {
    try machine.field(value, named: name) ?? .nilValue
  }

  private func text(_ value: Value, _ name: String) throws(Diagnostic) -> String {
    machine.string(try field(value, name)) ?? ""
  }

  private func whole(_ value: Value, _ name: String) throws(Diagnostic) -> Int64 {
    machine.int(try field(value, name)) ?? 0
  }

  private func items(_ value: Value) -> [Value] { machine.list(value) ?? [] }

  // MARK: Places

  private func place(_ value: Value) throws(Diagnostic) -> Span? {
    guard !machine.isNil(value) else { return nil }
    return try place(of: try field(value, "of"), try text(value, "field"))
  }

  private func place(of block: Value, _ path: String) throws(Diagnostic) -> Span? {
    try resolve(block, path)?.span
  }

  /// Where a block, or a field of a field of it, is written, as far as it is: what a default gives
  /// is the rest of the path.
  private func resolve(
    _ block: Value, _ path: String
  ) throws(Diagnostic) -> (span: Span, rest: String)? {
    guard let record = machine.record(block), let id = record.block,
      case .block(_, var fields) = program[id].body
    else { return nil }
    var span = program[id].span
    var type = record.type
    var names = path.split(separator: ".")[...]
    while let name = names.first,
      let slot = program[type].fields.firstIndex(where: { $0.name == name }),
      fields.indices.contains(slot), let value = fields[slot]
    {
      span = value.span
      names.removeFirst()
      guard case .record(let inner, let values) = value.kind else { break }
      type = inner
      fields = values
    }
    return (span, names.joined(separator: "."))
  }
}
