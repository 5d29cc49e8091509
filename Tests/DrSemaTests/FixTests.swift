// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrSyntax
import Foundation
import Testing

/// A golden program in one file, of the checker's cases or the parser's.
private struct Sample: Sendable, CustomTestStringConvertible {
  let path: String
  var testDescription: String { path }

  static let all: [Sample] = ["check", "syntax", "render"].flatMap { folder in
    Repository.files(in: "Tests/Golden/\(folder)").filter { $0.hasSuffix(".dr") }
      .map { Sample(path: "Tests/Golden/\(folder)/\($0)") }
  }

  /// The mistakes of the file itself.
  func mistakes(_ bytes: [UInt8]) -> Mistakes {
    if path.hasPrefix("Tests/Golden/syntax") {
      let source = SourceFile(id: FileID(0), name: path, bytes: bytes)
      return Mistakes(all: parse(source, limits: Limits()).diagnostics)
    }
    let folder = URL(filePath: Repository.path(path)).deletingLastPathComponent().path
    let checker = Checker(loader: DiskLoader(folder: folder))
    checker.check(path: "main.dr", bytes: bytes)
    return Mistakes(all: checker.diagnostics.filter { $0.span?.file == checker.mainFile })
  }
}

private struct Mistakes {
  let all: [Diagnostic]

  var safeFixes: [Fix] { all.flatMap(\.fixes).filter { $0.applicability == .safe } }

  /// How many are of syntax: what stood beside one of these is checked only when it is mended.
  var syntaxCount: Int { all.count { $0.code.rawValue.hasPrefix("E00") } }
}

@Suite struct FixTests {
  @Test("fixes mend what they are for; safe ones bring no new mistakes", arguments: Sample.all)
  fileprivate func fixes(_ sample: Sample) throws {
    let file = try #require(FileManager.default.contents(atPath: Repository.path(sample.path)))
    let bytes = Array(file)
    let mistakes = sample.mistakes(bytes)
    for diagnostic in mistakes.all {
      for fix in diagnostic.fixes where fix.applicability == .review {
        checkMends(fix, diagnostic, mistakes, bytes, sample)
      }
    }
    checkSafeFixes(mistakes, bytes, sample)
  }

  private func checkMends(
    _ fix: Fix, _ diagnostic: Diagnostic, _ mistakes: Mistakes, _ bytes: [UInt8], _ sample: Sample
  ) {
    let removed = bytes[Int(fix.span.start)..<Int(fix.span.end)]
    // Of several closing brackets in a row the next one takes the place of the first.
    if fix.replacement.isEmpty, bytes[Int(fix.span.end)...].starts(with: removed) { return }
    let same = { (other: Diagnostic) in
      other.code == diagnostic.code && other.message == diagnostic.message
    }
    let left = sample.mistakes(apply([fix], to: bytes).bytes).all.filter(same)
    #expect(
      left.count < mistakes.all.count(where: same)
        || !left.contains { $0.span?.start == diagnostic.span?.start },
      "\(fix.title): \(diagnostic.message)")
  }

  private func checkSafeFixes(_ mistakes: Mistakes, _ bytes: [UInt8], _ sample: Sample) {
    var (mistakes, bytes) = (mistakes, bytes)
    for _ in 0..<10 {
      let (next, applied) = apply(mistakes.safeFixes, to: bytes)
      guard !applied.isEmpty else { break }
      let after = sample.mistakes(next)
      let mended = mistakes.all.count { $0.fixes.contains(where: applied.contains) }
      if mistakes.syntaxCount == 0 {
        #expect(after.all.count <= mistakes.all.count - mended)
      } else {
        #expect(after.syntaxCount <= mistakes.syntaxCount - mended)
      }
      (mistakes, bytes) = (after, next)
    }
    #expect(apply(mistakes.safeFixes, to: bytes).bytes == bytes, "nothing is left to fix")
  }

  @Test("of fixes that overlap the first is applied")
  func overlaps() {
    func fix(_ start: UInt32, _ end: UInt32, _ text: String) -> Fix {
      Fix("", replacing: Span(FileID(0), start, end), with: text, .safe)
    }
    let bytes = Array("abcdef".utf8)
    func mended(_ fixes: [Fix]) -> String {
      String(decoding: apply(fixes, to: bytes).bytes, as: UTF8.self)
    }
    #expect(mended([]) == "abcdef")
    #expect(mended([fix(4, 6, "Y"), fix(0, 2, "X")]) == "XcdY")
    #expect(mended([fix(0, 3, "X"), fix(2, 4, "Y")]) == "Xdef")
    #expect(mended([fix(0, 3, "X"), fix(3, 4, "Y")]) == "XYef")
    #expect(mended([fix(6, 6, "!"), fix(6, 6, "?")]) == "abcdef!")
    #expect(mended([fix(1, 1, "1"), fix(1, 2, "B")]) == "a1Bcdef")
  }

  @Test("names are guessed beyond the first 200 mistakes")
  func manyMistakes() {
    var random = SeededRandom(seed: 1)
    let names = (0..<300).map { index in
      (0..<9).map { _ in String(UnicodeScalar(UInt8(97 + random.next() % 26))) }.joined()
        + "\(index)"
    }
    let text = names.map { "let \($0) = 1\nlet copy_of_\($0) = \($0.dropFirst())\n" }.joined()
    let checker = check(text)
    #expect(checker.diagnostics.count == names.count)
    #expect(checker.diagnostics.allSatisfy { $0.help?.hasPrefix("did you mean") == true })
  }
}
