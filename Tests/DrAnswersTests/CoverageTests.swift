// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase
import DrSema
import DrSpec
import Testing

@Suite("the lines that tests reach")
struct CoverageTests {
  @Test("as text and as lcov has it", arguments: Sample.all("coverage"))
  func golden(_ sample: Sample) throws {
    let coverage = try coverage(of: try sample.source())
    try sample.compare(coverage.text(colour: false, width: 60), with: "text.txt")
    try sample.compare(coverage.lcov, with: "lcov.info")
  }

  @Test("tests change nothing by being watched", arguments: Sample.all("coverage"))
  func sameResults(_ sample: Sample) throws {
    let checker = check(try sample.source())
    for test in TestCase.all(of: checker.program, file: "main.dr") {
      let plain = TestRunner(checker.program).run(test)
      let watched = TestRunner(checker.program, counts: true).run(test)
      #expect(plain.verdict == watched.verdict)
      #expect(plain.fuel == watched.fuel)
    }
  }

  @Test("lines without code, and those of tests, do not count")
  func noCode() throws {
    let none = try coverage(of: "# nothing\nlet a = 1\n\ntest \"t\" {\n  assert a == 1\n}\n")
    #expect(none.lineCount == 0)
    #expect(none.percent == "100.0%")
    #expect(none.reaches(basisPoints: 10_000))
  }

  @Test("less than all is less than 100%, and a limit is met exactly")
  func rounding() throws {
    let half = try coverage(
      of: "fn f() -> Int = 1 + 1\nfn g() -> Int = 2 + 2\ntest \"t\" { assert f() == 2 }\n")
    #expect(half.lineCount == 2)
    #expect(half.percent == "50.0%")
    #expect(half.reaches(basisPoints: 5000))
    #expect(!half.reaches(basisPoints: 5001))
  }

  @Test("the same file in two programs counts once, with the hits of both")
  func twice() throws {
    let source = "fn f() -> Int = 1 + 1\nfn g() -> Int = 2 + 2\ntest \"t\" { assert f() == 2 }\n"
    var both = try coverage(of: source)
    both.add(try coverage(of: source))
    #expect(both.lineCount == 2)
    #expect(both.files.first?.lines == [1: 2, 2: 0])
  }

  private func coverage(of source: String) throws -> Coverage {
    let checker = check(source)
    let runner = TestRunner(checker.program, counts: true)
    var hits = Array(repeating: 0, count: runner.program.sites.count)
    for test in TestCase.all(of: checker.program, file: "main.dr") {
      for (site, count) in runner.run(test).hits.enumerated() { hits[site] += count }
    }
    return Coverage(runner.program, hits: hits, of: checker.userFiles)
  }
}
