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
// over the tokens cuts them into lines (`LineBuilder`) and writes them out, a paragraph at a time;
// lines that are too long name the brackets to break, and the pass is repeated. Formatting twice
// gives the same as once.

import DrBase
import DrSyntax

/// The text of a program in the one style; `nil` when its syntax is broken.
package func format(_ tree: SyntaxTree) -> String? {
  formattedBytes(tree).map { String(decoding: $0, as: UTF8.self) }
}

/// The same as UTF-8. Of a program that is formatted they are the source's own bytes, not a copy.
package func formattedBytes(_ tree: SyntaxTree) -> [UInt8]? {
  guard !tree.diagnostics.hasErrors else { return nil }
  var layout = Layout(tree)
  while true {
    let (text, longLines) = LineBuilder.lines(of: tree, layout)
    guard layout.breakLines(longLines) else { return text }
  }
}

/// The widest line that a block or list on one line may make.
let maximumColumns = 120

/// The text that is being written: as long as the source begins with it, only how much of it.
struct Output {
  private let source: [UInt8]
  private var unchanged = 0
  private var changed: [UInt8]?

  init(source: [UInt8]) { self.source = source }

  mutating func append(_ text: [UInt8]) {
    if changed == nil {
      let end = unchanged + text.count
      if end <= source.count, source[unchanged..<end].elementsEqual(text) {
        unchanged = end
        return
      }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(source.count + source.count / 4)
      bytes += source[..<unchanged]
      changed = bytes
    }
    changed?.append(contentsOf: text)
  }

  var bytes: [UInt8] {
    if let changed { return changed }
    return unchanged == source.count ? source : Array(source[..<unchanged])
  }
}
