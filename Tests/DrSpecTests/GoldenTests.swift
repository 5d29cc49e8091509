// SPDX-License-Identifier: Apache-2.0

import DrSpec
import Foundation
import Testing

/// `Tests/Golden/test/<case>/` holds `main.dr`, and what `dr test` says of it as `output.txt` and
/// `junit.xml`; times are 0.
struct TestSample: Sendable, CustomTestStringConvertible {
  let name: String
  var testDescription: String { name }

  static let folder = root.appending(path: "Tests/Golden/test")
  static let all: [TestSample] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).sorted().map(TestSample.init)
  }()

  func report() throws -> TestReport {
    let program = Self.folder.appending(path: "\(name)/main.dr")
    return TestReport([DrSpecTests.report(try String(contentsOf: program, encoding: .utf8))])
  }
}

@Suite("dr test, golden")
struct GoldenTests {
  static let isBlessing = ProcessInfo.processInfo.environment["DR_BLESS"] == "1"

  @Test("there are cases") func cases() { #expect(TestSample.all.count >= 4) }

  @Test("says which tests hold and why the others do not", arguments: TestSample.all)
  func output(_ sample: TestSample) throws {
    let report = try sample.report()
    let text = report.text(colour: false) + "exit status \(report.exitStatus)\n"
    try compare(text, with: "\(sample.name)/output.txt")
    try compare(report.junit, with: "\(sample.name)/junit.xml")
  }

  @Test("JUnit files are well-formed XML, without colours", arguments: TestSample.all)
  func wellFormed(_ sample: TestSample) throws {
    let text = try sample.report().junit
    #expect(!text.contains("\u{1B}"))
    #expect(XMLBalance.problem(in: text) == nil)
  }

  private func compare(_ text: String, with path: String) throws {
    let url = TestSample.folder.appending(path: path)
    if Self.isBlessing { try Data(text.utf8).write(to: url) }
    let expected = try? String(contentsOf: url, encoding: .utf8)
    #expect(text == expected, "\(url.path) differs; DR_BLESS=1 swift test rewrites it")
  }
}

/// Enough of XML to see that tags match and that nothing is left unescaped.
enum XMLBalance {
  static func problem(in text: String) -> String? {
    var open: [String] = []
    for piece in text.split(separator: "<", omittingEmptySubsequences: true) {
      guard let end = piece.firstIndex(of: ">") else { return "no end of tag: \(piece)" }
      let tag = piece[..<end]
      let rest = piece[piece.index(after: end)...]
      if rest.contains(">") { return "a bare > in \(rest)" }
      let entity = /&(amp|lt|gt|quot|#[0-9]+);/
      if piece.replacing(entity, with: "").contains("&") { return "a bare & in \(piece)" }
      if tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
      if tag.hasPrefix("/") {
        guard open.popLast() == String(tag.dropFirst()) else { return "unexpected <\(tag)>" }
      } else {
        open.append(String(tag.prefix { $0 != " " }))
      }
    }
    return open.isEmpty ? nil : "not closed: \(open)"
  }
}
