// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Something that can be named where an expression stands.
package struct NamedThing: Sendable, Equatable {
  /// What a name stands for.
  package enum Kind: Sendable, Equatable {
    case function, value, type, blockKeyword, module, field, parameter
  }

  package let name: String
  package let kind: Kind
  /// A few words: a type or a signature.
  package let detail: String

  package init(_ name: String, _ kind: Kind, _ detail: String) {
    self.name = name
    self.kind = kind
    self.detail = detail
  }
}

/// An expression that was checked by itself.
package struct PromptValue: Sendable {
  /// A function without parameters that gives the value.
  package let function: FunctionID
  package let type: TypeID
  /// What evaluating it may do to the world.
  package let effect: Effect
}

/// What tools ask about a program that was checked, as seen from the user's first file.
extension Checker {
  /// Asks something and leaves no trace of it.
  package func asking<T>(_ question: () -> T) -> T {
    let saved = (program, diagnostics, effectSites, unknownNames, module, syntaxMistakes)
    defer { (program, diagnostics, effectSites, unknownNames, module, syntaxMistakes) = saved }
    module = mainModule
    return question()
  }

  /// Checks an expression that may look at the world and act on it; `nil` after a report.
  package func checkPrompt(_ text: String, name: String) -> PromptValue? {
    module = mainModule
    let errorsBefore = diagnostics.count
    let sitesBefore = effectSites.count
    let file = program.sources.add(name: name, bytes: Array(text.utf8))
    let tree = parseExpression(program.sources[file], limits: options.limits)
    diagnostics += tree.diagnostics
    guard tree.diagnostics.isEmpty,
      let node = tree.root.expression ?? tree.root.first(.exprStmt)?.expression
    else { return nil }
    let checked = inFreshFunction(allowed: .acts, place: .step) { checkExpression(node) }
    compareEffects(from: sitesBefore)
    guard diagnostics.count == errorsBefore else { return nil }
    let effect = effectSites[sitesBefore...].map { program[$0.callee].effect }.max() ?? .pure
    let function = add(
      Function(
        name: "prompt", role: .function, effect: effect, parameters: [],
        result: checked.value.type, localCount: checked.localCount,
        body: .expression(checked.value), span: checked.value.span))
    return PromptValue(function: function, type: checked.value.type, effect: effect)
  }

  /// The type of an expression; `nil` where it has a mistake.
  package func typeOfExpression(_ text: String) -> TypeID? {
    asking { checkPrompt(text, name: "<type>")?.type }
  }

  /// The global of the first file that has that name.
  package func mainGlobal(_ name: String) -> GlobalID? {
    guard scopes.indices.contains(mainModule),
      case .global(let id)? = scopes[mainModule].symbols[name]
    else { return nil }
    return id
  }

  /// All names that an expression may begin with, sorted.
  package var visibleThings: [NamedThing] {
    asking {
      var names = Set(visibleModules.flatMap { scopes[$0].symbols.keys })
      for index in visibleModules {
        names.formUnion(scopes[index].nested.filter { $0.value.count == 1 }.keys)
      }
      var things = names.compactMap { name in symbol(name).map { thing(name, $0) } }
      things += modules[module].uses.map { NamedThing($0.alias, .module, "module") }
      return things.sorted { $0.name < $1.name }
    }
  }

  /// All keywords of blocks, sorted.
  package var visibleBlocks: [NamedThing] {
    asking {
      Set(visibleKeywords()).sorted().compactMap { word in
        keyword(word).map { NamedThing(word, .blockKeyword, record($0).name) }
      }
    }
  }

  /// What a module in use declares, the acts included; `nil` where there is no such module.
  package func things(ofModule alias: String) -> [NamedThing]? {
    asking {
      guard let index = moduleIndex(alias) else { return nil }
      return scopes[index].symbols.filter { !$0.key.hasPrefix("_") }
        .map { thing($0.key, $0.value) }.sorted { $0.name < $1.name }
    }
  }

  private func thing(_ name: String, _ symbol: Symbol) -> NamedThing {
    switch symbol {
    case .function(let id): NamedThing(name, .function, fullSignature(id))
    case .record(let id): NamedThing(name, .type, record(id).name)
    case .alias(let id): NamedThing(name, .type, typeName(id))
    case .global(let id): NamedThing(name, .value, typeName(program[id].type))
    }
  }

