// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// Writes a profile as tables: the lines and functions that cost most.
package struct ProfileText {
  private let sources: SourceMap
  private let colour: Bool
  /// Columns; `nil` where lines may be as long as they are.
  private let width: Int?
  /// Whether times were measured.
  private let hasTime: Bool

  /// Rows of a table: what comes after them costs next to nothing.
  private static let rowsMax = 15
  private static let longestLine = 160

  package init(sources: SourceMap, colour: Bool, width: Int?, hasTime: Bool) {
    self.sources = sources
    self.colour = colour
    self.width = width
    self.hasTime = hasTime
  }

  package func text(_ profile: Profile, title: String) -> String {
    var head =
      "\(title): \(Amount.steps(profile.total.steps)), \(Amount.bytes(profile.total.bytes))"
    if hasTime { head += ", \(Amount.time(profile.total.time)) while watched" }
    let lines = profile.lines.filter(\.isWorthTelling).inOrder {
      ($0.own, $0.total, sources.location($0.span))
    }
    let functions = profile.functions.filter(\.isWorthTelling).inOrder {
      ($0.own, $0.total, sources.location($0.span))
    }
    guard !lines.isEmpty else { return paint(head, "1") + "\n" + outside(profile) }
    return paint(head, "1") + "\n\n"
      + table(
        ["steps", "share", "with calls"] + times + ["memory", "line", ""],
        lines.prefix(Self.rowsMax).map { line in
          cells(line.own, line.total, profile.total)
            + [Amount.bytes(line.own.bytes), sources.location(line.span), source(line.span)]
        }, numbers: times.count + 4)
      + rest(lines.count, "lines") + "\n"
      + table(
        ["steps", "share", "with calls"] + times + ["memory", "calls", "function", ""],
        functions.prefix(Self.rowsMax).map { function in
          cells(function.own, function.total, profile.total) + [
            Amount.bytes(function.own.bytes), Amount.grouped(function.calls), function.name,
            sources.location(function.span),
          ]
        }, numbers: times.count + 5)
      + rest(functions.count, "functions") + outside(profile)
  }

  private func outside(_ profile: Profile) -> String {
    let steps = profile.outside.steps
    guard steps > 1 else { return "" }
    return paint(
      "\(Amount.steps(steps)) more (\(Amount.share(steps, of: profile.total.steps))) for going through "
        + "all values\n", "2")
  }

  private var times: [String] { hasTime ? ["time"] : [] }

  private func cells(_ own: Cost, _ total: Cost, _ whole: Cost) -> [String] {
    [
      Amount.grouped(own.steps), Amount.share(own.steps, of: whole.steps),
      Amount.share(total.steps, of: whole.steps),
    ] + (hasTime ? [Amount.time(own.time)] : [])
  }

  private func rest(_ count: Int, _ what: String) -> String {
    count > Self.rowsMax
      ? paint("… \(count - Self.rowsMax) more \(what); --json has all\n", "2") : ""
  }

  private func source(_ span: Span) -> String {
    let file = sources[span.file]
    let bytes = file.lineBytes(file.line(at: span.start))
    let text = visible(String(decoding: bytes.prefix(400), as: UTF8.self))
    return String(text.drop { $0 == " " })
  }

  // MARK: Tables

  /// Columns side by side: so many of numbers, to the right, and the others to the left. The last
  /// column is cut where there is no room for it.
  private func table(_ head: [String], _ rows: [[String]], numbers: Int) -> String {
    let widths = head.indices.map { column in
      ([head] + rows).reduce(0) { max($0, displayWidth($1[column])) }
    }
    // A few letters of the last column say nothing.
    let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
    let isCut = width.map { $0 - before < min(8, widths.last ?? 0) } ?? false
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() where !(isCut && column == cells.count - 1) {
        let space = String(repeating: " ", count: max(0, widths[column] - displayWidth(cell)))
        if column > 0 { text += "  " }
        text += column < numbers ? space + cell : cell + space
      }
      return fitted(text)
    }
    guard !rows.isEmpty else { return "" }
    return paint(line(head), "2") + "\n" + rows.map { line($0) + "\n" }.joined()
  }

  private func fitted(_ line: String) -> String {
    var text = line[...]
    while text.last == " " { text.removeLast() }
    let room = width ?? Self.longestLine
    guard displayWidth(text) > room else { return String(text) }
    var kept = ""
    var columns = 0
    for character in text {
      columns += displayWidth(character)
      guard columns < room else { break }
      kept.append(character)
    }
    return kept + "…"
  }

  private func paint(_ text: String, _ style: String) -> String {
    colour ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
  }
}

extension Profile.Line {
  fileprivate var isWorthTelling: Bool { own.steps > 0 || own.bytes > 0 }
}

extension Profile.Function {
  fileprivate var isWorthTelling: Bool { own.steps > 0 || own.bytes > 0 }
}

extension Array {
  /// Those that cost most come first: by their own steps, then their memory, then all steps; then by place.
  fileprivate func inOrder(_ key: (Element) -> (own: Cost, total: Cost, place: String)) -> [Element]
  {
    sorted { a, b in
      let (x, y) = (key(a), key(b))
      let (first, second) = (
        (-x.own.steps, -x.own.bytes, -x.total.steps), (-y.own.steps, -y.own.bytes, -y.total.steps)
      )
      return first == second ? x.place < y.place : first < second
    }
  }
}

/// Amounts as people read them.
enum Amount {
  /// `1 234 567` would break in two; `1,234,567`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  static func steps(_ number: Int) -> String {
    number == 1 ? "1 step" : "\(grouped(number)) steps"
  }

  /// With one digit after the point: `12.3%`.
  static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "0.0%" }
    let thousandths = (part * 1000 + whole / 2) / whole
    return "\(thousandths / 10).\(thousandths % 10)%"
  }

  static func bytes(_ count: Int) -> String {
    scaled(count, [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)])
  }

  static func time(_ nanoseconds: Int) -> String {
    scaled(nanoseconds, [("ns", 1), ("µs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000)])
  }

  private static func scaled(_ amount: Int, _ units: [(name: String, size: Int)]) -> String {
    let unit = units.last { amount >= $0.size } ?? units[0]
    if unit.size == 1 || amount / unit.size >= 100 { return "\(amount / unit.size) \(unit.name)" }
    let tenths = (amount * 10) / unit.size
    return "\(tenths / 10).\(tenths % 10) \(unit.name)"
  }
}
