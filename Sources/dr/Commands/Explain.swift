// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrCatalogue
import DrLint
import DrSema
import DrStdlib
import DrSystem

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Explain a diagnostic or a rule: what it means, why it is refused, an example and its mending."
  ).ofDr

  @Argument(
    help: "A code or its name: E0201, unit-mismatch, DR107. Without one, all codes are listed.")
  var code: String?

  @Argument(
    help: "A program, for rules of its own; without one, the programs of this folder are looked at."
  )
  var file: String?

  @OptionGroup var colour: ColourOptions

  func run() throws {
    guard let word = code else { return list() }
    let style = OutputStyle(colour: colour.color)
    if let code = Catalogue.code(word), let page = Catalogue.page(code.rawValue) {
      return show(page, style)
    }
    let rules = try ownRules(word, style) + Self.rules
    guard let rule = rules.first(where: { $0.isCalled(word) }) else {
      throw ValidationError(
        "there is no diagnostic called \(visible(word)); \(advice(word, rules))")
    }
    show(rule.markdown, style)
  }

  private func show(_ page: String, _ style: OutputStyle) {
    Console.write(
      Page.render(
        page, width: OutputStyle.width(.output).map { min($0, 100) },
        colour: style.usesColour(.output)))
  }

  /// The rules of the program, or of the programs in this folder that have one of that name.
  private func ownRules(_ word: String, _ style: OutputStyle) throws -> [RulePage] {
    if let file {
      let checker = Project(file: file, inputs: [], style: style).checker
      guard checker.mainFile != nil else {
        throw ValidationError("\(visible(file)) cannot be read")
      }
      return checker.program.rules.map { RulePage($0, in: checker.program) }
    }
    return (ProgramFiles.directlyIn(".") ?? []).flatMap { name -> [RulePage] in
      guard case .success(let bytes) = readFile(name) else { return [] }
      var sources = SourceMap()
      let id = sources.add(name: name, bytes: bytes)
      return RulePage.all(in: sources[id]).filter { $0.isCalled(word) }
    }
  }

  /// The rules of the library.
  private static var rules: [RulePage] {
    StandardLibrary.modules.filter { $0.hasPrefix("lint/") }.flatMap { path in
      var sources = SourceMap()
      let id = sources.add(name: path, bytes: StandardLibrary.module(path) ?? [])
      return RulePage.all(in: sources[id])
    }.sorted { $0.code < $1.code }
  }

  private func list() {
    let width = OutputStyle.width(.output)
    let entries =
      DiagnosticCode.allCases.map { ($0.rawValue, $0.name, Catalogue.summary($0)) }
      + Self.rules.map { ($0.code, $0.name, $0.summary) }
    let longest = entries.map(\.1.count).max() ?? 0
    for (code, name, summary) in entries {
      let name = name + String(repeating: " ", count: longest - name.count)
      let line = "\(padded(code, to: 5))  \(name)  \(summary)"
      Console.write(OutputStyle.clipped(line, to: width) + "\n")
    }
  }

  /// What may have been meant: a near name, or of a number the nearest one of its family.
  private func advice(_ word: String, _ rules: [RulePage]) -> String {
    let all = DiagnosticCode.allCases
    let names = all.map(\.name) + rules.map(\.name) + rules.map(\.code)
    if let name = nearestName(to: word, among: names) { return "did you mean \(name)?" }
    guard let number = Int(word.drop { $0 == "E" || $0 == "e" }), (0..<10_000).contains(number),
      let nearest = all.min(by: { distance($0, number) < distance($1, number) })
    else { return "`dr explain` lists all" }
    return "did you mean \(nearest.rawValue) \(nearest.name)?"
  }

  private func distance(_ code: DiagnosticCode, _ number: Int) -> (Int, Int) {
    let own = Int(code.rawValue.dropFirst()) ?? 0
    return (abs(own / 100 - number / 100), abs(own - number))
  }
}

extension RulePage {
  fileprivate func isCalled(_ word: String) -> Bool {
    word.lowercased() == code.lowercased() || word.lowercased() == name
  }
}
