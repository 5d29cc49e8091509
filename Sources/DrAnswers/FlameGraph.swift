// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// A profile as a picture: a box for each function on the way it was called, as wide as the steps
/// that were spent in it, with the callers above. The same program gives the same bytes: times are
/// left out. It needs nothing but itself; details show where the pointer rests.
package struct FlameGraph {
  /// Where the picture begins: at the first function that has something to tell.
  private let root: Profile.Frame
  private let sources: SourceMap
  private let title: String

  package init(_ profile: Profile, sources: SourceMap, title: String) {
    // Walks over finished values are nobody's.
    var frame = profile.tree.withoutOwn
    while frame.own.steps == 0, frame.children.count == 1, let only = frame.children.first {
      frame = only
    }
    root = frame
    self.sources = sources
    self.title = title
  }

  // Lengths are tenths of a pixel, so that they are exact.
  private static let width = 12_000
  private static let margin = 120
  private static let rowHeight = 190
  private static let boxHeight = 180
  private static let top = 600
  private static let bottom = 320
  /// Of a letter of the font at its size.
  private static let letter = 70
  /// Narrower boxes are not drawn.
  private static let narrowest = 2

  package var svg: String {
    var boxes = ""
    var depth = 0
    var hidden = 0
    draw(
      root, x: Self.margin, width: Self.width - 2 * Self.margin, level: 0, &boxes, &depth,
      &hidden)
    let bottom = hidden > 0 ? Self.bottom : Self.margin
    let height = Self.top + depth * Self.rowHeight + bottom
    let (w, h) = (length(Self.width), length(height))
    let total = root.total
    let subtitle =
      "\(Amount.steps(total.steps)), \(Amount.bytes(total.bytes)) of values. "
      + "A box is as wide as the steps spent in it; callers are above."
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" width="\(w)" height="\(h)" viewBox="0 0 \(w) \(h)">
      <style>
      text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1b1b1b }
      .title { font-size: 16px; font-weight: bold }
      .note { fill: #5c5c5c }
      .box:hover rect { stroke: #1b1b1b; stroke-width: 1.5 }
      </style>
      <rect width="100%" height="100%" fill="#fffdf8"/>
      <text class="title" x="\(length(Self.margin))" y="24">\(Self.escaped(title))</text>
      <text class="note" x="\(length(Self.margin))" y="44">\(Self.escaped(subtitle))</text>

      """
    text += boxes
    if hidden > 0 {
      text +=
        "<text class=\"note\" x=\"\(length(Self.margin))\" y=\"\(length(height - 100))\">"
        + "\(Amount.grouped(hidden)) more \(hidden == 1 ? "box is" : "boxes are") too narrow to be seen."
        + "</text>\n"
    }
    return text + "</svg>\n"
  }

  private func draw(
    _ frame: Profile.Frame, x: Int, width: Int, level: Int, _ boxes: inout String,
    _ depth: inout Int, _ hidden: inout Int
  ) {
    guard width >= Self.narrowest else {
      hidden += 1
      return
    }
    depth = max(depth, level + 1)
    boxes += box(frame, x: x, width: width, level: level)
    let total = frame.total.steps
    guard total > 0 else { return }
    var before = 0
    for child in frame.children {
      let steps = child.total.steps
      if steps == 0 { continue }
      // From edge to edge, so that rounding adds up to nothing.
      let start = x + Self.share(width, before, of: total)
      let end = x + Self.share(width, before + steps, of: total)
      draw(child, x: start, width: end - start, level: level + 1, &boxes, &depth, &hidden)
      before += steps
    }
  }

  private static func share(_ width: Int, _ part: Int, of whole: Int) -> Int {
    Int((Int128(width) * Int128(part)) / Int128(max(1, whole)))
  }

  private func box(_ frame: Profile.Frame, x: Int, width: Int, level: Int) -> String {
    let y = Self.top + level * Self.rowHeight
    let name = frame.name.isEmpty ? "all" : frame.name
    let rect =
      "<rect x=\"\(length(x))\" y=\"\(length(y))\" width=\"\(length(max(width - 5, 2)))\" "
      + "height=\"\(length(Self.boxHeight))\" rx=\"2\" fill=\"\(Self.fill(name, level))\"/>"
    let label = Self.clipped(name, to: (width - 60) / Self.letter)
    let text =
      label.isEmpty
      ? ""
      : "<text x=\"\(length(x + 30))\" y=\"\(length(y + 130))\">\(Self.escaped(label))</text>"
    return
      "<g class=\"box\"><title>\(Self.escaped(details(frame, name)))</title>\(rect)\(text)</g>\n"
  }

  private func details(_ frame: Profile.Frame, _ name: String) -> String {
    let (own, total, all) = (frame.own, frame.total, root.total)
    var lines = [name + (frame.span.map { " (\(sources.location($0)))" } ?? "")]
    lines.append("\(Amount.steps(total.steps)), \(Amount.share(total.steps, of: all.steps)) of all")
    lines.append("\(Amount.steps(own.steps)) of its own")
    if total.bytes > 0 { lines.append("\(Amount.bytes(total.bytes)) of values") }
    if frame.calls > 0 {
      lines.append(frame.calls == 1 ? "called once" : "called \(Amount.grouped(frame.calls)) times")
    }
    if let place = frame.calledFrom { lines.append("from \(sources.location(place))") }
    return lines.joined(separator: "\n")
  }

  /// Tenths of a pixel as SVG writes them.
  private func length(_ tenths: Int) -> String {
    tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }

  private static func clipped(_ text: String, to letters: Int) -> String {
    guard letters >= 2 else { return "" }
    guard displayWidth(text) > letters else { return text }
    var kept = ""
    for character in text {
      guard displayWidth(kept) + displayWidth(character) < letters else { break }
      kept.append(character)
    }
    return kept.isEmpty ? "" : kept + "…"
  }

  /// A warm colour that is a name's own.
  private static func fill(_ name: String, _ level: Int) -> String {
    if level == 0 { return "#d9d4c7" }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ hash >> 29) &* 0xbf58_476d_1ce4_e5b9
    hash ^= hash >> 32
    let hue = 8 + Int(hash % 46)
    let lightness = 66 + Int((hash >> 8) % 14)
    return "hsl(\(hue), 85%, \(lightness)%)"
  }

  /// XML has no way to write most control characters; they are replaced.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\n": result += "&#10;"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)  // open: all others stand for themselves
      }
    }
    return result
  }
}
