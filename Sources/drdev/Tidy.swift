// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Rules about our own sources that no compiler checks. A test runs them.
enum Tidy {
  /// What breaks a rule, a line each: `path:line: what`.
  static func findings(root: String) throws -> [String] {
    var findings = try Generate.run(root: root, write: false).map {
      "\($0): out of date; run `swift run drdev generate`"
    }
    for target in layers {
      for path in try swiftFiles(root: root, target: target.name) {
        let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
        findings += check(path: path, text: text, target: target)
      }
    }
    return findings
  }

  private struct Layer {
    let name: String
    /// Targets of ours that it may import.
    let imports: Set<String>
    /// Whether it stands below the ports and so must not know of clocks, disks and networks.
    let isPure: Bool
  }

  private static let layers: [Layer] = [
    Layer(name: "DrBase", imports: ["CDigest"], isPure: true),
    Layer(name: "DrSyntax", imports: ["DrBase"], isPure: true),
    Layer(name: "DrSema", imports: ["DrBase", "DrSyntax"], isPure: true),
    Layer(name: "DrData", imports: ["DrBase", "CYAML"], isPure: true),
    Layer(name: "DrEval", imports: ["DrBase", "DrData", "DrSema"], isPure: true),
    Layer(name: "DrSchema", imports: ["DrBase", "DrData", "CSchemas"], isPure: true),
    Layer(name: "DrFormat", imports: ["DrBase", "DrSyntax"], isPure: true),
    Layer(name: "DrDoc", imports: ["DrBase", "DrSyntax", "DrSema"], isPure: true),
    Layer(name: "DrStdlib", imports: ["CStdlib", "DrBase", "DrSema"], isPure: true),
    Layer(name: "DrCatalogue", imports: ["CCatalogue", "DrBase"], isPure: true),
    Layer(
      name: "DrEmit", imports: ["DrBase", "DrData", "DrSema", "DrEval", "DrSchema"], isPure: true),
    Layer(
      name: "DrProve", imports: ["DrBase", "DrData", "DrSema", "DrEval", "DrRun", "DrSim"],
      isPure: true),
    Layer(
      name: "DrLint",
      imports: ["DrBase", "DrData", "DrSyntax", "DrSchema", "DrSema", "DrEval", "DrEmit"],
      isPure: true),
    Layer(name: "DrGraph", imports: ["DrBase", "DrEval", "DrSema"], isPure: true),
    Layer(name: "DrImport", imports: ["DrBase", "DrData", "DrFormat", "DrSyntax"], isPure: true),
    Layer(name: "DrRun", imports: ["DrBase", "DrData", "DrSema", "DrEval"], isPure: true),
    Layer(name: "DrActions", imports: ["DrBase", "DrData", "DrSema", "DrRun"], isPure: true),
    Layer(
      name: "DrSim", imports: ["DrBase", "DrData", "DrSema", "DrEval", "DrRun"], isPure: true),
    Layer(
      name: "DrRepl",
      imports: [
        "DrBase", "DrSyntax", "DrSema", "DrData", "DrEval", "DrAnswers", "DrEmit", "DrRun", "DrSim",
      ], isPure: true),
    Layer(
      name: "DrSpec", imports: ["DrBase", "DrData", "DrSema", "DrEval", "DrRun", "DrSim"],
      isPure: true),
    Layer(
      name: "DrAnswers", imports: ["DrBase", "DrData", "DrSema", "DrEval"], isPure: true),
    Layer(name: "DrSystem", imports: ["DrSema"], isPure: false),
    Layer(
      name: "DrHost",
      imports: ["CNSS", "CSpawn", "DrBase", "DrData", "DrSema", "DrRun", "DrActions", "DrSystem"],
      isPure: false),
    Layer(
      name: "Dr",
      imports: [
        "DrBase", "DrSyntax", "DrSema", "DrData", "DrEval", "DrStdlib", "DrEmit", "DrSystem",
      ],
      isPure: true),
  ]

  private static let bannedInPure = [
    "import Foundation", " Date(", ".random(", "SystemRandomNumberGenerator", "getenv(", "Task {",
    " async ", "print(",
  ]
  private static let bannedAnywhere = [
    "try!", "as!", "fatalError(", "@unchecked Sendable", "nonisolated(unsafe)", "FIXME", "TODO",
  ]

  private static func swiftFiles(root: String, target: String) throws -> [String] {
    let folder = "\(root)/Sources/\(target)"
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    return try FileManager.default.subpathsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".swift") }.sorted().map { "Sources/\(target)/\($0)" }
  }

  /// Whether a doc comment stands before a declaration and its attributes.
  private static func isDocumented(_ index: Int, _ lines: [Substring]) -> Bool {
    let before = lines[..<index].last { !$0.drop { $0 == " " }.hasPrefix("@") }
    return before?.drop { $0 == " " }.hasPrefix("///") ?? false
  }

  private static func check(path: String, text: String, target: Layer) -> [String] {
    var findings: [String] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.count > 600 { findings.append("\(path): \(lines.count) lines; split it") }
    if !text.hasPrefix("// SPDX-License-Identifier: Apache-2.0") {
      findings.append("\(path):1: the licence line is missing")
    }
    for (index, line) in lines.enumerated() {
      let code = line.drop { $0 == " " }
      guard !code.hasPrefix("//") else { continue }
      let place = "\(path):\(index + 1)"
      for word in bannedAnywhere where code.contains(word) { findings.append("\(place): \(word)") }
      if target.isPure {
        for word in bannedInPure where code.contains(word) { findings.append("\(place): \(word)") }
      }
      if code.hasPrefix("import Dr") {
        let name = String(code.dropFirst("import ".count))
        if !target.imports.contains(name) {
          findings.append("\(place): \(target.name) must not import \(name)")
        }
      }
      if code.hasPrefix("public "), !isDocumented(index, lines) {
        findings.append("\(place): nothing says what this is for those who use the library")
      }
    }
    return findings
  }
}
