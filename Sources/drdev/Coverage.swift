// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Reads what `swift test --enable-code-coverage` exports (LLVM's coverage JSON, version 2) and
/// holds the targets of the language to their bar.
enum Coverage {
  /// Percent of the lines that tests must run.
  private static let bars = ["DrSyntax": 95.0, "DrSema": 90.0, "DrEval": 90.0]

  private struct Export: Decodable {
    struct Unit: Decodable { let files: [File] }
    struct File: Decodable {
      let filename: String
      let summary: Summary
    }
    struct Summary: Decodable { let lines: Lines }
    struct Lines: Decodable {
      let count: Int
      let covered: Int
    }
    let data: [Unit]
  }

  /// Prints a line per target; gives 1 when one misses its bar.
  static func run(file: String) throws -> Int32 {
    let export = try JSONDecoder().decode(
      Export.self, from: Data(contentsOf: URL(filePath: file)))
    var lines: [String: (count: Int, covered: Int)] = [:]
    for file in export.data.flatMap(\.files) {
      let parts = file.filename.split(separator: "/")
      guard let sources = parts.lastIndex(of: "Sources"), parts.count > sources + 1 else {
        continue
      }
      let target = String(parts[sources + 1])
      let known = lines[target] ?? (0, 0)
      lines[target] = (
        known.count + file.summary.lines.count, known.covered + file.summary.lines.covered
      )
    }
    var isMissed = false
    for (target, bar) in bars.sorted(by: { $0.key < $1.key }) {
      let found = lines[target] ?? (0, 0)
      let percent = found.count == 0 ? 0 : 100 * Double(found.covered) / Double(found.count)
      let verdict = percent >= bar ? "holds" : "missed"
      print(String(format: "%@ %.1f %% of lines, bar %.0f %%: %@", target, percent, bar, verdict))
      if percent < bar { isMissed = true }
    }
    return isMissed ? 1 : 0
  }
}
