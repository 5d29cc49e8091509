// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// A named block that waits to be checked, with the named blocks around it.
struct BlockWork {
  let module: Int
  let global: GlobalID
  let record: RecordID
  let node: SyntaxNode
  /// Innermost last.
  let enclosing: [GlobalID]
  /// Whether it stands in a block of an unknown kind, so that its parents are not known.
  let isWithinUnknown: Bool
}

extension Checker {
  /// Pass 1: gives everything that has a name an identity.
  func declare(module index: Int) {
    module = index
    let root = modules[index].tree.root
    for node in root.children {
      switch node.kind {
      case .typeDecl: declareType(node)
      case .fnDecl, .emitDecl, .ruleDecl, .runbookDecl, .testDecl: declareFunction(node)
      case .letDecl, .inputDecl, .policyDecl, .drillDecl: declareGlobal(node)
      default: continue  // open: blocks follow when all keywords are known
      }
    }
  }

  func define(_ name: String, _ symbol: Symbol, at span: Span) {
    if let earlier = scopes[module].spans[name] {
      reportDuplicate("`\(name)` is declared twice", at: span, earlier: earlier)
      return
    }
    scopes[module].symbols[name] = symbol
    scopes[module].spans[name] = span
  }

  func nameSpan(_ node: SyntaxNode) -> Span { node.first(.name)?.span ?? node.span }

  private func declareType(_ node: SyntaxNode) {
    guard let name = node.name else { return }
    if Self.builtIn[name] != nil {
      report(
        .duplicateName, "`\(name)` is a type of the language", at: nameSpan(node),
        help: "give yours another name")
    }
    if let alias = node.type {
      if scopes[module].spans[name] == nil {
        aliasIndex[AliasKey(module: module, name: name)] = aliasWork.count
        aliasWork.append((module, name, alias))
      }
      define(name, .alias(TypeTable.error), at: nameSpan(node))
      return
    }
    let id = RecordID(Int32(program.records.count))
    let names = node.names
    let keyword = names.count > 1 ? names[1].text : nil
    program.records.append(
      Record(
        name: name, keyword: keyword, fields: [], span: nameSpan(node),
        documentation: node.documentation))
    define(name, .record(id), at: nameSpan(node))
    if let keyword {
      if let earlier = scopes[module].keywordSpans[keyword] {
        reportDuplicate(
          "the kind of block `\(keyword)` is declared twice", at: names[1].span, earlier: earlier)
      } else {
        scopes[module].keywords[keyword] = id
        visibleRecords = [:]
        visibleKinds = [:]
        scopes[module].keywordSpans[keyword] = names[1].span
      }
    }
    if let parameters = node.first(.typeParameters) {
      report(
        .typeMismatch, "a record type takes no type parameters", at: parameters.span,
        help: "only functions are generic")
    }
    typeWork.append((module, id, node))
  }

  private func declareFunction(_ node: SyntaxNode) {
    let role: Function.Role =
      switch node.kind {
      case .emitDecl: .emit
      case .ruleDecl: .rule
      case .runbookDecl: .runbook
      case .testDecl: .test
      default: .function  // open: fnDecl
      }
    let title = role == .test ? node.first(.stringExpr)?.stringText() : node.name
    guard let name = title else { return }
    let id = add(
      Function(
        name: name, role: role, effect: .pure, parameters: [], result: TypeTable.error,
        localCount: 0, body: .missing, span: nameSpan(node), documentation: node.documentation))
    functionWorkIndex[id] = functionWork.count
    functionWork.append((module, id, node))
    switch role {
    case .function, .runbook: define(name, .function(id), at: nameSpan(node))
    case .emit: program.emits.append(id)
    case .rule: declareRule(id, node)
    case .test, .lambda, .condition, .thunk: break
    }
    if role == .runbook, module == mainModule { program.runbooks[name] = id }
  }

  private func declareGlobal(_ node: SyntaxNode) {
    guard let name = node.name else { return }
    let id = addGlobal(name, node)
    define(name, .global(id), at: nameSpan(node))
    globalWorkIndex[id] = globalWork.count
    globalWork.append((module, id, node))
  }

  func addGlobal(_ name: String, _ node: SyntaxNode) -> GlobalID {
    let id = GlobalID(Int32(program.globals.count))
    program.globals.append(
      Global(
        name: name, module: modules[module].alias, type: TypeTable.error, body: .missing,
        localCount: 0, span: nameSpan(node), documentation: node.documentation))
    globalOfNode[node.key] = id
    if !modules[module].isStandard { program.roots.append(id) }
    return id
  }

  /// Declares the named blocks of all modules. The name of a nested one can be used anywhere in its
  /// module while only one has it, so that every service may have a `probe live`.
  func declareBlocks() {
    for index in modules.indices {
      module = index
      for node in modules[index].tree.root.all(.block) {
        declareBlock(node, enclosing: [])
      }
    }
  }

