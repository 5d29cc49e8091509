// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrSpec
import DrStdlib
import Foundation
import Testing

let root = URL(filePath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The embedded standard library, and no files.
struct EmbeddedLoader: ModuleLoader {
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

/// Small enough that a test which does not end is over soon, also in a debug build.
var smallLimits: Limits {
  var limits = Limits()
  limits.fuel = 200_000
  limits.memoryBytes = 4 << 20
  limits.callDepth = 200
  return limits
}

/// The tests of a program that is given as text, run one after the other.
func report(
  _ text: String, file: String = "main.dr", limits: Limits = smallLimits
) -> FileReport {
  let checker = Checker(loader: EmbeddedLoader())
  checker.check(path: file, bytes: Array(text.utf8), display: file)
  let program = checker.program
  guard !checker.diagnostics.hasErrors else {
    return FileReport(file: file, mistakes: checker.diagnostics, sources: program.sources)
  }
  let runner = TestRunner(program, limits: limits)
  return FileReport(
    file: file, results: TestCase.all(of: program, file: file).map(runner.run),
    sources: program.sources)
}

/// The diagnostic of the only test of a program.
func failure(_ text: String) throws -> (diagnostic: Diagnostic, sources: SourceMap) {
  let file = report(text)
  let result = try #require(file.results.first, "\(file.mistakes)")
  guard case .fails(let diagnostic) = result.verdict else {
    Issue.record("it does not fail: \(result.verdict)")
    throw CancellationError()
  }
  return (diagnostic, file.sources)
}
