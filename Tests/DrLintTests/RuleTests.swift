// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrFormat
import DrLint
import DrStdlib
import DrSyntax
import Foundation
import Testing

/// A rule of the standard library, from its file.
struct LibraryRule: Sendable, CustomTestStringConvertible {
  let path: String
  let page: RulePage
  var testDescription: String { page.code }

  static let all: [LibraryRule] = StandardLibrary.modules.filter { $0.hasPrefix("lint/") }
    .flatMap { path -> [LibraryRule] in
      var sources = SourceMap()
      let id = sources.add(name: path, bytes: StandardLibrary.module(path) ?? [])
      return RulePage.all(in: sources[id]).map { LibraryRule(path: path, page: $0) }
    }

  /// The programs below its headings `Example` and `Mended`.
  var examples: [String] {
    page.text.components(separatedBy: "```dr\n").dropFirst().map {
      $0.components(separatedBy: "```")[0]
    }
  }
}

@Suite struct RuleTests {
  @Test("there are rules, each code once")
  func codes() {
    let codes = LibraryRule.all.map(\.page.code)
    #expect(codes.count >= 5)
    #expect(Set(codes).count == codes.count)
  }

  @Test("a rule is one file, named by its code and name", arguments: LibraryRule.all)
  func file(_ rule: LibraryRule) {
    let name = rule.page.name.map { $0 == "-" ? "_" : $0 }
    #expect(rule.path == "lint/\(rule.page.code.lowercased())_\(String(name))")
  }

  @Test(
    "it says why in a sentence, and shows what it finds and how to mend it",
    arguments: LibraryRule.all)
  func page(_ rule: LibraryRule) {
    #expect(rule.page.summary.count > 20 && rule.page.summary.count < 130, "\(rule.page.summary)")
    let headings = rule.page.text.split(separator: "\n").filter { $0.hasPrefix("## ") }
    #expect(headings == ["## Example", "## Mended"])
    #expect(rule.examples.count == 2)
  }

  @Test(
    "it finds its example and nothing else, and nothing once it is mended",
    arguments: LibraryRule.all)
  func examples(_ rule: LibraryRule) throws {
    try #require(rule.examples.count == 2)
    let found = try DrLintTests.codes(rule.examples[0])
    #expect(Set(found) == [rule.page.code])
    #expect(try DrLintTests.codes(rule.examples[1]) == [])
  }

  @Test(
    "its findings have a place and a help, and end without a full stop", arguments: LibraryRule.all)
  func shape(_ rule: LibraryRule) throws {
    for finding in try lint(rule.examples[0]).report.findings {
      #expect(finding.span != nil)
      #expect(finding.help != nil)
      #expect(!finding.message.hasSuffix("."))
    }
  }

  @Test("its examples are formatted", arguments: LibraryRule.all)
  func format(_ rule: LibraryRule) {
    for example in rule.examples {
      var sources = SourceMap()
      let id = sources.add(name: "example.dr", bytes: Array(example.utf8))
      #expect(DrFormat.format(DrSyntax.parse(sources[id])) == example)
    }
  }

  @Test("the example of the documentation has no findings")
  func deepseek() throws {
    let url = root.appending(path: "examples/deepseek-cross-az/deepseek.dr")
    #expect(try DrLintTests.codes(String(contentsOf: url, encoding: .utf8)) == [])
  }
}
