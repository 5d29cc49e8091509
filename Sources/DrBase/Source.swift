// SPDX-License-Identifier: Apache-2.0
//
// DrBase: what every other target stands on: source text, positions, diagnostics and limits.
// It never does I/O and never knows what a token or a type is.

/// Identifies one source file within one run of the toolchain.
package struct FileID: Hashable, Sendable {
  package let rawValue: UInt32

  package init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A half-open range of byte offsets in one file.
package struct Span: Hashable, Sendable {
  package let file: FileID
  /// Offset of the first byte.
  package let start: UInt32
  /// Offset after the last byte; equal to `start` for a point, such as where a token is missing.
  package let end: UInt32

  package init(_ file: FileID, _ start: UInt32, _ end: UInt32) {
    self.file = file
    self.start = start
    self.end = end
  }

  /// Whether the other one lies in this one, which holds itself.
  package func encloses(_ other: Span) -> Bool {
    file == other.file && start <= other.start && other.end <= end
  }

  /// The smallest span that holds both, which must be of one file.
  package func joined(_ other: Span) -> Span {
    Span(file, min(start, other.start), max(end, other.end))
  }
}

/// One source file: its name as users see it, and its bytes.
package struct SourceFile: Sendable {
  package let id: FileID
  /// What diagnostics print: a path relative to where the user stands, `stdlib/core.dr`, or `<expression>`.
  package let name: String
  package let bytes: [UInt8]
  /// Offset of the first byte of each line; the first is always 0.
  package let lineStarts: [UInt32]

  package init(id: FileID, name: String, bytes: [UInt8]) {
    self.id = id
    self.name = name
    self.bytes = bytes
    var starts: [UInt32] = [0]
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      starts.append(UInt32(index + 1))
    }
    lineStarts = starts
  }

  /// The zero-based line that holds a byte offset.
  package func line(at offset: UInt32) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// The bytes of a zero-based line, without its line ending.
  package func lineBytes(_ line: Int) -> ArraySlice<UInt8> {
    let start = Int(lineStarts[line])
    var end = line + 1 < lineStarts.count ? Int(lineStarts[line + 1]) - 1 : bytes.count
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return bytes[start..<end]
  }

  /// The text of a span; bytes that are not UTF-8 are replaced.
  package func text(_ span: Span) -> String {
    String(decoding: bytes[Int(span.start)..<Int(span.end)], as: UTF8.self)
  }
}

/// All files of one run, by identity.
package struct SourceMap: Sendable {
  package private(set) var files: [SourceFile] = []

  package init() {}

  /// Adds a file and returns its identity.
  package mutating func add(name: String, bytes: [UInt8]) -> FileID {
    let id = FileID(UInt32(files.count))
    files.append(SourceFile(id: id, name: name, bytes: bytes))
    return id
  }

  package subscript(id: FileID) -> SourceFile { files[Int(id.rawValue)] }

  package func text(_ span: Span) -> String { self[span.file].text(span) }

  /// The text of a span on one line, cut where it is long.
  package func excerpt(_ span: Span, columns: Int) -> String {
    let words = text(span).split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
    return words.count > columns ? "\(words.prefix(columns - 1))…" : words
  }

  /// `file:line`, one-based, as people and terminals write it.
  package func location(_ span: Span) -> String {
    let file = self[span.file]
    return "\(file.name):\(file.line(at: span.start) + 1)"
  }

  /// The line that `location` names, without its end.
  package func span(ofLine location: String) -> Span? {
    guard let colon = location.lastIndex(of: ":"), let number = Int(location[colon...].dropFirst()),
      let file = files.first(where: { $0.name == location[..<colon] }),
      file.lineStarts.indices.contains(number - 1)
    else { return nil }
    let start = file.lineStarts[number - 1]
    return Span(file.id, start, start + UInt32(file.lineBytes(number - 1).count))
  }
}
