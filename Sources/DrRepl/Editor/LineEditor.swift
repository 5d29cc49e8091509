// SPDX-License-Identifier: Apache-2.0

/// What the editor wants after a key.
package enum EditorOrder: Sendable, Equatable {
  /// Draw the screen again.
  case draw
  /// The input is whole.
  case submit(String)
  /// Ctrl-C: the input is dropped.
  case drop
  /// Ctrl-D on an empty input.
  case end
  /// Tab: `offer` what could stand at the cursor.
  case complete(text: String, cursor: Int)
  case clearScreen
  case bell
  /// Ctrl-Z.
  case suspend
}

/// One thing that could stand at the cursor.
package struct Candidate: Sendable, Equatable {
  /// What is put in.
  package let text: String
  /// A few words about it.
  package let detail: String
  /// Put in after the text when it is the only one, such as a space or `(`.
  package let suffix: String

  package init(_ text: String, detail: String = "", suffix: String = "") {
    self.text = text
    self.detail = detail
    self.suffix = suffix
  }
}

/// The text being typed, with a cursor: keys in, orders out. It knows nothing of terminals.
package struct LineEditor: Sendable {
  /// A search through history with Ctrl-R.
  struct Search: Sendable, Equatable {
    var query = ""
    /// The entry that is shown; `nil` where none was found.
    var match: Int?
    var hasFailed = false
    /// What stood there before.
    let before: [Character]
    let cursor: Int
  }

  /// A choice that Tab goes through.
  struct Menu: Sendable, Equatable {
    var candidates: [Candidate]
    var selected: Int?
    /// Where what is completed begins, in characters.
    let start: Int
  }

  package private(set) var history: History
  /// By grapheme clusters, so that the cursor never stands within one.
  var characters: [Character] = []
  /// How many characters are before the cursor.
  package internal(set) var cursor = 0
  var killed: [Character] = []
  var undos: [(characters: [Character], cursor: Int)] = []
  /// Whether the last key killed: the next kill is added to it.
  var isKilling = false
  var isTyping = false
  var search: Search?
  var menu: Menu?
  /// The entry of history that is shown, and what was typed before going there.
  var place: Int?
  var typed: [Character] = []
  var prefix = ""

  package init(history: History = History()) { self.history = history }

  package var text: String { String(characters) }

  /// An empty input; history stays.
  package mutating func reset() {
    let kept = (history, killed)
    self = LineEditor(history: kept.0)
    killed = kept.1
  }

  /// Keeps what was handed in.
  package mutating func remember(_ text: String) { history.add(text) }

  // MARK: Keys

  package mutating func handle(_ key: Key) -> EditorOrder {
    if search != nil, let order = handleInSearch(key) { return order }
    if menu != nil, let order = handleInMenu(key) { return order }
    let wasKilling = isKilling
    let wasTyping = isTyping
    isKilling = false
    isTyping = false
    switch key {
    case .text(let text):
      if !wasTyping { saveForUndo() }
      isTyping = true
      insert(text)
      closeIndentation(text)
      return .draw
    case .paste(let text):
      saveForUndo()
      insert(Self.cleaned(text))
      return .draw
    case .enter: return enter()
    case .altEnter:
      saveForUndo()
      newLine()
      return .draw
    case .tab: return .complete(text: text, cursor: offset(of: cursor))
    case .backTab, .pageUp, .pageDown, .escape: return .draw
    case .backspace: return edit { $0.delete($0.cursor - 1..<$0.cursor) }
    case .delete: return edit { $0.delete($0.cursor..<$0.cursor + 1) }
    case .altBackspace: return kill(wordStart(before: cursor)..<cursor, wasKilling)
    case .left: return move(to: cursor - 1)
    case .right: return move(to: cursor + 1)
    case .wordLeft: return move(to: wordStart(before: cursor))
    case .wordRight: return move(to: wordEnd(after: cursor))
    case .home: return move(to: lineStart)
    case .end: return move(to: lineEnd)
    case .up: return up()
    case .down: return down()
    case .control(let letter): return control(letter, wasKilling)
    case .alt(let letter): return alt(letter, wasKilling)
    }
  }

  private mutating func control(_ letter: Character, _ wasKilling: Bool) -> EditorOrder {
    switch letter {
    case "a": return move(to: lineStart)
    case "e": return move(to: lineEnd)
    case "b": return move(to: cursor - 1)
    case "f": return move(to: cursor + 1)
    case "c": return .drop
    case "d":
      if characters.isEmpty { return .end }
      return edit { $0.delete($0.cursor..<$0.cursor + 1) }
    case "k": return kill(cursor..<(cursor == lineEnd ? cursor + 1 : lineEnd), wasKilling)
    case "u": return kill(lineStart..<cursor, wasKilling)
    case "w": return kill(spacedWordStart(before: cursor)..<cursor, wasKilling)
    case "y":
      return edit { $0.insert(String($0.killed)) }
    case "t": return transpose()
    case "p": return up()
    case "n": return down()
    case "l": return .clearScreen
    case "r":
      search = Search(before: characters, cursor: cursor)
      return .draw
    case "z": return .suspend
    case "_": return undo()
    case "j", "m": return enter()
    default: return .bell
    }
  }

  private mutating func alt(_ letter: Character, _ wasKilling: Bool) -> EditorOrder {
    switch letter {
    case "b": return move(to: wordStart(before: cursor))
    case "f": return move(to: wordEnd(after: cursor))
    case "d": return kill(cursor..<wordEnd(after: cursor), wasKilling)
    case "<": return move(to: 0)
    case ">": return move(to: characters.count)
    default: return .bell
    }
  }

  // MARK: Handing in

  private mutating func enter() -> EditorOrder {
    let text = text
    // Two empty lines at the end hand in what never gets whole, to see what is wrong with it.
    let isGivenUp = text.hasSuffix("\n\n") || text.hasSuffix("\n\n  ")
    if isGivenUp || InputShape.isComplete(text) { return .submit(text) }
    saveForUndo()
    newLine()
    return .draw
  }

  /// A line break, and the spaces that the open brackets call for.
  private mutating func newLine() {
    let depth = InputShape.depth(String(characters[..<cursor]))
    insert("\n" + String(repeating: " ", count: 2 * depth))
  }

  /// A closing bracket that begins a line goes back one level.
  private mutating func closeIndentation(_ text: String) {
    guard text == "}" || text == "]" || text == ")" else { return }
    let line = characters[lineStart..<cursor - 1]
    guard line.count >= 2, line.allSatisfy({ $0 == " " }) else { return }
    characters.removeSubrange(cursor - 3..<cursor - 1)
    cursor -= 2
  }
}
