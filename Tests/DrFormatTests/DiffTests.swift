// SPDX-License-Identifier: Apache-2.0

import DrFormat
import Testing

@Suite struct DiffTests {
  @Test("equal texts differ in nothing") func equal() {
    #expect(unifiedDiff(old: "a\n", new: "a\n", name: "x") == "")
  }

  @Test("shows changed lines with three lines around them") func hunk() {
    let old = (1...9).map { "\($0)\n" }.joined()
    let new = old.replacing("5\n", with: "five\nand more\n")
    #expect(
      unifiedDiff(old: old, new: new, name: "x.dr") == """
        --- x.dr
        +++ x.dr
        @@ -2,7 +2,8 @@
         2
         3
         4
        -5
        +five
        +and more
         6
         7
         8

        """)
  }

  @Test("changes far apart are two hunks") func hunks() {
    let old = (1...30).map { "\($0)\n" }.joined()
    let new = old.replacing("\n3\n", with: "\nx\n").replacing("\n25\n", with: "\ny\n")
    let diff = unifiedDiff(old: old, new: new, name: "x")
    #expect(diff.contains("@@ -1,6 +1,6 @@\n"))
    #expect(diff.contains("@@ -22,7 +22,7 @@\n"))
  }

  @Test("tells when the last line has no end") func lastLine() {
    #expect(
      unifiedDiff(old: "a", new: "a\n", name: "x")
        == "--- x\n+++ x\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n")
    #expect(unifiedDiff(old: "", new: "a\n", name: "x") == "--- x\n+++ x\n@@ -0,0 +1,1 @@\n+a\n")
    #expect(unifiedDiff(old: "a\n", new: "", name: "x") == "--- x\n+++ x\n@@ -1,1 +0,0 @@\n-a\n")
  }

  @Test("applying it to the old text gives the new one", arguments: 0..<200) func apply(seed: Int) {
    var random = Generator(state: UInt64(seed))
    let old = (0..<random.below(40)).map { _ in "\(random.below(6))\n" }
    var new = old
    for _ in 0..<random.below(10) {
      let index = random.below(new.count + 1)
      if random.below(2) == 0 || index == new.count {
        new.insert("\(random.below(6))\n", at: index)
      } else {
        new.remove(at: index)
      }
    }
    let diff = unifiedDiff(old: old.joined(), new: new.joined(), name: "x")
    #expect(patched(old, diff) == new)
  }

  @Test("very different texts are replaced as a whole, soon") func large() {
    let old = (0..<20_000).map { "a\($0)\n" }
    let new = (0..<20_000).map { "b\($0)\n" }
    let diff = unifiedDiff(old: old.joined(), new: new.joined(), name: "x")
    #expect(patched(old, diff) == new)
  }

  /// Applies a difference, checking every line that it claims to find.
  private func patched(_ old: [String], _ diff: String) -> [String] {
    var result: [String] = []
    var position = 0
    for line in diff.split(separator: "\n").dropFirst(2) {
      if line.hasPrefix("@@") {
        let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
        let start = numbers[1] == 0 ? numbers[0] : numbers[0] - 1
        result += old[position..<start]
        position = start
        continue
      }
      let text = line.dropFirst() + "\n"
      switch line.first {
      case "+": result.append(String(text))
      default:  // open: a line that is kept or removed
        #expect(position < old.count && old[position] == text)
        if line.first == " " { result.append(String(text)) }
        position += 1
      }
    }
    return result + old[min(position, old.count)...]
  }
}
