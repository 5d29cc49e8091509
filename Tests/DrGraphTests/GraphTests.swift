// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import DrStdlib
import Foundation
import Testing

@testable import DrGraph

private let root = URL(filePath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

private struct EmbeddedLoader: ModuleLoader {
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

private func graph(_ bytes: [UInt8]) throws -> Graph {
  let checker = Checker(loader: EmbeddedLoader(), options: CheckOptions())
  checker.check(path: "main.dr", bytes: bytes)
  try #require(!checker.diagnostics.hasErrors, "\(checker.diagnostics)")
  let machine = Machine(program: Program(checker.program), limits: Limits())
  var reader = GraphReader(machine: machine, title: "A & B")
  return try reader.read()
}

private func example() throws -> Graph {
  let url = root.appending(path: "examples/deepseek-cross-az/deepseek.dr")
  return try graph(Array(try Data(contentsOf: url)))
}

/// Many arrows into two zones, and boxes that nothing leads to.
private func crowd() throws -> Graph {
  let services = (1...6).map { number in
    """
    service s\(number) {
      on = prod
      image = "registry.example.net/s:1"
      needs { cpu = 1, memory = 1Gi }
      spread { over = [az1, az2] }
      objective { rto = 5m }
      rollout { canary { stage first\(number) { share = 50% } } }
    }
    """
  }
  let text = """
    use rollout
    type Note declares note { text: String }
    type Watch declares looks { at: Service, in: Zone }
    cluster prod { region north { zone az1, zone az2 } }
    note alone { text = "by itself" }
    note too { text = "by itself" }
    \(services.joined(separator: "\n"))
    looks l1 { at = s1, in = az1 }
    looks l2 { at = s4, in = az1 }
    """
  return try graph(Array(text.utf8))
}

@Suite("The picture of a program")
struct GraphTests {
  private func words(_ graph: Graph) -> [String] {
    graph.edges.map { edge in
      "\(graph.nodes[edge.from].label) -\(edge.relation.rawValue)-> \(graph.nodes[edge.to].label)"
        + (edge.label.isEmpty ? "" : ": \(edge.label)")
    }
  }

  @Test("has the topology, the traffic, and who starts what")
  func example() throws {
    let graph = try DrGraphTests.example()
    #expect(graph.groups.map(\.label) == ["deepseek-dr-cluster", "cn-beijing"])
    #expect(graph.groups.map(\.parent) == [nil, 0])
    let zones = graph.nodes.filter { $0.role == .zone }
    #expect(zones.map(\.label) == ["cn-beijing-az1", "cn-beijing-az2", "cn-beijing-az3"])
    #expect(zones.map(\.group) == [1, 1, 1])
    let words = words(graph)
    for expected in [
      "front -traffic-> deepseek-inference",
      "deepseek-inference -traffic-> cn-beijing-az1: 1 of 2 replicas",
      "keep-serving -acts-> evacuate: runs", "evacuate -acts-> front",
      "DeepSeekPodDown -uses-> deepseek-inference",
    ] {
      #expect(words.contains(expected), "\(words)")
    }
  }

  @Test("shows blocks of the program's own vocabulary and what they name")
  func own() throws {
    let graph = try graph(
      Array(
        """
        type Team declares team { lead: Team?, members: [Person] = [] }
        type Person declares person { mail: String }
        team a { lead = b }
        team b { members = [eve] }
        person eve { mail = "e@example.net" }
        """.utf8))
    #expect(graph.nodes.map { "\($0.kind) \($0.label)" } == ["team a", "team b", "person eve"])
    #expect(words(graph) == ["a -uses-> b: lead", "b -uses-> eve: members"])
  }

  @Test("is the same each time, in every format")
  func deterministic() throws {
    let (first, second) = (try DrGraphTests.example(), try DrGraphTests.example())
    #expect(first == second)
    #expect(SVGWriter.write(first) == SVGWriter.write(second))
    #expect(MermaidWriter.write(first) == MermaidWriter.write(second))
    #expect(DOTWriter.write(first) == DOTWriter.write(second))
  }

  @Test("is the picture that was looked at", arguments: ["svg", "mmd", "dot"])
  func golden(_ ending: String) throws {
    let folder = root.appending(path: "Tests/Golden/graph")
    let graph = try graph(
      Array(try Data(contentsOf: folder.appending(path: "two-services.dr"))))
    let text =
      switch ending {
      case "svg": SVGWriter.write(graph)
      case "mmd": MermaidWriter.write(graph)
      case _: DOTWriter.write(graph)
      }
    let url = folder.appending(path: "two-services.\(ending)")
    if ProcessInfo.processInfo.environment["DR_BLESS"] == "1" {
      try Data(text.utf8).write(to: url)
    }
    let expected = try String(contentsOf: url, encoding: .utf8)
    #expect(text == expected, "\(url.path) differs; DR_BLESS=1 swift test rewrites it")
  }

  @Test(
    "no two labels cover one another, parts of blocks are no boxes, and none stands far from all others"
  )
  func crowd() throws {
    let graph = try DrGraphTests.crowd()
    let layout = GraphLayout(graph)
    #expect(!graph.nodes.contains { $0.kind == "stage" })
    let labels = zip(graph.edges, layout.routes).filter { !$0.0.label.isEmpty }
    #expect(labels.count >= 14)
    for (a, first) in labels.enumerated() {
      for second in labels.dropFirst(a + 1) {
        let width = [first, second].map { GraphLayout.textWidth($0.0.label, 11.5) }.reduce(0, +)
        let (x, y) = (
          abs(first.1.label.x - second.1.label.x), abs(first.1.label.y - second.1.label.y)
        )
        #expect(x >= width / 2 || y >= 16, "\(first.0.label) and \(second.0.label)")
      }
    }
    let tops = layout.boxes.sorted { $0.y < $1.y }
    for (above, below) in zip(tops, tops.dropFirst()) { #expect(below.y - above.bottom < 200) }
  }

  @Test("no two boxes overlap, and every arrow begins and ends at a box", arguments: [false, true])
  func layout(isCrowd: Bool) throws {
    let graph = try isCrowd ? DrGraphTests.crowd() : DrGraphTests.example()
    let layout = GraphLayout(graph)
    for a in layout.boxes.indices {
      for b in layout.boxes.indices where a < b {
        let (x, y) = (layout.boxes[a], layout.boxes[b])
        let apart = x.right <= y.x || y.right <= x.x || x.bottom <= y.y || y.bottom <= x.y
        #expect(apart, "\(graph.nodes[a].label) and \(graph.nodes[b].label)")
      }
      #expect(layout.boxes[a].x >= 0 && layout.boxes[a].right <= layout.width)
      #expect(layout.boxes[a].y >= 0 && layout.boxes[a].bottom <= layout.height)
    }
    for (edge, route) in zip(graph.edges, layout.routes) {
      let (from, to) = (layout.boxes[edge.from], layout.boxes[edge.to])
      let start = try #require(route.points.first)
      let end = try #require(route.points.last)
      #expect(start.x == from.right && start.y >= from.y && start.y <= from.bottom)
      #expect((end.x == to.x || route.turnsBack) && end.y >= to.y && end.y <= to.bottom)
    }
    for (node, box) in zip(graph.nodes, layout.boxes) {
      if let group = node.group {
        let around = layout.groups[group]
        #expect(around.x < box.x && around.y < box.y && around.right > box.right)
      }
    }
  }

  @Test("a circle and an empty program have a picture, too")
  func odd() throws {
    let circle = try graph(
      Array("type T declares thing { next: T? }\nthing a { next = b }\nthing b { next = a }".utf8))
    #expect(circle.edges.count == 2)
    #expect(SVGWriter.write(circle).contains("</svg>"))
    let empty = try graph([])
    #expect(empty.nodes.isEmpty && SVGWriter.write(empty).contains("</svg>"))
  }

  @Test("an SVG is well-formed XML that names nothing outside itself")
  func svg() throws {
    for theme in SVGWriter.Theme.allCases {
      let svg = SVGWriter.write(try DrGraphTests.example(), theme: theme)
      #expect(svg.contains("A &amp; B"))
      #expect(!svg.contains("href") && !svg.contains("<script") && !svg.contains("url(http"))
      #expect(svg.contains("prefers-color-scheme") == (theme == .auto))
      let opened = svg.components(separatedBy: "<g ").count
      #expect(opened == svg.components(separatedBy: "</g>").count)
    }
  }

  @Test("Mermaid and DOT have every box and every arrow")
  func texts() throws {
    let graph = try DrGraphTests.example()
    let mermaid = MermaidWriter.write(graph)
    let dot = DOTWriter.write(graph)
    for node in graph.nodes {
      #expect(mermaid.contains(node.id) && dot.contains("\(node.id) ["))
    }
    #expect(
      mermaid.split(separator: "\n").count { $0.contains("> ") || $0.contains(">|") }
        >= graph.edges.count)
    #expect(dot.components(separatedBy: " -> ").count - 1 == graph.edges.count)
  }
}
