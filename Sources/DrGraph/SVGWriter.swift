// SPDX-License-Identifier: Apache-2.0

/// Writes a picture as SVG 1.1 that needs nothing else: no script, no font, no other file. It is
/// light or dark as the reader's system is, or always one of them.
package enum SVGWriter {
  package enum Theme: String, Sendable, CaseIterable {
    case auto, light, dark
  }

  package static func write(_ graph: Graph, theme: Theme = .auto) -> String {
    let layout = GraphLayout(graph)
    let width = number(layout.width)
    let height = number(layout.height + legendHeight)
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
      role="img" aria-labelledby="title">
      <title id="title">\(escape(graph.title))</title>
      <style>
      \(style(theme))
      </style>
      <defs>

      """
    for relation in relations {
      svg += """
        <marker id="\(relation.rawValue)" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" \
        orient="auto"><path class="head-\(relation.rawValue)" d="M0 0.8 L10 5 L0 9.2 z"/></marker>

        """
    }
    svg += """
      </defs>
      <rect class="paper" width="\(width)" height="\(height)"/>
      <text class="title" x="28" y="36">\(escape(graph.title))</text>

      """
    for (index, group) in graph.groups.enumerated() where layout.groups[index].width > 0 {
      svg += self.group(group, layout.groups[index])
    }
    for (index, edge) in graph.edges.enumerated() { svg += line(edge, layout.routes[index]) }
    for (index, node) in graph.nodes.enumerated() { svg += self.node(node, layout.boxes[index]) }
    // Above everything: a label may cross another arrow, and must be read.
    for (index, edge) in graph.edges.enumerated() where !edge.label.isEmpty {
      let at = layout.routes[index].label
      svg +=
        "<text class=\"label\" x=\"\(number(at.x))\" y=\"\(number(at.y + 4))\">\(escape(edge.label))</text>\n"
    }
    svg += legend(graph, y: layout.height + 4)
    return svg + "</svg>\n"
  }

  private static let relations: [Graph.Relation] = [.traffic, .uses, .acts]

  // MARK: Parts

  private static func group(_ group: Graph.Group, _ box: GraphLayout.Box) -> String {
    """
    <rect class="group" \(frame(box)) rx="12"/>
    <text class="group-name" x="\(number(box.x + 14))" y="\(number(box.y + 21))">\
    <tspan class="kind">\(escape(group.kind))</tspan><tspan dx="6">\(escape(group.label))</tspan></text>

    """
  }

  private static func node(_ node: Graph.Node, _ box: GraphLayout.Box) -> String {
    var text = """
      <g class="node \(node.role.rawValue)">
      <rect class="box" \(frame(box)) rx="8"/>
      <path class="bar" d="M\(number(box.x + 8)) \(number(box.y)) h-0 a8 8 0 0 0 -8 8 \
      V\(number(box.bottom - 8)) a8 8 0 0 0 8 8 h-3 V\(number(box.y)) z"/>
      <text class="kind" x="\(number(box.x + 18))" y="\(number(box.y + 19))">\(escape(node.kind))</text>
      <text class="name" x="\(number(box.x + 18))" y="\(number(box.y + 37))">\(escape(node.label))</text>

      """
    for (index, fact) in node.facts.enumerated() {
      let y = box.y + 57 + Double(index) * GraphLayout.lineHeight
      text +=
        "<text class=\"fact\" x=\"\(number(box.x + 18))\" y=\"\(number(y))\">\(escape(fact))</text>\n"
    }
    return text + "</g>\n"
  }

  private static func line(_ edge: Graph.Edge, _ route: GraphLayout.Route) -> String {
    guard let first = route.points.first, let last = route.points.last else { return "" }
    var path = "M\(number(first.x)) \(number(first.y))"
    if route.turnsBack {
      let reach = number(max(first.x, last.x) + 46)
      path +=
        " C\(reach) \(number(first.y)) \(reach) \(number(last.y)) \(number(last.x)) \(number(last.y))"
    } else {
      for (from, to) in zip(route.points, route.points.dropFirst()) {
        let pull = (to.x - from.x) * 0.45
        path +=
          " C\(number(from.x + pull)) \(number(from.y)) \(number(to.x - pull)) \(number(to.y)) \(number(to.x)) \(number(to.y))"
      }
    }
    let kind = edge.relation.rawValue
    return "<path class=\"line \(kind)\" d=\"\(path)\" marker-end=\"url(#\(kind))\"/>\n"
  }

  private static let legendHeight = 34.0

  /// What the kinds of arrows mean, of those that are there.
  private static func legend(_ graph: Graph, y: Double) -> String {
    var text = ""
    var x = 28.0
    for relation in relations where graph.edges.contains(where: { $0.relation == relation }) {
      let words =
        switch relation {
        case .traffic: "requests"
        case .uses: "belongs to or needs"
        case .acts: "starts or changes"
        }
      let kind = relation.rawValue
      text += """
        <path class="line \(kind)" d="M\(number(x)) \(number(y)) h34" marker-end="url(#\(kind))"/>
        <text class="fact" x="\(number(x + 42))" y="\(number(y + 4))">\(words)</text>

        """
      x += 42 + GraphLayout.textWidth(words, 12) + 34
    }
    return text
  }

  private static func frame(_ box: GraphLayout.Box) -> String {
    "x=\"\(number(box.x))\" y=\"\(number(box.y))\" width=\"\(number(box.width))\" height=\"\(number(box.height))\""
  }

  /// At most one decimal, so that no machine rounds differently.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0
      ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  // MARK: Style

  private struct Colours {
    let paper, ink, soft, group, groupLine, box, boxLine: String
    let trigger, runbook, front, service, zone, other: String
    let traffic, uses, acts: String
  }

  private static let light = Colours(
    paper: "#ffffff", ink: "#1b1f24", soft: "#5b6570", group: "#f3f6f9", groupLine: "#c9d3dd",
    box: "#ffffff", boxLine: "#b9c4cf", trigger: "#c4682b", runbook: "#8a4fbf", front: "#1f8a70",
    service: "#2266c7", zone: "#5b7083", other: "#8a8f20", traffic: "#2266c7", uses: "#8593a1",
    acts: "#8a4fbf")

  private static let dark = Colours(
    paper: "#14181d", ink: "#e8edf2", soft: "#9aa7b4", group: "#1b2128", groupLine: "#3a4653",
    box: "#222a33", boxLine: "#465463", trigger: "#f0955a", runbook: "#c59af0", front: "#4fd0ae",
    service: "#74adff", zone: "#9fb4c7", other: "#d5d95a", traffic: "#74adff", uses: "#7b8a99",
    acts: "#c59af0")

  private static func style(_ theme: Theme) -> String {
    let shape = """
      text { font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif }
      .title { font-size: 17px; font-weight: 600 }
      .name { font-size: 14px; font-weight: 600 }
      .kind { font-size: 11px }
      .fact { font-size: 12px }
      .group-name { font-size: 12.5px; font-weight: 600 }
      .label { font-size: 11.5px; text-anchor: middle; paint-order: stroke; stroke-width: 4px; stroke-linejoin: round }
      .group { stroke-width: 1px }
      .line { fill: none; stroke-width: 1.4px }
      .line.traffic { stroke-width: 2.2px }
      .line.uses { stroke-dasharray: 5 4 }
      .line.acts { stroke-dasharray: 1.5 3.5; stroke-width: 1.8px; stroke-linecap: round }
      """
    switch theme {
    case .light: return shape + "\n" + colours(light)
    case .dark: return shape + "\n" + colours(dark)
    case .auto:
      return shape + "\n" + colours(light) + "\n@media (prefers-color-scheme: dark) {\n"
        + colours(dark) + "\n}"
    }
  }

  private static func colours(_ colours: Colours) -> String {
    var rules = """
      .paper { fill: \(colours.paper) }
      .title, .name, .group-name { fill: \(colours.ink) }
      .kind, .fact { fill: \(colours.soft) }
      .label { fill: \(colours.ink); stroke: \(colours.paper) }
      .group { fill: \(colours.group); stroke: \(colours.groupLine) }
      .box { fill: \(colours.box); stroke: \(colours.boxLine) }

      """
    let bars: [(Graph.Role, String)] = [
      (.trigger, colours.trigger), (.runbook, colours.runbook), (.front, colours.front),
      (.service, colours.service), (.zone, colours.zone), (.other, colours.other),
    ]
    for (role, colour) in bars { rules += ".\(role.rawValue) .bar { fill: \(colour) }\n" }
    let lines: [(Graph.Relation, String)] = [
      (.traffic, colours.traffic), (.uses, colours.uses), (.acts, colours.acts),
    ]
    for (relation, colour) in lines {
      rules += ".line.\(relation.rawValue) { stroke: \(colour) }\n"
      rules += ".head-\(relation.rawValue) { fill: \(colour) }\n"
    }
    return String(rules.dropLast())
  }
}
