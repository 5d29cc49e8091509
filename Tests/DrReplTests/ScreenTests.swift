// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrRepl
import Testing

@Suite("The screen")
struct ScreenTests {
  private func screen(_ keys: String, width: Int = 12) -> Screen {
    ScreenLayout(width: width).screen(typed(keys).editor, prompt: "dr> ")
  }

  @Test("one line")
  func line() {
    let screen = screen("abc\u{2}")
    #expect(screen.rows == ["dr> abc"])
    #expect((screen.cursorRow, screen.cursorColumn) == (0, 6))
  }

  @Test("a line that is too long goes on in the next row; the cursor is never past the last column")
  func wrapped() {
    let screen = screen("12345678")
    #expect(screen.rows == ["dr> 12345678", ""])
    #expect((screen.cursorRow, screen.cursorColumn) == (1, 0))
    #expect(self.screen("123456789").rows == ["dr> 12345678", "9"])
  }

  @Test("wide characters take two columns and are not cut in half")
  func wide() {
    let screen = screen("机房机房")
    #expect(screen.rows == ["dr> 机房机房", ""])
    #expect(self.screen("1机房机房").rows == ["dr> 1机房机", "房"])
    #expect(self.screen("机房\u{2}").cursorColumn == 6)
  }

  @Test("lines stand below one another, with a margin")
  func lines() {
    let screen = screen("\u{1B}[200~a {\nb\u{1B}[201~")
    #expect(screen.rows == ["dr> a {", "  · b"])
    #expect((screen.cursorRow, screen.cursorColumn) == (1, 5))
  }

  @Test("what is higher than the terminal shows the rows around the cursor")
  func cropped() {
    var editor = LineEditor()
    _ = editor.handle(.paste((1...50).map(String.init).joined(separator: "\n")))
    let screen = ScreenLayout(width: 20, height: 5).screen(editor, prompt: "dr> ")
    #expect(screen.rows.count == 5)
    #expect(screen.rows[screen.cursorRow].hasSuffix("50"))
  }

  @Test("painting screen after screen gives what each of them is")
  func painting() {
    for seed in UInt64(1)...80 {
      var random = Numbers(seed: seed)
      var painter = Painter()
      var terminal = TerminalModel(width: 20)
      var editor = LineEditor()
      let keys = [
        "a", "机", "{", "\u{1B}\r", "\u{7F}", "\u{17}", "\u{1}", "\u{5}", "\u{1B}[A", "long ",
      ]
      var decoder = KeyDecoder()
      for _ in 0..<60 {
        for key in decoder.decode(keys[Int(random.next()) % keys.count].utf8) {
          _ = editor.handle(key)
        }
        let screen = ScreenLayout(width: 20, height: 30).screen(editor, prompt: "dr> ")
        terminal.write(painter.paint(screen))
        #expect(terminal.text(rows: screen.rows.count) == screen.rows, "seed \(seed)")
        #expect(terminal.row == screen.cursorRow && terminal.column == screen.cursorColumn)
      }
    }
  }
}

/// As much of a terminal as the painter uses, with the habit of staying on the last column until
/// something more is written.
struct TerminalModel {
  let width: Int
  private var cells: [[String]] = [[]]
  private(set) var row = 0
  private(set) var column = 0

  init(width: Int) { self.width = width }

  mutating func write(_ text: String) {
    var rest = text[...]
    while let character = rest.first {
      rest = rest.dropFirst()
      switch character {
      case "\r\n":
        column = 0
        row += 1
      case "\r": column = 0
      case "\u{1B}":
        let digits = rest.dropFirst().prefix { $0.isNumber }
        let count = Int(digits) ?? 1
        obey(rest.dropFirst(1 + digits.count).first ?? " ", count)
        rest = rest.dropFirst(2 + digits.count)
      default: put(character)
      }
      while cells.count <= row { cells.append([]) }
    }
  }

  private mutating func obey(_ final: Character, _ count: Int) {
    switch final {
    case "A": row = max(0, row - count)
    case "B": row = min(cells.count - 1, row + count)
    case "C": column = min(width - 1, column + count)
    case "K": cells[row] = Array(cells[row].prefix(min(column, width - 1)))
    case "J":
      cells[row] = Array(cells[row].prefix(min(column, width - 1)))
      cells.removeSubrange((row + 1)...)
    default: break
    }
  }

  private mutating func put(_ character: Character) {
    let wide = character == "机"
    while cells[row].count < column + (wide ? 2 : 1) { cells[row].append(" ") }
    cells[row][column] = String(character)
    if wide { cells[row][column + 1] = "" }
    column += wide ? 2 : 1
  }

  /// The last rows, down to the lowest.
  func text(rows: Int) -> [String] {
    (0..<rows).map { index in index < cells.count ? cells[index].joined() : "" }
  }
}

@Suite("Tables")
struct TableTests {
  @Test("columns are as wide as they must be, wide characters counted twice")
  func widths() {
    let table = Table(columns: ["name", "ready"], rows: [["北京一区", "true"], ["a", "false"]])
    #expect(
      table.text(width: 80) == """
        name      ready
        ────────  ─────
        北京一区  true
        a         false
        """)
  }

  @Test("what is too wide is cut, the widest column first")
  func cut() {
    let table = Table(columns: ["a", "b"], rows: [["1234567890123456", "123"]])
    #expect(table.text(width: 12).hasSuffix("123456…  123"))
    #expect(Table.cut("机房机房", to: 5) == "机房…")
    #expect(Table.cut("机房机房", to: 4) == "机…")
  }
}
