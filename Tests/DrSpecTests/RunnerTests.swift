// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSpec
import Testing

@Suite("test runner")
struct RunnerTests {
  @Test("a test that does not end, or takes too much, ends at its limit; the others run")
  func limits() {
    let file = report(
      """
      test "loop" { for i in 0..1_000_000_000_000 { let j = i } }
      test "memory" { let t = [for i in 0..1_000_000_000: "text \\(i)"]
        assert len(t) > 0 }
      test "fine" { assert true }
      """)
    let codes = file.results.map { result -> DiagnosticCode? in
      if case .fails(let diagnostic) = result.verdict { diagnostic.code } else { nil }
    }
    #expect(codes == [.fuelExhausted, .memoryExhausted, nil])
    #expect(file.results.last?.verdict == .holds)
  }

  @Test("the steps of a test do not depend on those before it")
  func ownFuel() {
    let text = "let big = sum([for i in 0..1000: i])\n"
    let file = report(
      text + "test \"a\" { assert big > 0 }\ntest \"b\" { assert big > 0 }\n")
    #expect(file.results.count == 2)
    #expect(file.results.first?.fuel == file.results.last?.fuel)
    #expect((file.results.first?.fuel ?? 0) > 1000)
  }

  @Test("only tests of the file itself are its tests, in source order")
  func order() {
    let file = report("test \"z\" { }\nfn f() -> Int = 1\ntest \"a\" { assert f() == 1 }\n")
    #expect(file.results.map(\.test.name) == ["z", "a"])
    #expect(file.results.map(\.test.line) == [1, 3])
  }

  @Test(
    "the exit status is 1 where a test fails, and 7 where one could not be evaluated",
    arguments: [
      ("test \"a\" { assert true }", Int32(0)), ("test \"a\" { assert false }", 1),
      ("test \"a\" { assert 5m }", 7),
    ])
  func status(_ text: String, _ status: Int32) {
    #expect(TestReport([report(text)]).exitStatus == status)
  }
}
