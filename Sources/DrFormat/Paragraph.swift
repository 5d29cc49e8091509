// SPDX-License-Identifier: Apache-2.0

/// Lines of the result without a blank line between them: what is aligned together. Only one is kept
/// at a time, since memory that is touched first costs more than what is done with it.
struct Paragraph {
  var lines: [Line] = []
  /// The texts of all lines, one after the other.
  var bytes: [UInt8] = []
}

/// One line of the result; a string literal in it may hold line breaks of its own.
struct Line {
  /// Levels of two spaces.
  var indent: Int
  /// Where its text is among the bytes of its paragraph.
  var text: Range<Int>
  /// Where its comment is in the source.
  var comment: Range<Int>?
  /// Columns between the text and the comment.
  var commentGap = 2
  var isBlankBefore: Bool
  /// The tokens on the line; empty for a comment on a line of its own.
  var tokens: Range<Int>
  /// Where `=` stands in the text, in bytes and in columns, when the line is one field.
  var equal: (offset: Int, column: Int)?
  /// The first token of the block that the field is in.
  var block = -1
  /// How many spaces align the `=`.
  var padding = 0
}

extension Paragraph {
  func isTooLong(_ line: Line) -> Bool {
    // No character takes more columns than bytes.
    line.indent * 2 + line.text.count > maximumColumns
      && line.indent * 2 + columns(bytes[line.text]) > maximumColumns
  }

  /// Appends the whole text; comments are taken from the source.
  func write(to output: inout [UInt8], source: [UInt8]) {
    func space(_ count: Int) {
      output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: count))
    }
    for line in lines {
      if line.isBlankBefore { output.append(UInt8(ascii: "\n")) }
      space(line.indent * 2)
      if line.padding > 0, let equal = line.equal {
        let split = line.text.lowerBound + equal.offset
        output.append(contentsOf: bytes[line.text.lowerBound..<split])
        space(line.padding)
        output.append(contentsOf: bytes[split..<line.text.upperBound])
      } else {
        output.append(contentsOf: bytes[line.text])
      }
      if let comment = line.comment {
        if !line.text.isEmpty { space(line.commentGap) }
        output.append(contentsOf: source[comment])
      }
      output.append(UInt8(ascii: "\n"))
    }
  }
}
