// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrLint
import DrSystem

struct Lint: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif, github, gitlab, junit
  }

  enum Level: String, ExpressibleByArgument, CaseIterable { case error, warning, info }

  static let configuration = CommandConfiguration(
    abstract:
      "Look for weaknesses of the recovery: run the rules of the library and of the program.",
    discussion: """
      `dr explain DR107` says what a rule finds and why. A line that ends in `# dr:allow DR107 reason` is allowed \
      what that rule finds on it; the reason is not optional. Rules of your own are `rule` declarations in your files. \
      What holds for a whole project stands in its dr.toml, in the tables lint, lint.severity and lint.ignore.

      Exit status: 0 nothing as bad as --fail-on, 1 findings, 2 wrong usage or settings, 7 something could not be \
      evaluated.
      """
  ).ofDr

  @Argument(help: "Files to look at, or folders of them; with --manifests, a file with rules.")
  var files: [String] = []

  @Option(help: "Manifests that no .dr made: a folder or a file of YAML or JSON, or -.")
  var manifests: [String] = []

  @Option(help: "Only these rules: codes, how codes begin, or names; comma-separated.")
  var select: [String] = []

  @Option(help: "Not these rules.")
  var ignore: [String] = []

  @Option(help: "How bad a finding has to be for exit status 1: error, warning or info.")
  var failOn: Level?

  @Flag(help: "The same as --fail-on warning.")
  var strict = false

  @Option(help: "A file of findings that are known; only others are told.")
  var baseline: String?

  @Flag(help: "Write the findings of now into the baseline.")
  var writeBaseline = false

  @Flag(help: "Mend what can be mended safely, in the files.")
  var fix = false

  @Flag(help: "With --fix: change nothing; show what would change.")
  var diff = false

  @Flag(help: "Only list the rules, with those of the files.")
  var list = false

  @Option(
    help:
      "How findings are written: text, json (an object per line), sarif, github, gitlab or junit.")
  var format: Format = .text

  @Option(name: [.short, .long], help: "Write them to this file, and the text to standard error.")
  var output: String?

  @OptionGroup var target: TargetOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var report: ReportOptions

  init() {}

  /// `nil` where there are none.
  init?(words: [String]) {
    guard !words.isEmpty else { return nil }
    files = words
    manifests = []
    select = []
    ignore = []
    failOn = nil
    strict = false
    baseline = nil
    writeBaseline = false
    fix = false
    diff = false
    list = false
    format = .text
    output = nil
    target = .plain
    input = .plain
    report = .plain
  }

  func validate() throws {
    if files.isEmpty, manifests.isEmpty, !list {
      throw ValidationError("name a file, such as: dr lint deepseek.dr")
    }
    if files.count > 1, !manifests.isEmpty {
      throw ValidationError("with --manifests, name at most one file, which has the rules")
    }
    if let kind = target.kind {
      throw ValidationError("\(visible(kind)) is no version: write --target kubernetes=1.26")
    }
    if diff, !fix { throw ValidationError("--diff shows what --fix would change: write both") }
    if fix, manifests.contains("-") {
      throw ValidationError("standard input cannot be mended: name the file")
    }
    if output != nil, format == .text {
      throw ValidationError("say how the file is written: --format sarif -o lint.sarif")
    }
  }

  func run() throws {
    let style = report.style(format == .json ? .json : .text)
    let project = try LintProject(near: files.first ?? manifests.first ?? ".")
    guard project.settings.problems.isEmpty else {
      throw refuse(project.settings.problems, project, style)
    }
    let selection = RuleSelection(
      select: select.isEmpty ? project.settings.select : select.flatMap(words),
      ignore: ignore.flatMap(words) + project.settings.ignore)
    let run = LintRun(
      files: files, manifests: manifests, inputs: try input.all(), style: style,
      version: try version(), selection: selection, project: project)
    if list {
      for page in try run.rules() { Console.write(page + "\n") }
      return
    }
    var result = try run.result()
    if let word = RuleSelection(select: select.flatMap(words), ignore: ignore.flatMap(words))
      .unknown(among: result.declared)
    {
      throw ValidationError("no rule is called \(visible(word)); `dr lint --list` lists all")
    }
    let unknown = project.settings.unknown(among: result.declared)
    guard unknown.isEmpty else { throw refuse(unknown, project, style) }
    if fix { result = try LintFixer(run: run, showsOnly: diff, tell: tell).mended(result) }
    try settle(&result, project)
    try write(result, style)
    let level =
      (strict ? .warning : failOn.flatMap { Severity(reading: $0.rawValue) }) ?? project.settings
      .failOn ?? .error
    let status = result.exitStatus(failOn: level)
    if status != 0 { throw ExitCode(status) }
  }

  private func words(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init)
  }

  private func version() throws -> String? {
    do throws(Diagnostic) {
      return try target.version()?.text
    } catch {
      throw ValidationError("\(error.message); \(error.help ?? "")")
    }
  }

  private func refuse(
    _ problems: [Diagnostic], _ project: LintProject, _ style: OutputStyle
  ) -> ExitCode {
    style.printDiagnostics(problems, project.sources)
    return ExitCode(2)
  }

  // MARK: Baseline

  /// Leaves out what the baseline holds, or writes it.
  private func settle(_ result: inout LintResult, _ project: LintProject) throws {
    guard let path = baseline ?? project.baseline else {
      if writeBaseline { throw ValidationError("say where it is: --baseline lint-baseline.json") }
      return
    }
    if writeBaseline {
      let known = Baseline(result.output.findings)
      try AtomicFile.write(Array(known.text.utf8), to: path)
      tell("\(path): \(count(known.count, "finding"))\n")
      return result.leaveOut(known)
    }
    let bytes: [UInt8]
    switch readFile(path) {
    case .success(let read): bytes = read
    case .failure:
      throw ValidationError("there is no baseline \(path); --write-baseline writes it")
    }
    do {
      result.leaveOut(try Baseline(bytes))
    } catch {
      throw ValidationError("\(path): \(error.message)")
    }
  }

  // MARK: Output

  private func write(_ result: LintResult, _ style: OutputStyle) throws {
    let text: String? =
      switch format {
      case .text, .json: nil
      case .sarif: result.output.sarif
      case .github: result.output.github
      case .gitlab: result.output.gitlab
      case .junit: result.output.junit
      }
    if let text {
      if let output {
        try AtomicFile.write(Array(text.utf8), to: output)
      } else {
        return Console.write(text)
      }
    }
    let stream: Terminal.Stream = format == .json && output == nil ? .output : .error
    if format == .json, let output { try AtomicFile.write(Array(result.json.utf8), to: output) }
    var shown = style
    if output != nil { shown.format = .text }
    var report = DiagnosticReport(style: shown, stream: stream)
    for (items, sources) in result.shown {
      report.add(items.map(\.diagnostic).inSourceOrder(), sources)
    }
    report.end()
    if shown.format == .text { tell(report.summary, result) }
  }

  private func tell(_ summary: String?, _ result: LintResult) {
    let names = files.isEmpty ? manifests : files
    let subject = names.count == 1 ? names[0] : "\(names.count) files"
    var rest = result.allowed == 0 ? "" : ", \(result.allowed) allowed"
    if result.others > 0 { rest += ", \(count(result.others, "file")) without manifests" }
    if result.known > 0 { rest += ", \(result.known) in the baseline" }
    if result.gone > 0 {
      rest +=
        " (\(result.gone) of the baseline \(result.gone == 1 ? "is" : "are") gone: write it anew)"
    }
    if let summary {
      Console.write("\(summary) in \(subject)\(rest)\n", to: .error)
    } else {
      tell("\(subject): no findings\(rest)\n")
    }
  }

  private func count(_ number: Int, _ word: String) -> String {
    "\(number) \(word)\(number == 1 ? "" : "s")"
  }

  /// What is said to people goes to standard error where programs read standard output.
  private func tell(_ text: String) {
    Console.write(text, to: format == .text && output == nil ? .output : .error)
  }
}
