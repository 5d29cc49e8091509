// SPDX-License-Identifier: Apache-2.0

/// Writes diagnostics as people read them: code, message, the source with marks under it, reason, help.
package struct DiagnosticRenderer {
  package let sources: SourceMap
  /// ANSI colours, for terminals.
  package let colour: Bool
  /// Columns that nothing but a path or a long word goes beyond; `nil` for text that is read by programs or scrolled
  /// sideways.
  package let width: Int?

  /// Columns of source that are shown where the width is unlimited: a file may be one line.
  private static let longestLine = 240
  /// Columns of a caption, and of half a message, that are never fewer.
  private static let narrowest = 24
  /// The narrowest terminal that text is broken for.
  private static let least = 20

  package init(sources: SourceMap, colour: Bool, width: Int? = nil) {
    self.sources = sources
    self.colour = colour
    self.width = width.map { max($0, Self.least) }
  }

  package func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map(render).joined(separator: "\n")
  }

  package func render(_ diagnostic: Diagnostic) -> String {
    let style: Style = diagnostic.severity == .error ? .red : .yellow
    var text = headline(diagnostic, style)
    var margin = 2
    if let span = diagnostic.span {
      var marks = [Mark(span: span, text: diagnostic.caption ?? "", isPrimary: true)]
      marks += diagnostic.labels.map { Mark(span: $0.span, text: $0.text, isPrimary: false) }
      let excerpt = Excerpt(marks: marks, sources: sources)
      margin = excerpt.gutter
      text += render(excerpt, style) + table(diagnostic.witnesses, margin)
    }
    for note in diagnostic.notes { text += remark("note", note, margin) }
    if let help = diagnostic.help { text += remark("help", help, margin) }
    return text
  }

  private func headline(_ diagnostic: Diagnostic, _ style: Style) -> String {
    let code =
      "\(diagnostic.severity.rawValue)[\(diagnostic.shownCode) \(diagnostic.shownName)]"
    var lines = paragraphs("\(code): \(diagnostic.message)", indent: 0)
    let severity = diagnostic.severity.rawValue
    guard let first = lines.first, first.hasPrefix(code) else {
      return lines.map { paint($0, .bold) + "\n" }.joined(separator: "  ")
    }
    lines[0] = ""
    let rest = lines.dropFirst().map { "  " + paint($0, .bold) + "\n" }.joined()
    return paint(severity, style) + paint(String(code.dropFirst(severity.count)), style)
      + paint(String(first.dropFirst(code.count)), .bold) + "\n" + rest
  }

  private func remark(_ word: String, _ text: String, _ margin: Int) -> String {
    let pad = String(repeating: " ", count: margin)
    let indent = margin + 3 + word.count + 2
    let lines = paragraphs(text, indent: indent)
    return "\(pad) \(paint("=", .blue)) \(word): "
      + lines.joined(separator: "\n" + String(repeating: " ", count: indent)) + "\n"
  }

  /// A text for people in lines that fit.
  private func paragraphs(_ text: String, indent: Int) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
      wrapped(visible($0), width: width.map { max($0 - max(indent, 2), Self.narrowest / 2) })
    }
  }

  /// A line for each part of a condition: what it is and what it was.
  private func table(_ witnesses: [Witness], _ margin: Int) -> String {
    let names = witnesses.map { sources.excerpt($0.span, columns: 48) }
    let width = names.reduce(0) { max($0, displayWidth($1)) }
    let bar = String(repeating: " ", count: margin) + " " + paint("|", .blue)
    var text = ""
    for (name, witness) in zip(names, witnesses) {
      let space = String(repeating: " ", count: width - displayWidth(name))
      text += "\(bar)   \(name)\(space) is \(paint(visible(witness.value), .bold))\n"
    }
    return text
  }

  // MARK: The source

  private func render(_ excerpt: Excerpt, _ style: Style) -> String {
    let pad = String(repeating: " ", count: excerpt.gutter)
    var text = ""
    for (index, section) in excerpt.sections.enumerated() {
      let file = section.file
      let place = "\(file.line(at: section.start) + 1):\(file.column(of: section.start) + 1)"
      text += "\(pad)\(paint(index == 0 ? "-->" : ":::", .blue)) \(visible(file.name)):\(place)\n"
      text += "\(pad) \(paint("|", .blue))\n"
      var last: Int?
      for (number, marks) in section.lines {
        if let last, number > last + 1 { text += "\(pad)\(paint("...", .blue))\n" }
        last = number
        text += render(line: number, file, marks, excerpt.gutter, style)
      }
    }
    return text
  }

  private func render(
    line: Int, _ file: SourceFile, _ marks: [LineMark], _ gutter: Int, _ style: Style
  ) -> String {
    let available = width.map { max($0 - gutter - 3, Self.narrowest / 2) }
    let label = String(line + 1)
    let number = String(repeating: " ", count: gutter - label.count) + label
    let pad = String(repeating: " ", count: gutter)
    var text = ""
    let views = LineView.views(
      of: line, in: file, marks: marks, width: available ?? Self.longestLine)
    for view in views {
      text += "\(paint("\(number) |", .blue)) \(view.text)\n"
      for (mark, columns) in view.marks {
        for row in rows(mark, columns, available) {
          let indent = String(repeating: " ", count: row.indent)
          text +=
            "\(pad) \(paint("|", .blue)) \(indent)"
            + paint(row.text, mark.isPrimary ? style : .blue) + "\n"
        }
      }
    }
    return text
  }

  /// The marks under a line with their text behind them, or below them where there is no room.
  private func rows(
    _ mark: LineMark, _ columns: Range<Int>, _ available: Int?
  ) -> [(indent: Int, text: String)] {
    let signs = String(repeating: mark.isPrimary ? "^" : "-", count: columns.count)
    let caption = visible(mark.text)
    if caption.isEmpty { return [(columns.lowerBound, signs)] }
    guard let available, columns.upperBound + 1 + displayWidth(caption) > available else {
      return [(columns.lowerBound, signs + " " + caption)]
    }
    let room = max(available - columns.lowerBound, min(available, Self.narrowest))
    let indent = min(columns.lowerBound, available - room)
    return [(columns.lowerBound, signs)] + wrapped(caption, width: room).map { (indent, $0) }
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
