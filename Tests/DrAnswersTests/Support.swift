// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrStdlib
import Foundation
import Testing

let root = URL(filePath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

let isBlessing = ProcessInfo.processInfo.environment["DR_BLESS"] == "1"

/// A folder of `Tests/Golden/answers`: `main.dr`, whose comments `# ask: …` say what is asked, and
/// the answers.
struct Sample: Sendable, CustomTestStringConvertible {
  let area: String
  let name: String
  var testDescription: String { name }

  private var folder: URL { root.appending(path: "Tests/Golden/answers/\(area)/\(name)") }

  static func all(_ area: String) -> [Sample] {
    let folder = root.appending(path: "Tests/Golden/answers/\(area)").path
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    return (names ?? []).sorted().map { Sample(area: area, name: $0) }
  }

  func source() throws -> String {
    try String(contentsOf: folder.appending(path: "main.dr"), encoding: .utf8)
  }

  /// What stands after `# word: ` in the program's comments.
  func words(_ word: String) throws -> [String] {
    try source().split(separator: "\n").filter { $0.hasPrefix("# \(word): ") }
      .map { String($0.dropFirst(word.count + 4)) }
  }

  func compare(_ text: String, with file: String) throws {
    let url = folder.appending(path: file)
    if isBlessing { try Data(text.utf8).write(to: url) }
    let expected = try? String(contentsOf: url, encoding: .utf8)
    #expect(text == expected, "\(url.path) differs; DR_BLESS=1 swift test rewrites it")
  }
}

/// The embedded standard library, and no files.
struct EmbeddedLoader: ModuleLoader {
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

/// A checked program that is given as text.
func check(_ text: String) -> Checker {
  let checker = Checker(loader: EmbeddedLoader())
  checker.check(path: "main.dr", bytes: Array(text.utf8), display: "main.dr")
  let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
  #expect(checker.diagnostics.isEmpty, "\(renderer.render(checker.diagnostics))")
  return checker
}
