// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The pages of `docs/diagnostics`, and the index over them.
struct DiagnosticPages {
  /// Sorted: `E0001`.
  let codes: [String]
  private let folder: URL

  init(root: String) throws {
    folder = URL(fileURLWithPath: root).appendingPathComponent("docs/diagnostics")
    codes = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix("E") && $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }.sorted()
  }

  private static let mark = "<!-- from here on written by `swift run drdev generate` -->\n"

  private static let families = [
    ("E00", "Syntax"), ("E01", "Names"), ("E02", "Types and units"), ("E03", "Effects"),
    ("E04", "Limits and failures while evaluating"), ("E05", "Manifests"),
    ("E06", "Runs and drivers"), ("E07", "Rules"),
  ]

  /// The README: its hand-written head, and a table of the pages of each family.
  func index() throws -> String {
    let path = folder.appendingPathComponent("README.md")
    let old = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    let head = old.range(of: Self.mark).map { String(old[..<$0.lowerBound]) } ?? old
    var text = head + Self.mark
    for (prefix, title) in Self.families {
      text += "\n## \(title)\n\n| code | name | what it means |\n| --- | --- | --- |\n"
      for code in codes where code.hasPrefix(prefix) {
        let page = try page(code)
        text += "| [\(code)](\(code).md) | \(page.name) | \(page.summary) |\n"
      }
    }
    return text
  }

  /// The name in a page's title, and the first sentence of its text.
  private func page(_ code: String) throws -> (name: String, summary: String) {
    let path = folder.appendingPathComponent("\(code).md")
    let paragraphs = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n\n")
    let name = paragraphs[0].replacingOccurrences(of: "# \(code) ", with: "")
    let text = paragraphs.dropFirst().first?.replacingOccurrences(of: "\n", with: " ") ?? ""
    let end = text.range(of: ". ")?.lowerBound
    let summary = end.map { String(text[..<$0]) + "." } ?? text
    return (name, summary.replacingOccurrences(of: "|", with: "\\|"))
  }
}
