// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// What a project's `dr.toml` says of linting: its tables `lint`, `lint.severity` and `lint.ignore`.
package struct LintSettings: Sendable {
  /// As `--select` has them.
  package private(set) var select: [String] = []
  /// Rules that do not run.
  package private(set) var ignore: [String] = []
  /// From which severity on findings fail a run.
  package private(set) var failOn: Severity?
  /// Path of the baseline file, from the folder of the `dr.toml`.
  package private(set) var baseline: String?
  /// Severities in place of the rules' own.
  package private(set) var severities: [(rule: String, severity: Severity)] = []
  /// What is wrong with the file.
  package private(set) var problems: [Diagnostic] = []
  private var words: [(text: String, span: Span)] = []

  package init() {}

  package init(_ source: SourceFile) {
    let tables: [TOML.Table]
    do throws(DataError) {
      tables = try TOML(source.bytes).tables
    } catch {
      problems = [
        Diagnostic(
          .invalidSetting, error.message, at: source.span(line: error.line, column: error.column),
          help: "dr.toml holds tables, [lint], and lines such as: fail_on = \"warning\"")
      ]
      return
    }
    for table in tables { read(table, source.id) }
  }

  private static let tables = ["lint", "lint.ignore", "lint.severity", "run"]
  private static let keys = ["select", "ignore", "fail_on", "baseline"]

  private mutating func read(_ table: TOML.Table, _ file: FileID) {
    func span(_ range: Range<Int>) -> Span {
      Span(file, UInt32(range.lowerBound), UInt32(range.upperBound))
    }
    switch table.name {
    case "":
      for entry in table.entries {
        unknown("the key `\(entry.key)`", entry.key, among: [], at: span(entry.keyRange))
      }
    case "lint": for entry in table.entries { readKey(entry, span) }
    case "lint.ignore":
      for entry in table.entries {
        words.append((entry.key, span(entry.keyRange)))
        ignore.append(entry.key)
        if case .string(let reason) = entry.value, reason.contains(where: \.isLetter) { continue }
        report(
          "this does not say why \(entry.key) is ignored", span(entry.valueRange),
          help: "write the reason: \(entry.key) = \"because …\"")
      }
    case "lint.severity":
      for entry in table.entries {
        words.append((entry.key, span(entry.keyRange)))
        guard let severity = severity(entry.value, at: span(entry.valueRange)) else { continue }
        severities.append((entry.key, severity))
      }
    case "run":
      // Where runs are kept; `dr run` reads it.
      for entry in table.entries {
        guard entry.key == "store" else {
          unknown("the key `\(entry.key)`", entry.key, among: ["store"], at: span(entry.keyRange))
          continue
        }
        if case .string = entry.value { continue }
        report(
          "`store` is a text", span(entry.valueRange), help: "write store = \"cluster:dr-runs\"")
      }
    default:  // open: every other table is a mistake
      unknown(
        "the table [\(table.name)]", table.name, among: Self.tables, at: span(table.nameRange))
    }
  }

  private mutating func readKey(_ entry: TOML.Entry, _ span: (Range<Int>) -> Span) {
    let place = span(entry.valueRange)
    switch (entry.key, entry.value) {
    case ("select", .array(let values)):
      select = texts(values, place)
      words += select.map { ($0, place) }
    case ("ignore", _):
      report(
        "a rule is ignored with the reason for it", span(entry.keyRange),
        help: "write a table: [lint.ignore], and in it: DR812 = \"the proxy pins images\"")
    case ("fail_on", let value): failOn = severity(value, at: place)
    case ("baseline", .string(let path)): baseline = path
    case ("select", _):
      report("`select` is a list of rules", place, help: "write select = [\"DR1\", \"DR4\"]")
    case ("baseline", _):
      report("`baseline` is a path", place, help: "write baseline = \"lint-baseline.json\"")
    case _:
      unknown("the key `\(entry.key)`", entry.key, among: Self.keys, at: span(entry.keyRange))
    }
  }

  private mutating func texts(_ values: [TOML.Value], _ place: Span) -> [String] {
    values.compactMap { value in
      if case .string(let text) = value { return text }
      report("a rule is named by a text", place, help: "write select = [\"DR1\", \"DR4\"]")
      return nil
    }
  }

  private mutating func severity(_ value: TOML.Value, at place: Span) -> Severity? {
    if case .string(let word) = value, let severity = Severity(reading: word) { return severity }
    report("this is not how bad something is", place, help: "write error, warning or info")
    return nil
  }

  private mutating func unknown(_ what: String, _ word: String, among: [String], at span: Span) {
    let near = nearestName(to: word, among: among)
    report(
      "\(what) has no meaning here", span,
      help: near.map { "did you mean `\($0)`?" } ?? "leave it out")
  }

  private mutating func report(_ message: String, _ span: Span, help: String) {
    problems.append(Diagnostic(.invalidSetting, message, at: span, help: help))
  }

  /// Words that name none of some rules, each with its place.
  package func unknown(among rules: [Rule]) -> [Diagnostic] {
    words.compactMap { word in
      guard !rules.contains(where: { RuleSelection.matches(word.text, $0) }) else { return nil }
      let near = nearestName(to: word.text, among: rules.map(\.code) + rules.map(\.name))
      return Diagnostic(
        .invalidSetting, "there is no rule `\(word.text)`", at: word.span,
        help: near.map { "did you mean \($0)?" } ?? "`dr lint --list` lists the rules")
    }
  }

  /// The severity of a rule here; `nil` where it is its own. The last word that means it counts.
  func severity(of rule: Rule) -> Severity? {
    severities.last { RuleSelection.matches($0.rule, rule) }?.severity
  }
}

extension Severity {
  /// `error`, `warning`, and `info` or `note`.
  package init?(reading word: String) {
    self.init(rawValue: word == "info" ? "note" : word)
  }
}
