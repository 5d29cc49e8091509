// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrLint
import DrSystem

struct Lint: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Look for weaknesses of the recovery: run the rules of the library and of the program.",
    discussion: """
      `dr explain DR107` says what a rule finds and why. A line that ends in `# dr:allow DR107 reason` is allowed \
      what that rule finds on it; the reason is not optional. Rules of your own are `rule` declarations in your files.

      Exit status: 0 no errors, 1 an error (with --strict, a warning), 7 a rule could not be evaluated.
      """
  ).ofDr

  @Argument(help: "Files to look at.")
  var files: [String] = []

  @Option(help: "Only these rules: codes, how codes begin, or names; comma-separated.")
  var select: [String] = []

  @Option(help: "Not these rules.")
  var ignore: [String] = []

  @Flag(help: "Warnings count as errors.")
  var strict = false

  @Flag(help: "Only list the rules, with those of the files.")
  var list = false

  @Option(help: "How findings are written: text, or json (a JSON object per line).")
  var format: OutputStyle.Format = .text

  @OptionGroup var input: InputOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if files.isEmpty, !list { throw ValidationError("name a file, such as: dr lint deepseek.dr") }
  }

  func run() throws {
    let style = self.report.style(format)
    let selection = RuleSelection(select: select.flatMap(words), ignore: ignore.flatMap(words))
    let projects =
      files.isEmpty ? [Project(style: style, includesRules: true)] : try files.map(load)
    let rules = projects.flatMap(\.checker.program.rules)
    if let word = selection.unknown(among: rules) {
      throw ValidationError("no rule is called \(visible(word)); `dr lint --list` lists all")
    }
    if list { return printList(projects, selection) }
    var report = DiagnosticReport(style: style, stream: style.format == .json ? .output : .error)
    var status: Int32 = 0
    var allowed = 0
    for project in projects {
      guard let machine = project.loadModel() else {
        report.add(project.diagnostics.inSourceOrder(), project.checker.program.sources)
        status = 7
        continue
      }
      let result = Linter(machine: machine, selection: selection).lint()
      report.add(project.diagnostics + result.diagnostics, project.checker.program.sources)
      status = max(status, result.exitStatus(strict: strict))
      allowed += result.allowed
    }
    report.end()
    if style.format == .text { tell(report.summary, allowed: allowed) }
    if status != 0 { throw ExitCode(status) }
  }

  private func load(_ file: String) throws -> Project {
    try Project(
      file: file, inputs: input.all(), style: report.style(format), includesRules: true,
      limits: Linter.limits)
  }

  private func words(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init)
  }

  private func tell(_ summary: String?, allowed: Int) {
    let subject = files.count == 1 ? files[0] : "\(files.count) files"
    let rest = allowed == 0 ? "" : ", \(allowed) allowed"
    if let summary {
      Console.write("\(summary) in \(subject)\(rest)\n", to: .error)
    } else {
      Console.write("\(subject): no findings\(rest)\n")
    }
  }

  private func printList(_ projects: [Project], _ selection: RuleSelection) {
    var pages: [RulePage] = []
    for project in projects {
      let program = project.checker.program
      for rule in program.rules where selection.includes(rule) {
        let page = RulePage(rule, in: program)
        if !pages.contains(where: { $0.code == page.code }) { pages.append(page) }
      }
    }
    pages.sort { $0.code < $1.code }
    let longest = pages.map(\.name.count).max() ?? 0
    let width = OutputStyle.width(.output)
    for page in pages {
      let name = page.name + String(repeating: " ", count: longest - page.name.count)
      let severity = page.severity + String(repeating: " ", count: 7 - page.severity.count)
      let line = "\(page.code)  \(name)  \(severity)  \(page.summary)"
      Console.write(OutputStyle.clipped(line, to: width) + "\n")
    }
  }
}
