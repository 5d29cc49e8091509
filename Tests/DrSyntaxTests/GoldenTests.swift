// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Foundation
import Testing

@Suite struct GoldenTests {
  static let isBlessing = ProcessInfo.processInfo.environment["DR_BLESS"] == "1"

  @Test("there are samples") func samples() {
    #expect(Sample.all.count > 80)
  }

  @Test("says what is wrong, and nothing else", arguments: Sample.all)
  func diagnostics(_ sample: Sample) throws {
    let found = describe(sample.tree)
    let name = sample.path.replacing(".dr", with: ".diagnostics")
    let file = Sample.folder.appending(path: name)
    if sample.path.hasPrefix("clean/") {
      #expect(found == "")
      return
    }
    if Self.isBlessing { try Data(found.utf8).write(to: file) }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(found == expected)
    #expect(found != "", "a sample without mistakes belongs to clean/")
  }

  @Test("keeps every byte", arguments: Sample.all) func lossless(_ sample: Sample) {
    checkLossless(sample.tree)
  }

  @Test("every diagnostic lies in the file and says what to do", arguments: Sample.all)
  func shape(_ sample: Sample) {
    for diagnostic in sample.tree.diagnostics {
      #expect(!diagnostic.message.hasSuffix("."))
      #expect(diagnostic.message.first?.isUppercase != true || diagnostic.message.hasPrefix("U+"))
      let spans =
        [diagnostic.span].compactMap { $0 } + diagnostic.labels.map(\.span)
        + diagnostic.fixes.map(\.span)
      for span in spans {
        #expect(span.start <= span.end && Int(span.end) <= sample.bytes.count)
      }
    }
  }

  @Test("a safe fix mends its mistake and makes no other", arguments: Sample.all)
  func fixes(_ sample: Sample) {
    let diagnostics = sample.tree.diagnostics
    let mendable = diagnostics.filter { $0.fixes.contains { $0.applicability == .safe } }
    guard !mendable.isEmpty else { return }
    var bytes = sample.bytes
    for fix in mendable.flatMap(\.fixes).sorted(by: { $0.span.start > $1.span.start }) {
      bytes.replaceSubrange(Int(fix.span.start)..<Int(fix.span.end), with: fix.replacement.utf8)
    }
    let mended = parse(SourceFile(id: FileID(0), name: sample.path, bytes: bytes))
    #expect(mended.diagnostics.count <= diagnostics.count - mendable.count, "\(describe(mended))")
  }

  @Test("no golden output without its input") func orphans() {
    let paths = Set(Sample.all.map(\.path))
    let found = FileManager.default.enumerator(atPath: Sample.folder.resolvingSymlinksInPath().path)
    for case let path as String in found?.allObjects ?? [] where path.hasSuffix(".diagnostics") {
      #expect(paths.contains(path.replacing(".diagnostics", with: ".dr")), "\(path)")
    }
  }

  @Test("every syntax code has a case") func codes() {
    let found = Set(Sample.all.flatMap { $0.tree.diagnostics.map(\.code) })
    let deep = tree("let a = " + String(repeating: "(", count: 300)).diagnostics.map(\.code)
    for code in DiagnosticCode.allCases where code.rawValue.hasPrefix("E00") {
      #expect(found.contains(code) || deep.contains(code), "\(code)")
    }
  }
}
