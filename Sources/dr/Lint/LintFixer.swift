// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrFormat
import DrSyntax
import DrSystem

/// Mends what rules say how to mend, file by file, until nothing is left that can be.
struct LintFixer {
  let run: LintRun
  /// Whether files stay as they are, and what would change is shown.
  let showsOnly: Bool
  let tell: (String) -> Void

  /// Rounds of mending: what is mended may be found by another rule.
  private static let rounds = 10

  /// What is found once the files are mended.
  func mended(_ first: LintResult) throws -> LintResult {
    var result = first
    for _ in 0..<Self.rounds {
      let files = fixes(in: result)
      guard !files.isEmpty else { break }
      for (source, fixes) in files { try mend(source, fixes) }
      if showsOnly { break }
      result = try run.result()
    }
    return result
  }

  /// Safe fixes by their file, in the order of findings.
  private func fixes(in result: LintResult) -> [(SourceFile, [Fix])] {
    var files: [(source: SourceFile, fixes: [Fix])] = []
    for finding in result.output.findings {
      for fix in finding.diagnostic.fixes where fix.applicability == .safe {
        let source = finding.sources[fix.span.file]
        if let index = files.firstIndex(where: { $0.source.name == source.name }) {
          if !files[index].fixes.contains(fix) { files[index].fixes.append(fix) }
        } else {
          files.append((source, [fix]))
        }
      }
    }
    return files
  }

  private func mend(_ source: SourceFile, _ fixes: [Fix]) throws {
    let (bytes, applied) = apply(fixes, to: source.bytes)
    let text = styled(bytes, as: source)
    if showsOnly {
      tell(
        DrFormat.unifiedDiff(
          old: String(decoding: source.bytes, as: UTF8.self), new: text, name: source.name))
      return
    }
    for fix in applied {
      let line = source.line(at: fix.span.start) + 1
      tell("\(source.name):\(line): fixed: \(fix.title)\n")
    }
    try AtomicFile.rewrite(Array(text.utf8), to: source.name)
  }

  /// A program that was in the one style stays in it.
  private func styled(_ bytes: [UInt8], as source: SourceFile) -> String {
    let plain = String(decoding: bytes, as: UTF8.self)
    guard source.name.hasSuffix(".dr"),
      DrFormat.format(parse(source)) == String(decoding: source.bytes, as: UTF8.self)
    else { return plain }
    return DrFormat.format(parse(SourceFile(id: source.id, name: source.name, bytes: bytes)))
      ?? plain
  }
}
