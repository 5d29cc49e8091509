// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Testing

/// What a broken file must never do: crash, hang, lose a byte, or go unreported.
@Suite struct ResilienceTests {
  private func check(_ bytes: [UInt8], _ note: String) {
    let tree = parse(SourceFile(id: FileID(0), name: "x.dr", bytes: bytes))
    checkLossless(tree)
    for diagnostic in tree.diagnostics {
      #expect(Int(diagnostic.span?.end ?? 0) <= bytes.count, "\(note)")
    }
  }

  @Test("any token may be missing", arguments: Sample.all) func deletion(_ sample: Sample) {
    let tree = sample.tree
    for token in stride(from: 0, to: tree.tokenCount, by: max(1, tree.tokenCount / 150)) {
      let span = tree.tokenSpan(token)
      var bytes = sample.bytes
      bytes.removeSubrange(Int(span.start)..<Int(span.end))
      check(bytes, "\(sample.path) without token \(token)")
    }
  }

  @Test("any token may be there twice", arguments: Sample.all) func duplication(_ sample: Sample) {
    let tree = sample.tree
    for token in stride(from: 0, to: tree.tokenCount, by: max(1, tree.tokenCount / 150)) {
      let span = tree.tokenSpan(token)
      var bytes = sample.bytes
      bytes.insert(contentsOf: sample.bytes[span], at: Int(span.end))
      check(bytes, "\(sample.path) with token \(token) twice")
    }
  }

  @Test("a file may end anywhere", arguments: Sample.all) func truncation(_ sample: Sample) {
    for length in stride(from: 0, to: sample.bytes.count, by: max(1, sample.bytes.count / 100)) {
      check(Array(sample.bytes[..<length]), "\(sample.path) up to \(length)")
    }
  }

  @Test("tokens in any order", arguments: 0..<60) func shuffled(seed: Int) {
    var random = Generator(state: UInt64(seed))
    let pieces = Sample.clean.flatMap { sample in
      let tree = sample.tree
      return (0..<tree.tokenCount).map { Array(sample.bytes[tree.tokenSpan($0)]) }
    }
    var bytes: [UInt8] = []
    for _ in 0..<400 {
      bytes += pieces[random.below(pieces.count)]
      bytes += [[], Array(" ".utf8), Array(" ".utf8), Array("\n".utf8)][random.below(4)]
    }
    check(bytes, "seed \(seed)")
  }

  @Test("changed bytes", arguments: 0..<60) func mutated(seed: Int) {
    var random = Generator(state: UInt64(seed) << 8)
    var bytes = Sample.all[random.below(Sample.all.count)].bytes
    for _ in 0..<20 where !bytes.isEmpty {
      let index = random.below(bytes.count)
      switch random.below(3) {
      case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.remove(at: index)
      default:  // open: the third of three
        bytes.insert(bytes[random.below(bytes.count)], at: index)
      }
      check(bytes, "seed \(seed)")
    }
  }

  @Test("random bytes", arguments: 0..<30) func random(seed: Int) {
    var random = Generator(state: UInt64(seed) << 16)
    let printable = seed % 2 == 0
    let alphabet = Array(" \n{}()[]\"\\`#=:,.?<>a1-s".utf8)
    let bytes = (0..<2000).map { _ in
      printable
        ? alphabet[random.below(alphabet.count)] : UInt8(truncatingIfNeeded: random.next())
    }
    check(bytes, "seed \(seed)")
  }

  private static let openers = [
    "(", "[", "{", "f(", "not ", "-", "a.", "\"\\(", "if a { ", "if a {} else ", "x => ", "a {",
    "step \"a\" { ", "[for x in ", "match a { b: ", "a ?? ", "a + ", "let a: [", "{a: ", "fn f() {",
    "fn f() = {", "a ? ", "a[", "=> {", "x => {", "a(b) {", "\"\"\"\\(", "policy p {", "type A = (",
  ]

  @Test("nesting without end", arguments: openers) func nesting(_ opener: String) {
    for prefix in ["let a = ", "runbook r() { ", "service web { a = ", "type A = "] {
      let text = prefix + String(repeating: opener, count: 20_000)
      let tree = tree(text)
      #expect(tree.tokenCount > 0)
      var depth = 0
      var deepest = 0
      // Post-order: the depth of the tree bounds the recursion of all who walk it.
      func walk(_ node: SyntaxNode) {
        depth += 1
        deepest = max(deepest, depth)
        if depth < 2000 { for child in node.children { walk(child) } }
        depth -= 1
      }
      walk(tree.root)
      #expect(deepest < 900)
      #expect(tree.diagnostics.count <= 110)
    }
  }

  @Test("nesting past the limit is one mistake") func tooDeep() {
    let open = String(repeating: "(", count: 500)
    let close = String(repeating: ")", count: 500)
    let codes = tree("let a = \(open)1\(close)\nlet b = = 1\n").diagnostics.map(\.code.rawValue)
    #expect(codes == ["E0006", "E0001"])
    let blocks = String(repeating: "a {", count: 300) + String(repeating: "}", count: 300)
    #expect(tree(blocks).diagnostics.map(\.code.rawValue) == ["E0006"])
    let sum = Array(repeating: "a", count: 1000).joined(separator: " + ")
    #expect(tree("let a = \(sum)\nlet b = 1").diagnostics.map(\.code.rawValue) == ["E0006"])
    let members = String(repeating: ".a", count: 1000)
    #expect(tree("let a = b\(members)\n").diagnostics.map(\.code.rawValue) == ["E0006"])
  }

  @Test("a file past the limit is refused") func tooLarge() {
    var limits = Limits()
    limits.fileBytes = 10
    let tree = tree("let a = 1234567", limits: limits)
    #expect(tree.diagnostics.map(\.code.rawValue) == ["E0110"])
    checkLossless(tree)
  }

  @Test(
    "time grows with the length only",
    arguments: [
      "'", "«", "‘", "\\", "\"", "`", "\"\"\"", "@", "\u{0}",
      "é\u{301}", "🚀", "//", "/*", "(a,",
      "a => {\"", "x => { ", "}", ")", "- a\n", "a: b\n", "\"\\(\n", "1_", "9", "30sec ", "a {\n",
      "let ", "test ", "##\n", "(a, a, ", "[a b ", "\"\\(\"", "on a(", "a = b c\n", "step \"",
      "=> ",
    ])
  func linear(_ piece: String) {
    let text = String(repeating: piece, count: 100_000 / piece.utf8.count)
    for prefix in ["", "runbook r() {\n", "service a {\n", "let a = ["] {
      // Debug builds need a second at most; quadratic time would need hours.
      #expect(processorTime { _ = tree(prefix + text) } < .seconds(20), "\(piece)")
    }
  }
}
