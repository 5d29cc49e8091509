// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrSema
import Foundation
import Testing

/// One program below `Tests/Golden/check`: a file, or a folder with `main.dr`. Its name says the
/// behaviour.
///
/// `<case>.diagnostics` is what users see; a program without mistakes has none, and `<case>.values`
/// with the types and values of its `let`s instead.
struct CheckCase: Sendable, CustomTestStringConvertible {
  /// From the folder of all cases, without suffix: `names/unknown_name`.
  let path: String
  let isFolder: Bool

  var testDescription: String { path }

  static let folder = Repository.path("Tests/Golden/check")

  static let all: [CheckCase] = {
    let files = Repository.files(in: "Tests/Golden/check").filter { $0.hasSuffix(".dr") }
    let folders = files.filter { $0.hasSuffix("/main.dr") }.map { String($0.dropLast(8)) }
    let single = files.filter { file in !folders.contains { file.hasPrefix($0 + "/") } }
    return folders.map { CheckCase(path: $0, isFolder: true) }
      + single.map { CheckCase(path: String($0.dropLast(3)), isFolder: false) }
  }()

  /// Small enough that a program without an end ends soon.
  static let limits: Limits = {
    var limits = Limits()
    limits.fuel = 2_000_000
    limits.memoryBytes = 32 << 20
    return limits
  }()

  /// Checks the program and, where that finds nothing, computes all of it.
  func run(prelude: Prelude = .whole) -> (
    checker: Checker, machine: Machine?, diagnostics: [Diagnostic]
  ) {
    var options = CheckOptions()
    options.prelude = prelude
    options.limits = Self.limits
    let full = Self.folder + "/" + path
    let root = isFolder ? full : URL(filePath: full).deletingLastPathComponent().path
    let checker = Checker(loader: DiskLoader(folder: root), options: options)
    checker.check(path: isFolder ? "main.dr" : URL(filePath: full).lastPathComponent + ".dr")
    guard !checker.diagnostics.hasErrors else { return (checker, nil, checker.diagnostics) }
    let machine = Machine(program: Program(checker.program), limits: Self.limits)
    return (checker, machine, checker.diagnostics + machine.modelFailures())
  }
}

@Suite struct GoldenCheckTests {
  @Test("there are cases") func cases() {
    #expect(CheckCase.all.count >= 80)
  }

  @Test("says what is wrong, and nothing else", arguments: CheckCase.all)
  func diagnostics(_ sample: CheckCase) throws {
    let (checker, machine, diagnostics) = sample.run()
    let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
    let path = CheckCase.folder + "/" + sample.path
    try Repository.compare(renderer.render(diagnostics), with: path + ".diagnostics")
    var values = ""
    if diagnostics.isEmpty, let machine { values = try describeValues(checker, machine) }
    try Repository.compare(values, with: path + ".values")
    for diagnostic in diagnostics { checkShape(diagnostic, checker.program.sources) }
    #expect(sample.run().diagnostics == diagnostics, "two checks say the same")
  }

  @Test(
    "a program means the same without the modules that it names nothing of",
    arguments: CheckCase.all)
  func namedPrelude(_ sample: CheckCase) throws {
    let (checker, machine, diagnostics) = sample.run(prelude: .named(expression: nil))
    // Where there is something to tell, hosts read the whole prelude.
    guard checker.diagnostics.isEmpty, let machine else { return }
    let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
    let path = CheckCase.folder + "/" + sample.path
    #expect(renderer.render(diagnostics) == Repository.text(path + ".diagnostics") ?? "")
    guard diagnostics.isEmpty else { return }
    #expect(try describeValues(checker, machine) == Repository.text(path + ".values") ?? "")
  }

  /// The top-level `let`s of the first file, as `name: Type = value`.
  private func describeValues(_ checker: Checker, _ machine: Machine) throws -> String {
    var text = ""
    for id in checker.program.roots {
      let global = checker.program[id]
      guard case .value = global.body, global.module == checker.mainAlias else { continue }
      let value = machine.describe(try machine.global(id), type: global.type)
      text += "\(global.name): \(checker.typeName(global.type)) = \(value)\n"
    }
    return text
  }

  /// Every diagnostic has a place and a help, and ends without a full stop.
  private func checkShape(_ diagnostic: Diagnostic, _ sources: SourceMap) {
    #expect(diagnostic.span != nil, "\(diagnostic.message)")
    #expect(!diagnostic.message.hasSuffix("."))
    // Other messages are tested where they are written, and those of constraints and assertions are
    // the user's own.
    let isOurs = ["E01", "E02", "E03"].contains(diagnostic.code.rawValue.prefix(3))
    if isOurs, diagnostic.code != .constraintViolated {
      #expect(diagnostic.help != nil, "\(diagnostic.message)")
    }
    for span in [diagnostic.span].compactMap({ $0 }) + diagnostic.labels.map(\.span) {
      #expect(span.start <= span.end)
      #expect(Int(span.end) <= sources[span.file].bytes.count)
    }
  }

  @Test(
    "a newcomer's mistake is told once",
    arguments: CheckCase.all.filter { $0.path.hasPrefix("newcomer/") })
  func newcomer(_ sample: CheckCase) {
    let found = sample.run().diagnostics
    let isRight = Repository.text(CheckCase.folder + "/" + sample.path + ".values") != nil
    #expect(found.count == (isRight ? 0 : 1), "\(found.map(\.message))")
    #expect(found.allSatisfy { $0.help != nil })
  }

  @Test("no golden output without its program") func orphans() {
    let paths = Set(CheckCase.all.map(\.path))
    for file in Repository.files(in: "Tests/Golden/check") {
      for suffix in [".diagnostics", ".values"] where file.hasSuffix(suffix) {
        #expect(paths.contains(String(file.dropLast(suffix.count))), "\(file)")
      }
    }
  }

  @Test("every code of the checker has a case") func codes() {
    let goldens = Repository.files(in: "Tests/Golden/check").filter { $0.hasSuffix(".diagnostics") }
    let text = goldens.compactMap {
      FileManager.default.contents(atPath: CheckCase.folder + "/" + $0)
    }
    .map { String(decoding: $0, as: UTF8.self) }.joined()
    for code in DiagnosticCode.allCases {
      let family = code.rawValue.prefix(3)
      // A program cannot cancel itself; the library's tests do it.
      guard ["E01", "E02", "E03", "E04"].contains(family), code != .cancelled else { continue }
      #expect(text.contains("[\(code.rawValue) "), "\(code.rawValue) \(code.name)")
    }
  }
}
