// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrEval
import DrLint
import DrSema
import DrSystem

/// What one run of `dr lint` found.
struct LintResult {
  var output = LintOutput()
  /// What people read, program by program; findings with their fingerprints.
  var shown: [(items: [Item], sources: SourceMap)] = []
  /// All rules there are, run or not.
  var declared: [Rule] = []
  var allowed = 0
  /// Files of folders that hold no manifests.
  var others = 0
  /// How many findings the baseline holds, and how many of its are none any more.
  var known = 0
  var gone = 0

  struct Item {
    let diagnostic: Diagnostic
    let fingerprint: String?
  }

  func exitStatus(failOn level: Severity) -> Int32 {
    if !output.failures.isEmpty { return 7 }
    return output.findings.contains { $0.diagnostic.severity >= level } ? 1 : 0
  }

  /// A JSON object for each finding.
  var json: String {
    (output.findings + output.failures).map {
      JSON.write($0.diagnostic.document($0.sources)) + "\n"
    }.joined()
  }

  mutating func leaveOut(_ baseline: Baseline) {
    gone = baseline.gone(in: output.findings)
    known = output.findings.count { baseline.holds($0) }
    output.findings.removeAll { baseline.holds($0) }
    for index in shown.indices {
      shown[index].items.removeAll { $0.fingerprint.map { baseline.holds($0) } ?? false }
    }
  }
}

/// Loads programs and manifests, and runs their rules.
struct LintRun {
  let files: [String]
  let manifests: [String]
  let inputs: [String]
  let style: OutputStyle
  /// The version of Kubernetes that was named.
  let version: String?
  let selection: RuleSelection
  let project: LintProject

  func result() throws -> LintResult {
    var result = LintResult()
    result.output.version = Version.text
    if manifests.isEmpty {
      for unit in try programs() { lint(unit, into: &result) }
    } else {
      lint(try loadManifests(), into: &result)
    }
    result.output.rules.sort { $0.code < $1.code }
    return result
  }

  /// The rules, one line for each.
  func rules() throws -> [String] {
    let projects =
      files.isEmpty
      ? [Project(style: style, includesRules: true)] : try programs().map(\.project)
    var pages: [RulePage] = []
    for program in projects.map(\.checker.program) {
      for rule in program.rules where selection.includes(rule) {
        let page = RulePage(rule, in: program)
        if !pages.contains(where: { $0.code == page.code }) { pages.append(page) }
      }
    }
    pages.sort { $0.code < $1.code }
    let longest = pages.map(\.name.count).max() ?? 0
    let width = OutputStyle.width(.output)
    return pages.map { page in
      let name = page.name + String(repeating: " ", count: longest - page.name.count)
      let severity = page.severity + String(repeating: " ", count: 7 - page.severity.count)
      return OutputStyle.clipped("\(page.code)  \(name)  \(severity)  \(page.summary)", to: width)
    }
  }

  // MARK: Loading

  private struct Unit {
    let project: Project
    var files: LintedFiles?
    var sources: SourceMap
  }

  /// The programs among the files, and below the folders. A file that another one of them uses is looked at with that
  /// one: by itself it would lack the policies that watch what it declares.
  private func programs() throws -> [Unit] {
    let units = try files.flatMap(ProgramPaths.below).map(load)
    var used: Set<String> = []
    for unit in units {
      let names = unit.project.checker.program.sources.files.map(\.name)
      used.formUnion(names.filter { $0 != unit.project.file }.map(LintProject.shownName))
    }
    return units.filter { !used.contains(LintProject.shownName(of: $0.project.file)) }
  }

