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

  /// Every kind of expression, as part of a condition that is true.
  static let conditions = [
    "\"a\\(n)\\(twice(n))\" == \"a36\"", "[n, ...[twice(n)], 1] == [3, 6, 1]",
    "[\"k\\(n)\": twice(n)] == [\"k3\": 6]",
    "json({ a: twice(n), ...{ b: n } }) == `{\"a\":6,\"b\":3}`",
    "Point { x = twice(n) }.x == 6", "point(twice(n)).x == 6", "maybe(n)?.x == 3",
    "maybe(0)?.x == nil", "(maybe(0) ?? point(9)).x == 9", "{ a: n }.a == n",
    "[5, n][twice(0) + 1] == n",
    "-twice(n) == -6", "-to_float(n) < 0.5", "not (n > 3)", "n * 1s == 3s and 10GB / 2GB == 5.0",
    "\"ab\" + \"c\\(n)\" == \"abc3\"", "[n] + [twice(n)] == [3, 6]", "n in 1..twice(n)",
    "n not in [1, 2]",
    "adder(twice(n))(n) == 9", "(if n > 2 { twice(n) } else { 0 }) == 6",
    "(match twice(n) { 6: \"six\", _: \"other\" }) == \"six\"",
    "[for i in 0..n if i > 0: i * n] == [3, 6]",
    "(if n > 2 { let y = twice(n); y + 1 } else { 0 }) == 7",
    "(n > 5 or twice(n) == 6) and not (n < 2 or n > twice(n))", "twice(n) == 6 or 1 / (n - 3) == 0",
    "not (n == 0 and 1 / n == 0)", "(n == 3) == true", "to_float(n) / 2 == 1.5",
  ]

  @Test("a condition means the same whether it is watched or not", arguments: conditions)
  func sameMeaning(_ condition: String) throws {
    let head = """
      type Point { x: Int where x < 100 and x >= 0 }
      fn point(x: Int) -> Point = Point { x = x }
      fn maybe(n: Int) -> Point? = if n > 0 { point(n) } else { nil }
      fn twice(n: Int) -> Int = n * 2
      fn adder(n: Int) -> (Int) -> Int = x => x + n
      """
    let file = report(
      """
      \(head)
      test "it holds" { let n = 3
        assert (\(condition)) }
      test "its contrary does not" { let n = 3
        assert not (\(condition)) }
      test "it is true" { let n = 3
        let known = (\(condition))
        assert known }
      """)
    #expect(file.mistakes.isEmpty, "\(TestReport([file]).text(colour: false))")
    #expect(file.results.first?.verdict == .holds)
    #expect(file.results.last?.verdict == .holds)
    guard case .fails(let diagnostic)? = file.results.dropFirst().first?.verdict else {
      Issue.record("the contrary of \(condition) holds")
      return
    }
    #expect(diagnostic.code == .failed)
    #expect(!diagnostic.witnesses.isEmpty)
  }

  /// Random conditions over whole numbers: each shown value is what its text gives by itself.
  @Test("what is shown is true", arguments: 0..<80)
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
