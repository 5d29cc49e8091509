// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Foundation
import Testing

/// A program below `Tests/Golden/render`, shown at a width; `<case>.40`, `<case>.80` and `<case>.pipe` are what is
/// seen there, `<case>.colour` with escape characters written as `␛`.
private struct RenderCase: Sendable, CustomTestStringConvertible {
  let name: String
  let suffix: String
  var testDescription: String { "\(name) \(suffix)" }

  static let all = Repository.files(in: "Tests/Golden/render").filter { $0.hasSuffix(".dr") }
    .flatMap { file in
      ["40", "80", "pipe", "colour"].map {
        RenderCase(name: String(file.dropLast(3)), suffix: $0)
      }
    }

  var path: String { Repository.path("Tests/Golden/render/\(name)") }

  func rendered() -> String {
    let checker = Checker(loader: DiskLoader(folder: Repository.path("Tests/Golden/render")))
    checker.check(path: name + ".dr")
    var diagnostics = checker.diagnostics
    if diagnostics.isEmpty {
      diagnostics = Machine(program: Program(checker.program), limits: Limits()).modelFailures()
    }
    let renderer = DiagnosticRenderer(
      sources: checker.program.sources, colour: suffix == "colour", width: Int(suffix))
    return renderer.render(diagnostics)
  }
}

@Suite struct RenderTests {
  @Test("looks as it did", arguments: RenderCase.all)
  fileprivate func golden(_ sample: RenderCase) throws {
    let text = sample.rendered()
    try Repository.compare(
      text.replacing("\u{1B}", with: "␛"), with: "\(sample.path).\(sample.suffix)")
    if sample.suffix != "colour" { #expect(!text.contains("\u{1B}")) }
    guard let width = Int(sample.suffix) else { return }
    for line in text.split(separator: "\n") where displayWidth(line) > width {
      #expect(!line.drop { " |=".contains($0) }.contains(" "), "only a long word: \(line)")
    }
  }

  @Test("no output without its program") func orphans() {
    for file in Repository.files(in: "Tests/Golden/render") {
      let program = file.split(separator: ".").first.map { $0 + ".dr" } ?? ""
      #expect(
        FileManager.default.fileExists(atPath: Repository.path("Tests/Golden/render/\(program)")))
    }
  }

  @Test("a mark in a line of a megabyte shows what is around it", arguments: [40, 80, nil])
  func hugeLine(_ width: Int?) {
    var sources = SourceMap()
    let filler = String(repeating: "服务 = 1, ", count: 40_000)
    let id = sources.add(name: "big.dr", bytes: Array((filler + "HERE" + filler).utf8))
    let start = UInt32(filler.utf8.count)
    let renderer = DiagnosticRenderer(sources: sources, colour: false, width: width)
    for span in [Span(id, start, start + 4), Span(id, 0, start), Span(id, start, start * 2)] {
      let text = renderer.render(
        Diagnostic(.unknownName, "a name", at: span, labels: [Label(Span(id, 0, 3), "begins")]))
      #expect(text.utf8.count < 4_000)
      #expect(text.contains("…"))
      for line in text.split(separator: "\n") { #expect(displayWidth(line) <= (width ?? 250)) }
      if span.start == start { #expect(text.contains("HERE")) }
    }
  }

  @Test(
    "every span of a hostile text is shown within the width, whatever it cuts",
    arguments: [24, 40, nil])
  func everySpan(_ width: Int?) {
    var sources = SourceMap()
    var bytes = Array("a\t数据👩‍🚒e\u{301}\r\n\u{202E}b\u{1B}[2J\n\n".utf8)
    bytes += [0xFF, 0x80, 0xE4, 0xB8] + Array("x = 很长的一行很长的一行很长的一行很长的一行".utf8)
    let id = sources.add(name: "a.dr", bytes: bytes)
    let renderer = DiagnosticRenderer(sources: sources, colour: false, width: width)
    for start in 0...bytes.count {
      for end in stride(from: start, through: bytes.count, by: 3) {
        let span = Span(id, UInt32(start), UInt32(end))
        let text = renderer.render(Diagnostic(.failed, "m", at: span, caption: "here"))
        #expect(text.contains("^"))
        #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"))
        if let width {
          for line in text.split(separator: "\n") where displayWidth(line) > width {
            Issue.record("\(line)")
          }
        }
      }
    }
  }

  @Test(
    "columns of a text",
    arguments: [
      ("abc", 3), ("数据", 4), ("👩‍🚒", 2), ("🇨🇳", 2), ("❤️", 2), ("❤", 1), ("e\u{301}", 1),
      ("a\u{200B}b", 2),
      ("한글", 4), ("ｆｕｌｌ", 8), ("⚠️", 2), ("→", 1),
    ])
  func columns(_ text: String, _ width: Int) {
    #expect(displayWidth(text) == width)
  }

  @Test("text is wrapped at spaces and between Chinese characters, long words stand whole")
  func wrapping() {
    #expect(wrapped("one two three", width: 8) == ["one two", "three"])
    #expect(wrapped("a very-long-word-indeed b", width: 6) == ["a", "very-long-word-indeed", "b"])
    #expect(wrapped("数据中心，北京", width: 8) == ["数据中", "心，北京"])
    #expect(wrapped("one two", width: nil) == ["one two"])
    #expect(wrapped("", width: 3) == [""])
  }
}
