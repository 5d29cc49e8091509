// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// What a definition of a custom resource asks of values beyond their types (structural schemas of
/// apiextensions.k8s.io/v1): patterns, lengths, and forms that a value must have (`allOf`, `anyOf`,
/// `oneOf`, `not`). The tables hold the rest; rules in CEL are the API server's to check.
package struct StructuralRule: Sendable, Equatable {
  /// Within a form also what the tables check elsewhere: there it decides which form a value has.
  private var type: String?
  private var required: [String] = []
  private var options: [Document] = []
  private var pattern: TextPattern?
  /// Of a text in scalars, of a list in elements, of an object in members.
  private var size = SchemaBounds()
  private var least: Double?
  private var greatest: Double?
  private var isLeastExcluded = false
  private var isGreatestExcluded = false
  private var multipleOf: Double?
  private var members: [Member] = []
  /// Of the elements of a list; of the other members of an object. At most one each.
  private var elements: [StructuralRule] = []
  private var values: [StructuralRule] = []
  private var all: [StructuralRule] = []
  private var any: [StructuralRule] = []
  private var one: [StructuralRule] = []
  private var none: [StructuralRule] = []

  private struct Member: Sendable, Equatable {
    let name: String
    let rule: StructuralRule
  }

  /// Nil where a schema asks for nothing.
  package init?(_ schema: Document) {
    self.init(schema, isForm: false, depth: 0)
    guard self != StructuralRule() else { return nil }
  }

  private init() {}

  private init(_ schema: Document, isForm: Bool, depth: Int) {
    guard depth < 100 else { return }
    func inner(_ name: String, isForm: Bool) -> [StructuralRule] {
      let found = schema[name].map { $0.arrayValue ?? [$0] } ?? []
      return found.map { StructuralRule($0, isForm: isForm, depth: depth + 1) }
    }
    let type = schema["type"]?.stringValue
    if isForm {
      self.type = type
      required = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
      options = schema["enum"]?.arrayValue ?? []
    }
    pattern = schema["pattern"]?.stringValue.flatMap { TextPattern($0) }
    size.least = (schema["minLength"] ?? schema["minItems"] ?? schema["minProperties"])?.intValue
    size.greatest =
      (schema["maxLength"] ?? schema["maxItems"] ?? schema["maxProperties"])?.intValue
    // The tables hold the bounds of whole numbers.
    if isForm || type == "number" || schema["exclusiveMinimum"] == true
      || schema["exclusiveMaximum"] == true
    {
      least = schema["minimum"]?.number
      greatest = schema["maximum"]?.number
      isLeastExcluded = schema["exclusiveMinimum"] == true
      isGreatestExcluded = schema["exclusiveMaximum"] == true
    }
    multipleOf = schema["multipleOf"]?.number
    let nothing = StructuralRule()
    members = (schema["properties"]?.objectValue?.members ?? []).map {
      Member(name: $0.name, rule: StructuralRule($0.value, isForm: isForm, depth: depth + 1))
    }.filter { $0.rule != nothing }
    elements = inner("items", isForm: isForm).filter { $0 != nothing }
    if schema["additionalProperties"]?.objectValue != nil {
      values = inner("additionalProperties", isForm: isForm).filter { $0 != nothing }
    }
    all = inner("allOf", isForm: true).filter { $0 != nothing }
    one = inner("oneOf", isForm: true)
    none = inner("not", isForm: true)
    // `anyOf` of a whole number and a text is how these definitions say what the tables know.
    if schema["x-kubernetes-int-or-string"] != true { any = inner("anyOf", isForm: true) }
  }

  /// What is wrong with a value, in its order.
  package func problems(with value: Document) -> [SchemaProblem] {
    var problems: [SchemaProblem] = []
    check(value, at: SchemaPath(), &problems)
    return problems
  }

  private func fits(_ value: Document) -> Bool {
    var problems: [SchemaProblem] = []
    check(value, at: SchemaPath(), &problems)
    return problems.isEmpty
  }

  private func check(
    _ value: Document, at path: SchemaPath, _ problems: inout [SchemaProblem]
  ) {
    func report(_ kind: SchemaProblem.Kind) { problems.append(SchemaProblem(kind, at: path)) }
    // A member that is null is as if it were not there.
    if value == .null { return }
    if let type, !value.isOf(type) { report(.misshapen(reason: "must be of type \(type)")) }
    if !options.isEmpty, !options.contains(value) {
      report(.misshapen(reason: "is none of the values that are allowed"))
    }
    switch value {
    case .string(let text): check(text, report)
    case .int(let number): check(Double(number), "\(number)", report)
    case .float(let number): check(number, "\(number)", report)
    case .array(let list):
      checkSize(list.count, "elements", report)
      for (index, element) in list.enumerated() {
        for rule in elements {
          rule.check(element, at: SchemaPath(path.parts + [.element(index)]), &problems)
        }
      }
    case .object(let object):
      checkSize(object.members.count, "members", report)
      for name in required where object[name] == nil || object[name] == .null {
        problems.append(SchemaProblem(.missing, at: SchemaPath(path.parts + [.member(name)])))
      }
      for (name, value) in object.members {
        let inner = SchemaPath(path.parts + [.member(name)])
        if let member = members.first(where: { $0.name == name }) {
          member.rule.check(value, at: inner, &problems)
        } else {
          for rule in values { rule.check(value, at: inner, &problems) }
        }
      }
    case .null, .bool: break
    }
    for rule in all { rule.check(value, at: path, &problems) }
    checkForms(value, report)
  }

  private func check(_ text: String, _ report: (SchemaProblem.Kind) -> Void) {
    let shown = text.count > 60 ? "\"\(text.prefix(60))…\"" : "\"\(text)\""
    if let pattern, !pattern.matches(text) {
      report(.invalid(found: shown, reason: "does not match \(pattern.source)"))
    }
    let count = text.unicodeScalars.count
    if let least = size.least, count < least {
      report(.invalid(found: shown, reason: "is shorter than \(Self.characters(least))"))
    } else if let greatest = size.greatest, count > greatest {
      report(.invalid(found: shown, reason: "is longer than \(Self.characters(greatest))"))
    }
  }

  private static func characters(_ count: Int64) -> String {
    count == 1 ? "1 character" : "\(count) characters"
  }

  private func check(
    _ number: Double, _ shown: String, _ report: (SchemaProblem.Kind) -> Void
  ) {
    if let least, number < least || isLeastExcluded && number == least {
      let words = isLeastExcluded ? "is not more than" : "is less than"
      report(.invalid(found: shown, reason: "\(words) \(Self.text(least))"))
    } else if let greatest, number > greatest || isGreatestExcluded && number == greatest {
      let words = isGreatestExcluded ? "is not less than" : "is more than"
      report(.invalid(found: shown, reason: "\(words) \(Self.text(greatest))"))
    } else if let multipleOf, multipleOf > 0 {
      let times = number / multipleOf
      if times != times.rounded() {
        report(.invalid(found: shown, reason: "is no multiple of \(Self.text(multipleOf))"))
      }
    }
  }

  private static func text(_ number: Double) -> String {
    Int64(exactly: number).map { "\($0)" } ?? "\(number)"
  }

  private func checkSize(
    _ count: Int, _ what: String, _ report: (SchemaProblem.Kind) -> Void
  ) {
    if let least = size.least, count < least {
      report(.misshapen(reason: "has \(count) \(what), fewer than \(least)"))
    } else if let greatest = size.greatest, count > greatest {
      report(.misshapen(reason: "has \(count) \(what), more than \(greatest)"))
    }
  }

  // MARK: Forms

  private func checkForms(_ value: Document, _ report: (SchemaProblem.Kind) -> Void) {
    if !any.isEmpty, !any.contains(where: { $0.fits(value) }) {
      let names = any.compactMap(\.onlyRequired)
      report(
        .misshapen(
          reason: names.count == any.count
            ? "needs \(Self.list(names, "or"))" : "has none of the forms that are allowed"))
    }
    if !one.isEmpty {
      let fitting = one.count { $0.fits(value) }
      if fitting != 1 { report(.misshapen(reason: reason(ofOne: fitting))) }
    }
    for rule in none where rule.fits(value) {
      let names = (rule.any.isEmpty ? [rule] : rule.any).compactMap(\.onlyRequired)
      report(
        .misshapen(
          reason: names.isEmpty
            ? "has a form that is ruled out" : "must not have \(Self.list(names, "or"))"))
    }
  }

  private func reason(ofOne fitting: Int) -> String {
    // One of a few members, or none of them where a form says so.
    let named = one.compactMap(\.onlyRequired)
    let others = one.count - named.count
    if named.count > 1, others <= 1 {
      return fitting == 0
        ? "needs \(Self.list(named, "or"))" : "may have only one of \(Self.list(named, "and"))"
    }
    return fitting == 0
      ? "has none of the forms that are allowed"
      : "has \(fitting) of the forms of which it may have one"
  }

  /// The members that a form asks for, where it asks for nothing else: `port`, or `host and port`.
  private var onlyRequired: String? {
    var rest = self
    rest.required = []
    rest.type = nil
    guard rest == StructuralRule(), !required.isEmpty else { return nil }
    return Self.list(required.map { "`\($0)`" }, "with")
  }

  private static func list(_ names: [String], _ word: String) -> String {
    guard names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " \(word) " + (names.last ?? "")
  }
}

extension Document {
  fileprivate var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }

  /// Whether it is of a type of JSON Schema.
  fileprivate func isOf(_ type: String) -> Bool {
    switch self {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .int: type == "integer" || type == "number"
    case .float(let value): type == "number" || type == "integer" && value == value.rounded()
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }
}
