// SPDX-License-Identifier: Apache-2.0

extension LineEditor {
  /// What could stand between `start` (in bytes) and the cursor. The only one is put in; of several,
  /// what they begin with, and then Tab goes through them.
  package mutating func offer(_ candidates: [Candidate], start: Int) -> EditorOrder {
    guard !candidates.isEmpty else { return .bell }
    let first = place(ofOffset: start)
    saveForUndo()
    if candidates.count == 1 {
      replace(from: first, with: candidates[0].text + candidates[0].suffix)
      return .draw
    }
    let common = candidates.dropFirst().reduce(candidates[0].text) {
      $0.commonPrefix(with: $1.text)
    }
    let typed = String(characters[first..<cursor])
    if common.count > typed.count { replace(from: first, with: common) }
    menu = Menu(candidates: candidates, selected: nil, start: first)
    return .draw
  }

  private mutating func replace(from start: Int, with text: String) {
    characters.removeSubrange(start..<cursor)
    cursor = start
    insert(text)
  }

  private func place(ofOffset offset: Int) -> Int {
    var bytes = 0
    for (index, character) in characters.enumerated() {
      if bytes >= offset { return index }
      bytes += character.utf8.count
    }
    return min(characters.count, cursor)
  }

  /// `nil` for a key that ends the choice and is then handled as usual.
  mutating func handleInMenu(_ key: Key) -> EditorOrder? {
    guard var menu else { return nil }
    let count = menu.candidates.count
    switch key {
    case .tab: menu.selected = ((menu.selected ?? -1) + 1) % count
    case .backTab: menu.selected = ((menu.selected ?? 0) - 1 + count) % count
    case .escape:
      self.menu = nil
      return .draw
    case .enter where menu.selected != nil:
      self.menu = nil
      return .draw
    default:
      self.menu = nil
      return nil
    }
    replace(from: menu.start, with: menu.candidates[menu.selected ?? 0].text)
    self.menu = menu
    return .draw
  }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
