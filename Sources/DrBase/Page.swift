// SPDX-License-Identifier: Apache-2.0

/// A page in the little Markdown that the catalogue is written in: headings, paragraphs, lists, fenced
/// code and comments.
package enum Page {
  package enum Block: Equatable {
    case heading(String)
    case paragraph(String)
    /// One item of a list.
    case item(String)
    /// `kind` is what stands behind the fence: `dr`, `dr compile`.
    case code(kind: String, text: String)
    case comment(String)
  }

  package static func blocks(of text: String) -> [Block] {
    var blocks: [Block] = []
    var paragraph: [Substring] = []
    var fence: (kind: String, lines: [Substring])?
    func endParagraph() {
      let text = paragraph.joined(separator: " ")
      paragraph = []
      guard !text.isEmpty else { return }
      if text.hasPrefix("- ") {
        blocks.append(.item(String(text.dropFirst(2))))
      } else if text.hasPrefix("<!-- "), text.hasSuffix(" -->") {
        blocks.append(.comment(String(text.dropFirst(5).dropLast(4))))
      } else {
        blocks.append(.paragraph(text))
      }
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let open = fence {
        if line == "```" {
          blocks.append(.code(kind: open.kind, text: open.lines.joined(separator: "\n") + "\n"))
          fence = nil
        } else {
          fence?.lines.append(line)
        }
      } else if line.hasPrefix("```") {
        endParagraph()
        fence = (String(line.dropFirst(3)), [])
      } else if line.hasPrefix("#") {
        endParagraph()
        blocks.append(.heading(String(line.drop { $0 == "#" }.drop { $0 == " " })))
      } else {
        if line.isEmpty || line.hasPrefix("- ") { endParagraph() }
        if !line.isEmpty { paragraph.append(line.drop { $0 == " " }) }
      }
    }
    endParagraph()
    return blocks
  }

  /// As a terminal shows it: headings bold, code indented, text wrapped at `width` columns (not at all
  /// where `nil`). Code is never wrapped.
  package static func render(_ text: String, width: Int?, colour: Bool) -> String {
    var parts: [String] = []
    for block in blocks(of: text) {
      switch block {
      case .heading(let title): parts.append((colour ? "\u{1B}[1m\(title)\u{1B}[0m" : title) + "\n")
      case .paragraph(let text):
        parts.append(wrapped(text, width: width).joined(separator: "\n") + "\n")
      case .item(let text):
        parts.append(
          "- " + wrapped(text, width: width.map { $0 - 2 }).joined(separator: "\n  ") + "\n")
      case .code(_, let text):
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        parts.append(lines.map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined())
      case .comment: continue
      }
    }
    return parts.joined(separator: "\n")
  }
}
