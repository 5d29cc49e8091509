// SPDX-License-Identifier: Apache-2.0

import DrSpec
import Foundation
import Testing

@Suite("docs/testing.md")
struct DocumentationTests {
  @Test("its examples are programs whose tests hold")
  func examples() throws {
    let text = try String(contentsOf: root.appending(path: "docs/testing.md"), encoding: .utf8)
    let programs = text.components(separatedBy: "```dr\n").dropFirst()
      .map { $0.components(separatedBy: "\n```")[0] }
    #expect(!programs.isEmpty)
    for program in programs {
      let whole = TestReport([report(program)])
      #expect(whole.exitStatus == 0, "\(whole.text(colour: false))")
      #expect(whole.counts.hold > 0)
    }
  }
}
