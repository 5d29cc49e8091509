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
  guard !tree.diagnostics.hasErrors else { return nil }
  var layout = Layout(tree)
  var lines: [Line] = []
  repeat {
    var builder = LineBuilder(tree: tree, layout: layout)
    lines = builder.build()
  } while layout.breakLongLines(lines)
  alignFields(&lines)
  alignComments(&lines)
  var text = ""
  text.reserveCapacity(tree.source.bytes.count + tree.source.bytes.count / 8)
  for line in lines { line.write(to: &text) }
  return text
}

/// The widest line that a block or list on one line may make.
let maximumColumns = 120

/// One line of the result; a string literal in it may hold line breaks of its own.
struct Line {
  /// Levels of two spaces.
  var indent: Int
  var text: String
  var comment: String?
  /// Columns between the text and the comment.
  var commentGap = 2
  var isBlankBefore: Bool
  /// The tokens on the line; empty for a comment on a line of its own.
  var tokens: Range<Int>
  /// Where `=` stands in the text, in bytes and in columns, when the line is one field.
  var equal: (offset: Int, column: Int)?
  /// The first token of the block that the field is in.
  var block = -1

  func write(to output: inout String) {
    if isBlankBefore { output.append("\n") }
    if !text.isEmpty {
      for _ in 0..<indent { output.append("  ") }
      output.append(text)
    }
    if let comment {
      if text.isEmpty {
        for _ in 0..<indent { output.append("  ") }
      } else {
        for _ in 0..<commentGap { output.append(" ") }
      }
      output.append(comment)
    }
    output.append("\n")
  }
}
