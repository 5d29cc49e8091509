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
}

extension Checker {
  /// Pass 1: gives everything that has a name an identity.
  func declare(module index: Int) {
    module = index
    let root = modules[index].tree.root
    for node in root.children {
      switch node.kind {
      case .typeDecl: declareType(node)
      case .fnDecl, .emitDecl, .runbookDecl, .testDecl: declareFunction(node)
      case .letDecl, .inputDecl, .policyDecl, .drillDecl: declareGlobal(node)
      default: continue  // open: blocks follow once all keywords are known; the rest declares nothing
      }
    }
  }

  func define(_ name: String, _ symbol: Symbol, at span: Span) {
    if let earlier = scopes[module].spans[name] {
      report(
        .duplicateName, "`\(name)` is declared twice", at: span, caption: "again here",
        labels: [Label(earlier, "first declared here")], help: "give one of them another name")
      return
    }
    scopes[module].symbols[name] = symbol
    scopes[module].spans[name] = span
  }

  private func nameSpan(_ node: SyntaxNode) -> Span { node.first(.name)?.span ?? node.span }

  private func declareType(_ node: SyntaxNode) {
    guard let name = node.name else { return }
    if let alias = node.type {
      aliasWork.append((module, name, alias))
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
      if scopes[module].keywords[keyword] != nil {
        report(.duplicateName, "the block keyword `\(keyword)` is declared twice", at: node.span)
      }
      scopes[module].keywords[keyword] = id
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
    case .test, .lambda, .thunk: break
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

  /// Declares the named blocks of all modules. The name of a nested one can be used anywhere in its module while only
  /// one has it, so that every service may have a `probe live`.
  func declareBlocks() {
    for index in modules.indices {
      module = index
      for node in modules[index].tree.root.all(.block) {
        declareBlock(node, enclosing: [])
      }
    }
  }

  private func declareBlock(_ node: SyntaxNode, enclosing: [GlobalID]) {
    let names = node.names
    guard let kind = names.first else { return }
    var around = enclosing
    if names.count > 1 {
      if let record = keyword(kind.text) {
        let name = names[1].text
        let id = addGlobal(name, node)
        program.globals[Int(id.rawValue)].type = intern(.record(record))
        program.globals[Int(id.rawValue)].span = names[1].span
        if enclosing.isEmpty {
          define(name, .global(id), at: names[1].span)
        } else {
          scopes[module].nested[name, default: []].append(id)
        }
        blockWork.append(
          BlockWork(module: module, global: id, record: record, node: node, enclosing: enclosing))
        around.append(id)
      } else {
        reportUnknownBlock(kind)
      }
    } else if enclosing.isEmpty {
      if keyword(kind.text) == nil {
        reportUnknownBlock(kind)
      } else {
        report(
          .unexpectedToken, "this block has no name", at: kind.span,
          help: "write `\(kind.text) some_name { … }`")
      }
    }
    for body in node.all(.blockBody) {
      for nested in body.all(.block) { declareBlock(nested, enclosing: around) }
    }
  }

  func reportUnknownBlock(_ kind: SyntaxNode, fields: [String] = []) {
    let known = visibleKeywords() + fields
    let nearest = nearestName(to: kind.text, among: known)
    report(
      .unknownBlock, "there is no kind of block called `\(kind.text)`", at: kind.span,
      help: nearest.map { "did you mean `\($0)`?" }
        ?? "a kind of block is declared by `type … declares \(kind.text)`, or comes with a `use`",
      fixes: nearest.map { [Fix("write `\($0)`", replacing: kind.span, with: $0)] } ?? [])
  }

  // MARK: Looking names up

  /// Modules whose names are seen from the present one without a dot, nearest first.
  var visibleModules: [Int] {
    var result = [module]
    for use in modules[module].uses where !result.contains(use.module) { result.append(use.module) }
    for index in preludeModules where !result.contains(index) { result.append(index) }
    return result
  }

  func keyword(_ name: String) -> RecordID? {
    for index in visibleModules {
      if let id = scopes[index].keywords[name] { return id }
    }
    return nil
  }

  func visibleKeywords() -> [String] {
    visibleModules.flatMap { scopes[$0].keywords.keys }
  }

  /// The module that a name before a dot stands for.
  func moduleIndex(_ name: String) -> Int? {
    modules[module].uses.first { $0.alias == name }?.module
  }

  /// Names that could have been meant where an unknown one stands.
  func visibleNames() -> [String] {
    locals.flatMap(\.keys) + visibleModules.flatMap { scopes[$0].symbols.keys }
      + scopes[module].nested.keys + modules[module].uses.map(\.alias)
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
    return nil
  }

  /// The function that a name stands for where it is called; a block of the same name does not hide it.
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

  /// Names that begin with `_` are a module's own. An act is called through its module's name, so that the
  /// reader sees which driver acts.
  private func isVisible(_ symbol: Symbol, _ name: String, of index: Int) -> Bool {
    guard index != module else { return true }
    if name.hasPrefix("_") { return false }
    if case .function(let id) = symbol { return program[id].effect != .acts }
    return true
  }
}
