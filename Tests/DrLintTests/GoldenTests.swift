// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrLint
import Foundation
import Testing

/// `Tests/Golden/lint/<case>.dr`, and what `dr lint` says of it.
struct LintSample: Sendable, CustomTestStringConvertible {
  let name: String
  var testDescription: String { name }

  static let folder = root.appending(path: "Tests/Golden/lint")
  static let all: [LintSample] = files(ending: ".dr").map(LintSample.init)

  static func files(ending suffix: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
  }
}

@Suite("dr lint, golden")
struct GoldenTests {
  @Test("there are cases, and no output without its program")
  func cases() {
    #expect(LintSample.all.count >= 8)
    #expect(LintSample.files(ending: ".findings") == LintSample.all.map(\.name))
  }

  @Test("says what is weak, where and why", arguments: LintSample.all)
  func findings(_ sample: LintSample) throws {
    let url = LintSample.folder.appending(path: sample.name + ".dr")
    let (report, program) = try lint(String(contentsOf: url, encoding: .utf8))
    let renderer = DiagnosticRenderer(sources: program.sources, colour: false)
    let text =
      renderer.render(report.diagnostics)
      + "\(report.allowed) allowed, exit status \(report.exitStatus()), "
      + "strict \(report.exitStatus(failOn: .warning))\n"
    let golden = LintSample.folder.appending(path: sample.name + ".findings")
    if ProcessInfo.processInfo.environment["DR_BLESS"] == "1" {
      try Data(text.utf8).write(to: golden)
    }
    let expected = try? String(contentsOf: golden, encoding: .utf8)
    #expect(text == expected, "\(golden.path) differs; DR_BLESS=1 swift test rewrites it")
  }
}
