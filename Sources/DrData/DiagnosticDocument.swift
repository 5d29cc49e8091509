// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Diagnostic {
  /// As programs read it; `docs/diagnostics/schema.json` is its schema. All members are always there, in one order.
  package func document(_ sources: SourceMap) -> Document {
    .object(
      DocumentObject([
        ("code", .string(shownCode)),
        ("name", .string(shownName)),
        ("severity", .string(severity.rawValue)),
        ("message", .string(message)),
        ("file", span.map { .string(sources[$0.file].name) } ?? .null),
        ("start", span.map { sources[$0.file].position($0.start) } ?? .null),
        ("end", span.map { sources[$0.file].position($0.end) } ?? .null),
        ("caption", caption.map { .string($0) } ?? .null),
        ("labels", .array(labels.map { $0.document(sources) })),
        ("notes", .array(notes.map { .string($0) })),
        ("help", help.map { .string($0) } ?? .null),
        ("fixes", .array(fixes.map { $0.document(sources) })),
      ]))
  }
}

extension Label {
  fileprivate func document(_ sources: SourceMap) -> Document {
    .object(DocumentObject(span.members(sources) + [("text", .string(text))]))
  }
}

extension Fix {
  fileprivate func document(_ sources: SourceMap) -> Document {
    let edit = DocumentObject(span.members(sources) + [("text", .string(replacement))])
    return .object(
      DocumentObject([
        ("title", .string(title)),
        ("applicability", .string(applicability.rawValue)),
        ("edits", .array([.object(edit)])),
      ]))
  }
}

extension Span {
  /// The place as members of a JSON object: `file`, `start`, `end`.
  package func members(_ sources: SourceMap) -> [(String, Document)] {
    let source = sources[file]
    return [
      ("file", .string(source.name)), ("start", source.position(start)),
      ("end", source.position(end)),
    ]
  }
}

extension SourceFile {
  /// Line and column count from 1, the column in UTF-16 units; the offset counts bytes from 0.
  fileprivate func position(_ offset: UInt32) -> Document {
    let line = line(at: offset)
    let prefix = bytes[Int(lineStarts[line])..<Int(offset)]
    let units =
      prefix.allSatisfy { $0 < 0x80 }
      ? prefix.count : String(decoding: prefix, as: UTF8.self).utf16.count
    return .object(
      DocumentObject([
        ("line", .int(Int64(line + 1))), ("column", .int(Int64(units + 1))),
        ("offset", .int(Int64(offset))),
      ]))
  }
}
