// SPDX-License-Identifier: Apache-2.0

/// Terminal columns that a text takes: wide East Asian characters and emoji take two, combining and
/// invisible ones none (Unicode Standard Annex 11, ranges W and F, coarse).
package func displayWidth(_ text: some StringProtocol) -> Int {
  text.reduce(0) { $0 + displayWidth($1) }
}

/// Columns of what a terminal shows as one character: `👩‍🚒` is made of three and takes two.
package func displayWidth(_ character: Character) -> Int {
  if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
  return character.unicodeScalars.reduce(0) { max($0, displayWidth($1)) }
}

private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
  switch scalar.value {
  case 0xFE0F: return 2  // the character before is shown as an emoji
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
    0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F200...0x1F2FF, 0x20000...0x3FFFD:
    return 2
  default: break  // open: told by its properties
  }
  if scalar.properties.isEmojiPresentation { return 2 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format, .control: return 0
  default: return 1  // open: everything that is seen takes a column
  }
}

/// What a terminal may be given of somebody else's text: tabs as two spaces, and control characters and
/// marks that reorder text as `�`.
package func visible(_ text: some StringProtocol) -> String {
  var shown = ""
  for character in text { shown += visible(character) }
  return shown
}

func visible(_ character: Character) -> String {
  if character == "\t" { return "  " }
  return character.unicodeScalars.contains(where: misleads) ? "\u{FFFD}" : String(character)
}

private func misleads(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
  default: false  // open: all others are shown as they are
  }
}

/// A text in lines of at most `width` columns (one line where `nil`), broken at spaces and between wide characters.
/// A word that is longer stands whole, so that it can be copied.
package func wrapped(_ text: String, width: Int?) -> [String] {
  guard let width, displayWidth(text) > width else { return [text] }
  var lines: [String] = []
  var line = ""
  var columns = 0
  func add(_ piece: Substring) {
    let size = displayWidth(piece)
    if columns > 0, columns + displayWidth(piece.trimmingSpaces) > width {
      lines.append(String(line[...].trimmingSpaces))
      line = ""
      columns = 0
    }
    line += piece
    columns += size
  }
  var start = text.startIndex
  for index in text.indices {
    let next = text.index(after: index)
    let isBreak = text[index] == " " || displayWidth(text[index]) == 2
    let isBeforeWide = next < text.endIndex && displayWidth(text[next]) == 2
    guard isBreak || isBeforeWide || next == text.endIndex else { continue }
    // Chinese punctuation does not begin a line.
    if next < text.endIndex, "，。、；：！？）」』”".contains(text[next]) { continue }
    add(text[start..<next])
    start = next
  }
  if !line.isEmpty { lines.append(String(line[...].trimmingSpaces)) }
  return lines
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var rest = self
    while rest.last == " " { rest.removeLast() }
    return rest
  }
}

/// A text with spaces after it, up to so many columns.
package func padded(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - displayWidth(text)))
}

/// A text of at most so many columns, its end replaced by `…` where it is longer.
package func clipped(_ text: String, to width: Int) -> String {
  guard displayWidth(text) > width else { return text }
  var shown = ""
  var columns = 1
  for character in text {
    columns += displayWidth(character)
    guard columns <= width else { break }
    shown.append(character)
  }
  return width > 0 ? shown + "…" : ""
}

/// A text for a terminal that shows ASCII only: marks become what looks like them, letters `?`; every character takes as many
/// columns as before.
package func asciiOnly(_ text: String) -> String {
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
  var shown = ""
  for character in text {
    if character.isASCII {
      shown.append(character)
    } else {
      let mark = asciiMarks[character].map(String.init)
      shown += mark ?? String(repeating: "?", count: displayWidth(character))
    }
  }
  return shown
}

/// The marks that dr writes, and those that drawings are made of, each above what looks like it.
private let asciiMarks = Dictionary(
  uniqueKeysWithValues: zip(
    "✓✗✘×●○■□▶▸•·…↻↺→←↑↓⇒‖–—“”‘’█░▒▓─━│┃├└┌┐┘┤┬┴┼╰╭╮╯≥≤≠±µ°",
    "+xxx*o#->>*.~@<><^v>|--\"\"''#.:#--||+++++++++++++><#+uo"))
