// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// What continuous integration services show beside the code.
extension LintOutput {
  /// Workflow commands of GitHub Actions: an annotation for each finding.
  package var github: String {
    all.map { finding in
      let diagnostic = finding.diagnostic
      let word =
        switch diagnostic.severity {
        case .error: "error"
        case .warning: "warning"
        case .note: "notice"
        }
      var properties: [String] = []
      if let region = finding.region {
        properties += ["file=\(Self.property(finding.file))", "line=\(region.startLine)"]
        if region.endLine == region.startLine {
          properties += ["col=\(region.startColumn)", "endColumn=\(region.endColumn)"]
        } else {
          properties.append("endLine=\(region.endLine)")
        }
      }
      properties.append(
        "title=\(Self.property("\(diagnostic.shownCode) \(diagnostic.shownName)"))")
      return "::\(word) \(properties.joined(separator: ","))::\(Self.data(finding.text))\n"
    }.joined()
  }

  private static func data(_ text: String) -> String {
    text.map { character in
      switch character {
      case "%": "%25"
      case "\r": "%0D"
      case "\n", "\r\n": "%0A"
      case let other: String(other)
      }
    }.joined()
  }

  private static func property(_ text: String) -> String {
    data(text).map { $0 == ":" ? "%3A" : $0 == "," ? "%2C" : String($0) }.joined()
  }

  /// A Code Quality report of GitLab. What has no place stands at the first line of the first file.
  package var gitlab: String {
    let issues = all.map { finding -> Document in
      let diagnostic = finding.diagnostic
      let severity: Document =
        switch diagnostic.severity {
        case .error: "critical"
        case .warning: "major"
        case .note: "info"
        }
      let region = finding.region
      return [
        "description": .string(finding.text),
        "check_name": .string("\(diagnostic.shownCode) \(diagnostic.shownName)"),
        "fingerprint": .string(finding.fingerprint), "severity": severity,
        "location": [
          "path": .string(region == nil ? files.first ?? "" : finding.file),
          "lines": [
            "begin": .int(Int64(region?.startLine ?? 1)), "end": .int(Int64(region?.endLine ?? 1)),
          ],
        ],
      ]
    }
    return JSON.write(.array(issues), pretty: true) + "\n"
  }

  /// JUnit XML: a suite for each file, in which each finding is a test that failed, and which holds
  /// one test that passed where there is none. What could not be evaluated is an error.
  package var junit: String {
    let names = files + all.map(\.file).filter { !files.contains($0) }
    var suites: [String] = []
    for (index, name) in names.enumerated() where names.firstIndex(of: name) == index {
      suites.append(suite(name))
    }
    let head = XML.attributes([
      ("name", "dr lint"),
      ("tests", "\(names.reduce(0) { $0 + max(1, count($1)) })"),
      ("failures", "\(findings.count)"), ("errors", "\(failures.count)"),
    ])
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites\(head)>\n" + suites.joined()
      + "</testsuites>\n"
  }

  private func count(_ file: String) -> Int { all.count { $0.file == file } }

  private func suite(_ file: String) -> String {
    let own = findings.filter { $0.file == file }
    let broken = failures.filter { $0.file == file }
    let head = XML.attributes([
      ("name", file.isEmpty ? "dr" : file), ("tests", "\(max(1, own.count + broken.count))"),
      ("failures", "\(own.count)"), ("errors", "\(broken.count)"),
    ])
    var text = "  <testsuite\(head)>\n"
    if own.isEmpty, broken.isEmpty {
      let attributes = XML.attributes([("name", "no findings"), ("classname", file)])
      text += "    <testcase\(attributes)/>\n"
    }
    for finding in own { text += testCase(finding, "failure") }
    for failure in broken { text += testCase(failure, "error") }
    return text + "  </testsuite>\n"
  }

  private func testCase(_ finding: LintFinding, _ tag: String) -> String {
    let diagnostic = finding.diagnostic
    let name = "\(diagnostic.shownCode) \(diagnostic.shownName)"
    var attributes = [("name", name), ("classname", finding.file)]
    if let region = finding.region {
      attributes += [("file", finding.file), ("line", "\(region.startLine)")]
    }
    let renderer = DiagnosticRenderer(sources: finding.sources, colour: false)
    let head = XML.attributes([
      ("message", diagnostic.message), ("type", diagnostic.severity.rawValue),
    ])
    return "    <testcase\(XML.attributes(attributes))>\n      <\(tag)\(head)>"
      + "\(XML.escaped(renderer.render(diagnostic)))</\(tag)>\n    </testcase>\n"
  }
}