  private func load(_ file: String) throws -> Unit {
    let plain = Project(
      file: file, inputs: inputs, style: style, includesRules: true, limits: Linter.limits)
    let program = plain.checker.program
    Self.keep(plain)
    // What the library's backends give is looked at through the model, so they are loaded only where
    // somebody asks for objects.
    guard !plain.diagnostics.hasErrors, program.writesObjects || program.namesManifests else {
      return Unit(project: plain, sources: program.sources)
    }
    let full = Project(
      file: file, inputs: inputs, style: style, includesBackends: true, includesRules: true,
      limits: Linter.limits)
    Self.keep(full)
    return Unit(project: full, sources: full.checker.program.sources)
  }

  /// All programs are there at once up to the end of the process, which gives their memory back faster than
  /// they could be taken apart.
  private static func keep(_ project: Project) { _ = Unmanaged.passRetained(project) }

  private func loadManifests() throws -> Unit {
    let project =
      files.isEmpty
      ? Project(style: style, includesRules: true)
      : Project(
        file: files[0], inputs: inputs, style: style, includesRules: true, limits: Linter.limits)
    var unit = Unit(project: project, sources: project.checker.program.sources)
    var manifests = LintedFiles()
    for path in self.manifests {
      for file in try ManifestPaths.below(path) {
        let bytes = try Input.read(file)
        let id = unit.sources.add(name: file == "-" ? "standard input" : file, bytes: bytes)
        manifests.read(unit.sources[id], foundInFolder: file != path)
      }
    }
    unit.files = manifests
    return unit
  }

  // MARK: Linting

  private func lint(_ unit: Unit, into result: inout LintResult) {
    let program = unit.project.checker.program
    for rule in program.rules {
      if !result.declared.contains(where: { $0.code == rule.code }) { result.declared.append(rule) }
      if selection.includes(rule), !result.output.rules.contains(where: { $0.code == rule.code }) {
        result.output.rules.append(RulePage(rule, in: program))
      }
    }
    for file in looked(unit) where !result.output.files.contains(file) {
      result.output.files.append(file)
    }
    guard let machine = unit.project.loadModel() else {
      return add(LintReport(), failures: unit.project.diagnostics, unit, to: &result)
    }
    var report = LintReport()
    do throws(Diagnostic) {
      report = Linter(
        machine: machine, selection: selection, objects: try objects(of: unit, machine),
        files: unit.files, sources: unit.sources, settings: project.settings
      ).lint()
    } catch {
      report.failures.append(error)
    }
    add(report, failures: unit.files?.problems ?? [], unit, to: &result)
  }

  private func objects(of unit: Unit, _ machine: Machine) throws(Diagnostic) -> LintedObjects? {
    if let files = unit.files { return try LintedObjects(files, in: machine, for: version) }
    guard unit.project.checker.options.includesBackends else { return nil }
    return try LintedObjects(of: machine, for: version)
  }

  private func looked(_ unit: Unit) -> [String] {
    let names =
      unit.files.map { files in files.files.map { unit.sources[$0].name } } ?? [unit.project.file]
    return names.map(LintProject.shownName)
  }

  private func add(
    _ report: LintReport, failures: [Diagnostic], _ unit: Unit, to result: inout LintResult
  ) {
    func findings(_ diagnostics: [Diagnostic]) -> [LintFinding] {
      LintFinding.all(
        diagnostics, unit.sources, name: LintProject.shownName, path: project.path)
    }
    result.allowed += report.allowed
    result.others += unit.files?.others ?? 0
    let own = findings(report.findings)
    // Two programs may use one module.
    var known = Set(result.output.findings.map(\.key))
    result.output.findings += own.filter { known.insert($0.key).inserted }
    result.output.failures += findings(
      (report.failures + failures).filter { $0.severity == .error })
    var items = own.map { LintResult.Item(diagnostic: $0.diagnostic, fingerprint: $0.fingerprint) }
    let others = report.failures + failures
    let warnings = unit.project.diagnostics.filter { $0.severity != .error && !others.contains($0) }
    items += (others + warnings).map { LintResult.Item(diagnostic: $0, fingerprint: nil) }
    result.shown.append((items, unit.sources))
  }
}
