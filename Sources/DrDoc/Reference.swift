// SPDX-License-Identifier: Apache-2.0
//
// DrDoc: what modules declare, with their doc comments, as text for a terminal, as Markdown and as
// one page of HTML. It takes signatures, defaults and constraints as they are written, and from the
// checker what is not written: the types of values, and the effects of functions. Nothing of a
// program is evaluated.

import DrBase

/// What some modules declare.
package struct Reference: Sendable {
  /// What the reference is of: a file, or the standard library.
  package var title: String
  package var modules: [DocModule]

  /// The record types of all modules by their names, for links from one to the other.
  var types: [String: DocItem] {
    var types: [String: DocItem] = [:]
    for item in modules.flatMap(\.items) where item.kind == .type && types[item.name] == nil {
      types[item.name] = item
    }
    return types
  }

  /// Functions that take a value of a type first, and so can be called on it: `s.ready(…)`.
  func functions(on type: DocItem) -> [DocItem] {
    modules.flatMap(\.items).filter { $0.kind == .function && $0.receiver == type.name }
  }
}

/// One module.
package struct DocModule: Sendable {
  /// `kubernetes`, `emit/deployment`, `deepseek.dr`
  package let path: String
  /// What code writes before the dot: `kube`.
  package let name: String
  package let documentation: String?
  package var items: [DocItem]

  /// A few words: the first sentence of its documentation or, of a module with one declaration, of
  /// that.
  var summary: String {
    if let documentation { return firstSentence(documentation) }
    return items.count == 1 ? items[0].summary : ""
  }

  /// The declarations below their headings: those of the source, and where there is none, what kind
  /// they are.
  var groups: [(title: String, items: [DocItem])] {
    var groups: [(title: String, items: [DocItem])] = []
    for kind in DocItem.Kind.allCases {
      let items = items.filter { $0.section == nil && $0.kind == kind }
      if !items.isEmpty { groups.append((kind.title, items)) }
    }
    for item in items {
      guard let section = item.section else { continue }
      if groups.last?.title == section {
        groups[groups.count - 1].items.append(item)
      } else {
        groups.append((section, [item]))
      }
    }
    return groups
  }
}

/// A text up to the end of its first sentence, on one line.
func firstSentence(_ text: String) -> String {
  let first = text.split(separator: "\n", omittingEmptySubsequences: false)
    .prefix { !$0.isEmpty }.joined(separator: " ")
  guard let end = first.firstRange(of: ". ")?.lowerBound else { return first }
  return first[..<end] + "."
}

/// One declaration.
package struct DocItem: Sendable {
  /// What it declares.
  package enum Kind: String, Sendable, CaseIterable {
    case input, block, policy, runbook, drill, type, value, function, emit, rule

    /// The heading over several.
    package var title: String {
      switch self {
      case .input: "Inputs"
      case .block: "Blocks"
      case .policy: "Policies"
      case .runbook: "Runbooks"
      case .drill: "Drills"
      case .type: "Types"
      case .value: "Values"
      case .function: "Functions"
      case .emit: "Backends"
      case .rule: "Rules"
      }
    }
  }

  package let kind: Kind
  package let name: String
  /// What code writes before the dot.
  package let module: String
  /// As it is written, on one line, without a body: `reads fn ready(s: Service, in zone: Zone) -> Int`
  package let signature: String
  package let documentation: String?
  /// The heading in the source under which it stands.
  package let section: String?
  /// `stdlib/service.dr:29`
  package let place: String
  /// The word that begins blocks of a type.
  package var word: String?
  package var fields: [DocField] = []
  /// The type of a function's first parameter.
  package var receiver: String?
  /// Titles of a runbook's steps.
  package var steps: [String] = []

  /// Its name, with what a rule finds.
  package var title: String {
    guard kind == .rule else { return name }
    let words = signature.split(separator: " ")
    return words.count > 2 ? "\(name) " + words[2].replacing("_", with: "-") : name
  }

  /// Where a page links to.
  package var anchor: String { "\(module).\(name)" }

  /// The first sentence of its documentation; without one, how it is declared.
  package var summary: String { documentation.map(firstSentence) ?? signature }
}

/// A field of a type.
package struct DocField: Sendable {
  package let name: String
  /// `parent`, `subject` or nothing.
  package let mark: String?
  package let type: String
  package let defaultValue: String?
  /// What must hold.
  package let constraint: String?
  /// What is said where it does not hold.
  package let message: String?
  package let documentation: String?

  /// `every: Duration = 10s where every >= 1s`
  package var signature: String {
    [
      mark, "\(name): \(type)", defaultValue.map { "= \($0)" }, constraint.map { "where \($0)" },
    ].compactMap(\.self).joined(separator: " ")
  }
}

/// A type of the language that is no record.
package struct BuiltInType: Sendable {
  package let name: String
  package let summary: String
  /// What its literals are written with; empty of what is no quantity.
  package let units: String
  package let example: String

  package static let all = [
    BuiltInType(name: "Bool", summary: "A truth.", units: "", example: "true"),
    BuiltInType(name: "Int", summary: "A whole number of 64 bits.", units: "", example: "42"),
    BuiltInType(
      name: "Float", summary: "A number of double precision, never infinite.", units: "",
      example: "0.5"),
    BuiltInType(name: "String", summary: "A text in UTF-8.", units: "", example: "\"az1\""),
    BuiltInType(
      name: "Duration", summary: "A length of time, exact to the nanosecond.",
      units: "ns us ms s m h d", example: "1h30m"),
    BuiltInType(
      name: "Bytes", summary: "A size, exact to the byte.", units: "B KB MB GB TB Ki Mi Gi Ti",
      example: "16Gi"),
    BuiltInType(
      name: "Percent", summary: "A share, exact to a billionth.", units: "%", example: "99.95%"),
    BuiltInType(
      name: "Rate", summary: "How often, in requests per second.", units: "rps", example: "50rps"),
    BuiltInType(
      name: "Throughput", summary: "A size in each second.", units: "B/s KB/s … Ti/s",
      example: "2GB/s"),
    BuiltInType(
      name: "Secret", summary: "The name of a secret, never its contents.", units: "",
      example: "secret(\"web/token\")"),
    BuiltInType(
      name: "Object", summary: "JSON-like data with ordered members.", units: "",
      example: "{ app: \"web\" }"),
  ]
}
