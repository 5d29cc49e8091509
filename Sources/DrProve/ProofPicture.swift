// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Recovery times as stacked bars against what is promised: SVG 1.1 that needs nothing else and is
/// light or dark as its reader's system is. The full colour of a part is its best case, the pale one
/// what chance may add.
package struct ProofPicture {
  private static let width = 960.0
  private static let left = 300.0
  /// Where times stand in words, beside the bars.
  private static let right = 170.0
  private static let rowHeight = 30.0
  private static let barHeight = 16.0

  private let duration: (Int64) -> String

  /// `duration` writes nanoseconds for people.
  package init(duration: @escaping (Int64) -> String) { self.duration = duration }

  package func svg(_ proofs: [Proof]) -> String {
    var body = ""
    var y = 28.0
    for proof in proofs { body += panel(proof, &y) }
    let height = Self.number(y + 8)
    let width = Self.number(Self.width)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
      role="img" aria-labelledby="title">
      <title id="title">Recovery times against what is promised</title>
      <style>
      \(Self.style)
      </style>
      <rect class="paper" width="\(width)" height="\(height)"/>
      \(body)</svg>

      """
  }

  // MARK: One service

  private func panel(_ proof: Proof, _ y: inout Double) -> String {
    let rows = proof.cases.filter(\.counts)
    let longest = rows.compactMap { $0.ending == .back ? $0.takes.worst ?? $0.takes.best : nil }
    let most = Double(max(longest.max() ?? 0, proof.rto)) * 1.05
    let scale = (Self.width - Self.left - Self.right) / most
    let verdict =
      switch proof.verdict {
      case .proved: "proved"
      case .refuted: "refuted"
      case .unknown: "not known"
      }
    let promise = "back within \(duration(proof.rto)) of any one loss: "
    var text = """
      <text class="title" x="24" y="\(Self.number(y))">\(XML.escaped(proof.service))</text>
      <text class="subtitle" x="24" y="\(Self.number(y + 21))">\(promise)<tspan class="\(proof.verdict.rawValue)">\
      \(verdict)</tspan></text>

      """
    y += 52
    let top = y
    let bottom = top + Double(rows.count) * Self.rowHeight
    text += axis(upTo: most, scale, top, bottom)
    let x = Self.number(Self.left + Double(proof.rto) * scale)
    text += """
      <line class="promise" x1="\(x)" x2="\(x)" y1="\(Self.number(top - 10))" y2="\(Self.number(bottom))"/>
      <text class="promised" x="\(x)" y="\(Self.number(top - 15))" text-anchor="middle">\(duration(proof.rto)) promised</text>

      """
    for row in rows {
      text += bar(row, scale, y)
      y += Self.rowHeight
    }
    y = bottom + 46
    text += legend(rows, y)
    y += 44
    return text
  }

  private func axis(upTo most: Double, _ scale: Double, _ top: Double, _ bottom: Double) -> String {
    let steps: [Int64] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400]
    let step = (steps.first { most / Double($0 * second) <= 9 } ?? 86_400) * second
    var text = ""
    for mark in stride(from: Int64(0), through: Int64(most), by: Int64.Stride(step)) {
      let x = Self.number(Self.left + Double(mark) * scale)
      text += """
        <line class="grid" x1="\(x)" x2="\(x)" y1="\(Self.number(top))" y2="\(Self.number(bottom))"/>
        <text class="tick" x="\(x)" y="\(Self.number(bottom + 16))" text-anchor="middle">\(duration(mark))</text>

        """
    }
    return text
  }

  private func bar(_ row: ProofCase, _ scale: Double, _ y: Double) -> String {
    let name = row.name.count > 36 ? row.name.prefix(35) + "…" : row.name[...]
    let middle = y + Self.rowHeight / 2
    var text = """
      <text class="row" x="\(Self.number(Self.left - 12))" y="\(Self.number(middle + 4))" text-anchor="end">\
      <title>\(XML.escaped(row.because))</title>\(XML.escaped(String(name)))</text>

      """
    let words =
      switch row.ending {
      case .untouched: "keeps its full service"
      case .down: "never by itself"
      case .unknown: "not known"
      case .back: span(row.takes)
      }
    text += """
      <text class="note \(row.verdict.rawValue)" x="\(Self.number(Self.width - Self.right + 14))" \
      y="\(Self.number(middle + 4))">\(words)</text>

      """
    guard row.ending == .back else { return text }
    var x = Self.left
    let barTop = Self.number(middle - Self.barHeight / 2)
    for term in row.terms where !term.isAfter {
      let best = Double(term.takes.best) * scale
      let worst = Double(term.takes.worst ?? term.takes.best) * scale
      let title = "\(term.part.rawValue): \(span(term.takes)), \(term.because)"
      for (length, kind) in [(worst, "pale"), (best, "full")] where length > 0.01 {
        text += """
          <rect class="\(term.part.rawValue) \(kind)" x="\(Self.number(x))" y="\(barTop)" width="\(Self.number(length))" \
          height="\(Self.number(Self.barHeight))"><title>\(XML.escaped(title))</title></rect>

          """
      }
      x += worst
    }
    return text
  }

  private func span(_ it: Interval) -> String {
    guard let worst = it.worst else { return "\(duration(it.best)) or more" }
    return it.best == worst ? duration(worst) : "\(duration(it.best)) to \(duration(worst))"
  }

  private func legend(_ rows: [ProofCase], _ y: Double) -> String {
    let used = ProofTerm.Part.allCases.filter { part in
      rows.contains { $0.terms.contains { $0.part == part && !$0.isAfter } }
    }
    guard !used.isEmpty else { return "" }
    var x = Self.left
    var text = ""
    for part in used {
      text += """
        <rect class="\(part.rawValue) full" x="\(Self.number(x))" y="\(Self.number(y - 10))" width="11" height="11"/>
        <text class="tick" x="\(Self.number(x + 17))" y="\(Self.number(y))">\(part.rawValue)</text>

        """
      x += 32 + Double(part.rawValue.count) * 7
    }
    return text
      + """
      <text class="tick" x="\(Self.number(x + 8))" y="\(Self.number(y))">full: at best, pale: at worst</text>

      """
  }

  // MARK: Style

  private let second: Int64 = 1_000_000_000

  private static let style = """
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1d2733; }
    .paper { fill: #ffffff; }
    .title { font-size: 17px; font-weight: 600; }
    .subtitle, .tick { fill: #5c6b7a; }
    .tick { font-size: 12px; }
    .grid { stroke: #e4e9ee; }
    .promise { stroke: #1d2733; stroke-width: 1.5; stroke-dasharray: 5 4; }
    .promised { font-size: 12px; font-weight: 600; }
    .note { font-size: 12px; }
    .proved { fill: #1a7f4b; } .refuted { fill: #c02f2f; } .unknown { fill: #97680b; }
    .pale { opacity: 0.38; }
    .detect { fill: #3b76c4; } .decide { fill: #8a5cc2; } .fence { fill: #c2853b; }
    .capacity { fill: #2f9e8f; } .traffic { fill: #d0607f; } .verify { fill: #7b8794; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6ebf0; }
      .paper { fill: #12181f; }
      .subtitle, .tick { fill: #96a3b0; }
      .grid { stroke: #26303a; }
      .promise { stroke: #e6ebf0; }
      .proved { fill: #58c98d; } .refuted { fill: #ff7b72; } .unknown { fill: #e0b354; }
    }
    """

  /// With one digit after the point, where it is not zero.
  private static func number(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
  }
}
