// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Runbooks and what policies do as blocks: what rules and backends see of them in `model.runbooks` and
/// `model.reactions`, and what an `emit` for them is called with.
extension Checker {
  /// One block for each runbook, or each policy, of the user's modules, in source order, made when
  /// first asked for.
  func outlineBlocks(of id: RecordID) -> [GlobalID] {
    let type = intern(.record(id))
    let known = program.outlines.map(\.block).filter { program[$0].type == type }
    if !known.isEmpty { return known }
    if record(id).keyword == "runbook" {
      for work in functionWork where !modules[work.module].isStandard {
        let function = program[work.function]
        guard function.role == .runbook else { continue }
        addOutline(of: .runbook(work.function), function.name, type, work.module, function.span)
      }
    } else {
      for work in globalWork where !modules[work.module].isStandard {
        guard work.node.kind == .policyDecl else { continue }
        let policy = program[work.global]
        addOutline(of: .policy(work.global), policy.name, type, work.module, policy.span)
      }
    }
    return program.outlines.map(\.block).filter { program[$0].type == type }
  }

  private func addOutline(
    of source: Outline.Source, _ name: String, _ type: TypeID, _ module: Int, _ span: Span
  ) {
    let block = GlobalID(Int32(program.globals.count))
    program.globals.append(
      Global(
        name: name, module: modules[module].alias, type: type, body: .missing, localCount: 1,
        span: span))
    program.outlines.append(Outline(source: source, block: block))
  }

  /// Reads the runbooks and policies that blocks were made for, once all code is checked.
  func fillOutlines() {
    guard !diagnostics.hasErrors else { return }
    for name in ["Runbook", "Reaction"] {
      guard let id = preludeRecord(name) else { continue }
      let type = intern(.record(id))
      if program.emits.contains(where: { program[$0].parameters.first?.type == type }) {
        _ = outlineBlocks(of: id)
      }
    }
    guard isChecked || readsOutlines else { return }
    for outline in program.outlines {
      guard case .missing = program[outline.block].body else { continue }
      fill(outline)
    }
  }

  /// Whether anything can ask what a runbook does: a module of the library that the program does not
  /// use, directly or through another, has no blocks whose fields or backends could.
  private var readsOutlines: Bool {
    var used = Set(
      modules.indices.filter {
        !modules[$0].isStandard || modules[$0].path.contains("/") || preludeModules.contains($0)
      })
    var waiting = modules.indices.filter { !modules[$0].isStandard }
    while let next = waiting.popLast() {
      for use in modules[next].uses where used.insert(use.module).inserted {
        waiting.append(use.module)
      }
    }
    return !used.isDisjoint(with: outlineReaders)
  }

  private func fill(_ outline: Outline) {
    guard let statement = preludeRecord("RunbookStatement"),
      case .record(let id) = type(program[outline.block].type)
    else { return }
    let (name, span) = (program[outline.block].name, program[outline.block].span)
    func text(_ value: String) -> Expr { Expr(.string(value), TypeTable.string, span) }
    var values = [
      "name": text(name), "label": text(String(name.map { $0 == "_" ? "-" : $0 })),
      "origin": text(program.sources.location(span)),
    ]
    let reader = Outliner(self)
    switch outline.source {
    case .runbook(let runbook):
      let function = program[runbook]
      let parameters = function.parameters.map { parameter in
        Entry.entry(key: text(parameter.label), value: text(typeName(parameter.type)))
      }
      let texts = intern(.map(key: TypeTable.string, value: TypeTable.string))
      values["about"] = text(function.documentation ?? "")
      values["parameters"] = Expr(.map(parameters), texts, span)
      values["statements"] = reader.list(reader.statements(of: runbook), statement, at: span)
    case .policy(let policy):
      values["policy"] = Expr(.global(policy), program[policy].type, span)
      values["statements"] = reader.list(reader.statements(ofPolicy: policy), statement, at: span)
      if let detector = preludeRecord("DetectorOutline") {
        let detectors = reader.detectors(ofPolicy: policy).map { outline in
          var fields = outline.fields
          fields["looks"] = reader.list(outline.looks, statement, at: outline.span)
          fields["does"] = reader.list(outline.does, statement, at: outline.span)
          return makeRecord(detector, fields, outline.span)
        }
        values["detectors"] = list(detectors, of: detector, span)
      }
    }
    setGlobal(
      outline.block, type: intern(.record(id)),
      .block(id, fields: record(id).fields.map { values[$0.name] }), reader.nextLocal)
  }

  /// A type of the modules that every module sees.
  func preludeRecord(_ name: String) -> RecordID? {
    for index in preludeModules {
      if case .record(let id)? = scopes[index].symbols[name] { return id }
    }
    return nil
  }

  /// A function of the modules that every module sees.
  func preludeFunction(_ name: String) -> FunctionID? {
    for index in preludeModules {
      if case .function(let id)? = scopes[index].symbols[name] { return id }
    }
    return nil
  }
}
