// SPDX-License-Identifier: Apache-2.0
//
// Networks that part, or are slow. Clients are outside of the cluster and reach every zone.

import DrBase
import DrRun

/// Two zones do not reach each other; or one reaches none of the others. Nodes that reach no API server
/// with a quorum turn Unknown.
struct NetworkPartition: FaultKind {
  static let kind = "network_partition"
  let zone: String
  /// `nil` for all others.
  let other: String?

  init(zone: String, other: String?) {
    self.zone = zone
    self.other = other
  }
  init(_ facts: FaultFacts) throws(Diagnostic) {
    self.init(zone: try facts.zone(), other: try facts.zoneIfGiven("other"))
  }

  var text: String {
    other.map { "\(zone) and \($0) do not reach each other" } ?? "\(zone) reaches no other zone"
  }
  var mendedText: String {
    other.map { "\(zone) and \($0) reach each other again" }
      ?? "\(zone) reaches the other zones again"
  }

  func strike(_ world: SimulatedWorld) {
    world.severed += pairs(world)
    world.refreshNetwork()
  }
  func mend(_ world: SimulatedWorld) {
    for pair in pairs(world) {
      if let index = world.severed.firstIndex(where: { $0 == pair }) {
        world.severed.remove(at: index)
      }
    }
    world.refreshNetwork()
  }

  private func pairs(_ world: SimulatedWorld) -> [(Int, Int)] {
    world.zones.indices.filter { world.zones[$0].label == zone }.flatMap { own in
      world.zones.indices.filter {
        $0 != own && (other == nil || world.zones[$0].label == other)
      }.map { (own, $0) }
    }
  }

  func source(_ names: FaultNames) -> String {
    "partition(\(names.zone(zone))\(other.map { ", from: \(names.zone($0))" } ?? ""))"
  }
  /// Where clients come straight to zones: of those that come in at one side, nobody can take any to the
  /// other.
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    let isReached = cluster.services.allSatisfy { service in
      cluster.fronts.contains { $0.service == service.label && $0.kind.entersZones }
    }
    guard isReached else { return [] }
    let labels = cluster.zones.map(\.label)
    return labels.indices.flatMap { first in
      labels[(first + 1)...].map { Self(zone: labels[first], other: $0) }
    }
  }
}

/// A zone's nodes do not reach the API servers, while clients reach the zone.
struct ControlPlaneCut: FaultKind {
  static let kind = "control_plane_cut"
  let zone: String

  init(zone: String) { self.zone = zone }
  init(_ facts: FaultFacts) throws(Diagnostic) { zone = try facts.zone() }

  var text: String { "\(zone) does not reach the API server, though clients reach it" }
  var mendedText: String { "\(zone) reaches the API server again" }

  func strike(_ world: SimulatedWorld) { set(true, world) }
  func mend(_ world: SimulatedWorld) { set(false, world) }
  private func set(_ isCutOff: Bool, _ world: SimulatedWorld) {
    for index in world.zones.indices where world.zones[index].label == zone {
      world.zones[index].isCutOff = isCutOff
    }
    world.refreshNetwork()
  }

  func source(_ names: FaultNames) -> String { "cut_off(\(names.zone(zone)))" }
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    cluster.zones.filter { !$0.nodes.isEmpty }.map { Self(zone: $0.label) }
  }
}

/// What comes out of a zone comes later, and less of it at once. Kubelets ask their own node, so their
/// checks hold; checks from outside have timeouts, and so have leases.
struct SlowNetwork: FaultKind {
  static let kind = "slow_network"
  let zone: String
  /// Nanoseconds that an answer takes longer.
  let latency: Int64
  /// What is left of the bandwidth, in units of 1e-9.
  let bandwidth: Int64

  init(zone: String, latency: Int64, bandwidth: Int64 = Share.whole) {
    self.zone = zone
    self.latency = latency
    self.bandwidth = bandwidth
  }
  init(_ facts: FaultFacts) throws(Diagnostic) {
    self.init(
      zone: try facts.zone(), latency: facts.int("latency") ?? 0,
      bandwidth: max(1, facts.int("bandwidth") ?? Share.whole))
  }

  var text: String {
    var parts: [String] = []
    if latency > 0 { parts.append("answers take \(Words.duration(latency)) longer") }
    if bandwidth < Share.whole { parts.append("\(Share.text(bandwidth)) of the bandwidth is left") }
    return "the network of \(zone) is slow: \(parts.joined(separator: ", "))"
  }
  var mendedText: String { "the network of \(zone) is fast again" }

  func strike(_ world: SimulatedWorld) { set(latency, bandwidth, world) }
  func mend(_ world: SimulatedWorld) { set(0, Share.whole, world) }
  private func set(_ latency: Int64, _ bandwidth: Int64, _ world: SimulatedWorld) {
    for index in world.zones.indices where world.zones[index].label == zone {
      world.zones[index].latency = latency
      world.zones[index].bandwidth = bandwidth
      world.meterLoads(in: index)
    }
    world.shareBandwidth()
    world.refreshNetwork()
  }

  func source(_ names: FaultNames) -> String {
    let share = bandwidth < Share.whole ? ", bandwidth: \(Share.text(bandwidth))" : ""
    return "slow(\(names.zone(zone)), latency: \(Words.duration(latency))\(share))"
  }
  /// Slower than the checks of a front and of policies wait, faster than leases end.
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    cluster.zones.filter { !$0.nodes.isEmpty }.map {
      Self(zone: $0.label, latency: 5 * Second.one, bandwidth: 10 * Share.percent)
    }
  }
}
