// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrFormat
import DrSystem

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check programs: syntax, names, types, units, effects, and every value.",
    discussion: """
      With --fix, mistakes with only one possible mending are mended in the files named, which are then checked again. \
      With --format json, diagnostics are written to standard output. `dr explain CODE` says what a code means.
      """
  ).ofDr

  @Argument(help: "Files to check, or folders of them.")
  var files: [String]

  @Flag(help: "Apply the fixes that are safe.")
  var fix = false

  @Flag(help: "With --fix: change nothing; show what would change.")
  var diff = false

  @Option(help: "How diagnostics are written: text, or json (a JSON object per line).")
  var format: OutputStyle.Format = .text

  @OptionGroup var input: InputOptions
  @OptionGroup var report: ReportOptions

  init() {}

  /// `nil` where there are none.
  init?(words: [String]) {
    guard !words.isEmpty else { return nil }
    files = words
    fix = false
    diff = false
    format = .text
    input = .plain
    report = .plain
  }

  func validate() throws {
    if diff, !fix { throw ValidationError("--diff shows what --fix would change: write both") }
  }

  func run() throws {
    let style = self.report.style(format)
    var report = DiagnosticReport(style: style, stream: style.format == .json ? .output : .error)
    var failed = false
    let programs = try files.flatMap(ProgramPaths.below)
    for file in programs {
      let project = fix ? try mended(file) : try load(file)
      if project.loadModel() == nil { failed = true }
      if diff, project.isChanged { failed = true }
      report.add(project.diagnostics.inSourceOrder(), project.checker.program.sources)
    }
    report.end()
    let subject = programs.count == 1 ? programs[0] : "\(programs.count) files"
    if style.format == .text {
      if let summary = report.summary {
        Console.write("\(summary) in \(subject)\n", to: .error)
      } else if !failed {
        Console.write("\(subject): no mistakes\n")
      }
    }
    if failed { throw ExitCode(1) }
  }

  private func load(_ file: String, bytes: [UInt8]? = nil) throws -> Project {
    try Project(
      file: file, inputs: input.all(), style: report.style(format), bytes: bytes,
      prelude: .named(expression: nil))
  }

  // MARK: Fixing

  /// Rounds of fixing: mending one mistake may show another behind it.
  private static let rounds = 10

  /// The program after its safe fixes, which are written to the file or shown.
  private func mended(_ file: String) throws -> Project {
    var project = try load(file)
    guard let old = project.mainFile?.bytes else { return project }
    var bytes = old
    for _ in 0..<Self.rounds {
      let (next, applied) = apply(project.safeFixes, to: bytes)
      guard !applied.isEmpty else { break }
      if !diff { tell(applied, in: project) }
      bytes = next
      project = try load(file, bytes: bytes)
    }
    guard bytes != old else { return project }
    project.isChanged = true
    if diff {
      let (before, after) = (
        String(decoding: old, as: UTF8.self), String(decoding: bytes, as: UTF8.self)
      )
      tell(DrFormat.unifiedDiff(old: before, new: after, name: file))
    } else {
      try AtomicFile.rewrite(bytes, to: file)
    }
    return project
  }

  private func tell(_ fixes: [Fix], in project: Project) {
    for fix in fixes {
      tell("\(project.checker.program.sources.location(fix.span)): fixed: \(fix.title)\n")
    }
  }

  /// What was changed, for people: beside diagnostics for programs it goes to standard error.
  private func tell(_ text: String) {
    Console.write(text, to: format == .json ? .error : .output)
  }
}
