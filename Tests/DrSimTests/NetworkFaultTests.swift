// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrSim

private let haproxy = SimulatedCluster.Front.Kind.haproxy(socket: "/s", backend: "b")
private let route = SimulatedCluster.Front.Kind.route(url: "http://s.example")

@Suite struct ControlPlaneCutTests {
  private let cut = SimulatedFault(ControlPlaneCut(zone: "a"))

  private func answered(_ world: SimulatedWorld) -> Double {
    world.fronts[0].success.value(at: world.now)
  }

  @Test func nodesAreUnknownAfterTheirGraceAndPodsServeOn() throws {
    let world = SimulatedWorld([twoZones(kind: haproxy)])
    world.strikeNow(cut)
    world.advance(toSecond: 39.9)
    #expect(world.nodesReady("a") == [true, true, true])
    world.advance(toSecond: 45)
    #expect(world.nodesReady("a") == [false, false, false])
    #expect(try world.listedPods("a").map { $0["ready"] } == [false])
    // HAProxy asks the zone itself, and its kube-proxies send requests where they always did.
    #expect(answered(world) == 1)
    #expect(world.summaries[0].verdict == .untouched)
  }

  @Test func evictedPodsServeUntilTheirKubeletHearsOfIt() throws {
    let world = SimulatedWorld([twoZones(kind: haproxy)])
    world.strikeNow(cut)
    // 40 s of grace and 300 s of toleration.
    world.advance(toSecond: 341)
    #expect(try world.listedPods("a").map { $0["phase"] } == ["Pending"])
    #expect(answered(world) == 1)
    let mending = try #require(cut.mending)
    world.strikeNow(mending)
    world.advance(toSecond: 400)
    #expect(world.nodesReady("a") == [true, true, true])
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
    #expect(world.isFullyServed)
    // The old one was stopped, and the new one had to load.
    #expect(world.summaries[0].downtime > 12 * Second.one)
  }

  @Test func k8gbTakesOutWhatTheAPICallsUnready() {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(cut)
    // Unready at 40 s, out of the endpoints at 41 s, out of the answers at the round of 60 s.
    world.advance(toSecond: 59)
    #expect(world.fronts[0].isOut == [false, false])
    world.advance(toSecond: 60)
    #expect(world.fronts[0].isOut == [true, false])
    world.advance(toSecond: 120)
    #expect(answered(world) == 1)
  }

