// SPDX-License-Identifier: Apache-2.0
//
// DrLint: runs the rules of a program, those of stdlib/lint and its own, and makes diagnostics of
// what they report. It knows no rule: what is wrong with a recovery is written in `.dr`. A rule runs
// within limits of its own, and one that fails or does not end keeps no other from running.

import DrBase
import DrEval
import DrSchema
import DrSema

/// What the rules of a program say of it.
package struct LintReport: Sendable {
  /// Findings that no comment allows, and what is wrong with such comments, in source order.
  package var findings: [Diagnostic] = []
  /// Why some rules could not be evaluated.
  package var failures: [Diagnostic] = []
  /// How many findings comments allow.
  package var allowed = 0

  package init() {}

  /// All there is to say, in source order.
  package var diagnostics: [Diagnostic] { (findings + failures).inSourceOrder() }

  /// 7 where a rule could not be evaluated, for then nobody knows; 1 where a finding is as bad as
  /// that or worse; else 0.
  package func exitStatus(failOn severity: Severity = .error) -> Int32 {
    if !failures.isEmpty { return 7 }
    return findings.contains { $0.severity >= severity } ? 1 : 0
  }
}

/// Runs the rules of one program.
package struct Linter {
  private let machine: Machine
  private let selection: RuleSelection
  private let objects: LintedObjects?
  private let files: LintedFiles?
  private let sources: SourceMap
  private let settings: LintSettings
  private let trees = ParsedFiles()
  private var program: CheckedProgram { machine.program.checked }

  /// What a rule that is to be of use while somebody writes stays far below.
  package static var limits: Limits {
    var limits = Limits()
    limits.fuel = 20_000_000
    limits.memoryBytes = 256 << 20
    return limits
  }

  /// The machine is one of `Linter.limits`, with the inputs of the program, on which the model was
  /// computed without failures. `objects` are what rules see as `manifests`; where they are those of
  /// `files`, `sources` hold these too.
  package init(
    machine: Machine, selection: RuleSelection = RuleSelection(), objects: LintedObjects? = nil,
    files: LintedFiles? = nil, sources: SourceMap? = nil,
    settings: LintSettings = LintSettings()
  ) {
    self.settings = settings
    self.machine = machine
    self.selection = selection
    self.objects = objects
    self.files = files
    self.sources = sources ?? machine.program.checked.sources
  }

  package func lint() -> LintReport {
    var report = LintReport()
    do throws(Diagnostic) {
      try objects?.define(in: machine)
    } catch {
      report.failures.append(error)
    }
    var findings: [Diagnostic] = []
    for rule in program.rules where selection.includes(rule) {
      machine.refuel()
      do throws(Diagnostic) {
        findings += try self.findings(of: rule)
      } catch {
        report.failures.append(failure(error, of: rule))
      }
    }
    let suppressions = Suppressions(of: program, and: files, sources)
    var explained: Set<String> = []
    for var finding in findings.inSourceOrder() {
      if suppressions.allow(finding, in: sources) {
        report.allowed += 1
        continue
      }
      // Why the rule is there is said once.
      if !explained.insert(finding.shownCode).inserted { finding.notes = [] }
      report.findings.append(finding)
    }
    report.findings += suppressions.mistakes(among: program.rules, selection)
    report.findings = report.findings.inSourceOrder()
    return report
  }

  private func findings(of rule: Rule) throws(Diagnostic) -> [Diagnostic] {
    try machine.scratch { () throws(Diagnostic) in
      // Most rules find nothing, and what they say is then not read.
      lazy var reason = program[rule.function].documentation.map(firstSentence)
      var findings: [Diagnostic] = []
      var known: Set<FindingKey> = []
      for value in machine.list(try machine.call(rule.function, [])) ?? [] {
        let parts = machine.list(value) ?? []
        guard parts.count == 6 else { continue }
        let place = try place(of: parts[0], at: parts[3])
        var finding = Diagnostic(
          .ruleFinding, machine.string(parts[1]) ?? "", at: place.span, labels: place.labels,
          notes: [reason].compactMap(\.self), help: machine.string(parts[2]),
          severity: settings.severity(of: rule) ?? rule.severity)
        finding.rule = RuleName(code: rule.code, name: rule.name)
        if let text = machine.string(parts[4]) {
          let kind = RuleFix(rawValue: machine.string(parts[5]) ?? "") ?? .fix
          let mend = Mender(
            machine: machine, objects: objects, sources: sources, files: files, trees: trees)
          finding.fixes = [
            mend.fix(kind, text, of: parts[0], at: parts[3], place: place)
          ].compactMap(\.self)
        }
        if known.insert(FindingKey(finding)).inserted { findings.append(finding) }
      }
      return findings
    }
  }

  /// What tells findings of one rule apart.
  private struct FindingKey: Hashable {
    let span: Span?
    let message: String
    let help: String?

    init(_ finding: Diagnostic) {
      (span, message, help) = (finding.span, finding.message, finding.help)
    }
  }

  private func failure(_ cause: Diagnostic, of rule: Rule) -> Diagnostic {
    var failure = cause
    failure.notes.append("in the rule \(rule.code) \(rule.name), which was stopped")
    let declared = program[rule.function].span
    if failure.span == nil {
      failure.span = declared
    } else {
      failure.labels.append(Label(declared, "of this rule"))
    }
    return failure
  }

  // MARK: Places

  struct Place {
    var span: Span?
    var labels: [Label] = []
    /// Whether a finding's fix stands in for what is there.
    var isValue = false
    /// Whether it is a member of an object, whose fix is a text and no code.
    var isMember = false
  }

  private func place(of subject: Value, at path: Value) throws(Diagnostic) -> Place {
    if let slots = machine.list(path) {
      if machine.record(subject) != nil {
        return try place(of: subject, slots.compactMap { machine.int($0).map(Int.init) })
      }
      return place(of: subject, SchemaPath([.member("metadata"), .member("name")]))
    }
    let text = machine.string(path) ?? ""
    guard let path = SchemaPath(reading: text) else {
      throw Diagnostic(
        .wrongArguments, "`\(text)` is no path of an object's member",
        help: "write it as `spec.containers[0].image`")
    }
    return place(of: subject, path)
  }

  private func place(of object: Value, _ path: SchemaPath) -> Place {
    guard let (span, label) = objects?.place(of: object, path, in: machine) else {
      return Place(span: nil)
    }
    return Place(span: span, labels: [label].compactMap(\.self), isValue: true, isMember: true)
  }

  /// Where a block, or a field of it, is written. What a default gives has the block's place.
  private func place(of block: Value, _ slots: [Int]) throws(Diagnostic) -> Place {
    guard let record = machine.record(block) else { return Place(span: nil) }
    guard let id = record.block, case .block(_, var fields) = program[id].body else {
      return Place(span: try origin(of: block))
    }
    let head = program[id].span
    var span = head
    var isWritten = false
    for (number, slot) in slots.enumerated() {
      guard fields.indices.contains(slot), let value = fields[slot] else { break }
      span = value.span
      isWritten = number == slots.count - 1
      guard case .record(_, let inner) = value.kind else { break }
      fields = inner
    }
    guard span != head else { return Place(span: head) }
    let kind = program[record.type].keyword ?? "block"
    return Place(span: span, labels: [Label(head, "in this \(kind)")], isValue: isWritten)
  }

  /// The line of a block that has no name, such as `via = k8gb { … }`, and of a statement of a runbook.
  private func origin(of block: Value) throws(Diagnostic) -> Span? {
    var written = try machine.field(block, named: "origin")
    if written == nil { written = try machine.field(block, named: "at") }
    guard let written, let text = machine.string(written),
      let colon = text.lastIndex(of: ":"), let line = Int(text[text.index(after: colon)...]),
      let source = program.sources.files.first(where: { $0.name == text[..<colon] }),
      source.lineStarts.indices.contains(line - 1)
    else { return nil }
    let start = source.lineStarts[line - 1]
    let bytes = source.lineBytes(line - 1)
    let indent = bytes.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
    return Span(source.id, start + UInt32(indent), start + UInt32(bytes.count))
  }
}

/// A text up to the end of its first sentence, on one line and without the full stop.
func firstSentence(_ text: String) -> String {
  let paragraph = text.split(separator: "\n", omittingEmptySubsequences: false)
    .prefix { !$0.isEmpty }.joined(separator: " ")
  let end = paragraph.firstRange(of: ". ")?.lowerBound ?? paragraph.endIndex
  let sentence = paragraph[..<end]
  return String(sentence.hasSuffix(".") ? sentence.dropLast() : sentence)
}
