// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrCatalogue
import DrEmit
import DrEval
import DrLint
import DrSema
import Foundation
import Testing

private let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

private func contents(_ path: String) -> [UInt8]? {
  FileManager.default.contents(atPath: root.appending(path: path).path).map { Array($0) }
}

/// The standard library of the repository, and one file.
private struct Loader: ModuleLoader {
  static let names: [String] = {
    let folder = FileManager.default.enumerator(atPath: root.appending(path: "stdlib").path)
    let files = (folder?.allObjects as? [String]) ?? []
    return files.filter { $0.hasSuffix(".dr") }.map { String($0.dropLast(3)) }.sorted()
  }()

  var standardModules: [String] { Self.names }
  func standardModule(_ path: String) -> [UInt8]? { contents("stdlib/\(path).dr") }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

/// What `dr check`, `dr compile` or `dr lint` says of an example, by what stands behind its fence.
private func diagnostics(_ text: String, _ kind: String) -> [Diagnostic] {
  var options = CheckOptions()
  let compiles = kind == "dr compile"
  options.includesBackends = compiles
  options.includesRules = kind == "dr lint"
  options.limits.fuel = 2_000_000
  options.limits.memoryBytes = 32 << 20
  let checker = Checker(loader: Loader(), options: options)
  checker.check(path: "example.dr", bytes: Array(text.utf8))
  guard !checker.diagnostics.hasErrors else { return checker.diagnostics }
  let machine = Machine(program: Program(checker.program), limits: options.limits)
  let failures = checker.diagnostics + machine.modelFailures()
  if kind == "dr lint", !failures.hasErrors {
    return failures + Linter(machine: machine).lint().diagnostics
  }
  guard compiles, !failures.hasErrors else { return failures }
  var compiler = Compiler(machine: machine)
  return failures + compiler.compile(target: nil).diagnostics
}

@Suite struct PageTests {
  @Test("every code has a page, and every page a code")
  func complete() {
    #expect(Catalogue.codes == DiagnosticCode.allCases.map(\.rawValue).sorted())
  }

  @Test("a page is titled by its code and says why", arguments: DiagnosticCode.allCases)
  func shape(_ code: DiagnosticCode) throws {
    let page = try #require(Catalogue.page(code.rawValue))
    let headings = Page.blocks(of: page).compactMap { block -> String? in
      if case .heading(let title) = block { title } else { nil }
    }
    let rest = isLinked(page) ? ["Why", "What to do"] : ["Why", "Example", "Mended"]
    #expect(headings == ["\(code.rawValue) \(code.name)"] + rest)
    #expect(Catalogue.summary(code).hasSuffix("."))
    #expect(page.split(separator: "\n").allSatisfy { $0.count <= 130 || $0.contains("((((") })
  }

  @Test(
    "the example gives the code and no other, mended it gives none",
    arguments: DiagnosticCode.allCases)
  func examples(_ code: DiagnosticCode) throws {
    let page = try #require(Catalogue.page(code.rawValue))
    let programs = Page.blocks(of: page).compactMap { block -> (kind: String, text: String)? in
      if case .code(let kind, let text) = block { (kind, text) } else { nil }
    }
    if isLinked(page) {
      #expect(programs.isEmpty)
      return
    }
    #expect(programs.count == 2)
    #expect(programs.allSatisfy { ["dr", "dr compile", "dr lint"].contains($0.kind) })
    let found = programs.map { diagnostics($0.text, $0.kind) }
    #expect(Set(found[0].map(\.code)) == [code])
    #expect(found[1].map(\.message) == [])
  }

  @Test("few pages have no example, and those name the test of their code")
  func linked() throws {
    let linked = DiagnosticCode.allCases.compactMap { code in
      Catalogue.page(code.rawValue).flatMap(comment).map { (code, $0) }
    }
    #expect(linked.count <= 10)
    for (code, text) in linked {
      let words = text.split(separator: " ", maxSplits: 2)
      #expect(words.count == 3 && words[0] == "tested" && words[1] == "by", "\(text)")
      let path = words.last?.split(separator: ":").first.map(String.init) ?? ""
      let test = String(decoding: contents(path) ?? [], as: UTF8.self)
      // A report of a run tells some in words.
      let isNamed = test.contains(code.rawValue) || test.contains("\(code)")
      #expect(
        isNamed || !test.isEmpty && text.contains("the report of a run"), "\(path) of \(code)")
    }
  }

  /// Findings stand under the code of their rule.
  @Test("every code is in a golden, or its page names its test", arguments: DiagnosticCode.allCases)
  func goldens(_ code: DiagnosticCode) throws {
    let page = try #require(Catalogue.page(code.rawValue))
    let pattern = Array("\(code.rawValue) ".utf8)
    let isShown = Self.goldens.contains { $0.firstRange(of: pattern) != nil }
    #expect(isShown || isLinked(page) || code == .ruleFinding)
  }

  private static let goldens: [[UInt8]] = {
    let folder = FileManager.default.enumerator(atPath: root.appending(path: "Tests/Golden").path)
    let files = (folder?.allObjects as? [String]) ?? []
    return files.filter { !$0.hasSuffix(".dr") }.sorted()
      .compactMap { contents("Tests/Golden/\($0)") }
  }()

  private func isLinked(_ page: String) -> Bool { comment(page) != nil }

  private func comment(_ page: String) -> String? {
    for case .comment(let text) in Page.blocks(of: page) { return text }
    return nil
  }
}

@Suite struct RenderingTests {
  @Test("a page fits the terminal, but for its code")
  func width() throws {
    let page = try #require(Catalogue.page("E0201"))
    for width in [40, 80] {
      let text = Page.render(page, width: width, colour: false)
      for line in text.split(separator: "\n") where !line.hasPrefix("    ") {
        #expect(displayWidth(line) <= width)
      }
    }
    #expect(!Page.render(page, width: nil, colour: false).contains("\u{1B}"))
    #expect(
      Page.render(page, width: 80, colour: true).hasPrefix(
        "\u{1B}[1mE0201 unit-mismatch\u{1B}[0m\n"))
  }

  @Test("headings, paragraphs, lists, code and comments are told apart")
  func blocks() {
    let text = "# A\n\none\ntwo\n\n- x\n- y\n  z\n\n```dr\nlet a = 1\n\n```\n\n<!-- c -->\n"
    #expect(
      Page.blocks(of: text) == [
        .heading("A"), .paragraph("one two"), .item("x"), .item("y z"),
        .code(kind: "dr", text: "let a = 1\n\n"), .comment("c"),
      ])
    #expect(
      Page.render(text, width: 40, colour: false)
        == "A\n\none two\n\n- x\n\n- y z\n\n    let a = 1\n\n")
  }

  @Test(
    "a code is found by number and name",
    arguments: ["E0201", "e0201", "0201", "unit-mismatch", "Unit-Mismatch", "E0201 unit-mismatch"])
  func lookup(_ word: String) {
    #expect(Catalogue.code(word) == .unitMismatch)
    #expect(Catalogue.code(word + "x") == nil)
  }
}
