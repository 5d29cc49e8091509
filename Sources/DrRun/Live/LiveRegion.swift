// SPDX-License-Identifier: Apache-2.0

import DrBase

/// The last lines of a terminal, which are drawn anew while everything else stands above them for good.
///
/// It gives bytes to write, and knows of the terminal only what it has drawn itself. All of a change is one write, what has
/// not changed is not written, and the cursor is left in a line of its own below, or after the last line where somebody
/// types there. So whatever ends the program, a prompt that comes after it begins in a line of its own.
package struct LiveRegion: Sendable {
  private var drawn: [String] = []
  /// Whether the cursor stands after the last line.
  private var isOpen = false
  /// Columns of the terminal when it was drawn.
  private var columns = 0

  package init() {}

  /// What stands there is drawn over with these lines, none of which may be wider than the terminal. `isOpen`: somebody types
  /// after the last one.
  package mutating func draw(_ lines: [String], columns: Int, isOpen: Bool = false) -> String {
    guard lines != drawn || isOpen != self.isOpen || columns != self.columns else { return "" }
    var text = start(columns)
    for (number, line) in lines.enumerated() {
      let isLast = number == lines.count - 1
      text += line + "\u{1B}[K" + (isLast && isOpen ? "" : "\n")
    }
    // What was drawn below, cleared last so that nothing flickers.
    text += "\u{1B}[J"
    drawn = lines
    self.isOpen = isOpen && !lines.isEmpty
    self.columns = columns
    return text
  }

  /// Lines that stay are written above; they end with a line break.
  package mutating func write(_ text: String, columns: Int) -> String {
    guard !drawn.isEmpty else { return text }
    let (lines, wasOpen) = (drawn, isOpen)
    let cleared = clear(columns: columns)
    return cleared + text + draw(lines, columns: columns, isOpen: wasOpen)
  }

  /// Nothing of it is left; the cursor stands where it began.
  package mutating func clear(columns: Int) -> String {
    guard !drawn.isEmpty else { return "" }
    defer { forget() }
    return start(columns) + "\u{1B}[J"
  }

  /// Somebody else has written since.
  package mutating func forget() {
    drawn = []
    isOpen = false
  }

  /// To the beginning of the first line. A terminal that has become narrower has broken lines that were wider.
  private func start(_ columns: Int) -> String {
    guard !drawn.isEmpty else { return "" }
    var up = isOpen ? -1 : 0
    for line in drawn {
      let width = Self.width(line)
      up += columns < self.columns ? max(1, (width + columns - 1) / max(1, columns)) : 1
    }
    return "\r" + (up > 0 ? "\u{1B}[\(up)A" : "")
  }

  /// Columns of a line, colours left out.
  static func width(_ line: String) -> Int {
    var plain = ""
    var isEscape = false
    for character in line {
      if character == "\u{1B}" {
        isEscape = true
      } else if isEscape {
        isEscape = !character.isLetter
      } else {
        plain.append(character)
      }
    }
    return displayWidth(plain)
  }
}