  @Test func aShortCutGoesUnnoticedAndRestartsNothing() throws {
    let world = SimulatedWorld([twoZones(kind: route)])
    let name = try world.listedPods("a")[0]["name"]
    world.strikeNow(cut)
    world.advance(toSecond: 30)
    world.strikeNow(try #require(cut.mending))
    world.advance(toSecond: 200)
    #expect(world.nodesReady("a") == [true, true, true])
    #expect(try world.listedPods("a")[0]["name"] == name)
    #expect(world.summaries[0].verdict == .untouched)
  }

  @Test func readinessComesBackARoundAfterTheLink() throws {
    let world = SimulatedWorld([twoZones(kind: haproxy)])
    world.strikeNow(cut)
    world.advance(toSecond: 100)
    world.strikeNow(try #require(cut.mending))
    world.advance(toSecond: 110)
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
    // Its kube-proxies hear at once that nothing is ready; the node's return takes a round of 5 s, and they
    // learn of it 1 s later. HAProxy needs longer to take a zone out.
    #expect(world.summaries[0].downtime == 6 * Second.one)
    #expect(world.summaries[0].lostRequests == 150)
  }

  @Test func aGatewaySendsOnToAZoneInWhichNothingIsReady() {
    let world = SimulatedWorld([twoZones(kind: route)])
    world.strikeNow(cut)
    world.advance(toSecond: 40.9)
    #expect(answered(world) == 1)
    world.advance(toSecond: 41)
    #expect(answered(world) == 0.5)
  }

  @Test func aHangBehindTheCutIsWrittenDownWhenTheLinkIsBack() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(cut)
    world.strikeNow(.hang(service: "s", zone: "a"))
    world.advance(toSecond: 30)
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
    world.strikeNow(try #require(cut.mending))
    world.advance(toSecond: 31)
    #expect(try world.listedPods("a").map { $0["ready"] } == [false])
    world.advance(toSecond: 60)
    #expect(try world.listedPods("a").map { $0["ready"] } == [false])
  }

  @Test func whatIsScaledUpBehindTheCutStartsWhenTheLinkIsBack() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(cut)
    world.act("kube.scale", ["name": "s-a", "replicas": 2])
    world.advance(toSecond: 30)
    // Bound to a node that counts as ready yet, whose kubelet has not heard of it.
    #expect(try world.listedPods("a").count { $0["ready"] == true } == 1)
    world.strikeNow(try #require(cut.mending))
    world.advance(toSecond: 30 + 20 + 15 + 1)
    #expect(try world.listedPods("a").count { $0["ready"] == true } == 2)
  }
}

@Suite struct PartitionTests {
  private func partition(_ other: String?) -> SimulatedFault {
    SimulatedFault(NetworkPartition(zone: "a", other: other))
  }

  private func cluster(members: [String]) -> SimulatedCluster {
    var cluster = twoZones(kind: haproxy)
    cluster.zones.append(.init(label: "w"))
    cluster.controlPlane = members
    return cluster
  }

  @Test func twoMembersThatPartHaveNoQuorum() {
    let world = SimulatedWorld([cluster(members: ["a", "b"])])
    let fault = partition("b")
    world.strikeNow(fault)
    #expect(world.read("kube.reachable").value == false)
    world.advance(toSecond: 100)
    // Nobody is there to notice, and clients are answered.
    #expect(world.nodesReady("a") == [true, true, true])
    #expect(world.isFullyServed)
    if let mending = fault.mending { world.strikeNow(mending) }
    #expect(world.read("kube.reachable").value == true)
  }

  @Test func aWitnessThatReachesBothKeepsBothZonesReady() {
    let world = SimulatedWorld([cluster(members: ["a", "b", "w"])])
    world.strikeNow(partition("b"))
    world.advance(toSecond: 100)
    #expect(world.read("kube.reachable").value == true)
    #expect(world.nodesReady("a") + world.nodesReady("b") == [true, true, true, true, true, true])
  }

  @Test func theSideWithoutAQuorumTurnsUnknown() {
    let world = SimulatedWorld([cluster(members: ["a", "b", "w"])])
    world.strikeNow(partition(nil))
    world.advance(toSecond: 41)
    #expect(world.read("kube.reachable").value == true)
    #expect(world.nodesReady("a") == [false, false, false])
    #expect(world.nodesReady("b") == [true, true, true])
    // Clients still reach what runs there.
    #expect(world.isFullyServed)
  }

  @Test func requestsThatHaveToCrossAreLost() {
    let world = SimulatedWorld([twoZones(kind: route)])
    let fault = partition("b")
    world.strikeNow(fault)
    // Half come in at each side, and half of those are sent across.
    #expect(world.fronts[0].success.value(at: world.now) == 0.5)
    if let mending = fault.mending { world.strikeNow(mending) }
    #expect(world.fronts[0].success.value(at: world.now) == 1)
  }

  @Test func nginxAsksTheZoneOnItsOwnSide() {
    let world = SimulatedWorld([twoZones(kind: .nginx(url: "http://s.example"))])
    world.strikeNow(partition("b"))
    #expect(world.fronts[0].success.value(at: world.now) == 1)
  }

  @Test func whatIsAcrossCannotBePulledFrom() {
    var cluster = twoZones()
    cluster.dependencies = [.init(name: "d", service: "s", kind: .modelStore, zones: ["a"])]
    let world = SimulatedWorld([cluster])
    let fault = partition("b")
    world.strikeNow(fault)
    world.act("kube.scale", ["name": "s-b", "replicas": 2])
    world.advance(toSecond: 100)
    #expect(world.services[0].serving.last?.count == 2)
    if let mending = fault.mending { world.strikeNow(mending) }
    world.advance(toSecond: 200)
    #expect(world.services[0].serving.last?.count == 3)
  }

  @Test func partitionsAddUp() {
    let world = SimulatedWorld([twoZones(kind: route)])
    world.strikeNow(partition("b"))
    world.strikeNow(partition(nil))
    if let mending = partition("b").mending { world.strikeNow(mending) }
    #expect(world.fronts[0].success.value(at: world.now) == 0.5)
    if let mending = partition(nil).mending { world.strikeNow(mending) }
    #expect(world.fronts[0].success.value(at: world.now) == 1)
  }
}

@Suite struct SlowNetworkTests {
  private func slow(_ latency: Double, _ bandwidth: Int64 = 100) -> SimulatedFault {
    SimulatedFault(
      SlowNetwork(
        zone: "a", latency: Int64(latency * 1e9), bandwidth: bandwidth * Share.percent))
  }

  @Test(arguments: [(1.9, false), (2.0, true)])
  func haproxyTakesOutWhatIsSlowerThanItsChecksWait(latency: Double, isOut: Bool) {
    let world = SimulatedWorld([twoZones(kind: haproxy)])
    world.strikeNow(slow(latency))
    // Three checks, 2 s apart, and the last one's timeout.
    world.advance(toSecond: 9)
    #expect(world.fronts[0].isOut == [isOut, false])
  }

  @Test(arguments: [(14.7, 1.0), (14.9, 0.5)])
  func requestsOverAFrontsTimeoutFail(latency: Double, answered: Double) {
    var cluster = twoZones(kind: route)
    cluster.fronts[0].timeout = 15 * Second.one
    let world = SimulatedWorld([cluster])
    world.strikeNow(slow(latency))
    // A token takes 200 ms.
    #expect(world.fronts[0].success.value(at: world.now) == answered)
  }

  @Test(arguments: [(4.7, true), (4.9, false)])
  func looksHaveTimeouts(latency: Double, isServing: Bool) throws {
    let world = SimulatedWorld([twoZones()])
    let address = try #require(try world.listedPods("a")[0]["ip"]?.stringValue)
    world.strikeNow(slow(latency))
    let answer = world.read(
      "inference.serving",
      [
        "url": .string("http://\(address):5000"), "api": "openai", "model": "m",
        "timeout": .int(5 * Second.one),
      ])
    #expect(answer.value == .bool(isServing))
    // Kubelets ask their own node.
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
  }

  @Test(arguments: [(9.9, true), (10.0, false)])
  func leasesHaveATimeoutToo(latency: Double, isReady: Bool) {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(slow(latency))
    world.advance(toSecond: 41)
    #expect(world.nodesReady("a") == [isReady, isReady, isReady])
  }

  @Test func weightsTakeLongerByTheShareThatIsLeft() {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(slow(0, 10))
    world.act("kube.scale", ["name": "s-a", "replicas": 2])
    // The image's 20 s are 200 s, the weights' 7.5 s are 75 s; 5 s to warm up, and checks every 5 s.
    world.advance(toSecond: 279)
    #expect(world.services[0].serving.last?.count == 2)
    world.advance(toSecond: 286)
    #expect(world.services[0].serving.last?.count == 3)
  }

  @Test func whatIsBeingReadSlowsDownAndSpeedsUpFromWhereItIs() {
    let world = SimulatedWorld([twoZones { $0.ready = nil }])
    world.act("kube.scale", ["name": "s-a", "replicas": 2])
    let pod = world.pods.count - 1
    // Pulled 20 s after the scaling, 7.5 s of reading: 2.5 s of it at full speed.
    let begun = world.now.advanced(by: 20 * Second.one)
    world.advance(to: begun.advanced(by: 2_500 * Second.milli))
    #expect(world.pods[pod].stage == .starting)
    let fault = slow(0, 50)
    world.strikeNow(fault)
    // 4 s at half speed are 2 s; 3 s at full speed are left, and 5 s to warm up.
    world.advance(to: begun.advanced(by: 6_500 * Second.milli))
    if let mending = fault.mending { world.strikeNow(mending) }
    world.advance(to: begun.advanced(by: 14_499 * Second.milli))
    #expect(world.pods[pod].stage == .starting)
    world.advance(to: begun.advanced(by: 14_501 * Second.milli))
    #expect(world.pods[pod].stage == .up)
  }
}
