// SPDX-License-Identifier: Apache-2.0

import DrRun
import Testing

@testable import DrSim

/// Cases whose figures follow from what is published, by their numbers; their bounds are in
/// DrProveTests.
@Suite("golden cases: behaviour")
struct GoldenCaseTests {
  /// Seconds from the loss of so many nodes of zone a until something is the case.
  private func delay(
    _ cluster: SimulatedCluster, lose count: Int, seed: UInt64,
    until isDone: (SimulatedWorld) -> Bool
  ) -> Double? {
    let world = SimulatedWorld([cluster], seed: seed, chance: .usual)
    world.advance(toSecond: 100 + Double(seed) * 0.37)
    let moment = world.now
    for node in 0..<count { world.loseNode(node) }
    while !isDone(world) {
      guard let next = world.nextChange,
        next.nanoseconds - moment.nanoseconds < 4_000 * Second.one
      else { return nil }
      world.advance(to: next)
    }
    return Double(world.now.nanoseconds - moment.nanoseconds) / 1e9
  }

  private func isEvicted(_ world: SimulatedWorld, nodes: Int) -> Bool {
    (0..<nodes).allSatisfy { node in
      world.nodes[node].pods.allSatisfy { !world.pods[$0].isActive }
    }
  }

  @Test(
    "G1, G2: a silent node, by version",
    arguments: [(26, 30.0, 50.0), (31, 30, 50), (32, 40, 60), (34, 40, 60)])
  func silentNode(minor: Int, from: Double, until: Double) throws {
    for seed in 0..<40 as Range<UInt64> {
      let cluster = twoZones(minor: minor)
      let notReady = try #require(
        delay(cluster, lose: 1, seed: seed) { !$0.nodes[0].isReady })
      #expect((from...until).contains(notReady), "seed \(seed)")
      let endpoint = try #require(delay(cluster, lose: 1, seed: seed) { !$0.pods[0].isRouted })
      #expect((from + 1...until + 3).contains(endpoint), "seed \(seed)")
      let deleted = try #require(
        delay(cluster, lose: 1, seed: seed) { isEvicted($0, nodes: 1) })
      #expect((from + 300...until + 300).contains(deleted), "seed \(seed)")
    }
  }

  @Test("G3: a zone of three all silent: the last pods are deleted by 370 s")
  func fullZone() throws {
    for seed in 0..<40 as Range<UInt64> {
      let deleted = try #require(
        delay(twoZones(replicas: (3, 1)), lose: 3, seed: seed) { isEvicted($0, nodes: 3) })
      #expect((330...370).contains(deleted), "seed \(seed)")
    }
  }

  @Test(
    "G4 to G6: whether a zone of which a part is silent is emptied",
    arguments: [(4, 3, false), (4, 2, true), (6, 3, true), (7, 4, false)])
  func partOfAZone(nodes: Int, silent: Int, isEmptied: Bool) {
    // All are seen in one round of the controller.
    let world = SimulatedWorld([twoZones(nodes: (nodes, 1), replicas: (nodes, 1))])
    for node in 0..<silent { world.loseNode(node) }
    world.advance(toSecond: 4_000)
    #expect(isEvicted(world, nodes: silent) == isEmptied)
    if !isEmptied { #expect(world.nodes.allSatisfy { $0.taintedAt == nil }) }
  }

  @Test("G7: where every node is silent, evictions stop")
  func everything() {
    let cluster = twoZones()
    #expect(delay(cluster, lose: 6, seed: 1) { isEvicted($0, nodes: 3) } == nil)
  }

  @Test("G8: a hung server, default readiness and one that looks twice as often")
  func hungServer() throws {
    let probes: [(SimulatedCluster.Probe, ClosedRange<Double>)] = [
      (.init(), 20...31),
      (.init(every: 5 * Second.one, timeout: 2 * Second.one, failures: 2), 5...12),
    ]
    for (probe, range) in probes {
      for step in 0..<40 {
        let world = SimulatedWorld([twoZones { $0.ready = probe }])
        world.advance(toSecond: 100 + Double(step) * 0.25)
        let moment = world.now
        world.strikeNow(.hang(service: "s", zone: "a"))
        while world.pods[0].isReady, let next = world.nextChange { world.advance(to: next) }
        let took = Double(world.now.nanoseconds - moment.nanoseconds) / 1e9
        #expect(range.contains(took), "\(took)")
      }
    }
  }

  @Test("G9: k8gb leaves a zone within its round and the TTL of its endpoints being gone")
  func globalLoadBalancer() throws {
    for seed in 0..<40 as Range<UInt64> {
      let cluster = twoZones(replicas: (1, 2))
      let endpoint = try #require(delay(cluster, lose: 3, seed: seed) { !$0.pods[0].isRouted })
      let left = try #require(
        delay(cluster, lose: 3, seed: seed) { $0.effectiveShares(0)[0] < 1e-9 })
      #expect(left - endpoint > 0 && left - endpoint <= 60, "seed \(seed)")
    }
  }

  @Test("G13: weights of 685 GB at 2 and 7 GB/s")
  func weights() {
    func seconds(_ rate: Int64) -> Int64 {
      SimulatedCluster.Weights(model: "m", size: 685_000_000_000, loadRate: rate).startTime
        / Second.one
    }
    #expect(seconds(2_000_000_000) == 342 && seconds(7_000_000_000) == 97)
    #expect(seconds(1_250_000_000) == 548)
  }

  @Test("G14: three nodes in each zone: without one, three replicas serve and no more fit")
  func survivors() {
    let world = SimulatedWorld([twoZones(replicas: (3, 3))])
    world.strikeNow(.fail(zone: "a"))
    world.act("kube.scale", ["name": "s-b", "replicas": 4])
    world.advance(toSecond: 4_000)
    #expect(world.services[0].serving.last?.count == 3)
  }

  @Test("G19: two of three members die with their zone, and nothing reaches the API server")
  func quorum() {
    var cluster = twoZones()
    cluster.controlPlane = ["a", "a", "b"]
    let world = SimulatedWorld([cluster])
    world.strikeNow(.fail(zone: "a"))
    #expect(world.read("kube.reachable").value == false)
    #expect(world.act("kube.scale", ["name": "s-b", "replicas": 2]).failure != nil)
  }

  @Test("G20: a required spread counts a lost node before 1.26", arguments: [(25, 1), (26, 2)])
  func requiredSpread(minor: Int, running: Int) {
    var cluster = twoZones(minor: minor, nodes: (2, 1), replicas: (2, 1)) { $0.skew = 1 }
    for node in 0..<2 { cluster.zones[0].nodes[node].room.gpu = 2 }
    let world = SimulatedWorld([cluster])
    world.loseNode(0)
    world.advance(toSecond: 4_000)
    let placed = world.deployments[0].pods.filter {
      world.pods[$0].isActive && world.pods[$0].node != nil
    }
    #expect(placed.count == running)
  }
}
