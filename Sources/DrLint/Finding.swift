// SPDX-License-Identifier: Apache-2.0

import DrBase

/// One thing that a run of `dr lint` says, ready to be written in any format.
package struct LintFinding: Sendable {
  package let diagnostic: Diagnostic
  package let sources: SourceMap
  /// Path of the file, as other programs find it from where the run was started; empty for what has
  /// no place.
  package let file: String
  /// The same finding has the same fingerprint in later versions of the file: it depends on the
  /// rule, the file's path in its project, and the text of the line, not on the line's number.
  package let fingerprint: String

  /// What tells findings of several programs apart, which may use one module.
  package struct Key: Hashable {
    let fingerprint: String
    let message: String
    let start: UInt32?
  }

  package var key: Key {
    Key(fingerprint: fingerprint, message: diagnostic.message, start: diagnostic.span?.start)
  }

  var region: Region? { diagnostic.span.map { Region($0, sources) } }

  /// Gives each diagnostic its fingerprint. `name` is a file's path as it is shown, `path` its path
  /// in its project.
  package static func all(
    _ diagnostics: [Diagnostic], _ sources: SourceMap, name: (String) -> String,
    path: (String) -> String
  ) -> [LintFinding] {
    var counts: [String: Int] = [:]
    var names: [FileID: (name: String, path: String)] = [:]
    return diagnostics.map { diagnostic in
      var key = diagnostic.shownCode
      var file = ""
      if let span = diagnostic.span {
        let source = sources[span.file]
        let known = names[span.file] ?? (name(source.name), path(source.name))
        names[span.file] = known
        file = known.name
        let line = source.lineBytes(source.line(at: span.start))
        let text = String(decoding: line, as: UTF8.self).split(separator: " ")
          .joined(separator: " ")
        key += "\n\(known.path)\n\(text)"
      } else {
        key += "\n\n\(diagnostic.message)"
      }
      // Equal lines are told apart by their order.
      let number = counts[key, default: 0]
      counts[key] = number + 1
      return LintFinding(
        diagnostic: diagnostic, sources: sources, file: file,
        fingerprint: String(SHA256.hexDigest("\(key)\n\(number)".utf8).prefix(32)))
    }
  }
}

/// A place as editors and other programs count it: lines and columns from 1, columns in UTF-16 units,
/// the end after the last character.
struct Region: Equatable {
  let startLine: Int
  let startColumn: Int
  let endLine: Int
  let endColumn: Int

  init(_ span: Span, _ sources: SourceMap) {
    let source = sources[span.file]
    (startLine, startColumn) = Self.position(span.start, source)
    (endLine, endColumn) = Self.position(span.end, source)
  }

  private static func position(_ offset: UInt32, _ source: SourceFile) -> (Int, Int) {
    let line = source.line(at: offset)
    let prefix = source.bytes[Int(source.lineStarts[line])..<Int(offset)]
    let units =
      prefix.allSatisfy { $0 < 0x80 }
      ? prefix.count : String(decoding: prefix, as: UTF8.self).utf16.count
    return (line + 1, units + 1)
  }
}

/// All that one run says.
package struct LintOutput: Sendable {
  package var findings: [LintFinding] = []
  /// Why something could not be evaluated.
  package var failures: [LintFinding] = []
  /// The rules that ran, each once, by their codes.
  package var rules: [RulePage] = []
  /// The files that were looked at, as they are shown.
  package var files: [String] = []
  /// Version of `dr`.
  package var version = ""

  package init() {}

  var all: [LintFinding] { findings + failures }
}
