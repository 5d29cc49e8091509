// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Writes a provenance for people: a tree of values at the left, where each came from, and its
/// place. Where the terminal is too narrow for that, reason and place go to lines of their own.
package struct ProvenanceText {
  private let sources: SourceMap
  private let colour: Bool
  /// Columns; `nil` where lines may be as long as they are.
  private let width: Int?

  package init(sources: SourceMap, colour: Bool, width: Int?) {
    self.sources = sources
    self.colour = colour
    self.width = width.map { max($0, 24) }
  }

  private struct Row {
    /// The branches of the tree before the name.
    let branch: String
    /// Those before further lines of the same row.
    let trunk: String
    let name: String
    var value: String?
    let reason: String
    let place: String
    let giver: Provenance.Giver?

    var head: String { branch + name + (value.map { " = \($0)" } ?? "") }
  }

  private static let gap = 3
  /// A longer head does not move the column of the places.
  private static let headMax = 48
  /// Columns that a reason needs beside the rest.
  private static let reasonMin = 28

  package func text(_ provenance: Provenance) -> String {
    var rows: [Row] = []
    add(provenance, branch: "", trunk: "", to: &rows)
    let head = rows.map { displayWidth($0.head) }.filter { $0 <= Self.headMax }.max() ?? 0
    let place = rows.map { displayWidth($0.place) }.max() ?? 0
    let before = head + place + 2 * Self.gap
    guard let width else { return rows.map { line($0, head, place, room: nil) }.joined() }
    let longest = rows.map { displayWidth($0.reason) }.max() ?? 0
    let room = width - before
    let isWide = room >= min(longest, Self.reasonMin)
    return rows.map { isWide ? line($0, head, place, room: room) : lines($0, width) }.joined()
  }

  // MARK: Rows

  private func add(_ node: Provenance, branch: String, trunk: String, to rows: inout [Row]) {
    let missing = node.parts.filter { $0.giver == .nobody }
    let children = node.parts.filter { $0.giver != .nobody } + node.sources
    let count = children.count + (missing.isEmpty ? 0 : 1) + (node.hidden > 0 ? 1 : 0)
    let isShown = node.parts.isEmpty && node.value != node.name
    rows.append(
      Row(
        branch: branch, trunk: trunk + (count == 0 ? "" : "│"), name: node.name,
        value: isShown ? node.value : nil, reason: reason(node),
        place: node.span.map(sources.location) ?? "", giver: node.giver))
    for (index, child) in children.enumerated() {
      let isLast = index == count - 1
      add(
        child, branch: trunk + (isLast ? "└─ " : "├─ "), trunk: trunk + (isLast ? "   " : "│  "),
        to: &rows)
    }
    if !missing.isEmpty {
      let names = missing.map { $0.name.split(separator: ".").last.map(String.init) ?? $0.name }
      let isLast = node.hidden == 0
      rows.append(
        Row(
          branch: trunk + (isLast ? "└─ " : "├─ "), trunk: trunk + (isLast ? "" : "│"),
          name: "not given", value: nil, reason: names.joined(separator: ", "), place: "",
          giver: .nobody))
    }
    if node.hidden > 0 {
      let isDeep = node.parts.isEmpty && node.sources.isEmpty
      rows.append(
        Row(
          branch: trunk + "└─ ", trunk: trunk, name: "… \(node.hidden) more", value: nil,
          reason: isDeep ? "a higher --depth shows them" : "", place: "", giver: nil))
    }
  }

  private func reason(_ node: Provenance) -> String {
    if node.isRepeated { return "see above" }
    guard let other = node.insteadOf else { return sentence(node) }
    if node.giver == .given { return "\(sentence(node)), instead of the default \(other.value)" }
    return
      "\(sentence(node)), instead of the default \(other.value) (\(sources.location(other.span)))"
  }

  private func sentence(_ node: Provenance) -> String {
    switch node.giver {
    case .written:
      let call = node.calledFrom.map { ", called from \(sources.location($0))" } ?? ""
      return node.expression.map { "computed: \($0)\(call)" } ?? "written"
    case .typeDefault:
      let of = node.type.map { "default of \($0)" } ?? "default"
      return node.expression.map { "\(of): \($0)" } ?? of
    case .given: return "given by --set"
    case .inputDefault:
      return node.expression.map { "default of the input: \($0)" } ?? "default of the input"
    case .parent: return "the block around it"
    case .subject: return "what it is for"
    case .name: return "its name"
    case .nobody: return "not given"
    case .block: return node.type.map { "block of type \($0)" } ?? "block"
    case .expression: return ""
    case .outside: return "read from outside"
    }
  }

  // MARK: Lines

  private func line(_ row: Row, _ head: Int, _ place: Int, room: Int?) -> String {
    let gap = spaces(Self.gap)
    let before =
      painted(row) + spaces(head - displayWidth(row.head)) + gap
      + paint(row.place, "2") + spaces(place - displayWidth(row.place)) + gap
    let excess = max(0, displayWidth(row.head) - head)
    let reasons = wrapped(row.reason, width: room.map { max($0 - excess, Self.reasonMin / 2) })
    var text = trimmed(before + paint(reasons.first ?? "", style(row))) + "\n"
    let margin = head + place + 2 * Self.gap
    for reason in reasons.dropFirst() {
      text +=
        paint(row.trunk, "2") + spaces(margin - displayWidth(row.trunk))
        + paint(reason, style(row)) + "\n"
    }
    return text
  }

  private func lines(_ row: Row, _ width: Int) -> String {
    var text = painted(clipped(row, to: width)) + "\n"
    let trunk =
      row.trunk
      + spaces(max(displayWidth(row.branch), displayWidth(row.trunk)) + 2 - displayWidth(row.trunk))
    let room = max(width - displayWidth(trunk), 16)
    for line in wrapped(row.reason, width: room) where !line.isEmpty {
      text += paint(trunk, "2") + paint(line, style(row)) + "\n"
    }
    if !row.place.isEmpty { text += paint(trunk, "2") + paint(row.place, "2") + "\n" }
    return text
  }

  /// The row with as much of its value as fits.
  private func clipped(_ row: Row, to width: Int) -> Row {
    guard let value = row.value, displayWidth(row.head) > width else { return row }
    let room = max(width - displayWidth(row.branch + row.name + " = "), 8)
    var kept = ""
    for character in value {
      guard displayWidth(kept) + displayWidth(character) < room else { break }
      kept.append(character)
    }
    var row = row
    row.value = kept + "…"
    return row
  }

  private func painted(_ row: Row) -> String {
    let value = row.value.map { " = " + paint(visible($0), "1") } ?? ""
    return paint(row.branch, "2") + visible(row.name) + value
  }

  private func style(_ row: Row) -> String {
    switch row.giver {
    case .given, .inputDefault: "35"
    case .written, .expression, .outside: "36"
    case .typeDefault, .parent, .subject, .name, .nobody, .block, nil: "2"
    }
  }

  private func paint(_ text: String, _ style: String) -> String {
    colour && !text.isEmpty ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
  }

  private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

  private func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}