  /// The type of a block by its first word: a field of the block around it needs no `use` of the type's module.
  private func declaredKind(_ word: String, in outer: GlobalID?) -> RecordID? {
    if let outer, case .record(let id) = type(program[outer].type),
      let field = fieldForBlock(word, in: id)
    {
      return field.record
    }
    return keyword(word).flatMap { isOutline($0) ? nil : $0 }
  }

  /// `isWithinUnknown`: the block stands in one of an unknown kind.
  private func declareBlock(
    _ node: SyntaxNode, enclosing: [GlobalID], isWithinUnknown: Bool = false
  ) {
    guard let kind = node.first(.name) else { return }
    let word = kind.text
    if word.isEmpty { return }
    let isTop = enclosing.isEmpty && !isWithinUnknown
    let record = declaredKind(word, in: enclosing.last)
    let blockName = node.secondName
    var around = enclosing
    // A nested one is reported where the block around it is checked.
    if record == nil, isTop { reportUnknownBlock(kind) }
    if let blockName {
      let name = blockName.text
      let id = addGlobal(name, node)
      program.globals[Int(id.rawValue)].span = blockName.span
      if isTop {
        define(name, .global(id), at: blockName.span)
      } else {
        scopes[module].nested[name, default: []].append(id)
      }
      if let record {
        program.globals[Int(id.rawValue)].type = intern(.record(record))
        blockWork.append(
          BlockWork(
            module: module, global: id, record: record, node: node, enclosing: enclosing,
            isWithinUnknown: isWithinUnknown))
        around.append(id)
      }
    } else if record != nil, isTop, !hasSyntaxMistake(onLineOf: kind.span) {
      modules[module].hasLostNames = true
      report(
        .unexpectedToken, "this block has no name", at: kind.span,
        help: "write `\(word) some_name { … }`")
    }
    for body in node.all(.blockBody) {
      for nested in body.all(.block) {
        declareBlock(
          nested, enclosing: around,
          isWithinUnknown: isWithinUnknown || record == nil && blockName != nil
            || isTop && blockName == nil)
      }
    }
  }

  // MARK: Looking names up

  /// Modules whose names are seen from the present one without a dot, nearest first.
  var visibleModules: [Int] {
    var result = [module]
    for use in modules[module].uses where !result.contains(use.module) { result.append(use.module) }
    for index in preludeModules where !result.contains(index) { result.append(index) }
    return result
  }

  /// The type of the blocks that a word begins in the present module.
  func keyword(_ name: String) -> RecordID? {
    if let known = visibleRecords[module] { return known[name] }
    let near = visibleModules.map { scopes[$0].keywords }
    let found = near.reduce(into: [:]) { $0.merge($1) { nearest, _ in nearest } }
    visibleRecords[module] = found
    return found[name]
  }

  /// Words that begin blocks a program can write: what runbooks and policies do is read off them instead.
  func visibleKeywords() -> [String] {
    visibleModules.flatMap { scopes[$0].keywords.filter { !isOutline($0.value) }.keys }
  }

  /// Whether blocks of a type are made by the checker, and never written.
  func isOutline(_ id: RecordID) -> Bool { outlineTypes.contains(id) }

  /// The module that a name before a dot stands for.
  func moduleIndex(_ name: String) -> Int? {
    modules[module].uses.first { $0.alias == name }?.module
  }

  /// Names that could have been meant where an unknown one stands.
  func visibleNames() -> [String] {
    locals.flatMap(\.keys) + visibleModules.flatMap { scopes[$0].symbols.keys }
      + visibleModules.flatMap { scopes[$0].nested.keys } + modules[module].uses.map(\.alias)
  }

  /// The names that may stand where a value is needed: no types.
  func visibleValues() -> [String] {
    visibleNames().filter { name in
      switch symbol(name) {
      case .record, .alias: false
      case .function, .global, nil: true
      }
    }
  }

  func symbol(_ name: String) -> Symbol? {
    for index in visibleModules {
      if let symbol = scopes[index].symbols[name], isVisible(symbol, name, of: index) {
        return symbol
      }
      if index == module, let nested = scopes[index].nested[name], nested.count == 1 {
        return .global(nested[0])
      }
    }
    // Nested blocks of other modules come last, so that a probe `ready` there hides no function.
    for index in visibleModules where index != module && !name.hasPrefix("_") {
      if let nested = scopes[index].nested[name], nested.count == 1 { return .global(nested[0]) }
    }
    return nil
  }

  /// The function that a name stands for where it is called; a block of the same name does not hide
  /// it.
  func functionSymbol(_ name: String) -> FunctionID? {
    for index in visibleModules {
      if let symbol = scopes[index].symbols[name], isVisible(symbol, name, of: index),
        case .function(let id) = symbol
      {
        return id
      }
    }
    return nil
  }

  /// Names that begin with `_` are a module's own. An act is called through its module's name, so
  /// that the reader sees which driver acts.
  private func isVisible(_ symbol: Symbol, _ name: String, of index: Int) -> Bool {
    guard index != module else { return true }
    if name.hasPrefix("_") { return false }
    if case .function(let id) = symbol { return program[id].effect != .acts }
    return true
  }
}
