// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Rows under headings, in columns that are as wide as they must be and together no wider than the
/// terminal.
package struct Table: Sendable, Equatable {
  package var columns: [String]
  package var rows: [[String]] = []

  private static let gap = "  "
  /// No column is cut below this.
  private static let least = 4

  package init(columns: [String], rows: [[String]] = []) {
    self.columns = columns
    self.rows = rows
  }

  /// Without the last line break.
  package func text(width: Int) -> String {
    let widths = widths(within: width)
    let rule = widths.map { String(repeating: "─", count: $0) }
    return ([columns, rule] + rows).map { cells in
      zip(cells, widths).map { padded(Self.cut($0, to: $1), to: $1) }
        .joined(separator: Self.gap).trimmingTrailingSpaces
    }.joined(separator: "\n")
  }

  /// What each column gets: all it wants, and where that is too much, the widest give first.
  private func widths(within total: Int) -> [Int] {
    var widths = columns.indices.map { index in
      rows.reduce(displayWidth(columns[index])) { max($0, displayWidth($1[index])) }
    }
    let room = total - Self.gap.count * max(0, columns.count - 1)
    while widths.reduce(0, +) > room, let widest = widths.max(), widest > Self.least {
      let second = widths.filter { $0 < widest }.max() ?? Self.least
      let count = widths.count { $0 == widest }
      let excess = widths.reduce(0, +) - room
      let step = max(1, min(widest - max(second, Self.least), excess / count))
      for index in widths.indices where widths[index] == widest { widths[index] -= step }
    }
    return widths
  }

  /// A text within so many columns, its end replaced by `…` where it is longer.
  package static func cut(_ text: String, to width: Int) -> String {
    clipped(text, to: width)
  }

  /// A text on one line, without anything that a terminal obeys.
  static func plain(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A: result += "⏎"
      case 0..<0x20, 0x7F..<0xA0: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var rest = self[...]
    while rest.last == " " { rest = rest.dropLast() }
    return String(rest)
  }
}
