// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrSim

@Suite struct TrafficTests {
  private let haproxy = SimulatedCluster.Front.Kind.haproxy(socket: "/run/h", backend: "s")

  @Test func zonesBeginWithEqualShares() {
    let world = SimulatedWorld([twoZones()])
    #expect(
      world.read("gslb.weights", ["name": "front"]).value == ["a": 500_000_000, "b": 500_000_000])
  }

  @Test func gslbWeightsTakeEffectLinearlyOverTheTTL() throws {
    let world = SimulatedWorld([twoZones(replicas: (1, 2))])
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 10)
    let before = world.act(
      "gslb.set_weights", ["name": "front", "weights": ["a": 0, "b": 1_000_000_000]])
    #expect(before.value == ["a": 500_000_000, "b": 500_000_000])
    let set = world.now
    for (delay, share) in [(0, 0.5), (10, 2.0 / 3), (15, 0.75), (30, 1), (40, 1)] {
      world.advance(to: set.advanced(by: Int64(delay) * Second.one))
      #expect(abs(world.fronts[0].success.value(at: world.now) - share) < 1e-9)
    }
    let summary = world.summaries[0]
    // 99% is reached after 29.4 of the 30 s.
    let back = set.advanced(by: 29_400_000_000)
    let fullAgain = try #require(summary.fullAgainAt)
    #expect(abs(fullAgain.nanoseconds - back.nanoseconds) < 1_000)
    // Half of 50 requests a second until then, and a triangle over the TTL.
    let lost = Double(set.nanoseconds - SimulatedWorld.epoch.nanoseconds) / 1e9 * 25 + 375
    #expect(summary.lostRequests == Int64(lost.rounded()))
  }

  @Test func whatResolversKeepIsTheMeanOfTheLastTTL() {
    let world = SimulatedWorld([twoZones()])
    world.setWeights([0, Share.whole], of: 0)
    world.advance(toSecond: 15)
    world.setWeights([Share.whole, 0], of: 0)
    #expect(world.effectiveShares(0) == [0.25, 0.75])
    world.advance(toSecond: 30)
    #expect(world.effectiveShares(0) == [0.5, 0.5])
    world.advance(toSecond: 45)
    #expect(world.effectiveShares(0) == [1, 0])
  }

  @Test func theSameAnswerAgainDelaysNothing() {
    let world = SimulatedWorld([twoZones()])
    world.setWeights([0, Share.whole], of: 0)
    world.advance(toSecond: 20)
    world.setWeights([0, Share.whole], of: 0)
    world.advance(toSecond: 30)
    #expect(world.effectiveShares(0) == [0, 1])
  }

  @Test func nginxAsksTheNextZoneWhereItGetsNoConnection() {
    func answered(_ fault: SimulatedFault, replicas: (a: Int, b: Int) = (1, 1)) -> Double {
      let world = SimulatedWorld([
        twoZones(replicas: replicas, kind: .nginx(url: "http://s.example"))
      ])
      world.strikeNow(fault)
      return world.fronts[0].success.value(at: world.now)
    }
    #expect(answered(.fail(zone: "a")) == 1)
    // A process that hangs takes the connection, and nothing else is asked.
    #expect(answered(.hang(service: "s", zone: "a")) == 0.5)
    // A zone with a node less: its share is asked again in the other.
    #expect(answered(.failNode(named: "a-", holding: "s"), replicas: (2, 1)) == 1)
    // There is no other zone.
    #expect(answered(.failNode(named: "a-", holding: "s"), replicas: (2, 0)) == 0.5)
  }

  @Test(
    "G10: Route 53 leaves a zone after 3 checks and the TTL: 90 s and 150 s, and up to 6 s of a check",
    arguments: [(10, 96.0), (30, 156.0)])
  func route53(every: Int64, worst: Double) throws {
    try leaves(Published.route53Check(every: every * Second.one), ttl: 60, worst: worst)
  }

  @Test(
    "G11: Azure Traffic Manager, whose tolerated failures are followed by one more: 190, 109, 15 s",
    arguments: [
      (30, 3, 10, 60, 190.0), (10, 3, 9, 60, 109), (10, 0, 5, 0, 15),
    ] as [(Int64, Int64, Int64, Int64, Double)])
  func trafficManager(
    every: Int64, tolerated: Int64, timeout: Int64, ttl: Int64, worst: Double
  ) throws {
    let check = HealthCheck(
      every: every * Second.one, failures: tolerated + 1, timeout: timeout * Second.one)
    try leaves(check, ttl: ttl, worst: worst)
  }

  /// That no more requests go to a lost zone after at most so many seconds, and hardly a round sooner.
  private func leaves(_ check: HealthCheck, ttl: Int64, worst: Double) throws {
    for step in 0..<40 {
      let world = SimulatedWorld([
        twoZones(kind: .checkedDNS(domain: "s.example", ttl: ttl * Second.one, check))
      ])
      world.advance(toSecond: 100 + Double(step) * 0.83)
      world.strikeNow(.fail(zone: "a"))
      let lost = world.now
      while world.effectiveShares(0)[0] > 1e-9 {
        world.advance(to: try #require(world.nextChange))
      }
      let took = Double(world.now.nanoseconds - lost.nanoseconds) / 1e9
      let round = Double(check.every) / 1e9
      #expect((worst - round - 0.001...worst).contains(took), "\(took)")
    }
  }

  @Test func haproxyTakesEffectAtOnce() {
    let world = SimulatedWorld([twoZones(kind: haproxy)])
    world.strikeNow(.fail(zone: "a"))
    let weights: Document = ["a": 0, "b": 1_000_000_000]
    world.act("haproxy.set_weights", ["socket": "/run/h", "backend": "s", "weights": weights])
    #expect(world.fronts[0].success.value(at: world.now) == 1)
    let read = world.read("haproxy.weights", ["socket": "/run/h", "backend": "s"])
    #expect(read.value == weights)
  }

  @Test func successRateIsThatOfTheTimeItIsAskedFor() {
    let world = SimulatedWorld([twoZones(kind: haproxy)])
    world.schedule(TimedFault(at: seconds(10), .fail(zone: "a")))
    let rate = world.read(
      "haproxy.success_rate",
      ["socket": "/run/h", "backend": "s", "over": .int(20 * Second.one)])
    // HAProxy takes the zone out at 18 s: checks at 12, 14 and 16 s, and the last one's timeout.
    #expect(rate.value == 800_000_000)
    #expect(world.now == seconds(20))
  }

  @Test func canaryRequestsFindTheirFrontByDomain() {
    let world = SimulatedWorld([twoZones()])
    let arguments: Document = [
      "url": "http://s.example", "api": "infer", "model": "m", "every": 500_000_000,
      "over": .int(30 * Second.one),
    ]
    #expect(world.read("probe.success_rate", arguments).value == 1_000_000_000)
    #expect(world.now == seconds(30))
    var other = arguments.objectValue ?? DocumentObject()
    other["url"] = "http://other.example"
    guard case .refused = world.read("probe.success_rate", .object(other)).failure else {
      Issue.record("a domain that nothing stands for")
      return
    }
  }

  @Test func theLastHealthyZoneIsNotEmptiedUnlessSomebodySaysSo() throws {
    let world = SimulatedWorld([twoZones(kind: haproxy)])
    world.strikeNow(.fail(zone: "b"))
    world.advance(toSecond: 60)
    func hindrance(_ a: Int64, _ more: [(String, Document)] = []) throws -> String? {
      var arguments = DocumentObject([
        ("socket", "/run/h"), ("backend", "s"), ("weights", ["a": .int(a), "b": 1_000_000_000]),
      ])
      for (name, value) in more { arguments[name] = value }
      return try world.observe("haproxy.set_weights", .object(arguments)).hindrance
    }
    #expect(
      try hindrance(0)
        == "backend s of HAProxy at /run/h: a would lose the last requests, and none of the zones "
        + "that keep a share is healthy: b (its checks fail)")
    #expect(try hindrance(10) == nil)
    #expect(try hindrance(0, [("even_if_unhealthy", true)]) == nil)
  }

  @Test func aProvidersFrontIsFoundByItsDomainAndKnowsNoHealth() throws {
    let world = SimulatedWorld([twoZones()])
    let provider: Document = [
      "domain": "s.example", "url": "https://api.example.net/lb/1",
      "weights": ["a": 0, "b": 1_000_000_000],
    ]
    world.strikeNow(.fail(zone: "b"))
    world.advance(toSecond: 60)
    #expect(
      world.read("provider.weights", provider).value == ["a": 500_000_000, "b": 500_000_000])
    let cluster = twoZones()
    var unwatched = cluster
    unwatched.fronts[0].watchesZones = false
    let blind = SimulatedWorld([unwatched])
    let observed = try blind.observe("provider.set_weights", provider)
    #expect(observed.hindrance == nil)
    #expect(observed.target == "s.example at its provider")
    #expect(
      observed.changes.last
        == "not looked at is whether it is healthy: b (the front declares no health of it)")
    blind.act("provider.set_weights", provider)
    #expect(blind.read("provider.weights", provider).value == ["a": 0, "b": 1_000_000_000])
  }

  @Test func weightsOfNothingAreRefused() {
    let world = SimulatedWorld([twoZones()])
    for weights: Document in [[:], ["a": 0, "b": 0], ["elsewhere": 1]] {
      let failure = world.act("gslb.set_weights", ["name": "front", "weights": weights]).failure
      guard case .refused = failure else {
        Issue.record("\(weights): \(String(describing: failure))")
        continue
      }
    }
  }

  @Test func requestsToAZoneFailInProportionToItsDeadPods() {
    let world = SimulatedWorld([twoZones(replicas: (1, 2), kind: haproxy)])
    world.loseNode(world.pods[1].node ?? 0)
    world.recordAvailability()
    // Zone b still counts both pods as ready: half of its half fails.
    #expect(world.services[0].success.value(at: world.now) == 0.75)
    // NotReady after 40 s, and a second later kube-proxy knows.
    world.advance(toSecond: 41)
    #expect(world.services[0].success.value(at: world.now) == 1)
  }

  @Test func serviceWithoutAFrontIsServedByAnyReadyPod() {
    var cluster = twoZones()
    cluster.fronts = []
    let world = SimulatedWorld([cluster])
    world.strikeNow(.fail(zone: "a"))
    #expect(world.services[0].success.value(at: world.now) == 0.5)
    world.advance(toSecond: 40)
    #expect(world.services[0].success.value(at: world.now) == 0.5)
    world.advance(toSecond: 41)
    #expect(world.services[0].success.value(at: world.now) == 1)
  }
}

