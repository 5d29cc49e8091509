// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  /// Pass 2a: aliases, then the fields of records, then the named blocks, which need both.
  func resolveTypes() {
    for index in aliasWork.indices { resolveAlias(index) }
    for work in typeWork {
      module = work.module
      // A record takes no parameters, which was reported; what stands for them is not known.
      unknownTypes = Set((work.node.first(.typeParameters)?.names ?? []).map(\.text))
      defer { unknownTypes = [] }
      program.records[Int(work.record.rawValue)].fields = resolveFields(work)
    }
    declareBlocks()
  }

  /// Resolves an alias, and first those that it is made of.
  private func resolveAlias(_ index: Int) {
    let work = aliasWork[index]
    let key = AliasKey(module: work.module, name: work.name)
    guard aliasIndex[key] == index else { return }
    guard resolvingAliases.insert(index).inserted, resolvingAliases.count <= 200 else {
      let isCycle = resolvingAliases.count <= 200
      report(
        .cyclicDefinition,
        isCycle
          ? "the type `\(work.name)` is made of itself"
          : "the type `\(work.name)` stands for more than 200 others, one after the other",
        at: work.node.span,
        help: isCycle
          ? "a type that holds its own kind is a record: `type \(work.name) { … }`"
          : "name the type itself")
      aliasIndex[key] = nil
      return
    }
    let saved = module
    defer {
      module = saved
      resolvingAliases.remove(index)
    }
    module = work.module
    let type = resolve(work.node)
    if aliasIndex[key] == nil { return }
    scopes[work.module].symbols[work.name] = .alias(type)
    aliasIndex[key] = nil
  }

  private func resolveFields(
    _ work: (module: Int, record: RecordID, node: SyntaxNode)
  ) -> [RecordField] {
    var fields: [RecordField] = []
    if record(work.record).isVocabulary {
      for name in ["name", "label", "origin"] {
        fields.append(
          RecordField(
            name: name, type: TypeTable.string, mark: .implicit, span: record(work.record).span))
      }
    }
    for node in work.node.all(.fieldDecl) {
      guard let name = node.name, let typeNode = node.type else { continue }
      let mark: RecordField.Mark =
        node.token(.subjectKeyword) != nil
        ? .subject : node.token(.parentKeyword) != nil ? .parent : .ordinary
      let span = node.first(.name)?.span ?? node.span
      if fields.contains(where: { $0.name == name }) {
        let earlier = fields.first { $0.name == name }
        if earlier?.mark == .implicit {
          report(
            .duplicateName, "every block has a field `\(name)` already", at: span,
            help: "call it something else; `name`, `label` and `origin` come with `declares`")
        } else {
          reportDuplicate(
            "the field `\(name)` is declared twice", at: span, earlier: earlier?.span ?? span)
        }
        continue
      }
      var field = RecordField(
        name: name, type: resolve(typeNode), mark: mark, span: span,
        documentation: node.documentation)
      field.hasDefault = node.token(.equal) != nil
      fields.append(field)
    }
    return fields
  }

  /// The type that a type node stands for; reports what it does not know.
  func resolve(_ node: SyntaxNode) -> TypeID {
    switch node.kind {
    case .namedType: return resolveNamed(node)
    case .listType: return intern(.list(node.type.map(resolve) ?? TypeTable.error))
    case .mapType:
      let parts = node.children.filter(\.kind.isType)
      guard parts.count == 2 else { return TypeTable.error }
      return intern(.map(key: resolve(parts[0]), value: resolve(parts[1])))
    case .optionalType: return optional(node.type.map(resolve) ?? TypeTable.error)
    case .choiceType:
      return intern(.choice(node.all(.stringExpr).compactMap { $0.stringText() }))
    case .unionType: return resolveUnion(node)
    case .functionType:
      let parts = node.children.filter(\.kind.isType).map(resolve)
      guard let result = parts.last else { return TypeTable.error }
      return intern(.function(parameters: Array(parts.dropLast()), result: result))
    default: return TypeTable.error  // open: an error node, reported by the parser
    }
  }

  private func resolveUnion(_ node: SyntaxNode) -> TypeID {
    if reportBareWords(node) { return TypeTable.error }
    var records: [RecordID] = []
    for part in node.children.filter(\.kind.isType) {
      let id = resolve(part)
      switch type(id) {
      case .record(let record): records.append(record)
      case .union(let more): records += more
      case .error: continue
      default:  // open: only records can be told apart at run time
        report(
          .typeMismatch, "only record types can stand on either side of `|`", at: part.span,
          caption: "this is \(typeName(id))",
          help: "put it into a record: `type Some { value: \(part.text) }`")
      }
    }
    return records.isEmpty ? TypeTable.error : intern(.union(records))
  }

  /// `type Colour = red | green`: words that should be texts.
  private func reportBareWords(_ node: SyntaxNode) -> Bool {
    let parts = node.children.filter(\.kind.isType)
    let names = parts.compactMap { $0.kind == .namedType ? $0.name : nil }
    let isWord = { (name: String) in
      name.first?.isLowercase == true && self.symbol(name) == nil && self.keyword(name) == nil
        && Self.foreignType(name) == nil
    }
    guard names.count == parts.count, names.allSatisfy(isWord), !hasSyntaxMistake(node) else {
      return false
    }
    let choice = names.map { "\"\($0)\"" }.joined(separator: " | ")
    report(
      .unknownName, "there is no type `\(names[0])`", at: parts[0].span,
      help: "a choice of texts is written \(choice)",
      fixes: [Fix("put them in quotes", replacing: node.span, with: choice)])
    return true
  }

  static let builtIn: [String: TypeID] = [
    "Bool": TypeTable.bool, "Int": TypeTable.int, "Float": TypeTable.float,
    "String": TypeTable.string, "Duration": TypeTable.duration, "Bytes": TypeTable.bytes,
    "Percent": TypeTable.percent, "Rate": TypeTable.rate, "Throughput": TypeTable.throughput,
    "Secret": TypeTable.secret, "Object": TypeTable.object, "Range": TypeTable.range,
    "Unit": TypeTable.unit,
  ]

  private func resolveNamed(_ node: SyntaxNode) -> TypeID {
    let name = node.name ?? node.text
    if let index = typeParameters[name] { return intern(.parameter(index)) }
    if let id = Self.builtIn[name] { return id }
    if name.isEmpty || unknownTypes.contains(name) { return TypeTable.error }
    switch symbol(name) {
    case .record(let id): return intern(.record(id))
    case .alias(let id): return aliased(name) ?? id
    case .function, .global:
      report(
        .typeMismatch, "`\(name)` is no type", at: node.span,
        help: "write a type, such as Int, String, or one that `type` declares")
      return TypeTable.error
    case nil:
      if hasSyntaxMistake(onLineOf: node.span) { return TypeTable.error }
      let known = Array(Self.builtIn.keys) + visibleTypes()
      let nearest =
        foreignGeneric(node) ?? Self.foreignType(name) ?? nearest(name, among: known)
      if nearest == nil, modules[module].hasLostNames { return TypeTable.error }
      report(
        .unknownName, "there is no type `\(name)`", at: node.span,
        help: nearest.map {
          foreignGeneric(node) == nil ? "did you mean `\($0)`?" : "write `\($0)`"
        }
          ?? unusedModule(thatDeclares: name).map { "it is part of a module: add `use \($0.path)`" }
          ?? "declare it, `type \(name) { … }`, or `use` the module or file that has it",
        fixes: nearest.map { [Fix("write `\($0)`", replacing: node.span, with: $0)] }
          ?? unusedModule(thatDeclares: name).map { fixesForUse($0.path) } ?? [])
      return TypeTable.error
    }
  }

  private func visibleTypes() -> [String] {
    visibleModules.flatMap { index in
      scopes[index].symbols.filter { entry in
        switch entry.value {
        case .record, .alias: true
        case .function, .global: false
        }
      }.keys
    }
  }

  /// The type of an alias that was not resolved when its name was found.
  private func aliased(_ name: String) -> TypeID? {
    for index in visibleModules {
      guard let work = aliasIndex[AliasKey(module: index, name: name)] else {
        if scopes[index].symbols[name] != nil { return nil }
        continue
      }
      resolveAlias(work)
      if case .alias(let id)? = scopes[index].symbols[name] { return id }
      return TypeTable.error
    }
    return nil
  }

  /// Pass 2b: parameters, results and effects of functions.
  func resolveSignatures() {
    // Declared effects first: whether a name is visible without its module depends on them.
    for work in functionWork where work.node.kind == .fnDecl {
      let effect: Effect =
        work.node.token(.actsKeyword) != nil
        ? .acts : work.node.token(.readsKeyword) != nil ? .reads : .pure
      program.functions[Int(work.function.rawValue)].effect = effect
    }
    for work in functionWork {
      module = work.module
      typeParameters = [:]
      let names = work.node.first(.typeParameters)?.names ?? []
      for (index, name) in names.enumerated() { typeParameters[name.text] = index }
      if !names.isEmpty { typeParameterNames[work.function] = names.map(\.text) }
      resolveSignature(work.function, work.node)
      typeParameters = [:]
    }
  }

  private func resolveSignature(_ id: FunctionID, _ node: SyntaxNode) {
    var parameters: [Parameter] = []
    let written = node.first(.parameterList)?.all(.parameter) ?? []
    for parameter in written {
      guard let label = parameter.name, let typeNode = parameter.type else { continue }
      let type = resolve(typeNode)
      if parameters.contains(where: { $0.label == label }) {
        reportDuplicate(
          "the parameter `\(label)` is declared twice",
          at: parameter.first(.name)?.span ?? parameter.span,
          earlier: written.first { $0.name == label }?.first(.name)?.span ?? parameter.span)
      }
      parameters.append(
        Parameter(
          label: label, local: LocalID(Int32(parameters.count)), type: type,
          defaultValue: parameter.expression.map { defaultArgument($0, expected: type) }))
    }
    var result = TypeTable.unit
    if node.kind == .emitDecl {
      checkEmitParameters(parameters, node)
      result = intern(.list(TypeTable.object))
    } else if node.kind == .ruleDecl {
      result = findings
    } else if let typeNode = node.type {
      result = resolve(typeNode)
    } else if node.kind == .fnDecl, node.first(.native) == nil {
      // Inferred from the body where it is checked first; see `result(of:)`.
      result = TypeTable.error
    }
    program.functions[Int(id.rawValue)].parameters = parameters
    program.functions[Int(id.rawValue)].result = result
    program.functions[Int(id.rawValue)].localCount = Int32(parameters.count)
    if let native = node.first(.native), let name = native.first(.stringExpr)?.stringText() {
      if !mayBindNatives {
        report(
          .unexpectedToken, "only the standard library binds functions with `native`",
          at: native.span,
          help: "write what the function gives, `= …` or `{ … }`, or call the library's function")
        return
      }
      let word = native.name
      let actClass = word.flatMap(ActClass.init(rawValue:))
      if let word, actClass == nil {
        report(
          .unknownName, "`\(word)` is no class of acts", at: native.span,
          help: "write read, apply, keyed, verify or once")
      }
      if program[id].effect == .acts, word == nil {
        report(
          .missingField, "an act says how it is settled when in doubt", at: native.span,
          caption: "the class is missing",
          help: "write read, apply, keyed, verify or once after the name")
      }
      program.functions[Int(id.rawValue)].body = .native(name: name, actClass: actClass)
    }
  }

  /// Whether the module being checked is the library's or the host's: nothing compares what it declares with what
  /// the engine's functions take. A file that is the library's to the byte may be checked by itself.
  private var mayBindNatives: Bool {
    let current = modules[module]
    if current.isStandard || options.bindsNatives && module == mainModule { return true }
    return loader.standardModules.contains {
      let file = $0 + ".dr"
      return (current.path == file || current.path.hasSuffix("/" + file))
        && loader.standardModule($0) == current.tree.source.bytes
    }
  }

  /// A backend takes a block and the target: it is called for every block of that type.
  private func checkEmitParameters(_ parameters: [Parameter], _ node: SyntaxNode) {
    let name = node.name ?? "name"
    if parameters.count == 2 {
      if parameters.contains(where: { $0.type == TypeTable.error }) { return }
      if case .record(let block) = type(parameters[0].type), record(block).isVocabulary,
        case .record(let target) = type(parameters[1].type), record(target).name == "Target"
      {
        return
      }
    }
    let list = node.first(.parameterList)
    if let list, hasSyntaxMistake(list) { return }
    report(
      .wrongArguments, "a backend takes a block of one type, and the target",
      at: list?.span ?? node.span,
      notes: ["it is called for every block of that type in the program"],
      help: "write `emit \(name)(s: Service, to: Target) { … }`")
  }

  /// A default argument is a constant: a literal stands as it is, anything else is a call of a
  /// function without parameters, so that it needs no locals of its caller.
  private func defaultArgument(_ node: SyntaxNode, expected: TypeID) -> Expr {
    let expr = inFreshFunction(allowed: .pure, place: .definition) {
      checkExpression(node, expected: expected)
    }
    switch expr.value.kind {
    case .bool, .int, .float, .string, .nilValue: return expr.value
    default:  // open: everything else is evaluated by a function of its own
      let id = add(
        Function(
          name: "default", role: .function, effect: .pure, parameters: [],
          result: expr.value.type, localCount: expr.localCount, body: .expression(expr.value),
          span: node.span))
      return Expr(.call(id, []), expr.value.type, node.span)
    }
  }

  /// Whether the type is a quantity or a plain number, which units may tell apart.
  func isQuantity(_ id: TypeID) -> Bool {
    [
      TypeTable.duration, TypeTable.bytes, TypeTable.percent, TypeTable.rate, TypeTable.throughput,
      TypeTable.int, TypeTable.float,
    ].contains(id)
  }
}
