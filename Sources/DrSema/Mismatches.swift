// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Types in words, and what to say where they do not fit.
extension Checker {
  // MARK: Types for people

  /// A type as `.dr` code writes it.
  package func typeName(_ id: TypeID) -> String {
    switch type(id) {
    case .error: "?"
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
    case .optional(let inner): optionalName(inner)
    case .choice(let words): words.map { "\"\($0)\"" }.joined(separator: " | ")
    case .record(let id): record(id).name
    case .union(let ids): ids.map { record($0).name }.joined(separator: " | ")
    case .function(let parameters, let result):
      "(\(parameters.map(typeName).joined(separator: ", "))) -> \(typeName(result))"
    case .parameter(let index): parameterName(index)
    }
  }

  private func optionalName(_ inner: TypeID) -> String {
    switch type(inner) {
    case .never: "nil"
    case .function, .choice, .union: "(\(typeName(inner)))?"
    default: "\(typeName(inner))?"  // open: all others need no parentheses
    }
  }

  private func parameterName(_ index: Int) -> String {
    if namedParameters.indices.contains(index) { return namedParameters[index] }
    return typeParameters.first { $0.value == index }?.key ?? "T"
  }

  /// With an article, as in a sentence.
  func describe(_ id: TypeID) -> String {
    switch type(id) {
    case .error: "a value of an unknown type"
    case .never: "no value"
    case .unit: "nothing (Unit)"
    case .bool: "true or false (Bool)"
    case .int: "a whole number (Int)"
    case .float: "a number (Float)"
    case .string: "a text (String)"
    case .duration: "a duration (Duration)"
    case .bytes: "a size (Bytes)"
    case .percent: "a ratio (Percent)"
    case .rate: "a rate (Rate)"
    case .throughput: "a throughput (Throughput)"
    case .secret: "a secret (Secret)"
    case .object: "an object (Object)"
    case .range: "a range (Range)"
    case .list: "a list (\(typeName(id)))"
    case .map: "a map (\(typeName(id)))"
    case .optional(let inner):
      inner == TypeTable.never ? "nil" : "\(describe(inner)) or nil"
    case .choice(let words):
      words.count == 1
        ? typeName(id) : "one of \(words.map { "\"\($0)\"" }.joined(separator: ", "))"
    case .record(let id): withArticle(record(id).name)
    case .union(let ids): ids.map { withArticle(record($0).name) }.joined(separator: " or ")
    case .function: "a function (\(typeName(id)))"
    case .parameter(let index): "a value of any type (\(parameterName(index)))"
    }
  }

  // MARK: One value

  func reportMismatch(_ expr: Expr, wanted: TypeID) {
    let before = diagnostics.count
    explainMismatch(expr, wanted: wanted)
    if diagnostics.count > before {
      mismatches.append(Mismatch(diagnostic: before, span: expr.span, type: expr.type))
    }
  }

  private func explainMismatch(_ expr: Expr, wanted: TypeID) {
    let from = typeName(expr.type)
    let to = typeName(wanted)
    if expr.type == nilType {
      report(
        .mayBeNil, "this is nil, where \(describe(wanted)) is needed", at: expr.span,
        caption: "nil is no \(to)",
        help: "write a value; nil stands only where the type has a `?`, as in \(to)?")
    } else if isOptional(expr.type), fitting(unwrapped(expr.type), wanted) != .no {
      report(
        .mayBeNil, "this may be nil, where \(describe(wanted)) is needed", at: expr.span,
        caption: "this is \(from)", help: helpForNil)
    } else if isQuantity(unwrapped(expr.type)), isQuantity(unwrapped(wanted)) {
      report(
        .unitMismatch,
        "this is \(describe(expr.type)), where \(describe(unwrapped(wanted))) is needed",
        at: expr.span, caption: "\(from), not \(to)",
        help: helpForUnit(expr, unwrapped(wanted)),
        fixes: fixesForUnit(expr, wanted: unwrapped(wanted)))
    } else {
      report(
        .typeMismatch,
        "this is \(describe(expr.type)), where \(describe(unwrapped(wanted))) is needed",
        at: expr.span, caption: "\(from), not \(to)", help: helpForValue(expr, unwrapped(wanted)),
        fixes: fixesForValue(expr, wanted: unwrapped(wanted)))
    }
  }

  private var helpForNil: String {
    "give a value for that case: `… ?? some_default`, or test it: `if … != nil { … }`"
  }

  private func helpForUnit(_ expr: Expr, _ wanted: TypeID) -> String? {
    switch (wanted, expr.type) {
    case (TypeTable.int, TypeTable.percent) where expr.isBinary,
      (TypeTable.float, TypeTable.percent) where expr.isBinary:
      "take a share of a number with a Float: `rounded(10 * 0.5)`"
    case (TypeTable.float, TypeTable.int): "turn the whole number into a Float: `to_float(…)`"
    case (TypeTable.float, TypeTable.duration):
      "write the number without a unit; a share of a CPU is written 0.5, not 500m"
    case (TypeTable.percent, TypeTable.float): helpForRatio(expr)
    case (TypeTable.int, TypeTable.float): "turn it into a whole number: `rounded(…)`"
    default: exampleOfUnit(wanted)  // open: all other quantities have units
    }
  }

  /// `99.95%` for 0.9995.
  private func helpForRatio(_ expr: Expr) -> String {
    guard let text = literal(expr), text.hasPrefix("0."), text.utf8.count <= 12 else {
      return "write a ratio: 70%"
    }
    let digits = text.dropFirst(2).filter { $0 != "_" }
    let whole = digits.prefix(2) + String(repeating: "0", count: max(0, 2 - digits.count))
    let short = whole.drop { $0 == "0" }
    let rest = digits.dropFirst(2)
    return "write a ratio: \(short.isEmpty ? "0" : short)\(rest.isEmpty ? "" : ".")\(rest)%"
  }

  /// The text of a number or quantity that is written out.
  private func literal(_ expr: Expr) -> String? {
    let text = program.sources.text(expr.span)
    guard let first = text.first, first.isASCII, first.isNumber, !text.contains(" ") else {
      return nil
    }
    return text
  }

  private func exampleOfUnit(_ id: TypeID) -> String? {
    switch id {
    case TypeTable.duration: "write a unit of time: 30s, 5m, 1h30m"
    case TypeTable.bytes: "write a unit of size: 512Mi, 16Gi, 100GB"
    case TypeTable.percent: "write a ratio: 70%"
    case TypeTable.rate: "write a rate: 50rps"
    case TypeTable.throughput: "write a throughput: 2GB/s"
    case TypeTable.int, TypeTable.float: "write the number without a unit"
    default: nil  // open: no other type is a quantity
    }
  }

  /// What to write instead of a value of another type.
  private func helpForValue(_ expr: Expr, _ wanted: TypeID) -> String {
    if case .if(_, _, else: nil) = expr.kind { return "add `else { … }` with the other value" }
    if expr.type == TypeTable.unit { return "this gives no value; end it with one" }
    if case .list(let element) = type(expr.type), fitting(element, wanted) == .same {
      return "take one element of the list: `…[0]`, `first(…)`"
    }
    switch type(wanted) {
    case .string:
      guard isQuantity(expr.type), let literal = literal(expr) else {
        return "write it as a text: \"\\(…)\""
      }
      return "write it as a text: \"\(literal)\""
    case .bool where expr.isString:
      return "compare it with something: `… == \"a\"`; a message follows `else`"
    case .bool: return "compare it with something: `… > 0`, `… == \"a\"`"
    case .list(let element):
      switch type(expr.type) {
      case .list: return "each element must be \(describe(element))"
      case .map: return "take its keys: `[for k in …: k]`, or its values: `[for k in m: m[k]]`"
      case .range: return "take its numbers: `[for i in …: i]`"
      default: break  // open: nothing else has elements
      }
      return fitting(expr.type, element) == .same
        ? "put it into a list: [ … ]" : "write a list: [ … ], or `[]` for an empty one"
    case .map: return "write a map: [key: value], or `[:]` for an empty one"
    case .object: return "write an object: { name: value }"
    case .function(let parameters, _):
      let names = ["x", "y", "z"].prefix(parameters.count).joined(separator: ", ")
      return "write a function: `\(parameters.count == 1 ? names : "(\(names))") => …`"
    case .choice(let words):
      return "write one of \(words.map { "\"\($0)\"" }.joined(separator: ", "))"
        + (expr.type == TypeTable.string ? ", or declare the text with that type" : "")
    case .record(let id): return helpForRecord(expr, id)
    case .union(let ids):
      return "write "
        + ids.map { "`\(record($0).keyword ?? record($0).name) { … }`" }
        .joined(separator: " or ")
    case .int where expr.type == TypeTable.range:
      return "take the elements one by one: `[for i in 0..3: xs[i]]`"
    case .duration, .bytes, .percent, .rate, .throughput, .int, .float:
      if case .string(let text) = expr.kind {
        if wanted == TypeTable.float, text.hasSuffix("m") {
          return "write a share of a CPU as a number: 0.5 for 500m"
        }
        let isNumber = wanted == TypeTable.int || wanted == TypeTable.float
        if isNumber, Double(text) == nil { return "write a number" }
        return isNumber
          ? "write the number without quotes"
          : (exampleOfUnit(wanted) ?? "write it") + ", without quotes"
      }
      return exampleOfUnit(wanted) ?? "write a number"
    case .secret: return "name a Secret object: secret(\"namespace/name\")"
    case .range: return "write a range: 0..3"
    case .parameter:
      return "a generic function gives back what it was given; use a type that it knows"
    case .error, .never, .unit, .optional: return "write a \(typeName(wanted))"
    }
  }

  private func helpForRecord(_ expr: Expr, _ id: RecordID) -> String {
    let wanted = intern(.record(id))
    if case .string(let text) = expr.kind,
      let named = program.globals.first(where: { $0.type == wanted && $0.name == text })
    {
      return "name it without quotes: `\(named.name)`"
    }
    if case .record(let from) = type(expr.type),
      let field = record(from).fields.first(where: { $0.type == wanted })
    {
      return "take its \(record(id).name): `….\(field.name)`"
    }
    let known = program.globals.filter { $0.type == wanted && $0.module == modules[module].alias }
      .prefix(3).map { "`\($0.name)`" }
    if !known.isEmpty {
      return "name \(withArticle(record(id).name)), such as \(known.joined(separator: ", "))"
    }
    let makers = visibleModules.flatMap { index in
      scopes[index].symbols.compactMap { name, symbol -> String? in
        guard case .function(let maker) = symbol, !name.hasPrefix("_"),
          program[maker].role == .function, program[maker].effect == .pure,
          program[maker].result == wanted
        else { return nil }
        return name
      }
    }
    if let maker = makers.min() { return "make one: `\(maker)(…)`" }
    return record(id).keyword.map { "declare one, `\($0) some_name { … }`, and name it" }
      ?? "write `\(record(id).name) { … }`"
  }

  // MARK: Two operands

  func reportOperands(_ verb: String, _ left: Expr, _ right: Expr, _ node: SyntaxNode) {
    let units = isQuantity(left.type) && isQuantity(right.type)
    let joiner =
      ["add": "to", "subtract": "from", "divide": "by", "multiply": "by"][verb] ?? "with"
    let (first, second) =
      verb == "add" || verb == "subtract" ? (right.type, left.type) : (left.type, right.type)
    report(
      units ? .unitMismatch : .typeMismatch,
      "cannot \(verb) \(describe(first)) \(joiner) \(describe(second))", at: node.span,
      labels: [
        Label(left.span, typeName(left.type)), Label(right.span, typeName(right.type)),
      ],
      help: helpForOperands(left.type, right.type, verb))
  }

  private func helpForOperands(_ a: TypeID, _ b: TypeID, _ verb: String) -> String {
    let isNumber = { (id: TypeID) in id == TypeTable.int || id == TypeTable.float }
    if a == TypeTable.string || b == TypeTable.string {
      return verb == "add"
        ? "put the value into the text: \"… \\(value) …\""
        : "use two values of one type; a number is written without quotes"
    }
    switch (type(a), type(b)) {
    case (.object, .object) where verb == "add":
      return "put the members of one into the other: `{ ...a, ...b }`"
    case (.map, .map) where verb == "add":
      return "put the entries of one into the other: `[...a, ...b]`"
    default: break  // open: all others are told by their identity
    }
    switch (a, b) {
    case (TypeTable.int, TypeTable.float), (TypeTable.float, TypeTable.int):
      return "turn the whole number into a Float: `to_float(…)`"
    case _ where verb == "multiply" && isQuantity(a) && isQuantity(b):
      return "multiply a quantity by a number or a ratio"
    case _ where verb == "divide" && isQuantity(a) && isQuantity(b):
      return "divide by a number, or by a quantity of the same kind"
    case _ where isNumber(a) && isQuantity(b): return exampleOfUnit(b) ?? "give both a unit"
    case _ where isQuantity(a) && isNumber(b): return exampleOfUnit(a) ?? "give both a unit"
    case _ where isQuantity(a) && isQuantity(b):
      return "\(verb) like with like: two durations, or two sizes"
    default:  // open: named types speak for themselves
      return "\(verb) values of one type"
    }
  }
}

extension Expr {
  fileprivate var isBinary: Bool { if case .binary = kind { true } else { false } }
  fileprivate var isString: Bool { if case .string = kind { true } else { false } }
}
