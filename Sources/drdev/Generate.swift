// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Rewrites what is derived from other files: the list of embedded standard modules.
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
    [("Sources/CStdlib/stdlib.c", try embedList(root: root))]
  }

  /// A C file that embeds every module of stdlib/, sorted by path.
  private static func embedList(root: String) throws -> String {
    let folder = URL(fileURLWithPath: root).appendingPathComponent("stdlib")
    let all = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    let modules = all.filter { $0.hasSuffix(".dr") }.map { String($0.dropLast(3)) }
      .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    var text = """
      // SPDX-License-Identifier: Apache-2.0
      // Written by `swift run drdev generate`; do not edit.

      #include "CStdlib.h"


      """
    for (index, module) in modules.enumerated() {
      text += "static const unsigned char module_\(index)[] = {\n"
      text += "#embed \"../../stdlib/\(module).dr\"\n};\n"
    }
    text += "\nstatic const struct dr_module modules[] = {\n"
    for (index, module) in modules.enumerated() {
      text += "  {\"\(module)\", module_\(index), sizeof module_\(index)},\n"
    }
    text += """
      };

      const struct dr_module *dr_stdlib_modules(void) { return modules; }

      size_t dr_stdlib_count(void) { return sizeof modules / sizeof modules[0]; }

      """
    return text
  }
}
