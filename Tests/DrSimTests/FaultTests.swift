// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrSim

@Suite struct PowerFaultTests {
  @Test func aRegionIsAllItsZonesAndComesBackWithThem() {
    var cluster = twoZones()
    cluster.zones[1].region = "other"
    let region = FaultReader(cluster)
    let world = SimulatedWorld([cluster])
    let fault = try? region.fault(
      ["kind": "region_outage", "region": "r", "mended": false], at: nil
    ).fault
    guard let fault, let mending = fault.mending else {
      Issue.record("no region")
      return
    }
    world.strikeNow(fault)
    #expect(world.zones.map(\.isAlive) == [false, true])
    world.strikeNow(mending)
    #expect(world.zones.map(\.isAlive) == [true, true])
    #expect(mending.text == "the power of the region r is back")
  }

  @Test func nodesWithMostPodsAreLostFirstAndTheirPodsReplacedInTheZone() throws {
    let world = SimulatedWorld([twoZones(replicas: (2, 1))])
    world.strikeNow(SimulatedFault(NodeOutage(zone: "a", count: 1)))
    #expect(world.nodes.map(\.isAlive) == [false, true, true, true, true, true])
    #expect(world.services[0].serving.last?.count == 2)
    // 40 s until it is noticed, 300 s of toleration; then its pod starts on the third node.
    world.advance(toSecond: 339.9)
    #expect(world.services[0].serving.last?.count == 2)
    // Pull 20 s, load and warm-up 12.5 s: the readiness check at 15 s after the start is the first.
    world.advance(toSecond: 340 + 20 + 15)
    #expect(world.services[0].serving.last?.count == 3)
    world.strikeNow(.mended(NodeOutage(zone: "a", count: 1)))
    #expect(world.nodes.allSatisfy { $0.isAlive })
  }

  @Test func aPoolIsItsOwnNodesOnly() {
    var cluster = twoZones()
    cluster.zones[0].nodes[0].name = "a-gpu-1"
    cluster.zones[0].nodes[1].name = "a-gpu-2"
    cluster.zones[0].nodes[2].name = "a-gpu-x-1"
    let world = SimulatedWorld([cluster])
    world.strikeNow(SimulatedFault(NodeOutage(zone: "a", pool: "gpu", count: nil)))
    #expect(world.nodes[..<3].map(\.isAlive) == [false, false, true])
  }

  @Test func whatFlapsComesAndGoesInTurns() {
    let fault = TimedFault(
      at: seconds(10), .flapping(.fail(zone: "a"), every: 20 * Second.one, times: 2))
    #expect(fault.fault.text == "a goes dark and comes back, every 20s, 2 times")
    #expect(
      fault.parts == [
        TimedFault(at: seconds(10), .fail(zone: "a")),
        TimedFault(at: seconds(30), .restore(zone: "a")),
        TimedFault(at: seconds(50), .fail(zone: "a")),
        TimedFault(at: seconds(70), .restore(zone: "a")),
      ])
    let world = SimulatedWorld([twoZones()])
    for part in fault.parts { world.schedule(part) }
    // Away for less than the grace of 40 s: no node is ever NotReady, but every container starts anew.
    for second in stride(from: 0.0, through: 120, by: 1) {
      world.advance(toSecond: second)
      #expect(world.nodesReady("a") == [true, true, true])
    }
    #expect(world.isFullyServed)
    #expect(world.summaries[0].downtime >= 40 * Second.one)
  }
}

@Suite struct ServerFaultTests {
  private let stall = SimulatedFault(EngineStall(service: "s", zone: "a"))
  private let sleep = SimulatedFault(EngineSleep(service: "s", zone: "a", level: 1))

  private func url(_ world: SimulatedWorld, _ zone: String) throws -> Document {
    .string("http://\(try #require(try world.listedPods(zone)[0]["ip"]?.stringValue)):5000")
  }

  private func serving(_ world: SimulatedWorld, at url: Document) -> Document? {
    let arguments: Document = [
      "url": url, "api": "openai", "model": "m", "timeout": .int(5 * Second.one),
    ]
    return world.read("inference.serving", arguments).value
  }

