// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Rules, their findings, and `model`, through which they see the program.
extension Checker {
  // MARK: Declarations

  /// A rule of the program takes the place of the standard library's of the same code.
  func declareRule(_ id: FunctionID, _ node: SyntaxNode) {
    let names = node.names
    guard names.count == 3, names.allSatisfy({ !$0.text.isEmpty }) else { return }
    let (code, name, word) = (names[0], names[1], names[2])
    if !Self.isRuleCode(code.text) {
      report(
        .unexpectedToken, "`\(code.text)` is no code of a rule", at: code.span,
        notes: ["a code is capital letters and a number; E and a number are the language's own"],
        help: "write a code such as DR101")
    }
    let severity = Severity(rawValue: word.text)
    if severity == nil {
      report(
        .unknownName, "`\(word.text)` is not how bad something is", at: word.span,
        help: "write error, warning or note")
    }
    let rule = Rule(
      function: id, code: code.text, name: String(name.text.map { $0 == "_" ? "-" : $0 }),
      severity: severity ?? .error, isStandard: modules[module].isStandard)
    guard let earlier = program.rules.firstIndex(where: { $0.code == rule.code }) else {
      program.rules.append(rule)
      return
    }
    let other = program.rules[earlier]
    if other.isStandard == rule.isStandard {
      reportDuplicate(
        "the rule \(rule.code) is declared twice", at: code.span,
        earlier: program[other.function].span)
    } else if other.isStandard {
      program.rules[earlier] = rule
    }
  }

  private static func isRuleCode(_ text: String) -> Bool {
    let letters = text.prefix { $0.isASCII && $0.isUppercase }
    let digits = text.dropFirst(letters.count)
    return !letters.isEmpty && letters != "E" && !digits.isEmpty
      && digits.allSatisfy { $0.isASCII && $0.isNumber }
  }

  // MARK: Findings

  /// What a rule gives; see `Rule.function`.
  var findings: TypeID { intern(.list(intern(.list(TypeTable.object)))) }

  func checkReport(_ node: SyntaxNode) -> [Statement] {
    if output != .findings {
      report(
        .unexpectedToken, "`report` gives a finding, which only a `rule` does", at: node.span,
        help: "let the function give what the rule reports")
    }
    let parts = node.expressions
    guard parts.count == 2 else { return [] }
    var (block, slots) = checkReported(parts[0])
    let isObject = block.type == TypeTable.object
    var path: Expr?
    var fix = Expr(.nilValue, nilType, node.span)
    var fixKind = "fix"
    let message = checkExpression(parts[1], expected: TypeTable.string)
    var help = Expr(.nilValue, nilType, node.span)
    var given: [String: Span] = [:]
    for option in node.all(.argument) {
      guard let name = option.names.first, let value = option.expression else { continue }
      if let earlier = given[name.text] {
        reportGivenTwice(name.text, at: name.span, earlier: earlier)
      }
      given[name.text] = name.span
      switch name.text {
      case "help": help = checkExpression(value, expected: optional(TypeTable.string))
      case "fix", "add", "rename":
        if let other = ["fix", "add", "rename"].first(where: { $0 != name.text && given[$0] != nil }
        ) {
          report(
            .wrongArguments, "a report has one way to mend it: `\(other)` or `\(name.text)`",
            at: name.span, help: "leave one of them out")
        }
        fix = checkExpression(value, expected: optional(TypeTable.string))
        fixKind = name.text
      case "at" where isObject: path = checkExpression(value, expected: TypeTable.string)
      case "at": slots += checkPlace(value, in: typeAfter(slots, from: block.type)) ?? []
      default:  // open: any other label
        report(
          .wrongArguments, "a report has no `\(name.text)`", at: name.span,
          help: "write `at: field`, `help: …`, or `fix: …`, `add: …` or `rename: …`")
      }
    }
    let numbers = slots.map {
      Element.value(Expr(.int(Int64($0)), TypeTable.int, node.span))
    }
    let places = path ?? Expr(.list(numbers), intern(.list(TypeTable.int)), node.span)
    let kind = Expr(.string(fixKind), TypeTable.string, node.span)
    let finding = [block, message, help, places, fix, kind].map(Element.value)
    return [.yield(Expr(.list(finding), intern(.list(TypeTable.object)), node.span))]
  }

  /// The block that something is reported of, and the slots that lead from it to the field that was
  /// named.
  private func checkReported(_ node: SyntaxNode) -> (block: Expr, slots: [Int]) {
    let value = checkExpression(node)
    var block = value
    var slots: [Int] = []
    while true {
      if case .record(let id) = type(unwrapped(block.type)), hasPlace(id) {
        return (block, slots.reversed())
      }
      switch block.kind {
      case .field(let base, let slot), .optionalField(let base, let slot):
        slots.append(slot)
        block = base
      case _ where value.type == TypeTable.error || value.type == TypeTable.object:
        return (value, [])
      default:  // open: no other expression leads to a block
        report(
          .typeMismatch,
          "a finding is about a block, one of its fields or an object, not \(describe(value.type))",
          at: node.span, help: "report the block, and say where: `report block, \"…\", at: field`")
        return (broken(node.span), [])
      }
    }
  }

  /// Whether it is known where a record of that type is written: a block, or what says it itself, such
  /// as a statement of a runbook.
  private func hasPlace(_ id: RecordID) -> Bool {
    record(id).isVocabulary
      || record(id).fields.contains { $0.name == "at" && $0.type == TypeTable.string }
  }

