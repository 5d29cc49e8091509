// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Foundation
import Testing

/// A bracket, quote or comma that is lost is one mistake, and is shown where it belongs.
@Suite struct LostTokenTests {
  /// Every program of the repository that has no mistakes.
  static let programs: [Sample] = {
    let root = Sample.folder.appending(path: "../../..").standardizedFileURL
      .resolvingSymlinksInPath().path
    return ["examples", "stdlib", "Tests/Golden"].flatMap { folder -> [Sample] in
      let paths = (try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
      return paths.filter { $0.hasSuffix(".dr") }.sorted().map { path in
        let data = FileManager.default.contents(atPath: "\(root)/\(folder)/\(path)") ?? Data()
        return Sample(path: "\(folder)/\(path)", bytes: Array(data))
      }
    }.filter { $0.tree.diagnostics.isEmpty }
  }()

  private static let spellings = ["{", "}", "(", ")", "[", "]", "\"", ","]

  /// How many of the deletions may be told as two mistakes, of a thousand.
  private static let permille = 90

  @Test("is one mistake, seldom two", arguments: spellings) func lost(_ token: String) {
    var counts: [Int: Int] = [:]
    var worst: [String] = []
    for program in Self.programs {
      for (place, text) in deletions(of: token, in: program) {
        let found = tree(text).diagnostics.count
        counts[found, default: 0] += 1
        if found > 2 { worst.append("\(program.path):\(place)") }
      }
    }
    let all = counts.values.reduce(0, +)
    let many = counts.filter { $0.key > 1 }.values.reduce(0, +)
    #expect(all > 150)
    #expect(many * 1000 <= all * Self.permille, "\(token) \(counts)")
    // Lists over many lines whose indentation says nothing.
    #expect(worst.count * 30 <= all, "\(token) \(worst)")
  }

  private func deletions(of token: String, in program: Sample) -> [(Int, String)] {
    let tree = program.tree
    return (0..<tree.tokenCount).compactMap { index in
      let span = tree.tokenSpan(index)
      guard tree.source.text(span) == token else { return nil }
      var bytes = program.bytes
      bytes.removeSubrange(Int(span.start)..<Int(span.end))
      return (tree.source.line(at: span.start) + 1, String(decoding: bytes, as: UTF8.self))
    }
  }

  /// A program with `«»` where a token is lost; `expected` is what is said there.
  private func expectMistake(_ program: String, _ expected: String) {
    let parts = program.components(separatedBy: "«»")
    let tree = tree(parts.joined())
    #expect(tree.diagnostics.map(\.message) == [expected], "\(describe(tree))")
    #expect(tree.diagnostics.first?.span?.start == UInt32(parts[0].utf8.count), "\(describe(tree))")
    checkLossless(tree)
  }

  @Test("is shown where it belongs") func places() {
    expectMistake("service a {\n  probe p {\n    x = 1«»\n  y = 2\n}\n", "this `{` is not closed")
    expectMistake("service a {\n  x = 1«»\n\nservice b { }\n", "this `{` is not closed")
    expectMistake("service a«»\n  x = 1\n}\nservice b { }\n", "a `{` is missing")
    expectMistake("runbook r() {\n  step \"a\"«»\n    f()\n  }\n}\n", "a `{` is missing")
    expectMistake("service a {\n  probe p«» get = \"/\" }\n  x = 1\n}\n", "a `{` is missing")
    expectMistake("fn f(a: Int«») -> Int = a\n".replacing(")", with: ""), "this `(` is not closed")
    expectMistake("service a { x = [b, c«» }\n", "this `[` is not closed")
    expectMistake(
      "runbook r() {\n  for p in f(a, b«» { g(p) }\n  h()\n}\n", "this `(` is not closed")
    expectMistake("runbook r() {\n  require f(a«» else \"b\"\n  h()\n}\n", "this `(` is not closed")
    expectMistake("let a = f«» x, y)\nlet b = 1\n", "a `(` is missing")
    expectMistake("let a =«» 1, 2]\nlet b = 1\n", "a `[` is missing")
    expectMistake("let a = [1, 2«»)\nlet b = 1\n", "expected `]`, found `)`")
    expectMistake("fn f() = if a {\n  1«»\nelse {\n  2\n}\n", "this `{` is not closed")
    expectMistake("let a = 1«»)\nlet b = 2\n", "this `)` closes nothing")
  }

  @Test("what was put in is no token, so that a prompt sees what is open") func tokens() {
    for text in ["service a {\n  x = [1", "runbook r() {\n  step \"a\" {", "let a = f("] {
      let tree = tree(text)
      let found = (0..<tree.tokenCount).map { tree.source.text(tree.tokenSpan($0)) }
      #expect(!found.contains(""))
      #expect(found.joined() == text.filter { !$0.isWhitespace })
      checkLossless(tree)
    }
  }

  @Test("a file that is not indented is paired without it") func margin() {
    let text = "service a {\nprobe p {\nx = 1\n}\nprobe q {\nx = 1\n}\n}\nlet b = 1)\n"
    #expect(tree(text).diagnostics.map(\.message) == ["this `)` closes nothing"])
  }

  @Test(
    "a file of nothing but lost brackets takes a time that grows with its length only",
    arguments: [
      "(", "[", "{", ")", "]", "}", "([{", "}])", "(]", "a {\n", "a {\n b {\n", "}\n", " }\n  }\n",
      "f(x {\n", "x = [1, 2)\n", "if (a { b\n", "a ) b", "a b: 1 }\n", "\"\"\"\\(a\n",
    ])
  func linear(_ piece: String) {
    let text = String(repeating: piece, count: 200_000 / piece.utf8.count)
    for prefix in ["", "let a = (\n"] {
      let elapsed = processorTime {
        let tree = tree(prefix + text)
        #expect(tree.diagnostics.count <= 100)
      }
      // Debug builds need a few seconds; quadratic time would need days.
      #expect(elapsed < .seconds(60), "\(piece)")
    }
  }
}
