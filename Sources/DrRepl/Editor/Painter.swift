// SPDX-License-Identifier: Apache-2.0

/// Turns one screen into the next with as few bytes as are simple. It knows where the cursor was
/// left and nothing else of the terminal.
package struct Painter: Sendable {
  private var shown = Screen()

  package init() {}

  /// The bytes that show a screen where the one before stands.
  package mutating func paint(_ next: Screen) -> String {
    let same = zip(shown.rows, next.rows).prefix { $0 == $1 }.count
    var text = ""
    // A row that stays is not written again.
    let first = min(same, max(0, next.rows.count - 1))
    if same == next.rows.count, same == shown.rows.count {
      text += Self.move(from: shown.cursorRow, to: next.cursorRow)
    } else {
      text += Self.move(from: shown.cursorRow, to: min(first, max(0, shown.rows.count - 1)))
      if first >= shown.rows.count, !shown.rows.isEmpty { text += "\r\n" }
      // Cleared before it is written: after its last column, a terminal is still on that column.
      text += shown.rows.count > next.rows.count ? "\r\u{1B}[J" : "\r"
      for row in first..<next.rows.count {
        if row > first { text += "\r\n" }
        text += "\u{1B}[K" + next.rows[row]
      }
      text += Self.move(from: next.rows.count - 1, to: next.cursorRow)
    }
    text += "\r" + (next.cursorColumn > 0 ? "\u{1B}[\(next.cursorColumn)C" : "")
    shown = next
    return text
  }

  /// Goes below what is shown, so that something else can be written there.
  package mutating func leave() -> String {
    defer { shown = Screen() }
    guard !shown.rows.isEmpty else { return "" }
    return Self.move(from: shown.cursorRow, to: shown.rows.count - 1) + "\r\n"
  }

  /// Forgets what is shown: the screen was cleared.
  package mutating func forget() { shown = Screen() }

  /// Goes to the first row of what is shown and clears from there; for a terminal that has another
  /// width now and may have wrapped the rows.
  package mutating func clear() -> String {
    defer { shown = Screen() }
    return Self.move(from: shown.cursorRow, to: 0) + "\r\u{1B}[J"
  }

  private static func move(from: Int, to: Int) -> String {
    if to < from { return "\u{1B}[\(from - to)A" }
    return to > from ? "\u{1B}[\(to - from)B" : ""
  }
}
