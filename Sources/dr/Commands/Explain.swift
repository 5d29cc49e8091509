// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrCatalogue
import DrSema

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Explain a diagnostic: what it means, why it is refused, an example and its mending."
  ).ofDr

  @Argument(help: "A code or its name: E0201, unit-mismatch. Without one, all codes are listed.")
  var code: String?

  @OptionGroup var colour: ColourOptions

  func run() throws {
    guard let word = code else { return list() }
    guard let code = Catalogue.code(word), let page = Catalogue.page(code.rawValue) else {
      throw ValidationError("there is no diagnostic called \(visible(word)); \(advice(word))")
    }
    let style = OutputStyle(colour: colour.color)
    Console.write(
      Page.render(
        page, width: OutputStyle.width(.output).map { min($0, 100) },
        colour: style.usesColour(.output)))
  }

  private func list() {
    let width = OutputStyle.width(.output)
    let longest = DiagnosticCode.allCases.map(\.name.count).max() ?? 0
    for code in DiagnosticCode.allCases {
      let name = code.name + String(repeating: " ", count: longest - code.name.count)
      let line = "\(code.rawValue)  \(name)  \(Catalogue.summary(code))"
      Console.write(clipped(line, to: width) + "\n")
    }
  }

  private func clipped(_ line: String, to width: Int?) -> String {
    guard let width, displayWidth(line) > width else { return line }
    return line.prefix(max(width - 1, 0)) + "…"
  }

  /// What may have been meant: a near name, or of a number the nearest one of its family.
  private func advice(_ word: String) -> String {
    let all = DiagnosticCode.allCases
    if let name = nearestName(to: word, among: all.map(\.name)) { return "did you mean \(name)?" }
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
