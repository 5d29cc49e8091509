// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrLint
import Foundation

/// The page that lists all rules of the standard library.
enum RuleIndex {
  private static let areas = [
    "DR1": "Topology and capacity", "DR2": "Versions and what is emitted",
    "DR3": "Objectives and timers", "DR4": "Triggers, safety, damping", "DR5": "Traffic",
    "DR6": "Health and serving of models", "DR7": "Runbooks and access",
    "DR8": "Drills, observability, security",
  ]

  static func page(root: String) throws -> String {
    let rules = try all(root: root)
    var text = """
      <!-- Written by `swift run drdev generate` from stdlib/lint; do not edit. -->
      # Rules of `dr lint`

      \(rules.count) rules. `dr explain DR107` gives the page of one: why it is there, an example, its mending. How they are run,
      chosen and allowed says [lint.md](lint.md).

      A rule sees what the program says, and no clock: DR705 knows the version that a recovery was rehearsed on, not how long ago; DR301 the least that a
      recovery takes, the most says `dr prove`; DR801 whether there is a drill, when it ran says `dr runs`.

      """
    for area in areas.keys.sorted() {
      text +=
        "\n## \(area)xx: \(areas[area] ?? "")\n\n| rule | | what it finds |\n| --- | --- | --- |\n"
      for rule in rules where rule.page.code.hasPrefix(area) {
        let page = rule.page
        let severity = page.severity == "error" ? "**error**" : page.severity
        text +=
          "| [\(page.code) \(page.name)](../stdlib/lint/\(rule.file)) | \(severity) | \(page.summary) |\n"
      }
    }
    return text
  }

  private static func all(root: String) throws -> [(page: RulePage, file: String)] {
    let folder = URL(fileURLWithPath: root).appendingPathComponent("stdlib/lint")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".dr") }.sorted()
    return try names.flatMap { name in
      let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
      let source = SourceFile(id: FileID(0), name: name, bytes: Array(bytes))
      return RulePage.all(in: source).map { ($0, name) }
    }
  }
}
