// SPDX-License-Identifier: Apache-2.0

/// Writes a picture as a Mermaid flowchart, which code hosts show in Markdown.
package enum MermaidWriter {
  package static func write(_ graph: Graph) -> String {
    var text = "---\ntitle: \(quoted(graph.title))\n---\nflowchart LR\n"
    for index in graph.nodes.indices where graph.nodes[index].group == nil {
      text += node(graph.nodes[index], "  ")
    }
    for index in graph.groups.indices where graph.groups[index].parent == nil {
      text += group(graph, index, "  ")
    }
    for edge in graph.edges {
      let arrow =
        switch edge.relation {
        case .traffic: "==>"
        case .uses: "-->"
        case .acts: "-.->"
        }
      let label = edge.label.isEmpty ? "" : "|\(quoted(edge.label))|"
      text += "  \(graph.nodes[edge.from].id) \(arrow)\(label) \(graph.nodes[edge.to].id)\n"
    }
    return text
  }

  private static func node(_ node: Graph.Node, _ indent: String) -> String {
    let lines = ["\(node.kind) <b>\(escape(node.label))</b>"] + node.facts.map(escape)
    let text = "\"\(lines.joined(separator: "<br/>"))\""
    let shape =
      switch node.role {
      case .front: "([\(text)])"
      case .runbook: "[[\(text)]]"
      case .trigger: "{{\(text)}}"
      case .service, .zone, .other: "[\(text)]"
      }
    return "\(indent)\(node.id)\(shape)\n"
  }

  private static func group(_ graph: Graph, _ index: Int, _ indent: String) -> String {
    let group = graph.groups[index]
    var text = "\(indent)subgraph \(group.id)[\(quoted("\(group.kind) \(group.label)"))]\n"
    for inner in graph.groups.indices where graph.groups[inner].parent == index {
      text += self.group(graph, inner, indent + "  ")
    }
    for node in graph.nodes where node.group == index { text += self.node(node, indent + "  ") }
    return text + "\(indent)end\n"
  }

  private static func quoted(_ text: String) -> String { "\"\(escape(text))\"" }

  /// Mermaid has entities with `#` where HTML has `&`.
  private static func escape(_ text: String) -> String {
    text.replacing("#", with: "#35;").replacing("\"", with: "#quot;").replacing("<", with: "#lt;")
      .replacing(">", with: "#gt;")
  }
}

/// Writes a picture in Graphviz's language.
package enum DOTWriter {
  package static func write(_ graph: Graph) -> String {
    var text = """
      digraph program {
        label = \(quoted(graph.title)); labelloc = t; rankdir = LR; compound = true
        node [shape = box, style = rounded, fontname = "sans-serif", fontsize = 11]
        edge [fontname = "sans-serif", fontsize = 9]

      """
    for node in graph.nodes where node.group == nil { text += self.node(node, "  ") }
    for index in graph.groups.indices where graph.groups[index].parent == nil {
      text += group(graph, index, "  ")
    }
    for edge in graph.edges {
      var attributes = edge.label.isEmpty ? [] : ["label = \(quoted(edge.label))"]
      switch edge.relation {
      case .traffic: attributes.append("penwidth = 2")
      case .uses: attributes.append("style = dashed")
      case .acts: attributes.append("style = dotted")
      }
      text +=
        "  \(graph.nodes[edge.from].id) -> \(graph.nodes[edge.to].id) [\(attributes.joined(separator: ", "))]\n"
    }
    return text + "}\n"
  }

  private static func node(_ node: Graph.Node, _ indent: String) -> String {
    let lines = ["\(node.kind) \(node.label)"] + node.facts
    return "\(indent)\(node.id) [label = \(quoted(lines.joined(separator: "\n")))]\n"
  }

  private static func group(_ graph: Graph, _ index: Int, _ indent: String) -> String {
    let group = graph.groups[index]
    var text = "\(indent)subgraph cluster_\(group.id) {\n"
    text += "\(indent)  label = \(quoted("\(group.kind) \(group.label)"))\n"
    for inner in graph.groups.indices where graph.groups[inner].parent == index {
      text += self.group(graph, inner, indent + "  ")
    }
    for node in graph.nodes where node.group == index { text += self.node(node, indent + "  ") }
    return text + "\(indent)}\n"
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }
}