  @Test func aStalledEngineStaysReadyAndServesNothing() throws {
    let world = SimulatedWorld([twoZones()])
    let (a, b) = (try url(world, "a"), try url(world, "b"))
    world.strikeNow(stall)
    world.advance(toSecond: 120)
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
    #expect(world.fronts[0].success.value(at: world.now) == 0.5)
    // Nobody says no: a look waits for its whole timeout.
    let asked = world.now
    #expect(serving(world, at: a) == false)
    #expect(world.now == asked.advanced(by: 5 * Second.one))
    #expect(serving(world, at: b) == true)
    world.strikeNow(try #require(stall.mending))
    #expect(serving(world, at: a) == true)
    #expect(world.isFullyServed)
  }

  @Test func aHangFailsItsChecksWhereAStallDoesNot() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.hang(service: "s", zone: "a"))
    world.advance(toSecond: 60)
    #expect(try world.listedPods("a").map { $0["ready"] } == [false])
  }

  @Test func checksThatGenerateFindAStall() throws {
    let world = SimulatedWorld([twoZones { $0.checksGenerate = true }])
    world.strikeNow(stall)
    world.advance(toSecond: 60)
    #expect(try world.listedPods("a").map { $0["ready"] } == [false])
    world.strikeNow(try #require(stall.mending))
    world.advance(toSecond: 70)
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
  }

  @Test func haproxyChecksHealthAndSoKeepsAStalledZone() {
    let world = SimulatedWorld([
      twoZones(kind: .haproxy(socket: "/s", backend: "b"))
    ])
    world.strikeNow(stall)
    world.advance(toSecond: 60)
    #expect(world.fronts[0].success.value(at: world.now) == 0.5)
  }

  @Test func aStalledProcessIsWellWhenItIsStartedAnew() throws {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(stall)
    world.advance(toSecond: 10)
    let name = try #require(try world.listedPods("a")[0]["name"])
    #expect(world.act("kube.delete", ["resource": "pods", "name": name]).failure == nil)
    world.advance(toSecond: 60)
    #expect(world.isFullyServed)
  }

  @Test func aSleepingEngineRefusesUntilItIsWokenUp() throws {
    let world = SimulatedWorld([twoZones()])
    let a = try url(world, "a")
    world.strikeNow(sleep)
    world.advance(toSecond: 30)
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
    // It refuses at once.
    let asked = world.now
    #expect(serving(world, at: a) == false)
    #expect(world.now == asked.advanced(by: Latency.socket))
    let begun = world.now
    let awake = world.act("inference.wake", ["url": a, "timeout": .int(300 * Second.one)])
    #expect(awake.value == true)
    #expect(world.now == begun.advanced(by: 6 * Second.one))
    #expect(serving(world, at: a) == true)
  }

  @Test func whoSleepsDeeplyReadsItsWeightsAgain() throws {
    let world = SimulatedWorld([twoZones()])
    let a = try url(world, "a")
    let slept = world.act("inference.sleep", ["url": a, "level": 2, "timeout": 1])
    #expect(slept.value == false)
    let begun = world.now
    world.act("inference.wake", ["url": a, "timeout": .int(300 * Second.one)])
    // 15 GB at 2 GB/s and 5 s to warm up, after the 6 s of any engine.
    #expect(world.now == begun.advanced(by: 6 * Second.one + 12_500 * Second.milli))
  }

  @Test func aPausedEngineIsAtWorkAgainAtOnce() throws {
    let world = SimulatedWorld([twoZones()])
    let a = try url(world, "a")
    let arguments: Document = ["url": a, "timeout": .int(Second.one)]
    #expect(world.act("inference.pause", arguments).value == false)
    #expect(serving(world, at: a) == false)
    let begun = world.now
    #expect(world.act("inference.resume", arguments).value == true)
    #expect(world.now == begun.advanced(by: Latency.socket))
    #expect(serving(world, at: a) == true)
  }

  @Test func anEngineTellsItsModelWhileItsServerAnswers() throws {
    let world = SimulatedWorld([twoZones()])
    let a = try url(world, "a")
    #expect(world.read("inference.identity", ["url": a]).value?["models"] == ["m"])
    world.strikeNow(.fail(zone: "a"))
    guard case .unreachable? = world.read("inference.identity", ["url": a]).failure else {
      Issue.record("a dead zone tells its model")
      return
    }
  }

  @Test func aWakeThatTakesTooLongIsUnreachable() throws {
    let world = SimulatedWorld([twoZones()])
    let a = try url(world, "a")
    world.strikeNow(sleep)
    let answer = world.act("inference.wake", ["url": a, "timeout": .int(Second.one)])
    guard case .unreachable? = answer.failure else {
      Issue.record("\(answer)")
      return
    }
    #expect(serving(world, at: a) == false)
  }
}

