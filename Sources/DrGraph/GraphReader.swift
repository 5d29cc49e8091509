// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// Reads the picture of a program off its model.
///
/// Clusters and regions are boxes around their zones; blocks inside a block (probes, volumes, node
/// pools) are facts of it; every other named block is a box. An arrow is a field that names another
/// block, the zones of a service with the replicas that run there, and what policies and runbooks
/// refer to.
package struct GraphReader {
  private let machine: Machine
  private var program: CheckedProgram { machine.program.checked }
  private var graph: Graph
  private var nodeOf: [GlobalID: Int] = [:]
  private var groupOf: [GlobalID: Int] = [:]
  private var runbookOf: [String: Int] = [:]

  package init(machine: Machine, title: String) {
    self.machine = machine
    graph = Graph(title: title)
  }

  /// The model must have been computed without failures.
  package mutating func read() throws(Diagnostic) -> Graph {
    let blocks = program.roots.compactMap(block)
    let inner = Set(blocks.flatMap(blocksInside))
    for block in blocks where block.keyword == "cluster" || block.keyword == "region" {
      try addGroup(block)
    }
    for block in blocks where groupOf[block.id] == nil {
      guard block.keyword == "zone" || !inner.contains(block.id) else { continue }
      try addNode(block)
    }
    addRunbooks()
    for block in blocks where nodeOf[block.id] != nil { try addEdges(of: block) }
    addRunbookEdges()
    return graph
  }

  // MARK: Blocks

  private struct Block {
    let id: GlobalID
    let record: RecordID
    let keyword: String
    let span: Span
    let fields: [Expr?]
  }

  private func block(_ id: GlobalID) -> Block? {
    let global = program[id]
    guard case .block(let record, let fields) = global.body,
      let keyword = program[record].keyword
    else { return nil }
    return Block(id: id, record: record, keyword: keyword, span: global.span, fields: fields)
  }

  /// Blocks that stand in a block: the expression that stands for one spans its declaration, where
  /// a mere reference spans a name.
  private func blocksInside(_ block: Block) -> [GlobalID] {
    block.fields.compactMap(\.self).flatMap(blocksInside)
  }

  private func blocksInside(_ field: Expr) -> [GlobalID] {
    switch field.kind {
    case .list(let elements):
      return elements.flatMap { element in
        switch element {
        case .value(let value), .spread(let value): blocksInside(value)
        }
      }
    case .record(_, let fields): return fields.compactMap(\.self).flatMap(blocksInside)
    case .global(let id):
      let declared = program[id].span
      let isHere = field.span.file == declared.file && field.span.start < declared.start
      return isHere && declared.end <= field.span.end ? [id] : []
    default: return []  // open: no other expression holds a block's declaration
    }
  }

  private func label(_ id: GlobalID) throws(Diagnostic) -> String {
    let value = try machine.field(machine.global(id), named: "label")
    return value.flatMap(machine.string) ?? program[id].name
  }

  private mutating func addGroup(_ block: Block) throws(Diagnostic) {
    var parent: Int?
    if let cluster = try machine.field(machine.global(block.id), named: "cluster"),
      let id = machine.record(cluster)?.block
    {
      parent = groupOf[id]
    }
    groupOf[block.id] = graph.groups.count
    graph.groups.append(
      Graph.Group(
        id: "g_\(program[block.id].name)", kind: block.keyword, label: try label(block.id),
        parent: parent))
  }

  private mutating func addNode(_ block: Block) throws(Diagnostic) {
    var group: Int?
    for field in ["region", "cluster"] where group == nil && block.keyword == "zone" {
      if let around = try machine.field(machine.global(block.id), named: field),
        let id = machine.record(around)?.block
      {
        group = groupOf[id]
      }
    }
    nodeOf[block.id] = graph.nodes.count
    graph.nodes.append(
      Graph.Node(
        id: uniqueID(program[block.id].name), kind: block.keyword,
        label: try label(block.id), facts: try Facts(machine: machine).of(block.id),
        role: Self.role(block.keyword), group: group))
  }

  private func uniqueID(_ name: String) -> String {
    let plain =
      "n_"
      + String(
        name.unicodeScalars.map { scalar in
          scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            ? Character(scalar) : "_"
        })
    var id = plain
    var number = 1
    while graph.nodes.contains(where: { $0.id == id }) {
      number += 1
      id = "\(plain)_\(number)"
    }
    return id
  }

  private static func role(_ keyword: String) -> Graph.Role {
    switch keyword {
    case "policy", "alert", "drill": .trigger
    case "traffic": .front
    case "service": .service
    case "zone": .zone
    case _: .other
    }
  }

  // MARK: Arrows

  private mutating func addEdges(of block: Block) throws(Diagnostic) {
    guard let from = nodeOf[block.id] else { return }
    let value = try machine.global(block.id)
    let record = program[block.record]
    let zones = try self.zones(of: block, value)
    if block.keyword == "traffic", let service = try target(machine.field(value, named: "service"))
    {
      connect(from, service, "", .traffic)
    }
    for (zone, text) in zones {
      connect(from, zone, text, block.keyword == "service" ? .traffic : .uses)
    }
    for (index, field) in record.fields.enumerated() where index < block.fields.count {
      switch field.mark {
      case .implicit, .parent: continue
      case .ordinary, .subject: break
      }
      guard let written = block.fields[index] else { continue }
      let references = References(of: [written], in: program)
      for id in references.globals {
        guard let to = nodeOf[id], to != from, !zones.contains(where: { $0.node == to }),
          block.keyword != "traffic" || graph.nodes[to].role != .zone
        else { continue }
        let isPlain = field.mark == .subject || block.keyword == "traffic"
        connect(from, to, isPlain ? "" : field.name, .uses)
      }
      for name in references.runbooks {
        if let to = runbookOf[name] { connect(from, to, "runs", .acts) }
      }
    }
  }

  /// The zones that a service runs in, each with its share of the replicas.
  private func zones(
    of block: Block, _ value: Value
  ) throws(Diagnostic) -> [(node: Int, text: String)] {
    guard block.keyword == "service",
      let spread = try machine.field(value, named: "spread"),
      let over = try machine.field(spread, named: "over"), let zones = machine.list(over)
    else { return [] }
    let replicas = Int(try machine.field(value, named: "replicas").flatMap(machine.int) ?? 0)
    var found: [(node: Int, text: String)] = []
    for (place, zone) in zones.enumerated() {
      guard let id = machine.record(zone)?.block, let node = nodeOf[id] else { continue }
      let count = replicas / zones.count + (place < replicas % zones.count ? 1 : 0)
      let plural = replicas == 1 ? "" : "s"
      let share = zones.count == 1 ? "\(count)" : "\(count) of \(replicas)"
      found.append((node, "\(share) replica\(plural)"))
    }
    return found
  }

  private func target(_ value: Value?) -> Int? {
    value.flatMap { machine.record($0)?.block }.flatMap { nodeOf[$0] }
  }

  /// One arrow for two nodes: the first word counts.
  private mutating func connect(
    _ from: Int, _ to: Int, _ label: String, _ relation: Graph.Relation
  ) {
    guard !graph.edges.contains(where: { $0.from == from && $0.to == to }) else { return }
    graph.edges.append(Graph.Edge(from: from, to: to, label: label, relation: relation))
  }

  // MARK: Runbooks

  private mutating func addRunbooks() {
    let inOrder = program.runbooks.sorted { a, b in
      (program[a.value].span.start, a.key) < (program[b.value].span.start, b.key)
    }
    for (name, id) in inOrder {
      runbookOf[name] = graph.nodes.count
      let parameters = program[id].parameters.map(\.label).joined(separator: ", ")
      graph.nodes.append(
        Graph.Node(
          id: uniqueID(name), kind: "runbook", label: name,
          facts: parameters.isEmpty ? [] : ["(\(parameters))"], role: .runbook, group: nil))
    }
  }

  private mutating func addRunbookEdges() {
    for (name, id) in program.runbooks.sorted(by: { $0.key < $1.key }) {
      guard let from = runbookOf[name], case .expression(let body) = program[id].body else {
        continue
      }
      let references = References(of: [body], in: program)
      for global in references.globals {
        if let to = nodeOf[global], graph.nodes[to].role != .zone { connect(from, to, "", .acts) }
      }
      for other in references.runbooks {
        if let to = runbookOf[other], to != from { connect(from, to, "runs", .acts) }
      }
    }
  }
}