  /// The slots of a field, or a field of a field, of a record: `objective.rto`.
  private func checkPlace(_ node: SyntaxNode, in type: TypeID) -> [Int]? {
    let name: SyntaxNode?
    var outer: [Int] = []
    switch node.kind {
    case .nameExpr: name = node.names.first
    case .memberExpr, .optionalMemberExpr:
      guard let base = node.expression, let found = checkPlace(base, in: type) else { return nil }
      outer = found
      name = node.names.last
    default:  // open: no other expression names a field
      report(.typeMismatch, "`at:` takes a field's name", at: node.span, help: "write `at: field`")
      return nil
    }
    guard let name, case .record(let id) = self.type(unwrapped(typeAfter(outer, from: type))) else {
      return nil
    }
    guard let slot = record(id).fields.firstIndex(where: { $0.name == name.text }) else {
      reportUnknownMember(
        name, of: withArticle(record(id).name), among: record(id).fields.map(\.name),
        label: Label(record(id).span, "\(record(id).name) is declared here"))
      return nil
    }
    return outer + [slot]
  }

  private func typeAfter(_ slots: [Int], from type: TypeID) -> TypeID {
    slots.reduce(type) { type, slot in
      guard case .record(let id) = self.type(unwrapped(type)) else { return TypeTable.error }
      return record(id).fields[slot].type
    }
  }

  // MARK: The model

  /// Whether a name stands for the program's own blocks; a value of that name hides it.
  func isModel(_ node: SyntaxNode) -> Bool {
    guard node.kind == .nameExpr, node.text == "model", lookupLocal("model") == nil,
      !selfFields().contains("model")
    else { return false }
    switch symbol("model") {
    case nil, .function: return true
    case .global, .record, .alias: return false
    }
  }

  func reportBareModel(_ node: SyntaxNode) -> Expr {
    report(
      .unknownName, "`model` holds the program's blocks, by their kind", at: node.span,
      help: "write `model.` and a kind in the plural, such as `model.services`")
    return broken(node.span)
  }

  /// `model.services`: the program's named blocks of one kind, in source order.
  func checkModel(_ name: SyntaxNode, _ node: SyntaxNode) -> Expr {
    let kinds = modelKinds
    guard let id = kinds[name.text] else {
      if let word = kinds.first(where: { record($0.value).keyword == name.text })?.key {
        report(
          .unknownField, "`model` names kinds of blocks in the plural", at: name.span,
          help: "write `model.\(word)`",
          fixes: [Fix("write `\(word)`", replacing: name.span, with: word)])
      } else {
        reportUnknownMember(name, of: "the model", among: kinds.keys.sorted())
      }
      return broken(node.span)
    }
    let list = modelList(of: id, at: node.span)
    if isOutline(id) {
      outlineReaders.insert(module)
    }
    if isChecked { fillOutlines() }
    return list
  }

  /// The list of the program's named blocks of a type.
  func modelList(of id: RecordID, at span: Span) -> Expr {
    let list = intern(.list(intern(.record(id))))
    if let known = program.models[id] { return Expr(.global(known), list, span) }
    let blocks = namedBlocks(of: id).map {
      Element.value(Expr(.global($0), intern(.record(id)), program[$0].span))
    }
    let global = GlobalID(Int32(program.globals.count))
    program.globals.append(
      Global(
        name: "model.\(Self.plural(of: record(id).keyword ?? ""))", module: "", type: list,
        body: .value(Expr(.list(blocks), list, record(id).span)), localCount: 0,
        span: record(id).span))
    program.models[id] = global
    return Expr(.global(global), list, span)
  }

  /// The kinds of blocks that `model` has, sorted; `nil` where the word stands for something else.
  package func modelThings(_ word: String) -> [NamedThing]? {
    guard word == "model" else { return nil }
    return asking {
      switch symbol("model") {
      case nil, .function:
        return modelKinds.sorted { $0.key < $1.key }.map {
          NamedThing($0.key, .field, "[\(record($0.value).name)]")
        }
      case .global, .record, .alias: return nil
      }
    }
  }

  /// The kinds of blocks that are seen from the present module, by their plural.
  private var modelKinds: [String: RecordID] {
    if let known = visibleKinds[module] { return known }
    var kinds: [String: RecordID] = [:]
    for index in visibleModules {
      for (word, id) in scopes[index].keywords where kinds[Self.plural(of: word)] == nil {
        kinds[Self.plural(of: word)] = id
      }
    }
    visibleKinds[module] = kinds
    return kinds
  }

  /// The plural of a word that begins blocks: `s` is added, `ies` takes the place of a `y` after a
  /// consonant, `es` is added after `x`, `ch` and `sh`; what ends in `s` or in no Latin letter
  /// stays.
  static func plural(of word: String) -> String {
    guard let last = word.last, last.isASCII, last.isLetter, last != "s" else { return word }
    if last == "y", let before = word.dropLast().last, !"aeiou".contains(before) {
      return word.dropLast() + "ies"
    }
    return word + (last == "x" || word.hasSuffix("ch") || word.hasSuffix("sh") ? "es" : "s")
  }

  /// The user's named blocks of a type, policies, drills and runbooks included.
  private func namedBlocks(of id: RecordID) -> [GlobalID] {
    if isOutline(id) {
      return outlineBlocks(of: id)
    }
    var found = blockWork.filter { $0.record == id && !modules[$0.module].isStandard }
      .map(\.global)
    for work in globalWork where !modules[work.module].isStandard {
      let isOfKind =
        work.node.kind == .policyDecl && record(id).keyword == "policy"
        || work.node.kind == .drillDecl && record(id).keyword == "drill"
      if isOfKind { found.append(work.global) }
    }
    return found
  }
}
