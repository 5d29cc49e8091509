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
  files: [String: String] = [:]
) throws -> (report: LintReport, program: CheckedProgram) {
  var options = CheckOptions()
  options.includesRules = true
  options.limits = limits
  let checker = Checker(loader: Files(files: files), options: options)
  checker.check(path: "main.dr", bytes: Array(text.utf8))
  try #require(
    !checker.diagnostics.hasErrors,
    "\(checker.diagnostics.map { "\($0.span.map(checker.program.sources.location) ?? ""): \($0.message)" })"
  )
  let machine = Machine(program: Program(checker.program), limits: limits)
  try #require(machine.modelFailures().isEmpty, "\(machine.modelFailures().map(\.message))")
  return (Linter(machine: machine, selection: selection).lint(), checker.program)
}

/// The shown codes of the findings of a program.
func codes(_ text: String, selection: RuleSelection = RuleSelection()) throws -> [String] {
  try lint(text, selection: selection).report.diagnostics.map(\.shownCode)
}
