// SPDX-License-Identifier: Apache-2.0

/// Writes diagnostics as people read them: code, message, the source with marks under it, reason, help.
package struct DiagnosticRenderer {
  package let sources: SourceMap
  /// ANSI colours, for terminals.
  package let colour: Bool

  package init(sources: SourceMap, colour: Bool) {
    self.sources = sources
    self.colour = colour
  }

  package func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map(render).joined(separator: "\n")
  }

  package func render(_ diagnostic: Diagnostic) -> String {
    let style: Style = diagnostic.severity == .error ? .red : .yellow
    var text = paint("\(diagnostic.severity.rawValue)", style)
    text += paint("[\(diagnostic.code.rawValue) \(diagnostic.code.name)]", style)
    text += paint(": \(diagnostic.message)", .bold) + "\n"
    var margin = 2
    if let span = diagnostic.span {
      var marks = [Mark(span: span, text: diagnostic.caption ?? "", isPrimary: true)]
      marks += diagnostic.labels.map { Mark(span: $0.span, text: $0.text, isPrimary: false) }
      let excerpt = Excerpt(marks: marks, sources: sources)
      margin = excerpt.gutter
      text += render(excerpt, style)
    }
    let pad = String(repeating: " ", count: margin)
    for note in diagnostic.notes { text += "\(pad) \(paint("=", .blue)) note: \(note)\n" }
    if let help = diagnostic.help { text += "\(pad) \(paint("=", .blue)) help: \(help)\n" }
    return text
  }

  private func render(_ excerpt: Excerpt, _ style: Style) -> String {
    let pad = String(repeating: " ", count: excerpt.gutter)
    var text = ""
    for (index, section) in excerpt.sections.enumerated() {
      let file = sources[section.file]
      let first = section.marks.first { $0.isPrimary } ?? section.marks[0]
      let line = file.line(at: first.span.start)
      let column = columns(of: file, line: line, upTo: first.span.start) + 1
      text +=
        "\(pad)\(paint(index == 0 ? "-->" : ":::", .blue)) \(file.name):\(line + 1):\(column)\n"
      text += "\(pad) \(paint("|", .blue))\n"
      var last: Int?
      for number in section.lines {
        if let last, number > last + 1 { text += "\(pad)\(paint("...", .blue))\n" }
        last = number
        let label = String(number + 1)
        let space = String(repeating: " ", count: excerpt.gutter - label.count)
        let source = expanded(file.lineBytes(number))
        text += "\(paint("\(space)\(label) |", .blue)) \(source)\n"
        for mark in section.marks(at: number, in: file) {
          text += "\(pad) \(paint("|", .blue)) \(underline(mark, file, number, style))\n"
        }
      }
    }
    return text
  }

  private func underline(_ mark: Mark, _ file: SourceFile, _ line: Int, _ style: Style) -> String {
    let start = columns(of: file, line: line, upTo: mark.span.start)
    let lineEnd = file.lineStarts[line] + UInt32(file.lineBytes(line).count)
    let end = columns(of: file, line: line, upTo: min(mark.span.end, lineEnd))
    let sign = mark.isPrimary ? "^" : "-"
    let marks = String(repeating: sign, count: max(1, end - start))
    let words = mark.text.isEmpty ? "" : " \(mark.text)"
    return String(repeating: " ", count: start)
      + paint(marks + words, mark.isPrimary ? style : .blue)
  }

  /// Terminal columns from the start of a line to an offset.
  private func columns(of file: SourceFile, line: Int, upTo offset: UInt32) -> Int {
    let start = Int(file.lineStarts[line])
    let end = min(max(start, Int(offset)), start + file.lineBytes(line).count)
    return displayWidth(expanded(file.bytes[start..<end]))
  }

  private func expanded(_ bytes: ArraySlice<UInt8>) -> String {
    var text = ""
    for character in String(decoding: bytes, as: UTF8.self) {
      if character == "\t" {
        text += "  "
      } else if character.unicodeScalars.allSatisfy({ $0.value < 0x20 || $0.value == 0x7F }) {
        text += "\u{FFFD}"
      } else {
        text.append(character)
      }
    }
    return text
  }

  // MARK: Colour

  private enum Style: String {
    case red = "1;31"
    case yellow = "1;33"
    case blue = "34"
    case bold = "1"
  }

  private func paint(_ text: String, _ style: Style) -> String {
    colour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}

private struct Mark {
  let span: Span
  let text: String
  let isPrimary: Bool
}

/// The lines to show of each file that a diagnostic points into, the primary one's first.
private struct Excerpt {
  struct Section {
    let file: FileID
    var marks: [Mark]
    var lines: [Int]

    /// The marks that begin on a line, from right to left, so that their texts do not cross.
    func marks(at line: Int, in file: SourceFile) -> [Mark] {
      marks.filter { file.line(at: $0.span.start) == line }
        .sorted { ($0.isPrimary ? 0 : 1, $0.span.start) < ($1.isPrimary ? 0 : 1, $1.span.start) }
    }
  }

  var sections: [Section] = []
  /// Width of the line numbers.
  var gutter = 1

  init(marks: [Mark], sources: SourceMap) {
    for mark in marks {
      let line = sources[mark.span.file].line(at: mark.span.start)
      gutter = max(gutter, String(line + 1).count)
      if let index = sections.firstIndex(where: { $0.file == mark.span.file }) {
        sections[index].marks.append(mark)
        if !sections[index].lines.contains(line) { sections[index].lines.append(line) }
      } else {
        sections.append(Section(file: mark.span.file, marks: [mark], lines: [line]))
      }
    }
    for index in sections.indices { sections[index].lines.sort() }
  }
}

/// Terminal columns that a text takes: wide East Asian characters take two, combining ones none
/// (Unicode Standard Annex 11, ranges W and F, coarse).
package func displayWidth(_ text: String) -> Int {
  text.unicodeScalars.reduce(0) { width, scalar in
    switch scalar.value {
    case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: width
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      width + 2
    default: width + 1
    }
  }
}
