// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrSyntax

/// The comments `# dr:allow DR101 reason` of a program's own files, or of manifests. One at the end of a
/// line is about that line; one on a line of its own is about the next line of code.
final class Suppressions {
  private struct Suppression {
    /// A code or a name.
    let rule: String
    let span: Span
    let reason: String
    let line: Int
    var isUsed = false
  }

  private var suppressions: [Suppression] = []

  init(of program: CheckedProgram, and manifests: LintedFiles?, _ sources: SourceMap) {
    if let manifests {
      for file in manifests.files { readLines(of: sources[file]) }
      return
    }
    var files: [FileID] = []
    for root in program.roots where !files.contains(program[root].span.file) {
      files.append(program[root].span.file)
    }
    for file in files { read(sources[file]) }
  }

  /// YAML: a comment begins with `# dr:allow` at the beginning of a line or after a space.
  private func readLines(of source: SourceFile) {
    guard source.bytes.firstRange(of: Self.mark) != nil else { return }
    let lines = source.lineStarts.indices.map { Array(source.lineBytes($0)) }
    for (number, line) in lines.enumerated() {
      guard let range = line.firstRange(of: Array("# dr:allow".utf8)),
        range.lowerBound == 0 || line[range.lowerBound - 1] == UInt8(ascii: " ")
      else { continue }
      let words = String(decoding: line[(range.lowerBound + 2)...], as: UTF8.self)
      guard let rest = Substring(words).after("dr:allow") else { continue }
      let isTrailing = line[..<range.lowerBound].contains { $0 != UInt8(ascii: " ") }
      let next = lines.indices.dropFirst(number + 1).first { index in
        let text = lines[index].drop { $0 == UInt8(ascii: " ") }
        return !text.isEmpty && text.first != UInt8(ascii: "#")
      }
      let start = source.lineStarts[number]
      add(
        rest,
        at: Span(source.id, start + UInt32(range.lowerBound), start + UInt32(line.count)),
        line: isTrailing ? number : next ?? number)
    }
  }

  private static let mark = Array("dr:allow".utf8)

  /// Whether the text has the mark anywhere, so that most files need not be read again.
  private static func isMarked(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var start = bytes.startIndex
      // Colons are rarer than letters.
      while let colon = bytes[start...].firstIndex(of: UInt8(ascii: ":")) {
        if colon >= 2, bytes[(colon - 2)...].starts(with: mark) { return true }
        start = colon + 1
      }
      return false
    }
  }

  private func read(_ source: SourceFile) {
    guard Self.isMarked(source.bytes) else { return }
    let tree = parse(source)
    for token in 0...tree.tokenCount {
      for piece in tree.trivia(before: token) where piece.kind == .comment {
        let text = source.text(piece.span)
        guard let words = text.dropFirst().drop(while: { $0 == " " }).after("dr:allow") else {
          continue
        }
        let line = source.line(at: piece.span.start)
        let isTrailing = token > 0 && source.line(at: tree.tokenSpan(token - 1).end) == line
        let next = token < tree.tokenCount ? source.line(at: tree.tokenSpan(token).start) : line
        add(words, at: piece.span, line: isTrailing ? line : next)
      }
    }
  }

  /// `DR101, DR107 reason`
  private func add(_ text: Substring, at span: Span, line: Int) {
    var rest = text.drop { $0 == " " }
    var rules: [String] = []
    repeat {
      let word = rest.prefix { $0 != " " && $0 != "," }
      rules.append(String(word))
      rest = rest[word.endIndex...].drop { $0 == " " }
      guard rest.first == "," else { break }
      rest = rest.dropFirst().drop { $0 == " " }
    } while true
    for rule in rules {
      suppressions.append(
        Suppression(rule: rule, span: span, reason: String(rest), line: line))
    }
  }

  /// Whether a comment allows a finding.
  func allow(_ finding: Diagnostic, in sources: SourceMap) -> Bool {
    guard let span = finding.span, let rule = finding.rule else { return false }
    let line = sources[span.file].line(at: span.start)
    var isAllowed = false
    for index in suppressions.indices where suppressions[index].span.file == span.file {
      let suppression = suppressions[index]
      guard suppression.line == line,
        suppression.rule == rule.code || suppression.rule == rule.name
      else { continue }
      suppressions[index].isUsed = true
      isAllowed = true
    }
    return isAllowed
  }

  /// Comments without a reason, of no rule, or that allow nothing.
  func mistakes(among rules: [Rule], _ selection: RuleSelection) -> [Diagnostic] {
    suppressions.compactMap { suppression in
      let word = suppression.rule
      guard let rule = rules.first(where: { $0.code == word || $0.name == word }) else {
        let near = nearestName(to: word, among: rules.map(\.code) + rules.map(\.name))
        return Diagnostic(
          .unknownRule, word.isEmpty ? "this names no rule" : "there is no rule `\(word)`",
          at: suppression.span,
          help: near.map { "did you mean \($0)?" } ?? "`dr lint --list` lists the rules",
          severity: .warning)
      }
      if !suppression.reason.contains(where: { $0.isLetter || $0.isNumber }) {
        return Diagnostic(
          .bareSuppression, "this does not say why \(rule.code) is allowed here",
          at: suppression.span, help: "write the reason: # dr:allow \(word) because …")
      }
      guard !suppression.isUsed, selection.includes(rule) else { return nil }
      return Diagnostic(
        .unusedSuppression, "\(rule.code) \(rule.name) finds nothing here", at: suppression.span,
        help: "take the comment out", severity: .warning)
    }
  }
}

extension Substring {
  /// What follows a word with which the text begins.
  fileprivate func after(_ word: String) -> Substring? {
    guard hasPrefix(word) else { return nil }
    let rest = dropFirst(word.count)
    return rest.isEmpty || rest.first == " " ? rest : nil
  }
}
