// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase

/// What the input looks like: rows that are no wider than the terminal, and where the cursor is.
package struct Screen: Sendable, Equatable {
  /// With colours, where they are wanted.
  package var rows: [String] = []
  package var cursorRow = 0
  /// Columns before the cursor.
  package var cursorColumn = 0
}

/// Lays an editor's text out.
package struct ScreenLayout: Sendable {
  package var width: Int
  package var height: Int
  package var colour: Bool

  package init(width: Int, height: Int = 24, colour: Bool = false) {
    self.width = max(8, width)
    self.height = max(2, height)
    self.colour = colour
  }

  package func screen(_ editor: LineEditor, prompt: String) -> Screen {
    var prompt = prompt
    if let search = editor.search {
      let word = search.hasFailed ? "failed search" : "search"
      prompt = "(\(word)) \(search.query): "
    }
    var rows = Rows(width: width)
    let paint = colour && editor.search == nil ? Highlighter.styles(editor.characters) : [:]
    rows.add(prompt, style: colour ? .prompt : .plain)
    let indent = min(displayWidth(prompt), width / 2)
    let margin = String(repeating: " ", count: max(0, indent - 2)) + (indent >= 2 ? "· " : "")
    for (index, character) in editor.characters.enumerated() {
      if index == editor.cursor { rows.markCursor() }
      if character == "\n" {
        rows.newRow()
        rows.add(margin, style: colour ? .dim : .plain)
      } else {
        rows.add(character, style: paint[index] ?? .plain)
      }
    }
    if editor.cursor == editor.characters.count { rows.markCursor() }
    var screen = Screen(
      rows: rows.finished, cursorRow: rows.cursor.row, cursorColumn: rows.cursor.column)
    if let menu = editor.menu { screen.rows += menuRows(menu, room: height - screen.rows.count) }
    return cropped(screen)
  }

  /// The rows around the cursor that the terminal has room for.
  private func cropped(_ screen: Screen) -> Screen {
    guard screen.rows.count > height else { return screen }
    let start = min(max(0, screen.cursorRow - height + 2), screen.rows.count - height)
    var cropped = screen
    cropped.rows = Array(screen.rows[start..<start + height])
    cropped.cursorRow -= start
    return cropped
  }

  // MARK: The choice

  private func menuRows(_ menu: LineEditor.Menu, room: Int) -> [String] {
    let widest = menu.candidates.map { displayWidth($0.text) }.max() ?? 0
    let isDetailed = menu.candidates.count <= 12
    let column = min(widest + 2, width)
    let perRow = isDetailed ? 1 : max(1, width / column)
    let rowCount = (menu.candidates.count + perRow - 1) / perRow
    let shown = max(1, min(rowCount, room, 12))
    let selectedRow = (menu.selected ?? 0) / perRow
    let first = min(max(0, selectedRow - shown + 1), max(0, rowCount - shown))
    var rows: [String] = []
    for row in first..<first + shown {
      var text = ""
      let range = row * perRow..<min((row + 1) * perRow, menu.candidates.count)
      for index in range {
        let candidate = menu.candidates[index]
        let cell = padded(Table.cut(candidate.text, to: column - 2), to: column - 2)
        text += index == menu.selected ? marked(cell) : cell
        text += "  "
        let rest = width - column - 1
        if isDetailed, rest > 8 {
          text += styled(Table.cut(candidate.detail, to: rest), .dim)
        }
      }
      rows.append(text)
    }
    if shown < rowCount { rows[rows.count - 1] += styled("…", .dim) }
    return rows
  }

  private func marked(_ text: String) -> String {
    colour ? styled(text, .selected) : ">" + text.dropLast()
  }

  private func styled(_ text: String, _ style: Style) -> String {
    colour && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}

/// How a piece of text is shown.
enum Style: String, Sendable {
  case plain = ""
  case prompt = "1;36"
  case dim = "2"
  case selected = "7"
  case keyword = "35"
  case string = "32"
  case number = "33"
}

/// Rows in the making.
private struct Rows {
  let width: Int
  private var rows: [String] = []
  private var row = ""
  private var column = 0
  private var style = Style.plain
  private(set) var cursor = (row: 0, column: 0)

  init(width: Int) { self.width = width }

  mutating func add(_ text: String, style: Style) {
    for character in text { add(character, style: style) }
  }

  mutating func add(_ character: Character, style: Style) {
    let columns = displayWidth(String(character))
    if column + columns > width { newRow() }
    set(style)
    row.append(character)
    column += columns
  }

  mutating func newRow() {
    set(.plain)
    rows.append(row)
    row = ""
    column = 0
  }

  /// The cursor never stands past the last column: there it is at the start of the next row.
  mutating func markCursor() {
    if column >= width { newRow() }
    cursor = (rows.count, column)
  }

  var finished: [String] {
    var copy = self
    copy.newRow()
    return copy.rows
  }

  private mutating func set(_ new: Style) {
    guard new != style else { return }
    row += new == .plain ? "\u{1B}[0m" : "\u{1B}[0;\(new.rawValue)m"
    style = new
  }
}