@Suite struct SummaryTests {
  @Test func everythingIsFullFromTheBeginning() {
    let world = SimulatedWorld([twoZones()])
    world.advance(toSecond: 100)
    let summary = world.summaries[0]
    #expect(summary.periods.map(\.level) == [.full])
    #expect(summary.lostAt == nil && summary.keptRTO == nil && summary.lostRequests == 0)
    #expect(summary.requests == 5_000)
    #expect(summary.lines(since: seconds(0)) == ["s: full service all the time"])
  }

  @Test func lossOfEverythingIsDownAndOfAPartDegraded() {
    let world = SimulatedWorld([twoZones()])
    world.advance(toSecond: 10)
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 20)
    world.strikeNow(.fail(zone: "b"))
    world.advance(toSecond: 60)
    let summary = world.summaries[0]
    #expect(summary.periods.map(\.level) == [.full, .degraded, .down])
    #expect(summary.lostAt == seconds(10))
    #expect(summary.down?.from == seconds(20))
    #expect(summary.outage == 40 * Second.one)
    #expect(summary.downtime == 50 * Second.one)
    #expect(summary.fullAgainAt == nil && summary.keptRTO == nil)
    #expect(summary.lostRequests == 250 + 2_000)
    world.advance(toSecond: 311)
    #expect(world.summaries[0].keptRTO == false)
    #expect(
      world.summaries[0].lines(since: seconds(10)) == [
        "s: full service lost +0s, not back by +5m1s",
        "down +10s to +5m1s: 4m51s without an answer",
        "degraded +0s to +10s: 10s",
        "14800 of 15550 requests lost",
        "recovery within 5m promised, 5m1s needed: broken",
      ])
  }
}
