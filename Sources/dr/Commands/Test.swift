// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import DrAnswers
import DrBase
import DrData
import DrSpec
import DrSyntax
import DrSystem
import Synchronization

struct Test: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the tests of programs.",
    discussion: """
      Without files, those of all programs below the project's folder. Tests run at the same time, each within \
      limits of its own. Exit status: 0 all hold, 1 some fail, 7 something could not be evaluated.
      """
  ).ofDr

  @Argument(help: "Files, or folders with files, to test.")
  var files: [String] = []

  @Option(help: "Only tests whose name contains this text.")
  var filter: String?

  @Option(help: "Write the results as JUnit XML into this file too.")
  var junit: String?

  @Flag(help: "Only list the tests.")
  var list = false

  @OptionGroup var cover: CoverageOptions

  @OptionGroup var source: SourceOptions

  func run() throws {
    let projects = try projects()
    let inputs = try source.inputs()
    for text in inputs where !projects.contains(where: { $0.declares(input: text) }) {
      throw ValidationError("no program here has the input \(visible(Project.inputName(text)))")
    }
    let all = projects.map { project in
      Suite(project, project.inputs(among: inputs), filter: filter, counts: cover.isAsked)
    }
    let suites = all.filter { !$0.tests.isEmpty || !$0.mistakes.isEmpty }
    guard !suites.isEmpty else {
      throw ValidationError(
        filter.map { "no test has \"\($0)\" in its name" } ?? "there are no tests here")
    }
    if list { return try printList(suites) }
    let report = TestReport(Self.run(suites))
    Console.write(report.text(colour: source.output.style.usesColour(.output)))
    if let junit { try write(report.junit, to: junit) }
    let isEnough = try cover.isAsked ? tellCoverage(all, report) : true
    if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
    if !isEnough { throw ExitCode(1) }
  }

  /// Tells what the tests reached, also where some failed; false where it is less than asked for.
  private func tellCoverage(_ suites: [Suite], _ report: TestReport) throws -> Bool {
    var coverage = Coverage()
    for suite in suites where suite.mistakes.isEmpty {
      let results = report.files.first { $0.file == suite.file }?.results ?? []
      coverage.add(suite.coverage(of: results))
    }
    if let lcov = cover.lcov { try write(coverage.lcov, to: lcov) }
    if cover.coverage {
      let colour = source.output.style.usesColour(.output)
      Console.write("\n" + coverage.text(colour: colour, width: OutputStyle.width(.output)))
    }
    guard let min = cover.min, !coverage.reaches(basisPoints: min.basisPoints) else { return true }
    Console.write(
      "the tests reach \(coverage.percent) of the lines, less than \(min.text)\n", to: .error)
    return false
  }

  private func write(_ text: String, to path: String) throws {
    do {
      try AtomicFile.write(Array(text.utf8), to: path)
    } catch {
      throw ValidationError("\(path) cannot be written: \(error)")
    }
  }

  private func printList(_ suites: [Suite]) throws {
    for suite in suites {
      source.output.style.printDiagnostics(suite.mistakes, suite.runner.sources)
      for test in suite.tests { Console.write("\(test.file):\(test.line)  \(test.name)\n") }
    }
    if suites.contains(where: { !$0.mistakes.isEmpty }) { throw ExitCode(7) }
  }

  // MARK: Finding

  private func projects() throws -> [Project] {
    var paths: [String] = []
    for file in files.isEmpty ? [WorkingFolder.projectRoot] : files {
      guard ProgramFiles.isFolder(file) else {
        paths.append(file)
        continue
      }
      guard let found = ProgramFiles.below(file) else {
        throw ValidationError("the folder \(file) cannot be read")
      }
      // What no test can reach, since none is near, is not covered either.
      paths += cover.isAsked ? found : found.filter(Self.holdsTests)
    }
    var seen: Set<String> = []
    return paths.filter { seen.insert($0).inserted }.map { path in
      Project(file: path, inputs: [], style: source.output.style)
    }
  }

  private static func holdsTests(_ path: String) -> Bool {
    guard case .success(let bytes) = readFile(path) else { return true }
    var sources = SourceMap()
    let id = sources.add(name: path, bytes: bytes)
    return DrSyntax.parse(sources[id]).root.first(.testDecl) != nil
  }

  // MARK: Running

  /// The tests of one program.
  private struct Suite {
    let file: String
    let tests: [TestCase]
    let mistakes: [Diagnostic]
    let runner: TestRunner
    /// The program's own files.
    private let files: [FileID]

    init(_ project: Project, _ inputs: [String: Document], filter: String?, counts: Bool) {
      let program = project.checker.program
      let hasErrors = project.diagnostics.hasErrors
      file = project.file
      mistakes = hasErrors ? project.diagnostics.inSourceOrder() : []
      tests =
        hasErrors
        ? []
        : TestCase.all(of: program, file: project.file)
          .filter { filter.map($0.name.contains) ?? true }
      runner = TestRunner(program, inputs: inputs, counts: counts)
      files = project.checker.userFiles
    }

    func coverage(of results: [TestResult]) -> Coverage {
      var hits = Array(repeating: 0, count: runner.program.sites.count)
      for result in results {
        for (site, count) in result.hits.enumerated() { hits[site] &+= count }
      }
      return Coverage(runner.program, hits: hits, of: files)
    }
  }

  private static func run(_ suites: [Suite]) -> [FileReport] {
    let jobs = suites.indices.flatMap { suite in
      suites[suite].tests.map { (runner: suites[suite].runner, test: $0, suite: suite) }
    }
    let results = Mutex<[Int: TestResult]>([:])
    DispatchQueue.concurrentPerform(iterations: jobs.count) { number in
      let clock = ContinuousClock()
      let start = clock.now
      var result = jobs[number].runner.run(jobs[number].test)
      result.duration = Int64((clock.now - start) / .nanoseconds(1))
      results.withLock { $0[number] = result }
    }
    let finished = results.withLock { $0 }
    return suites.enumerated().map { index, suite in
      FileReport(
        file: suite.file,
        results: jobs.indices.filter { jobs[$0].suite == index }.compactMap { finished[$0] },
        mistakes: suite.mistakes, sources: suite.runner.sources)
    }
  }
}
