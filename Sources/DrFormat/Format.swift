// SPDX-License-Identifier: Apache-2.0
//
// DrFormat: the one way to write a program. It never changes what a program means, and never
// touches a string.
//
// Where lines break is the writer's choice, as long as it fits: a block on one line stays there, a
// block on several stays on several. Everything else has one form: two spaces per level, one space
// between tokens or none, at most one blank line, `=` aligned in runs of adjacent fields, comments
// aligned at the ends of adjacent lines. A block or list that passes column 120 on one line gets
// one line per item.
//
// A walk over the tree notes about each token what may stand before it (`TokenLayout`); one pass
// over the tokens cuts them into lines (`LineBuilder`); lines that are too long name the brackets
// to break, and the pass is repeated; at last the columns are aligned. Formatting twice gives the
// same as once.

import DrBase
import DrSyntax

/// The text of a program in the one style; `nil` when its syntax is broken.
package func format(_ tree: SyntaxTree) -> String? {
  formattedBytes(tree).map { String(decoding: $0, as: UTF8.self) }
}

/// The same as UTF-8.
package func formattedBytes(_ tree: SyntaxTree) -> [UInt8]? {
  guard !tree.diagnostics.hasErrors else { return nil }
  var layout = Layout(tree)
  var lines: Lines
  repeat {
    var builder = LineBuilder(tree: tree, layout: layout)
    lines = builder.build()
  } while layout.breakLongLines(lines)
  lines.alignFields()
  lines.alignComments()
  return lines.written(tree.source.bytes)
}

/// The widest line that a block or list on one line may make.
let maximumColumns = 120

/// The lines of the result, and their text.
struct Lines {
  var all: [Line] = []
  /// The texts of all lines, one after the other.
  var bytes: [UInt8] = []
}

/// One line of the result; a string literal in it may hold line breaks of its own.
struct Line {
  /// Levels of two spaces.
  var indent: Int
  /// Where its text is among the bytes of all lines.
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

extension Lines {
  /// The whole text; comments are taken from the source.
  func written(_ source: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + bytes.count / 4 + source.count / 4)
    func space(_ count: Int) {
      output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: count))
    }
    for line in all {
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
    return output
  }
}
