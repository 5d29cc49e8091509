// SPDX-License-Identifier: Apache-2.0

extension Paragraph {
  /// Aligns `=` in runs of adjacent lines that are one field of the same block each.
  mutating func alignFields() {
    var start = 0
    while start < lines.count {
      var end = start + 1
      guard lines[start].equal != nil, lines[start].block >= 0 else {
        start = end
        continue
      }
      while end < lines.count, lines[end].equal != nil, lines[end].block == lines[start].block,
        !lines[end].isBlankBefore
      {
        end += 1
      }
      let widest = lines[start..<end].reduce(0) { max($0, $1.equal?.column ?? 0) }
      for index in start..<end {
        if let equal = lines[index].equal { lines[index].padding = widest - equal.column }
      }
      start = end
    }
  }

  /// Aligns the comments at the ends of adjacent lines.
  mutating func alignComments() {
    var start = 0
    while start < lines.count {
      var end = start
      var widest = 0
      while end < lines.count, lines[end].comment != nil, !lines[end].text.isEmpty,
        end == start || !lines[end].isBlankBefore
      {
        widest = max(widest, width(lines[end]))
        end += 1
      }
      for index in start..<end { lines[index].commentGap = widest - width(lines[index]) + 2 }
      start = max(end, start + 1)
    }
  }

  /// Columns up to the end of the text; of its last line when a string in it has several.
  private func width(_ line: Line) -> Int {
    let text = bytes[line.text]
    guard let newline = text.lastIndex(of: UInt8(ascii: "\n")) else {
      return line.indent * 2 + columns(text) + line.padding
    }
    return columns(text[(newline + 1)...])
  }
}

/// How many columns a terminal takes for a text: two for a wide character, none for a combining
/// mark.
func columns(_ text: ArraySlice<UInt8>) -> Int {
  if text.allSatisfy({ $0 < 0x80 }) { return text.count }
  var count = 0
  for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
    if scalar.value < 0x300 {
      count += 1
    } else if scalar.isWide {
      count += 2
    } else if !scalar.properties.isGraphemeExtend {
      count += 1
    }
  }
  return count
}

extension Unicode.Scalar {
  fileprivate var isWide: Bool {
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1FAFF,
      0x20000...0x3FFFD:
      true
    default: false  // open: every other character is narrow
    }
  }
}
