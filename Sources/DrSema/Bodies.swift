// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  /// Pass 3: everything that holds code or values.
  func checkBodies() {
    for work in typeWork {
      module = work.module
      checkFieldCode(work.record, work.node)
    }
    for work in functionWork { checkFunctionIfNeeded(work.function) }
    for work in globalWork { checkGlobalIfNeeded(work.global) }
    for work in blockWork {
      module = work.module
      checkBlock(work)
    }
  }

  // MARK: Defaults and constraints of fields

  private func checkFieldCode(_ id: RecordID, _ node: SyntaxNode) {
    for fieldNode in node.all(.fieldDecl) {
      guard let name = fieldNode.name,
        let index = record(id).fields.firstIndex(where: { $0.name == name })
      else { continue }
      let field = record(id).fields[index]
      if let value = fieldNode.expression(after: "=") {
        program.records[Int(id.rawValue)].fields[index].defaultValue = thunk(
          id, "default of \(name)", value, expected: field.type)
      }
      guard let constraint = fieldNode.first(.constraint) else { continue }
      let parts = constraint.expressions
      if let test = parts.first {
        program.records[Int(id.rawValue)].fields[index].constraint = thunk(
          id, "constraint of \(name)", test, expected: TypeTable.bool,
          notNil: isOptional(field.type) ? name : nil)
      }
      if parts.count > 1 {
        program.records[Int(id.rawValue)].fields[index].constraintMessage = thunk(
          id, "message of \(name)", parts[1], expected: TypeTable.string)
      }
    }
  }

  /// A function of the record that gives the value of an expression which may name its fields. A
  /// constraint of an optional field holds when the field is nil.
  private func thunk(
    _ id: RecordID, _ name: String, _ node: SyntaxNode, expected: TypeID, notNil: String? = nil
  ) -> FunctionID {
    let checked = inFreshFunction(allowed: .pure, place: .definition, selfRecord: id) {
      () -> Expr in
      guard let notNil, let index = record(id).fields.firstIndex(where: { $0.name == notNil })
      else {
        return checkExpression(node, expected: expected)
      }
      narrowed.insert(notNil)
      let me = Expr(.local(LocalID(0)), intern(.record(id)), node.span)
      let field = Expr(.field(me, index), record(id).fields[index].type, node.span)
      let isNil = Expr(
        .binary(.equal, field, Expr(.nilValue, nilType, node.span)), TypeTable.bool, node.span)
      return Expr(
        .or(isNil, checkExpression(node, expected: expected)), TypeTable.bool, node.span)
    }
    return addThunk(id, name, checked.value, localCount: checked.localCount)
  }

  func addThunk(_ id: RecordID, _ name: String, _ body: Expr, localCount: Int32) -> FunctionID {
    add(
      Function(
        name: name, role: .thunk, effect: .pure,
        parameters: [
          Parameter(
            label: "self", local: LocalID(0), type: intern(.record(id)), defaultValue: nil)
        ],
        result: body.type, localCount: max(1, localCount), body: .expression(body), span: body.span)
    )
  }

  // MARK: Functions

  /// The result of a function; one that does not write it is checked first.
  func result(of id: FunctionID, at span: Span) -> TypeID {
    guard program[id].result == TypeTable.error else { return program[id].result }
    if inferringFunctions.contains(id) {
      report(
        .cyclicDefinition, "`\(program[id].name)` calls itself, so its result must be written",
        at: span, labels: [Label(program[id].span, "declared here, without `-> …`")],
        help: "write what it gives: `fn \(program[id].name)(…) -> Int = …`")
      inferringFunctions.remove(id)
    } else {
      checkFunctionIfNeeded(id)
    }
    return program[id].result
  }

  private func checkFunctionIfNeeded(_ id: FunctionID) {
    guard let index = functionWorkIndex[id], !checkedFunctions.contains(id) else { return }
    checkedFunctions.insert(id)
    let saved = (module, typeParameters)
    depth += Self.inferenceDepth
    defer {
      (module, typeParameters) = saved
      depth -= Self.inferenceDepth
    }
    module = functionWork[index].module
    let node = functionWork[index].node
    if node.type == nil, program[id].role == .function { inferringFunctions.insert(id) }
    checkFunction(id, node)
    inferringFunctions.remove(id)
  }

  private func checkFunction(_ id: FunctionID, _ node: SyntaxNode) {
    guard case .missing = program[id].body else { return }
    typeParameters = [:]
    for (index, name) in (node.first(.typeParameters)?.names ?? []).enumerated() {
      typeParameters[name.text] = index
    }
    let function = program[id]
    let (allowed, place): (Effect, EffectSite.Place) =
      switch function.role {
      case .function:
        node.token(.readsKeyword) != nil ? (.reads, .readingFunction) : (.acts, .function)
      case .runbook: (.reads, .runbook)
      case .emit: (.pure, .emit)
      case .rule: (.pure, .rule)
      case .test: (.reads, .test)
      case .lambda, .condition, .thunk: (.pure, .definition)
      }
    let wanted = node.type == nil ? nil : function.result
    let checked = inFreshFunction(id, allowed: allowed, place: place) { () -> Expr in
      let written = node.first(.parameterList)?.all(.parameter) ?? []
      for (parameter, parameterNode) in zip(function.parameters, written) {
        let name = parameterNode.names.last?.text ?? parameter.label
        bind(name, parameter.type, at: parameterNode.span)
      }
      switch function.role {
      case .emit: output = .manifests
      case .rule: output = .findings
      case .function, .lambda, .condition, .thunk, .runbook, .test: output = .none
      }
      if let code = node.first(.codeBlock) {
        if function.role == .runbook { reportLateHandlers(code) }
        return checkCode(code, expected: wanted, isLost: function.role.losesItsEnd)
      }
      if let value = node.expression { return checkExpression(value, expected: wanted) }
      return broken(node.span)
    }
    program.functions[Int(id.rawValue)].body = .expression(checked.value)
    program.functions[Int(id.rawValue)].localCount = checked.localCount
    if function.role == .function, wanted == nil {
      program.functions[Int(id.rawValue)].result = checked.value.type
    }
  }

  // MARK: Globals

  func checkGlobalIfNeeded(_ id: GlobalID) {
    guard !checkedGlobals.contains(id), let index = globalWorkIndex[id] else { return }
    let work = globalWork[index]
    checkedGlobals.insert(id)
    let savedModule = module
    let savedParameters = typeParameters
    depth += Self.inferenceDepth
    defer {
      (module, typeParameters) = (savedModule, savedParameters)
      depth -= Self.inferenceDepth
    }
    module = work.module
    typeParameters = [:]
    switch work.node.kind {
    case .letDecl: checkLet(id, work.node)
    case .inputDecl: checkInput(id, work.node)
    case .policyDecl: checkPolicy(id, work.node)
    case .drillDecl: checkDrill(id, work.node)
    default: break  // open: no other declaration makes a global
    }
  }

  private func checkLet(_ id: GlobalID, _ node: SyntaxNode) {
    guard let valueNode = node.expression else { return }
    let wanted = node.type.map(resolve)
    if let wanted { program.globals[Int(id.rawValue)].type = wanted }
    if wanted == nil { inferringGlobals.append(id) }
    let checked = inFreshFunction(allowed: .pure, place: .definition) { () -> Expr in
      let value = checkExpression(valueNode, expected: wanted)
      if wanted == nil { reportNoValue(value, name: program[id].name) }
      return value
    }
    if wanted == nil { inferringGlobals.removeLast() }
    setGlobal(id, type: wanted ?? checked.value.type, .value(checked.value), checked.localCount)
  }

  /// A `let` without a type whose value is none.
  func reportNoValue(_ value: Expr, name: String) {
    guard value.type == TypeTable.unit else { return }
    switch value.kind {
    case .if(_, _, else: nil):
      report(
        .typeMismatch, "this `if` gives nothing where its condition does not hold", at: value.span,
        help: "add `else { … }` with the other value")
    case .if(_, let then, else: let other?) where then.type != other.type:
      report(
        .typeMismatch, "the branches of this `if` have nothing in common", at: value.span,
        labels: [Label(then.span, typeName(then.type)), Label(other.span, typeName(other.type))],
        help: "let both give values of one type")
    case .match(_, _, let arms) where Set(arms.map(\.body.type)).count > 1:
      report(
        .typeMismatch, "the cases of this `match` have nothing in common", at: value.span,
        labels: arms.map { Label($0.body.span, typeName($0.body.type)) },
        help: "let all give values of one type")
    case .call(let id, _) where program[id].effect > .pure && site.place.isDefinition:
      break  // That it is called here at all is reported with the effects.
    default:  // open: everything else that gives nothing
      report(
        .typeMismatch, "`\(name)` would have no value", at: value.span,
        caption: "this gives nothing",
        help: "leave out `let \(name) =`")
    }
  }

  private func checkInput(_ id: GlobalID, _ node: SyntaxNode) {
    let type = node.type.map(resolve) ?? TypeTable.error
    program.globals[Int(id.rawValue)].type = type
    let checked = inFreshFunction(allowed: .pure, place: .definition) { () -> Expr? in
      if let value = node.expression { return checkExpression(value, expected: type) }
      return isOptional(type) ? Expr(.nilValue, nilType, node.span) : nil
    }
    setGlobal(id, type: type, .input(default: checked.value), checked.localCount)
    program.globals[Int(id.rawValue)].documentation = node.documentation
  }

  func setGlobal(_ id: GlobalID, type: TypeID, _ body: Global.Body, _ localCount: Int32) {
    program.globals[Int(id.rawValue)].type = type
    program.globals[Int(id.rawValue)].body = body
    program.globals[Int(id.rawValue)].localCount = localCount
  }
}
