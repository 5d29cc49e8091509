// SPDX-License-Identifier: Apache-2.0

/// What a diagnostic marks, as given.
struct Mark {
  let span: Span
  let text: String
  let isPrimary: Bool
}

/// The part of a mark that lies on one line.
struct LineMark {
  /// Byte offsets in the file, on one line.
  let start: UInt32
  let end: UInt32
  let text: String
  let isPrimary: Bool
}

/// The lines to show of each file that a diagnostic points into, the primary one's first.
struct Excerpt {
  struct Section {
    let file: SourceFile
    /// Where the first mark begins, the primary one where there is one.
    let start: UInt32
    /// Lines in ascending order; of a span over several lines the first and the last.
    var lines: [(number: Int, marks: [LineMark])] = []
  }

  private(set) var sections: [Section] = []
  /// Width of the line numbers.
  private(set) var gutter = 1

  /// The primary mark comes first.
  init(marks: [Mark], sources: SourceMap) {
    for mark in marks {
      let file = sources[mark.span.file]
      let index = sections.firstIndex { $0.file.id == file.id } ?? sections.count
      if index == sections.count { sections.append(Section(file: file, start: mark.span.start)) }
      for (number, part) in Self.parts(of: mark, in: file) {
        gutter = max(gutter, String(number + 1).count)
        sections[index].add(part, number)
      }
    }
    for index in sections.indices { sections[index].lines.sort { $0.number < $1.number } }
  }

  private static func parts(of mark: Mark, in file: SourceFile) -> [(Int, LineMark)] {
    let first = file.line(at: mark.span.start)
    let last = mark.span.end > mark.span.start ? file.line(at: mark.span.end - 1) : first
    func part(_ start: UInt32, _ end: UInt32, _ text: String) -> LineMark {
      LineMark(start: start, end: max(start, end), text: text, isPrimary: mark.isPrimary)
    }
    let begin = part(mark.span.start, min(mark.span.end, file.end(ofLine: first)), mark.text)
    guard last > first else { return [(first, begin)] }
    let bytes = file.lineBytes(last)
    let margin = bytes.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? bytes.startIndex
    let end = part(UInt32(margin), min(mark.span.end, file.end(ofLine: last)), "")
    return [(first, begin), (last, end)]
  }
}

extension Excerpt.Section {
  fileprivate mutating func add(_ mark: LineMark, _ number: Int) {
    if let index = lines.firstIndex(where: { $0.number == number }) {
      lines[index].marks.append(mark)
    } else {
      lines.append((number, [mark]))
    }
  }
}

extension SourceFile {
  /// The offset after the last byte of a zero-based line, its line ending left out.
  fileprivate func end(ofLine line: Int) -> UInt32 { UInt32(lineBytes(line).endIndex) }

  /// Terminal columns from the start of its line to an offset.
  func column(of offset: UInt32) -> Int {
    let bytes = lineBytes(line(at: offset))
    let prefix = bytes[..<min(max(bytes.startIndex, Int(offset)), bytes.endIndex)]
    if prefix.allSatisfy({ $0 < 0x80 }) {
      return prefix.reduce(0) { $0 + ($1 == UInt8(ascii: "\t") ? 2 : 1) }
    }
    return displayWidth(visible(String(decoding: prefix, as: UTF8.self)))
  }
}

/// A line of source, cut so that it fits, with the marks that lie in what is left.
struct LineView {
  /// What is shown, with `…` where something was cut off.
  let text: String
  /// The marks with their columns in `text`, in the order in which they are written below it.
  let marks: [(mark: LineMark, columns: Range<Int>)]

  /// As many views of a line as its marks need.
  static func views(of line: Int, in file: SourceFile, marks: [LineMark], width: Int) -> [LineView]
  {
    var rest = marks.sorted { ($0.start, $0.isPrimary ? 0 : 1) < ($1.start, $1.isPrimary ? 0 : 1) }
    var views: [LineView] = []
    while let first = rest.first {
      let cells = Cells(file.lineBytes(line), around: Int(first.start))
      let isWhole = cells.isWhole && cells.width < width
      let from = cells.column(of: first.start)
      let taken = rest.prefix { isWhole || $0.start == first.start || cells.fits($0, from, width) }
      rest.removeFirst(taken.count)
      views.append(LineView(cells, Array(taken), isWhole ? nil : width))
    }
    return views
  }

