// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSpec
import Testing

/// What is shown of a condition that does not hold.
@Suite("explained conditions")
struct WitnessTests {
  private func values(_ text: String) throws -> [String] {
    let (diagnostic, sources) = try failure(text)
    return diagnostic.witnesses.map { "\(sources.text($0.span)) is \($0.value)" }
  }

  @Test("literals are not shown, and everything else once")
  func once() throws {
    let found = try values(
      "test \"t\" { let n = 2\n let xs = [n, n]\n assert len(xs) + n == n * 9 - len(xs) }")
    #expect(
      found == [
        "len(xs) + n is 4", "len(xs) is 2", "xs is [2, 2]", "n is 2", "n * 9 - len(xs) is 16",
        "n * 9 is 18",
      ])
  }

  @Test("what a short cut left out is not shown")
  func shortCut() throws {
    let found = try values(
      """
      fn bad(n: Int) -> Bool = 1 / n == 0
      test "t" { let n = 0
        assert n > 0 and bad(n) }
      """)
    #expect(found == ["n > 0 is false", "n is 0"])
  }

  @Test("a secret shows its mask, in lists and records too")
  func secrets() throws {
    let found = try values(
      """
      type Holder { token: Secret }
      fn same(a: Holder, b: [Secret]) -> Bool = [a.token] == b
      test "t" { let h = Holder { token = secret("ns/hidden") }
        assert same(Holder { token = h.token }, [secret("ns/other")]) }
      """)
    #expect(!found.isEmpty)
    #expect(found.contains { $0.contains("•••") })
    for line in found { #expect(line.split(separator: " is ").last?.contains("hidden") == false) }
  }

  @Test("long lists and texts are cut")
  func long() throws {
    let found = try values(
      "test \"t\" { let xs = [for i in 0..1000: i]\n assert \"\\(xs)\" == \"\" }")
    #expect(found.contains("xs is [0, 1, 2, 3, 4, … 995 more]"))
    for line in found { #expect(line.count < 80) }
  }

  @Test("a value with control characters cannot move the cursor")
  func control() throws {
    let (diagnostic, sources) = try failure(
      "test \"t\" { let x = \"a\\u{1B}[2J\"\n assert x == \"\" }")
    let text = DiagnosticRenderer(sources: sources, colour: false).render(diagnostic)
    #expect(!text.contains("\u{1B}"))
  }

  /// Random conditions over whole numbers: each shown value is what its text gives by itself.
  @Test("what is shown is true", arguments: 0..<150)
  func isTrue(_ seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let condition = Self.condition(&random, depth: 3)
    let names = "let a = \(random.below(9))\n let b = \(random.below(9))\n let c = [a, b, 3]\n"
    let head = "fn twice(n: Int) -> Int = n * 2\ntest \"t\" { \(names)"
    let file = report("\(head) assert \(condition) }")
    let result = try #require(file.results.first, "\(condition): \(file.mistakes)")
    guard case .fails(let diagnostic) = result.verdict else { return }
    for witness in diagnostic.witnesses {
      let again = report(
        "\(head) assert (\(file.sources.text(witness.span))) == (\(witness.value)) }")
      #expect(
        again.results.first?.verdict == .holds,
        "seed \(seed): \(condition): \(file.sources.text(witness.span)) is not \(witness.value)")
    }
    // Every test that decided is shown, unless it is the whole condition.
    if condition.contains(" and ") || condition.contains(" or ") {
      #expect(!diagnostic.witnesses.isEmpty)
    }
  }

  private static func condition(_ random: inout SeededRandom, depth: Int) -> String {
    func pick(_ items: [String]) -> String { items[Int(random.below(Int64(items.count)))] }
    if depth > 0, random.below(3) > 0 {
      let word = pick([" and ", " or "])
      let sides = (
        condition(&random, depth: depth - 1), condition(&random, depth: depth - 1)
      )
      let whole = "(\(sides.0)\(word)\(sides.1))"
      return random.below(4) == 0 ? "not \(whole)" : whole
    }
    let order = pick([" < ", " > ", " <= ", " >= ", " == ", " != "])
    return number(&random, depth: 2) + order + number(&random, depth: 2)
  }

  private static func number(_ random: inout SeededRandom, depth: Int) -> String {
    if depth > 0, random.below(2) == 0 {
      let (x, y) = (number(&random, depth: depth - 1), number(&random, depth: depth - 1))
      switch random.below(5) {
      case 0: return "(\(x) + \(y))"
      case 1: return "twice(\(x))"
      case 2: return "larger(\(x), \(y))"
      case 3: return "sum(map(c, n => n + \(x)))"
      default: return "(if \(x) > 3 { \(y) } else { \(x) })"
      }
    }
    switch random.below(4) {
    case 0: return "a"
    case 1: return "b"
    case 2: return "len(c)"
    default: return "\(random.below(10))"
    }
  }
}
