// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import drdev

/// `drdev fuzz` in small; `./test` lets it run for a minute.
@Suite struct FuzzTests {
  private static let corpus = Result { try Corpus(root: root) }

  @Test("what once broke something holds now") func regressions() throws {
    let folder = "\(root)/\(Corpus.regressions)"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    for file in files where file.hasSuffix(".dr") {
      let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(file)"))
      #expect(Properties.violation(of: Array(bytes)) == nil, "\(file)")
    }
  }

  @Test("an input follows from its seed") func seeds() throws {
    let corpus = try Self.corpus.get()
    #expect(corpus.programs.count > 150)
    #expect((0..<40).allSatisfy { corpus.input(seed: $0) == corpus.input(seed: $0) })
    #expect(Set((0..<40).map { corpus.input(seed: $0) }).count > 30)
  }

  @Test("a few inputs", arguments: 0..<40) func inputs(_ seed: Int) throws {
    let input = try Self.corpus.get().input(seed: UInt64(seed))
    #expect(Properties.violation(of: input) == nil, "seed \(seed)")
  }
}
