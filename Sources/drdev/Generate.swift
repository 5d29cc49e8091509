// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrSyntax
import Foundation

/// Rewrites what is derived from other files: the lists of embedded files, the index of diagnostics, and the
/// reference of the standard library.
enum Generate {
  /// The files that are out of date; rewritten when `write` is true.
  @discardableResult
  static func run(root: String, write: Bool) throws -> [String] {
    var stale: [String] = []
    for (path, text) in try files(root: root) {
      let url = URL(fileURLWithPath: root).appendingPathComponent(path)
      if (try? String(contentsOf: url, encoding: .utf8)) == text { continue }
      stale.append(path)
      if write {
        try text.write(to: url, atomically: true, encoding: .utf8)
        print("wrote \(path)")
      }
    }
    return stale
  }

  private static func files(root: String) throws -> [(path: String, text: String)] {
    let pages = try DiagnosticPages(root: root)
    return [
      ("Sources/CStdlib/stdlib.c", try standardLibrary(root: root)),
      ("Sources/CCatalogue/catalogue.c", catalogue(pages)),
      ("docs/diagnostics/README.md", try pages.index()),
      ("docs/stdlib.md", try LibraryReference.page(root: root)),
      ("docs/rules.md", try RuleIndex.page(root: root)),
    ]
  }

  private static func standardLibrary(root: String) throws -> String {
    let modules = try modules(root: root)
    let declared = ModuleGraph.prelude.map { path in
      (path, names(declaredBy: "\(root)/stdlib/\(path).dr"))
    }
    return embedList(
      header: "CStdlib.h", element: "module", prefix: "dr_stdlib",
      files: modules.map { ($0, "stdlib/\($0).dr") },
      more: Dictionary(uniqueKeysWithValues: declared))
  }

  /// What a module declares, as a C string.
  private static func names(declaredBy path: String) -> String {
    let bytes = FileManager.default.contents(atPath: path).map(Array.init) ?? []
    var sources = SourceMap()
    let file = sources.add(name: path, bytes: bytes)
    let names = ModuleGraph.names(declaredBy: parse(sources[file], limits: Limits()))
    return "\"" + names.sorted().joined(separator: " ") + "\""
  }

  /// Paths of the standard modules, sorted by their bytes: `core`, `emit/deployment`.
  static func modules(root: String) throws -> [String] {
    let folder = URL(fileURLWithPath: root).appendingPathComponent("stdlib")
    let all = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    // Tests of modules stand beside them, so that no start of the program parses them.
    return all.filter { $0.hasSuffix(".dr") && !$0.hasPrefix("tests/") }
      .map { String($0.dropLast(3)) }
      .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  private static func catalogue(_ pages: DiagnosticPages) -> String {
    embedList(
      header: "CCatalogue.h", element: "page", prefix: "dr_catalogue",
      files: pages.codes.map { ($0, "docs/diagnostics/\($0).md") })
  }

  /// A C file that embeds files of the repository, each with the key that it is found by, and what else is kept of some.
  private static func embedList(
    header: String, element: String, prefix: String, files: [(key: String, path: String)],
    more: [String: String] = [:]
  ) -> String {
    var text = """
      // SPDX-License-Identifier: Apache-2.0
      // Written by `swift run drdev generate`; do not edit.

      #include "\(header)"


      """
    for (index, file) in files.enumerated() {
      text += "static const unsigned char \(element)_\(index)[] = {\n"
      text += "#embed \"../../\(file.path)\"\n};\n"
    }
    text += "\nstatic const struct dr_\(element) \(element)s[] = {\n"
    for (index, file) in files.enumerated() {
      let last = more[file.key].map { ",\n    \($0)" } ?? ""
      text += "  {\"\(file.key)\", \(element)_\(index), sizeof \(element)_\(index)\(last)},\n"
    }
    text += """
      };

      const struct dr_\(element) *\(prefix)_\(element)s(void) { return \(element)s; }

      size_t \(prefix)_count(void) { return sizeof \(element)s / sizeof \(element)s[0]; }

      """
    return text
  }
}
