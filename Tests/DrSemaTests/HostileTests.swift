// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrSema
import DrSyntax
import Testing

/// Programs that nobody would write: the checker ends, and says something or nothing, but never
/// traps.
@Suite struct HostileTests {
  @Test("golden programs with a token left out, doubled or swapped") func mutations() {
    var random = Generator(state: 7)
    let samples = CheckCase.all.filter { !$0.isFolder }.compactMap(\.text)
    for text in samples {
      let source = SourceFile(id: FileID(0), name: "main.dr", bytes: Array(text.utf8))
      let tree = parse(source)
      guard tree.tokenCount > 2 else { continue }
      for _ in 0..<3 {
        let first = random.below(tree.tokenCount - 1)
        let second = random.below(tree.tokenCount - 1)
        let checker = check(mutated(source, tree, first, second, random.below(3)), limits: small)
        #expect(checker.diagnostics.count < 60, "\(checker.rendered)")
        evaluate(checker)
      }
    }
  }

  private var small: Limits {
    var limits = CheckCase.limits
    limits.fuel = 100_000
    return limits
  }

  private func evaluate(_ checker: Checker) {
    guard !checker.diagnostics.hasErrors else { return }
    _ = Machine(program: Program(checker.program), limits: small).modelFailures()
  }

  /// 0 leaves the first token out, 1 writes it twice, 2 puts the second in its place.
  private func mutated(
    _ source: SourceFile, _ tree: SyntaxTree, _ first: Int, _ second: Int, _ kind: Int
  ) -> String {
    let span = tree.leaf(first).span
    let before = String(decoding: source.bytes[..<Int(span.start)], as: UTF8.self)
    let after = String(decoding: source.bytes[Int(span.end)...], as: UTF8.self)
    let middle = [
      "", source.text(span) + " " + source.text(span), source.text(tree.leaf(second).span),
    ]
    return before + middle[kind] + after
  }

  @Test("chains of definitions without types", arguments: [10, 100, 2_000])
  func chains(_ count: Int) {
    let lets = (0..<count).map { "let v\($0) = v\($0 + 1) + 1" } + ["let v\(count) = 1"]
    let functions = (0..<count).map { "fn f\($0)() = f\($0 + 1)()" } + ["fn f\(count)() = 1"]
    for program in [lets, functions] {
      let forwards = check(program.joined(separator: "\n"))
      let expected: [DiagnosticCode] = count > 1_000 ? [.depthExceeded] : []
      #expect(forwards.diagnostics.map(\.code) == expected, "\(count)")
      #expect(check(program.reversed().joined(separator: "\n")).diagnostics.isEmpty, "\(count)")
    }
  }

  @Test("deep expressions in a chain of definitions") func deepChains() {
    let open = String(repeating: "g([", count: 45)
    let close = String(repeating: "])", count: 45)
    let functions = (0..<50).map { "fn f\($0)() = \(open)f\($0 + 1)()\(close)" }
    let program = functions + ["fn f50() = [1]", "fn g<T>(xs: [T]) -> [T] = xs"]
    #expect(
      check(program.joined(separator: "\n")).diagnostics.contains { $0.code == .depthExceeded })
  }

  @Test("long chains in one expression", arguments: [100, 20_000])
  func expressions(_ count: Int) {
    func repeated(_ text: String) -> String { String(repeating: text, count: count) }
    for program in [
      "let a = 1" + repeated(" + 1"), "let a = true" + repeated(" and true"),
      "let a = [1]" + repeated("[0]"), "let a = {}" + repeated(".b"),
      "let a = nil" + repeated(" ?? nil"), "let a = " + repeated("-") + "1",
      "let a = " + repeated("not ") + "true", "let a = " + repeated("[") + repeated("]"),
      "let a = " + repeated("if true { ") + "1" + repeated(" } else { 2 }"),
      "let a = if true { 1 }" + repeated(" else if true { 1 }") + " else { 2 }",
      "let a = x" + repeated("()"), "type A = " + repeated("[") + "Int" + repeated("]"),
      "type A = Int" + repeated("?"), "let a = \"" + repeated("\\(1)") + "\"",
      "box a { " + repeated("box { ") + repeated("} ") + "}",
      "runbook r() { " + repeated("step \"a\" { ") + repeated("} ") + "}",
    ] {
      let checker = check(program, limits: small)
      #expect(checker.diagnostics.count < 5, "\(program.prefix(60)) \(checker.diagnostics.count)")
      evaluate(checker)
    }
  }

  @Test("types that hold themselves") func recursiveTypes() {
    for program in [
      "type A { a: A }\nlet a = A { a = A {} }",
      "type A { a: A? }\nlet a = A { a = A {} }\nlet o: Object = a",
      "type A { b: B }\ntype B { a: [A] = [] }\nlet a = A { b = B {} }\nlet o: Object = { x: a }",
      "type A = A\nlet a: A = 1", "type A = B | B\ntype B = A\nlet a: A = 1",
      "type A declares a { parent b: A }\na x { a y {} }",
      "type A declares a { as: [A] = [] }\na x { a y { a z {} } }\nlet n = len(x.as)",
    ] {
      evaluate(check(program))
    }
  }
}

extension CheckCase {
  /// The text of a case of one file.
  var text: String? {
    Repository.text(Self.folder + "/" + path + ".dr")
  }
}

/// A small generator of random numbers that is the same on every machine.
struct Generator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
