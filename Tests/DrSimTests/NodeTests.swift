// SPDX-License-Identifier: Apache-2.0

import DrRun
import Testing

@testable import DrSim

@Suite struct NodeTests {
  @Test(arguments: [(26, 40.0), (31, 40.0), (32, 50.0), (34, 50.0)])
  func silentNodeIsNotReadyAfterTheGraceOfItsVersion(minor: Int, grace: Double) {
    let world = SimulatedWorld([twoZones(minor: minor)])
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: grace - 0.001)
    #expect(world.nodesReady("a") == [true, true, true])
    world.advance(toSecond: grace)
    #expect(world.nodesReady("a") == [false, false, false])
    #expect(world.nodesReady("b") == [true, true, true])
  }

  @Test(arguments: [(26, 30.0, 50.0), (32, 40.0, 60.0)])
  func withChanceTheLossIsSeenWithinThePublishedRange(minor: Int, from: Double, until: Double) {
    for seed in 0..<50 {
      let world = SimulatedWorld([twoZones(minor: minor)], seed: UInt64(seed), chance: .usual)
      world.strikeNow(.fail(zone: "a"))
      world.advance(toSecond: from - 0.001)
      #expect(world.nodesReady("a") == [true, true, true])
      world.advance(toSecond: until)
      #expect(world.nodesReady("a") == [false, false, false])
    }
  }

  @Test func podsStopServingAtOnceAndAreUnreadyWithTheirNode() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.fail(zone: "a"))
    #expect(world.services[0].serving.last?.count == 1)
    world.advance(toSecond: 39)
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
    world.advance(toSecond: 40)
    #expect(try world.listedPods("a").map { $0["ready"] } == [false])
  }

  @Test func podsAreReplacedWhenTheirTolerationEnds() throws {
    let world = SimulatedWorld([twoZones()])
    let name = try world.listedPods("a")[0]["name"]
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 339)
    #expect(try world.listedPods("a").map { $0["name"] } == [name])
    world.advance(toSecond: 340.1)
    let pods = try world.listedPods("a")
    #expect(pods.count == 1)
    #expect(pods[0]["name"] != name)
    #expect(pods[0]["phase"] == "Pending")
    #expect(pods[0]["node"] == "")
  }

  @Test func nodesOfAFullyDarkZoneAreTaintedOneEveryTenSeconds() {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 100)
    let taints = world.nodes[..<3].compactMap(\.taintedAt)
    #expect(taints == [seconds(40), seconds(50), seconds(60)])
  }

  @Test(arguments: [(4, 3, 0), (4, 2, 2), (6, 3, 3), (7, 4, 0), (60, 40, 40)])
  func partlyDarkZonesAreEmptiedAsTheirHealthAllows(nodes: Int, silent: Int, tainted: Int) {
    let world = SimulatedWorld([twoZones(nodes: (nodes, 1))])
    for node in 0..<silent { world.loseNode(node) }
    world.advance(toSecond: 4_200)
    #expect(world.nodes.count { $0.taintedAt != nil } == tainted)
    if nodes == 60 {
      // 0.01 nodes/s: the 40th after 39 intervals of 100 s.
      #expect(world.nodes.compactMap(\.taintedAt).max() == seconds(40 + 39 * 100))
    }
  }

  @Test func whenAllZonesAreSilentNothingIsEvicted() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.fail(zone: "a"))
    world.strikeNow(.fail(zone: "b"))
    world.advance(toSecond: 1_000)
    #expect(world.nodes.allSatisfy { !$0.isReady && $0.taintedAt == nil })
    #expect(try world.listedPods("a").map { $0["phase"] } == ["Running"])
  }

  @Test func returnedZoneStartsItsContainersAgain() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 100)
    world.strikeNow(.restore(zone: "a"))
    world.advance(toSecond: 105)
    #expect(world.nodesReady("a") == [true, true, true])
    #expect(world.nodes.allSatisfy { $0.taintedAt == nil })
    // Load and warm-up take 12.5 s; the check at 15 s after the start is the first that holds.
    world.advance(toSecond: 119.9)
    #expect(!world.isFullyServed)
    world.advance(toSecond: 120)
    #expect(world.isFullyServed)
    world.advance(toSecond: 1_000)
    #expect(try world.listedPods("a").count == 1)
  }

  @Test func shortOutageGoesUnnoticedButRestartsContainers() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 20)
    world.strikeNow(.restore(zone: "a"))
    world.advance(toSecond: 60)
    #expect(world.nodesReady("a") == [true, true, true])
    #expect(world.isFullyServed)
    // Kube-proxy learns of the containers a second after their first check that holds.
    #expect(world.summaries[0].downtime == 41 * Second.one)
  }
}

@Suite struct ControlPlaneTests {
  @Test func twoZonesLoseTheQuorumWithOneOfThem() {
    var cluster = twoZones()
    cluster.controlPlane = ["a", "b"]
    let world = SimulatedWorld([cluster])
    #expect(world.read("kube.reachable").value == true)
    world.strikeNow(.fail(zone: "b"))
    #expect(world.read("kube.reachable").value == false)
    world.advance(toSecond: 500)
    // Nobody is there to notice.
    #expect(world.nodesReady("b") == [true, true, true])
  }

  @Test func aWitnessKeepsTheQuorum() {
    var cluster = twoZones()
    cluster.zones.append(.init(label: "w"))
    cluster.controlPlane = ["a", "b", "w"]
    let world = SimulatedWorld([cluster])
    world.strikeNow(.fail(zone: "a"))
    #expect(world.read("kube.reachable").value == true)
    world.strikeNow(.fail(zone: "w"))
    #expect(world.read("kube.reachable").value == false)
    world.strikeNow(.restore(zone: "w"))
    #expect(world.read("kube.reachable").value == true)
  }

  @Test func withoutAnAPIServerNothingIsReadOrNoticedAndPodsServeOn() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.apiServerDown(for: 60 * Second.one))
    let start = world.now
    let failure = world.read("kube.pods", ["selector": [:]]).failure
    guard case .unreachable = try #require(failure) else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(world.now == start.advanced(by: Latency.silence))
    world.strikeNow(.fail(zone: "a"))
    #expect(world.services[0].serving.last?.count == 1)
    world.advance(toSecond: 59.9)
    #expect(world.nodesReady("a") == [true, true, true])
    world.advance(toSecond: 60)
    #expect(world.nodesReady("a") == [false, false, false])
    #expect(try world.listedPods("b").count == 1)
  }
}
