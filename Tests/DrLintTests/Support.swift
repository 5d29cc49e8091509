// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrLint
import DrSema
import DrStdlib
import Foundation
import Testing

let root = URL(filePath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The embedded standard library, and files in memory.
struct Files: ModuleLoader {
  var files: [String: String] = [:]
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    files[path].map { .success(Array($0.utf8)) } ?? .failure(.notFound)
  }
}

/// What `dr lint` says of a program that is given as text, and the sources to show it with.
func lint(
  _ text: String, selection: RuleSelection = RuleSelection(), limits: Limits = Linter.limits,
  files: [String: String] = [:], settings: LintSettings = LintSettings()
) throws -> (report: LintReport, program: CheckedProgram) {
  func check(withBackends: Bool) -> Checker {
    var options = CheckOptions()
    options.includesRules = true
    options.includesBackends = withBackends
    options.limits = limits
    let checker = Checker(loader: Files(files: files), options: options)
    checker.check(path: "main.dr", bytes: Array(text.utf8))
    return checker
  }
  var checker = check(withBackends: false)
  let looksAtObjects = checker.program.writesObjects || checker.program.namesManifests
  if looksAtObjects { checker = check(withBackends: true) }
  try #require(
    !checker.diagnostics.hasErrors,
    "\(checker.diagnostics.map { "\($0.span.map(checker.program.sources.location) ?? ""): \($0.message)" })"
  )
  let machine = Machine(program: Program(checker.program), limits: limits)
  try #require(machine.modelFailures().isEmpty, "\(machine.modelFailures().map(\.message))")
  let objects = looksAtObjects ? try LintedObjects(of: machine, for: nil) : nil
  let linter = Linter(
    machine: machine, selection: selection, objects: objects, settings: settings)
  return (linter.lint(), checker.program)
}

/// What `dr lint --manifests` says of YAML, and the sources to show it with.
func lint(
  yaml: String, version: String? = nil, selection: RuleSelection = RuleSelection(),
  program: String = ""
) throws -> (report: LintReport, sources: SourceMap) {
  var options = CheckOptions()
  options.includesRules = true
  options.limits = Linter.limits
  let checker = Checker(loader: Files(), options: options)
  checker.check(path: "main.dr", bytes: Array(program.utf8))
  let machine = Machine(program: Program(checker.program), limits: Linter.limits)
  var sources = checker.program.sources
  let id = sources.add(name: "web.yaml", bytes: Array(yaml.utf8))
  var files = LintedFiles()
  files.read(sources[id])
  var report = Linter(
    machine: machine, selection: selection,
    objects: try LintedObjects(files, in: machine, for: version), files: files, sources: sources
  ).lint()
  report.failures += files.problems
  return (report, sources)
}

/// The shown codes of the findings of a program.
func codes(_ text: String, selection: RuleSelection = RuleSelection()) throws -> [String] {
  try lint(text, selection: selection).report.diagnostics.map(\.shownCode)
}
