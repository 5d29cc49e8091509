// SPDX-License-Identifier: Apache-2.0

import DrBase

extension TestReport {
  /// The report as JUnit XML: a suite for each file. A test that could not be evaluated is an
  /// `error`, one that fails a `failure`.
  package var junit: String {
    let counts = counts
    let time = files.flatMap(\.results).reduce(0) { $0 + $1.duration }
    let head = XML.attributes([
      ("name", "dr"),
      ("tests", "\(counts.hold + counts.fail + counts.notEvaluated + counts.brokenFiles)"),
      ("failures", "\(counts.fail)"), ("errors", "\(counts.notEvaluated + counts.brokenFiles)"),
      ("time", XML.seconds(time)),
    ])
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites\(head)>\n"
      + files.map(suite).joined() + "</testsuites>\n"
  }

  private func suite(_ file: FileReport) -> String {
    let own = TestReport([file]).counts
    let head = XML.attributes([
      ("name", file.file), ("file", file.file),
      ("tests", "\(file.results.count + own.brokenFiles)"), ("failures", "\(own.fail)"),
      ("errors", "\(own.notEvaluated + own.brokenFiles)"),
      ("time", XML.seconds(file.results.reduce(0) { $0 + $1.duration })),
    ])
    let renderer = DiagnosticRenderer(sources: file.sources, colour: false)
    var text = "  <testsuite\(head)>\n"
    if let first = file.mistakes.first {
      let names = XML.attributes([("name", "the file is checked"), ("classname", file.file)])
      text += "    <testcase\(names)>\n"
      text += Self.finding("error", first, renderer.render(file.mistakes))
      text += "    </testcase>\n"
    }
    for result in file.results { text += testCase(result, renderer) }
    return text + "  </testsuite>\n"
  }

  private func testCase(_ result: TestResult, _ renderer: DiagnosticRenderer) -> String {
    let head = XML.attributes([
      ("name", result.test.name), ("classname", result.test.file), ("file", result.test.file),
      ("line", "\(result.test.line)"), ("time", XML.seconds(result.duration)),
    ])
    switch result.verdict {
    case .holds: return "    <testcase\(head)/>\n"
    case .fails(let diagnostic):
      return "    <testcase\(head)>\n"
        + Self.finding("failure", diagnostic, renderer.render(diagnostic)) + "    </testcase>\n"
    case .notEvaluated(let diagnostic):
      return "    <testcase\(head)>\n"
        + Self.finding("error", diagnostic, renderer.render(diagnostic)) + "    </testcase>\n"
    }
  }

  private static func finding(_ tag: String, _ diagnostic: Diagnostic, _ text: String) -> String {
    let head = XML.attributes([
      ("message", diagnostic.message),
      ("type", "\(diagnostic.code.rawValue) \(diagnostic.code.name)"),
    ])
    return "      <\(tag)\(head)>\(XML.escaped(text))</\(tag)>\n"
  }
}
