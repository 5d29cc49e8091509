// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrSyntax

/// A rule as its module declares it, for people: what it finds and why.
package struct RulePage: Sendable {
  /// `DR107`
  package let code: String
  /// `two-zone-quorum`
  package let name: String
  /// `error`, `warning` or `note`
  package let severity: String
  /// Its doc comment, in Markdown.
  package let text: String

  /// The rules of a file.
  package static func all(in source: SourceFile) -> [RulePage] {
    parse(source).root.all(.ruleDecl).compactMap { node in
      let names = node.names.map(\.text)
      guard names.count == 3 else { return nil }
      return RulePage(
        code: names[0], name: String(names[1].map { $0 == "_" ? "-" : $0 }), severity: names[2],
        text: node.documentation ?? "")
    }
  }

  /// A rule of a program.
  package init(_ rule: Rule, in program: CheckedProgram) {
    code = rule.code
    name = rule.name
    severity = rule.severity.rawValue
    text = program[rule.function].documentation ?? ""
  }

  private init(code: String, name: String, severity: String, text: String) {
    self.code = code
    self.name = name
    self.severity = severity
    self.text = text
  }

  /// The first sentence of its text.
  package var summary: String { firstSentence(text) + "." }

  /// Its text before the examples, on one line for each paragraph.
  package var reason: String {
    let examples = text.firstRange(of: "\n## ")?.lowerBound ?? text.endIndex
    let paragraphs = text[..<examples].split(separator: "\n", omittingEmptySubsequences: false)
      .split(separator: "").map { $0.joined(separator: " ") }
    return paragraphs.isEmpty ? summary : paragraphs.joined(separator: "\n\n")
  }

  /// A page of the catalogue.
  package var markdown: String { "# \(code) \(name) (\(severity))\n\n\(text)\n" }
}