  /// What may follow the dot after a value of a type: its fields, then functions that take it
  /// first.
  package func members(of type: TypeID) -> [NamedThing] {
    asking {
      var result: [NamedThing] = []
      if case .record(let id) = self.type(unwrapped(type)) {
        result = record(id).fields.map { NamedThing($0.name, .field, typeName($0.type)) }
      }
      var seen: Set<String> = []
      for index in visibleModules {
        for name in functionNames(of: index).sorted() where seen.insert(name).inserted {
          guard let id = functionSymbol(name), program[id].role == .function,
            let first = program[id].parameters.first, takes(first.type, type)
          else { continue }
          result.append(NamedThing(name, .function, fullSignature(id)))
        }
      }
      return result
    }
  }

  /// Whether a parameter takes a value of a type; a bare type parameter says too little.
  private func takes(_ parameter: TypeID, _ given: TypeID) -> Bool {
    switch (type(parameter), type(given)) {
    case (.parameter, _), (.error, _), (_, .error), (_, .never): false
    case (.list(let element), .list):
      isParameter(element) || fitting(given, parameter) != .no
    case _: fitting(given, parameter) != .no  // open: every other pair is compared as a whole
    }
  }

  private func isParameter(_ id: TypeID) -> Bool {
    if case .parameter = type(id) { true } else { false }
  }

  /// The record that a block keyword or a type's name stands for, or that a field of that name
  /// holds in the block around it.
  package func record(ofBlock word: String, in outer: RecordID?) -> RecordID? {
    asking {
      if let outer, let field = record(outer).fields.first(where: { $0.name == word }),
        case .record(let id) = type(unwrapped(field.type))
      {
        return id
      }
      if let id = keyword(word) { return id }
      if case .record(let id)? = symbol(word) { return id }
      return nil
    }
  }

  /// What may stand in a block of a type: its fields, and the keywords of blocks that go into one.
  package func items(ofBlock id: RecordID) -> [NamedThing] {
    asking {
      var result: [NamedThing] = []
      var held: Set<RecordID> = []
      for field in record(id).fields where field.mark == .ordinary {
        result.append(NamedThing(field.name, .field, typeName(field.type)))
        if case .list(let element) = type(unwrapped(field.type)),
          case .record(let inner) = type(element)
        {
          held.insert(inner)
        }
      }
      for word in Set(visibleKeywords()).sorted() {
        if let inner = keyword(word), held.contains(inner) {
          result.append(NamedThing(word, .blockKeyword, record(inner).name))
        }
      }
      return result
    }
  }

  /// The texts that a field of a block may have, where its type is a choice of texts.
  package func choices(ofField name: String, in id: RecordID) -> [String] {
    guard let field = record(id).fields.first(where: { $0.name == name }),
      case .choice(let words) = type(unwrapped(field.type))
    else { return [] }
    return words
  }

  /// The parameters of the function that `name` or `module.name` stands for.
  package func parameters(ofFunction path: String) -> [NamedThing] {
    guard let id = function(path) else { return [] }
    return program[id].parameters.map {
      NamedThing($0.label, .parameter, typeName($0.type))
    }
  }

  private func function(_ path: String) -> FunctionID? {
    asking {
      let parts = path.split(separator: ".").map(String.init)
      if parts.count == 2, let index = moduleIndex(parts[0]) {
        guard case .function(let id)? = scopes[index].symbols[parts[1]] else { return nil }
        return id
      }
      return parts.last.flatMap(functionSymbol)
    }
  }

  /// A function as it is declared: `reads fn pods(s: Service, in: Zone) -> [Pod]`.
  func fullSignature(_ id: FunctionID) -> String {
    let word =
      switch (program[id].role, program[id].effect) {
      case (.runbook, _): "runbook"
      case (_, .pure): "fn"
      case (_, .reads): "reads fn"
      case (_, .acts): "acts fn"
      }
    return "\(word) \(signature(id))"
  }
}

extension Checker {
  /// The names that the user's first file declares.
  package var mainNames: Set<String> {
    guard scopes.indices.contains(mainModule) else { return [] }
    return Set(scopes[mainModule].symbols.keys).union(scopes[mainModule].nested.keys)
  }
}
