// SPDX-License-Identifier: Apache-2.0

import DrBase

/// The tests of one file, in source order.
package struct FileReport: Sendable {
  package let file: String
  package var results: [TestResult]
  /// Why the file could not be evaluated at all.
  package var mistakes: [Diagnostic]
  package let sources: SourceMap

  package init(
    file: String, results: [TestResult] = [], mistakes: [Diagnostic] = [], sources: SourceMap
  ) {
    self.file = file
    self.results = results
    self.mistakes = mistakes
    self.sources = sources
  }
}

/// What `dr test` says.
package struct TestReport: Sendable {
  package let files: [FileReport]

  package init(_ files: [FileReport]) { self.files = files }

  package struct Counts: Sendable, Equatable {
    package var hold = 0
    package var fail = 0
    package var notEvaluated = 0
    /// Files with mistakes, none of whose tests could be run.
    package var brokenFiles = 0
  }

  package var counts: Counts {
    var counts = Counts()
    for file in files {
      if !file.mistakes.isEmpty { counts.brokenFiles += 1 }
      for result in file.results {
        switch result.verdict {
        case .holds: counts.hold += 1
        case .fails: counts.fail += 1
        case .notEvaluated: counts.notEvaluated += 1
        }
      }
    }
    return counts
  }

  /// 0 where all hold, 1 where some fail, 7 where something could not be evaluated, for then
  /// nobody knows.
  package var exitStatus: Int32 {
    let counts = counts
    if counts.notEvaluated + counts.brokenFiles > 0 { return 7 }
    return counts.fail > 0 ? 1 : 0
  }

  // MARK: Text

  package func text(colour: Bool) -> String {
    files.map { text(of: $0, colour) }.joined() + summary + "\n"
  }

  private func text(of file: FileReport, _ colour: Bool) -> String {
    let renderer = DiagnosticRenderer(sources: file.sources, colour: colour)
    var text = "\(file.file)\n"
    for mistake in file.mistakes { text += "\n" + renderer.render(mistake) }
    let width = file.results.reduce(0) { max($0, displayWidth($1.test.name)) }
    for result in file.results {
      let (sign, style, finding): (String, String, Diagnostic?) =
        switch result.verdict {
        case .holds: ("✓", "32", nil)
        case .fails(let diagnostic): ("✗", "1;31", diagnostic)
        case .notEvaluated(let diagnostic): ("?", "1;33", diagnostic)
        }
      let shown = colour ? "\u{1B}[\(style)m\(sign)\u{1B}[0m" : sign
      let space = String(repeating: " ", count: width - displayWidth(result.test.name))
      let time = padded(Self.milliseconds(result.duration) + " ms", to: 10)
      text += "  \(shown) \(result.test.name)\(space)\(time)  fuel \(result.fuel)\n"
      if let finding { text += "\n" + indented(renderer.render(finding)) + "\n" }
    }
    return text + "\n"
  }

  private func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n")
  }

  private func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  /// With one digit after the point: `12.3`.
  private static func milliseconds(_ nanoseconds: Int64) -> String {
    let tenths = (nanoseconds + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }

  private var summary: String {
    let counts = counts
    let total = counts.hold + counts.fail + counts.notEvaluated
    var parts: [String] = []
    if total > 0, counts.hold == total {
      parts.append(total == 1 ? "it holds" : "all hold")
    } else if total > 0 {
      parts.append("\(counts.hold) \(counts.hold == 1 ? "holds" : "hold")")
    }
    if counts.fail > 0 { parts.append("\(counts.fail) \(counts.fail == 1 ? "fails" : "fail")") }
    if counts.notEvaluated > 0 { parts.append("\(counts.notEvaluated) could not be evaluated") }
    if counts.brokenFiles > 0 {
      parts.append(
        counts.brokenFiles == 1
          ? "1 file has mistakes" : "\(counts.brokenFiles) files have mistakes"
      )
    }
    let tests = total == 1 ? "1 test" : "\(total) tests"
    let count = files.count == 1 ? "1 file" : "\(files.count) files"
    return "\(tests) in \(count): \(parts.joined(separator: ", "))"
  }
}