@Suite struct OutsideFaultTests {
  private func cluster(_ kind: SimulatedCluster.Dependency.Kind) -> SimulatedCluster {
    var cluster = twoZones()
    cluster.dependencies = [.init(name: "d", service: "s", kind: kind)]
    return cluster
  }

  @Test(arguments: [SimulatedCluster.Dependency.Kind.registry, .modelStore])
  func whatRunsGoesOnAndNothingStarts(kind: SimulatedCluster.Dependency.Kind) {
    let world = SimulatedWorld([cluster(kind)])
    world.strikeNow(.failDependency("d"))
    world.act("kube.scale", ["name": "s-b", "replicas": 2])
    world.advance(toSecond: 200)
    #expect(world.isFullyServed)
    #expect(world.services[0].serving.last?.count == 2)
    world.strikeNow(.mended(DependencyOutage(name: "d")))
    world.advance(toSecond: 300)
    #expect(world.services[0].serving.last?.count == 3)
  }

  @Test func aFrontThatIsGoneAnswersNothingUntilItIsBack() {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(.failFront("front"))
    #expect(world.fronts[0].success.value(at: world.now) == 0)
    world.advance(toSecond: 30)
    world.strikeNow(.mended(FrontOutage(name: "front")))
    #expect(world.isFullyServed)
    #expect(world.summaries[0].outage == 30 * Second.one)
  }

  @Test func apiServersThatAreMendedAnswerEarly() {
    let world = SimulatedWorld([twoZones()])
    let fault = SimulatedFault.apiServerDown(for: 600 * Second.one)
    world.strikeNow(fault)
    world.advance(toSecond: 30)
    #expect(world.read("kube.reachable").value == false)
    if let mending = fault.mending { world.strikeNow(mending) }
    #expect(world.read("kube.reachable").value == true)
    // What was due before has come; nothing closes it again.
    world.advance(toSecond: 700)
    #expect(world.read("kube.reachable").value == true)
  }
}

@Suite struct SightFaultTests {
  @Test func whatLooksBadServes() throws {
    let world = SimulatedWorld([twoZones()])
    let fault = SimulatedFault(LookBad(service: "s", zone: nil))
    world.strikeNow(fault)
    #expect(try world.listedPods("a").map { $0["ready"] } == [false])
    #expect(try world.read("kube.replicas", ["name": "s-b"]).get()["ready"] == 0)
    let rate = world.read(
      "probe.success_rate", ["url": "http://s.example", "over": .int(10 * Second.one)])
    #expect(rate.value == 0)
    world.advance(toSecond: 300)
    #expect(world.summaries[0].verdict == .untouched)
    if let mending = fault.mending { world.strikeNow(mending) }
    #expect(try world.listedPods("a").map { $0["ready"] } == [true])
  }

  @Test func oneZoneThatLooksBadIsHalfOfWhatIsMeasured() {
    let world = SimulatedWorld([twoZones()])
    world.strikeNow(SimulatedFault(LookBad(service: "s", zone: "a")))
    let rate = world.read(
      "probe.success_rate", ["url": "http://s.example", "over": .int(10 * Second.one)])
    #expect(rate.value == 500_000_000)
    #expect(world.fronts[0].success.value(at: world.now) == 1)
  }
}

@Suite struct FaultReaderTests {
  @Test func namesThatAreNotThereAreMistakes() {
    let reader = FaultReader(twoZones())
    for (fault, words) in [
      (["kind": "zone_outage", "zone": "x"], "no zone \"x\" to lose"),
      (["kind": "region_outage", "region": "x"], "no zone of a region \"x\""),
      (["kind": "service_hang", "service": "x"], "no service x runs"),
      (["kind": "dependency_outage", "name": "db", "service": "s"], "needs db for"),
      (["kind": "front_outage", "name": "x"], "has no front \"x\""),
      (["kind": "comet"], "knows no fault \"comet\""),
    ] as [(Document, String)] {
      do {
        let read = try reader.fault(fault, at: nil)
        Issue.record("\(read)")
      } catch {
        #expect(error.message.contains(words), "\(error.message)")
      }
    }
  }

  @Test func everyKindHasANameOfItsOwn() {
    let names = SimulatedFault.kinds.map { $0.kind }
    #expect(Set(names).count == names.count)
  }
}