  private init(_ cells: Cells, _ marks: [LineMark], _ width: Int?) {
    let start = marks.map { cells.column(of: $0.start) }.min() ?? 0
    let end = marks.map { cells.column(of: $0.end) }.max() ?? 0
    let window = width.map { cells.window(start..<max(start + 1, end), $0) } ?? 0..<cells.width
    text = cells.text(window, isCut: width != nil)
    self.marks = marks.sorted {
      ($0.isPrimary ? 0 : 1, $0.start) < ($1.isPrimary ? 0 : 1, $1.start)
    }
    .map { mark in
      let start = max(0, cells.column(of: mark.start) - window.lowerBound)
      let end = min(cells.column(of: mark.end), window.upperBound) - window.lowerBound
      return (mark, start..<max(start + 1, end))
    }
  }
}

/// The characters of a line, or of the part of a very long line around a place, with their columns.
private struct Cells {
  /// Bytes before and after the place that are looked at.
  private static let before = 1024
  private static let after = 3072
  /// Columns to be seen beside a mark.
  private static let margin = 4

  private var characters: [(text: String, column: Int, width: Int)] = []
  /// Offset of the first byte of each character, and of the end.
  private var offsets: [Int] = []
  private(set) var width = 0
  private let isCutBefore: Bool
  private let isCutAfter: Bool

  var isWhole: Bool { !isCutBefore && !isCutAfter }

  init(_ line: ArraySlice<UInt8>, around offset: Int) {
    var start = max(line.startIndex, min(offset, line.endIndex) - Self.before)
    var end = min(line.endIndex, offset + Self.after)
    while start > line.startIndex, start < end, line[start] & 0xC0 == 0x80 { start += 1 }
    while end < line.endIndex, end > start, line[end] & 0xC0 == 0x80 { end -= 1 }
    isCutBefore = start > line.startIndex
    isCutAfter = end < line.endIndex
    var position = start
    for character in String(decoding: line[start..<end], as: UTF8.self) {
      let text = visible(character)
      let size = displayWidth(text)
      characters.append((text, width, size))
      offsets.append(position)
      // By scalars: a replacement character may have a combining mark behind it.
      for scalar in character.unicodeScalars {
        position +=
          scalar == "\u{FFFD}" ? Self.length(in: line, at: position) : UTF8.width(scalar)
      }
      width += size
    }
    offsets.append(max(position, end))
  }

  /// Bytes that a replacement character stands for: itself, or bytes that are not UTF-8, taken as one each.
  private static func length(in line: ArraySlice<UInt8>, at position: Int) -> Int {
    guard position < line.endIndex else { return 0 }
    return line[position...].starts(with: [0xEF, 0xBF, 0xBD]) ? 3 : 1
  }

  func column(of offset: UInt32) -> Int {
    var low = 0
    var high = offsets.count
    while low < high {
      let middle = (low + high) / 2
      if offsets[middle] < Int(offset) { low = middle + 1 } else { high = middle }
    }
    return low < characters.count ? characters[low].column : width
  }

  /// Whether a mark can be seen together with one that begins at a column.
  func fits(_ mark: LineMark, _ start: Int, _ available: Int) -> Bool {
    guard Int(mark.start) <= offsets.last ?? 0 else { return false }
    return column(of: mark.start) - start < available - 2 * Self.margin
  }

  /// The columns to show so that marks are seen, with as much on both sides as there is room for.
  func window(_ marks: Range<Int>, _ available: Int) -> Range<Int> {
    let shown = min(marks.count, available - 2 * Self.margin)
    var start = max(0, marks.lowerBound - (available - shown) / 2)
    if marks.upperBound < available - Self.margin, !isCutBefore { start = 0 }
    // A mark may stand behind the last character.
    let end = max(width, marks.upperBound)
    start = max(0, min(start, end - available))
    return start..<min(end, start + available)
  }

  func text(_ window: Range<Int>, isCut: Bool) -> String {
    let cutsStart = isCut && (window.lowerBound > 0 || isCutBefore)
    let cutsEnd = isCut && (window.upperBound < width || isCutAfter)
    var text = cutsStart ? "…" : ""
    var column = window.lowerBound + (cutsStart ? 1 : 0)
    let end = window.upperBound - (cutsEnd ? 1 : 0)
    for character in characters where character.column >= column || character.width == 0 {
      if character.column < column { continue }
      guard character.column + character.width <= end else { break }
      // Half of a wide character that is cut off leaves a gap.
      text += String(repeating: " ", count: character.column - column) + character.text
      column = character.column + character.width
    }
    if cutsEnd { text += String(repeating: " ", count: max(0, end - column)) + "…" }
    return text
  }
}
