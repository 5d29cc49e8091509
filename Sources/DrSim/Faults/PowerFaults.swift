// SPDX-License-Identifier: Apache-2.0
//
// Power that is lost: of a zone, of a region, of nodes.

import DrBase
import DrRun

/// A zone loses power: its nodes and pods are gone at once.
struct ZoneOutage: FaultKind {
  static let kind = "zone_outage"
  static let isPaired = true
  let zone: String

  init(zone: String) { self.zone = zone }
  init(_ facts: FaultFacts) throws(Diagnostic) { zone = try facts.zone() }

  var text: String { "\(zone) goes dark" }
  var mendedText: String { "the power of \(zone) is back" }

  func strike(_ world: SimulatedWorld) {
    for index in world.zones.indices where world.zones[index].label == zone { world.lose(index) }
  }
  func mend(_ world: SimulatedWorld) {
    for index in world.zones.indices where world.zones[index].label == zone {
      world.bringBack(index)
    }
  }

  func source(_ names: FaultNames) -> String { "fail(\(names.zone(zone)))" }
  func mendedSource(_ names: FaultNames) -> String { "restore(\(names.zone(zone)))" }

  static func alone(in cluster: SimulatedCluster) -> [Self] {
    cluster.zones.map { Self(zone: $0.label) }
  }
}

/// All zones of a region lose power.
struct RegionOutage: FaultKind {
  static let kind = "region_outage"
  let region: String

  init(_ facts: FaultFacts) throws(Diagnostic) {
    region = facts.text("region")
    let isThere = facts.cluster.zones.contains { $0.region == facts.text("region") }
    guard isThere else {
      throw facts.unknown(
        "the cluster \(facts.cluster.label) has no zone of a region \"\(facts.text("region"))\"")
    }
  }
  private init(region: String) { self.region = region }

  var text: String { "the region \(region) goes dark" }
  var mendedText: String { "the power of the region \(region) is back" }

  func strike(_ world: SimulatedWorld) {
    for index in world.zones.indices where world.zones[index].region == region {
      world.lose(index)
    }
  }
  func mend(_ world: SimulatedWorld) {
    for index in world.zones.indices where world.zones[index].region == region {
      world.bringBack(index)
    }
  }

  func source(_ names: FaultNames) -> String { "fail(\(names.region(region)))" }
  func mendedSource(_ names: FaultNames) -> String { "restore(\(names.region(region)))" }

  /// Where another region is left, and it is more than one zone.
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    var regions: [String] = []
    for zone in cluster.zones where !regions.contains(zone.region) { regions.append(zone.region) }
    guard regions.count > 1 else { return [] }
    return regions.filter { region in cluster.zones.count { $0.region == region } > 1 }
      .map { Self(region: $0) }
  }
}

/// Nodes of a zone, or of one of its pools, lose power, those with most pods first.
struct NodeOutage: FaultKind {
  static let kind = "node_outage"
  let zone: String
  let pool: String?
  /// `nil` for all.
  let count: Int64?

  init(zone: String, pool: String? = nil, count: Int64?) {
    self.zone = zone
    self.pool = pool
    self.count = count
  }
  init(_ facts: FaultFacts) throws(Diagnostic) {
    self.init(zone: try facts.zone(), pool: facts.given("pool"), count: facts.int("count"))
  }

  private var place: String { pool.map { "\(zone)-\($0)" } ?? zone }
  var text: String {
    guard let count else { return "the nodes \(place)-* lose power" }
    return count == 1 ? "a node of \(place) loses power" : "\(count) nodes of \(place) lose power"
  }
  var mendedText: String { "the nodes of \(place) have power again" }

  func strike(_ world: SimulatedWorld) {
    let alive = hit(world).filter { world.nodes[$0].isAlive }
    let fullest = alive.sorted { a, b in
      let (left, right) = (world.nodes[a].pods.count, world.nodes[b].pods.count)
      return left == right ? a < b : left > right
    }
    for node in fullest.prefix(count.map(Int.init(clamping:)) ?? alive.count) {
      world.loseNode(node)
    }
  }
  func mend(_ world: SimulatedWorld) {
    world.bringBack(
      nodes: hit(world).filter {
        !world.nodes[$0].isAlive && world.zones[world.nodes[$0].zone].isAlive
      })
  }

  private func hit(_ world: SimulatedWorld) -> [Int] {
    world.nodes.indices.filter { node in
      guard world.zones[world.nodes[node].zone].label == zone else { return false }
      guard let pool else { return true }
      let rest = world.nodes[node].name.dropFirst("\(zone)-\(pool)-".count)
      return world.nodes[node].name.hasPrefix("\(zone)-\(pool)-") && rest.allSatisfy(\.isNumber)
    }
  }

  func source(_ names: FaultNames) -> String {
    let place = pool.map { names.pool($0, of: zone) } ?? names.zone(zone)
    guard let count else { return "fail(\(place))" }
    return "fail_nodes(in: \(place), count: \(count))"
  }

  /// One node of each zone that has some.
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    cluster.zones.filter { !$0.nodes.isEmpty }.map { Self(zone: $0.label, count: 1) }
  }
}

/// The nodes whose names begin so lose power: a pool, as a proof loses it.
struct NamedNodesOutage: FaultKind {
  static let kind = "named_nodes_outage"
  let prefix: String

  init(prefix: String) { self.prefix = prefix }
  init(_ facts: FaultFacts) { prefix = facts.text("name") }

  var text: String { "the nodes \(prefix)* lose power" }
  var mendedText: String { "the nodes \(prefix)* have power again" }

  func strike(_ world: SimulatedWorld) {
    for node in world.nodes.indices where world.nodes[node].name.hasPrefix(prefix) {
      world.loseNode(node)
    }
  }
  func mend(_ world: SimulatedWorld) {
    world.bringBack(nodes: world.nodes.indices.filter { world.nodes[$0].name.hasPrefix(prefix) })
  }
  func source(_ names: FaultNames) -> String { "# \(text)" }
  static func alone(in cluster: SimulatedCluster) -> [Self] { [] }
}

/// Of the nodes whose names begin so, the one with the most pods of a service loses power.
struct HoldingNodeOutage: FaultKind {
  static let kind = "holding_node_outage"
  let prefix: String
  let service: String

  init(prefix: String, service: String) {
    self.prefix = prefix
    self.service = service
  }
  init(_ facts: FaultFacts) {
    self.init(prefix: facts.text("name"), service: facts.text("service"))
  }

  var text: String { "a node \(prefix)* with \(service) loses power" }
  var mendedText: String { "the nodes \(prefix)* have power again" }

  func strike(_ world: SimulatedWorld) {
    func held(_ node: Int) -> Int {
      world.nodes[node].pods.count { world.spec(ofPod: $0).label == service }
    }
    let alive = world.nodes.indices.filter {
      world.nodes[$0].name.hasPrefix(prefix) && world.nodes[$0].isAlive
    }
    if let fullest = alive.max(by: { held($0) < held($1) }) { world.loseNode(fullest) }
  }
  func mend(_ world: SimulatedWorld) { NamedNodesOutage(prefix: prefix).mend(world) }
  func source(_ names: FaultNames) -> String { "# \(text)" }
  static func alone(in cluster: SimulatedCluster) -> [Self] { [] }
}
