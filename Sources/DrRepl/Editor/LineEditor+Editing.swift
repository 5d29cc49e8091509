// SPDX-License-Identifier: Apache-2.0

extension LineEditor {
  // MARK: Changing

  mutating func insert(_ text: String) {
    guard !text.isEmpty else { return }
    // Joined with what is before the cursor: a combining mark belongs to the letter there.
    let left = Array(String(characters[..<cursor]) + text)
    characters = left + characters[cursor...]
    cursor = left.count
    leaveHistory()
  }

  mutating func delete(_ range: Range<Int>) {
    let range = range.clamped(to: 0..<characters.count)
    guard !range.isEmpty else { return }
    characters.removeSubrange(range)
    cursor = range.lowerBound
    leaveHistory()
  }

  /// Replaces everything.
  mutating func set(_ text: [Character], cursor: Int? = nil) {
    characters = text
    self.cursor = min(cursor ?? text.count, text.count)
  }

  mutating func edit(_ change: (inout LineEditor) -> Void) -> EditorOrder {
    saveForUndo()
    change(&self)
    return .draw
  }

  mutating func kill(_ range: Range<Int>, _ isContinued: Bool) -> EditorOrder {
    let range = range.clamped(to: 0..<characters.count)
    isKilling = true
    guard !range.isEmpty else { return .draw }
    let taken = Array(characters[range])
    if isContinued {
      killed = range.upperBound == cursor ? taken + killed : killed + taken
    } else {
      killed = taken
    }
    return edit { $0.delete(range) }
  }

  /// Exchanges the two characters around the cursor, or the last two of the line.
  mutating func transpose() -> EditorOrder {
    let second = cursor == lineEnd ? cursor - 1 : cursor
    guard second - 1 >= lineStart, second < characters.count else { return .bell }
    return edit {
      $0.characters.swapAt(second - 1, second)
      $0.cursor = second + 1
    }
  }

  mutating func saveForUndo() {
    undos.append((characters, cursor))
    if undos.count > 200 { undos.removeFirst() }
  }

  mutating func undo() -> EditorOrder {
    guard let last = undos.popLast() else { return .bell }
    (characters, cursor) = last
    return .draw
  }

  /// What was pasted as a terminal may show it: line breaks are `\n`, tabs spaces, other control
  /// characters are left out.
  static func cleaned(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\r\n", "\r", "\n": result.append("\n")
      case "\t": result += "  "
      default:
        let isControl = character.unicodeScalars.contains {
          $0.value < 0x20 || (0x7F..<0xA0).contains($0.value)
        }
        if !isControl { result.append(character) }
      }
    }
    return result
  }

  // MARK: Moving

  mutating func move(to place: Int) -> EditorOrder {
    let place = min(max(0, place), characters.count)
    guard place != cursor else { return .draw }
    cursor = place
    return .draw
  }

  var lineStart: Int {
    (characters[..<cursor].lastIndex(of: "\n") ?? -1) + 1
  }

  var lineEnd: Int {
    characters[cursor...].firstIndex(of: "\n") ?? characters.count
  }

  private static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  func wordStart(before place: Int) -> Int {
    var place = place
    while place > 0, !Self.isWord(characters[place - 1]) { place -= 1 }
    while place > 0, Self.isWord(characters[place - 1]) { place -= 1 }
    return place
  }

  func wordEnd(after place: Int) -> Int {
    var place = place
    while place < characters.count, !Self.isWord(characters[place]) { place += 1 }
    while place < characters.count, Self.isWord(characters[place]) { place += 1 }
    return place
  }

  func spacedWordStart(before place: Int) -> Int {
    var place = place
    while place > 0, characters[place - 1].isWhitespace { place -= 1 }
    while place > 0, !characters[place - 1].isWhitespace { place -= 1 }
    return place
  }

  /// Bytes before a character.
  func offset(of place: Int) -> Int {
    characters[..<place].reduce(0) { $0 + $1.utf8.count }
  }

  // MARK: History

  /// A line up within the text, else to the entry before that begins like what was typed.
  mutating func up() -> EditorOrder {
    if lineStart > 0, place == nil {
      let column = cursor - lineStart
      let end = lineStart - 1
      let start = (characters[..<end].lastIndex(of: "\n") ?? -1) + 1
      return move(to: min(start + column, end))
    }
    if place == nil {
      typed = characters
      prefix = text
    }
    guard let found = history.index(before: place ?? history.entries.count, prefix: prefix) else {
      return .bell
    }
    place = found
    set(Array(history.entries[found]))
    return .draw
  }

  mutating func down() -> EditorOrder {
    if place == nil {
      guard lineEnd < characters.count else { return .bell }
      let column = cursor - lineStart
      let start = lineEnd + 1
      let end = characters[start...].firstIndex(of: "\n") ?? characters.count
      return move(to: min(start + column, end))
    }
    if let found = history.index(after: place ?? 0, prefix: prefix) {
      place = found
      set(Array(history.entries[found]))
    } else {
      place = nil
      set(typed)
    }
    return .draw
  }

  /// An entry that is changed is a new text.
  mutating func leaveHistory() { place = nil }

  // MARK: Search

  /// `nil` for a key that ends the search and is then handled as usual.
  mutating func handleInSearch(_ key: Key) -> EditorOrder? {
    guard var search else { return nil }
    switch key {
    case .text(let text):
      for character in text {
        search.query.append(character)
        find(&search, before: (search.match ?? history.entries.count - 1) + 1)
      }
    case .backspace:
      if !search.query.isEmpty { search.query.removeLast() }
      find(&search, before: history.entries.count)
    case .control("r"): find(&search, before: search.match ?? history.entries.count)
    case .control("c"), .control("g"), .escape:
      self.search = nil
      set(search.before, cursor: search.cursor)
      return .draw
    default:
      self.search = nil
      return nil
    }
    self.search = search
    return .draw
  }

  private mutating func find(_ search: inout Search, before index: Int) {
    guard !search.query.isEmpty else {
      search.match = nil
      search.hasFailed = false
      return set(search.before, cursor: search.cursor)
    }
    guard let found = history.index(before: index, containing: search.query) else {
      search.hasFailed = true
      return
    }
    search.match = found
    search.hasFailed = false
    let entry = history.entries[found]
    let range = entry.range(of: search.query)
    set(Array(entry), cursor: range.map { entry.distance(from: entry.startIndex, to: $0) })
  }
}

extension String {
  /// Where another text begins in this one.
  fileprivate func range(of other: String) -> String.Index? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(other) { return index }
      index = self.index(after: index)
    }
    return nil
  }
}
