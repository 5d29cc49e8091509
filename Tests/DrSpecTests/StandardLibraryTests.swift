// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrSpec
import Foundation
import Testing

/// The tests of standard modules, which are written in the language itself.
@Suite("standard library")
struct StandardLibraryTests {
  static let files: [String] = {
    let folder = root.appending(path: "stdlib/tests")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted()
  }()

  @Test("its own tests hold", arguments: files)
  func holds(_ name: String) throws {
    let path = root.appending(path: "stdlib/tests/\(name)")
    let file = report(try String(contentsOf: path, encoding: .utf8), file: name, limits: Limits())
    let whole = TestReport([file])
    #expect(whole.exitStatus == 0, "\(whole.text(colour: false))")
    #expect(whole.counts.hold > 0)
  }

  @Test("every public function of core is tested")
  func complete() throws {
    let tests = try String(
      contentsOf: root.appending(path: "stdlib/tests/core.dr"), encoding: .utf8)
    let checker = Checker(loader: EmbeddedLoader())
    checker.check(path: "main.dr", bytes: [])
    let program = checker.program
    let names = program.functions.filter { function in
      guard case .function = function.role else { return false }
      return program.sources[function.span.file].name == "stdlib/core.dr"
    }.map(\.name)
    #expect(names.count > 30)
    for name in names where !name.hasPrefix("_") {
      #expect(tests.contains("\(name)("), "\(name) is not tested")
    }
  }
}
