// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  /// Pass 2a: aliases, then the fields of records, then the named blocks, which need both.
  func resolveTypes() {
    for work in aliasWork {
      module = work.module
      scopes[module].symbols[work.name] = .alias(resolve(work.node))
    }
    for work in typeWork {
      module = work.module
      program.records[Int(work.record.rawValue)].fields = resolveFields(work)
    }
    declareBlocks()
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
        report(
          .duplicateName, "the field `\(name)` is declared twice", at: span,
          help: "`name`, `label` and `origin` are fields of every block already")
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
          caption: "this is \(typeName(id))")
      }
    }
    return records.isEmpty ? TypeTable.error : intern(.union(records))
  }

  private static let builtIn: [String: TypeID] = [
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
    switch symbol(name) {
    case .record(let id): return intern(.record(id))
    case .alias(let id): return id
    case .function, .global:
      report(.typeMismatch, "`\(name)` is no type", at: node.span)
      return TypeTable.error
    case nil:
      let known = Array(Self.builtIn.keys) + visibleNames().filter { $0.first?.isUppercase == true }
      let nearest = nearestName(to: name, among: known)
      report(
        .unknownName, "there is no type `\(name)`", at: node.span,
        help: nearest.map { "did you mean `\($0)`?" },
        fixes: nearest.map { [Fix("write `\($0)`", replacing: node.span, with: $0)] } ?? [])
      return TypeTable.error
    }
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
      for (index, name) in (work.node.first(.typeParameters)?.names ?? []).enumerated() {
        typeParameters[name.text] = index
      }
      resolveSignature(work.function, work.node)
      typeParameters = [:]
    }
  }

  private func resolveSignature(_ id: FunctionID, _ node: SyntaxNode) {
    var parameters: [Parameter] = []
    for parameter in node.first(.parameterList)?.all(.parameter) ?? [] {
      guard let label = parameter.name, let typeNode = parameter.type else { continue }
      let type = resolve(typeNode)
      parameters.append(
        Parameter(
          label: label, local: LocalID(Int32(parameters.count)), type: type,
          defaultValue: parameter.expression.map { defaultArgument($0, expected: type) }))
    }
    var result = TypeTable.unit
    if node.kind == .emitDecl {
      result = intern(.list(TypeTable.object))
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
      let word = native.name
      let actClass = word.flatMap(ActClass.init(rawValue:))
      if let word, actClass == nil {
        report(
          .unknownName, "`\(word)` is no class of acts", at: native.span,
          help: "write read, apply, keyed, verify or once")
      }
      if program[id].effect == .acts, word == nil {
        report(
          .actOutsideStep, "an act says how it is settled when in doubt", at: native.span,
          help: "write read, apply, keyed, verify or once after the name")
      }
      program.functions[Int(id.rawValue)].body = .native(name: name, actClass: actClass)
    }
  }

  /// A default argument is a constant: a literal stands as it is, anything else is a call of a function
  /// without parameters, so that it needs no locals of its caller.
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

  // MARK: Types for people

  package func typeName(_ id: TypeID) -> String {
    switch type(id) {
    case .error: "an unknown type"
    case .never: "Never"
    case .unit: "Unit"
    case .bool: "Bool"
    case .int: "Int"
    case .float: "Float"
    case .string: "String"
    case .duration: "Duration"
    case .bytes: "Bytes"
    case .percent: "Percent"
    case .rate: "Rate"
    case .throughput: "Throughput"
    case .secret: "Secret"
    case .object: "Object"
    case .range: "Range"
    case .list(let element):
      element == TypeTable.never ? "[]" : "[\(typeName(element))]"
    case .map(let key, let value): "[\(typeName(key)): \(typeName(value))]"
    case .optional(let inner): inner == TypeTable.never ? "nil" : "\(typeName(inner))?"
    case .choice(let words): words.map { "\"\($0)\"" }.joined(separator: " | ")
    case .record(let id): record(id).name
    case .union(let ids): ids.map { record($0).name }.joined(separator: " | ")
    case .function(let parameters, let result):
      "(\(parameters.map(typeName).joined(separator: ", "))) -> \(typeName(result))"
    case .parameter(let index): "T\(index)"
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
