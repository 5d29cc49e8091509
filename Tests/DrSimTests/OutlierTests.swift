// SPDX-License-Identifier: Apache-2.0

import DrRun
import Testing

@testable import DrSim

/// What the proxies of a mesh make of replicas that fail: Envoy's rules, as a DestinationRule sets them.
@Suite("outlier detection")
struct OutlierTests {
  /// Zones of so many replicas behind a mesh whose requests all go to the first.
  private func world(
    _ rule: OutlierDetection, replicas: Int = 6,
    change: (inout SimulatedCluster.Service) -> Void = { _ in }
  ) -> SimulatedWorld {
    var cluster = twoZones(
      nodes: (replicas, 1), replicas: (replicas, 1), kind: .mesh(url: "http://s.example", rule),
      change: change)
    cluster.fronts[0].shares = [Share.whole, 0]
    return SimulatedWorld([cluster])
  }

  private func answered(_ world: SimulatedWorld) -> Double {
    world.services[0].success.value(at: world.now)
  }

  private func resting(_ world: SimulatedWorld) -> Int {
    world.fronts[0].outliers.count { $0.restsSince != nil }
  }

  private func lose(_ count: Int, _ world: SimulatedWorld) {
    for node in 0..<count { world.loseNode(node) }
    world.recordAvailability()
  }

  @Test("G15: of 6 with 3 dead and at most 10%, one rests before Envoy 1.31, none from there on")
  func atMost() {
    for (ejectsOne, rests, share) in [(true, 1, 3.0 / 5), (false, 0, 3.0 / 6)] {
      let world = world(OutlierDetection(ejectsOneAtLeast: ejectsOne, timeout: Second.one))
      lose(3, world)
      world.advance(toSecond: 20)
      #expect(resting(world) == rests)
      #expect(abs(answered(world) - share) < 1e-9)
    }
  }

  @Test(
    "so many rest at once as the share allows, whole ones",
    arguments: [(16, 0), (17, 1), (34, 2), (49, 2), (50, 3), (100, 3)])
  func share(percent: Int64, rests: Int) {
    let world = world(OutlierDetection(most: percent * Share.percent, timeout: Second.one))
    lose(3, world)
    world.advance(toSecond: 20)
    #expect(resting(world) == rests)
    #expect(abs(answered(world) - 3.0 / Double(6 - rests)) < 1e-9)
  }

  @Test("a silent replica is ejected when its first requests have waited in vain")
  func whenItIsFound() {
    let rule = OutlierDetection(errors: 5, most: Share.whole, timeout: 7 * Second.one)
    let world = world(rule)
    lose(1, world)
    // 50 requests a second over 6 replicas: the fifth is there after 0.6 s.
    world.advance(toSecond: 7.59)
    #expect(resting(world) == 0)
    world.advance(toSecond: 7.61)
    #expect(resting(world) == 1)
    #expect(answered(world) == 1)
  }

  @Test("it comes back at the first look after its rest; what soon fails again rests twice as long")
  func rest() {
    let rule = OutlierDetection(
      interval: 5 * Second.one, rest: 30 * Second.one, most: Share.whole, timeout: Second.one)
    // Without a check Kubernetes sends requests to what hangs for ever.
    let world = world(rule) {
      $0.ready = nil
      $0.startup = nil
    }
    world.strikeNow(.hang(service: "s", zone: "a"))
    world.advance(toSecond: 3)
    #expect(resting(world) == 6 && answered(world) == 0)
    world.advance(toSecond: 34.9)
    #expect(resting(world) == 6)
    world.advance(toSecond: 35.1)
    #expect(resting(world) == 0)
    // It fails within 2 s, and rests for 60 s.
    world.advance(toSecond: 99.9)
    #expect(resting(world) == 6)
    world.advance(toSecond: 100.1)
    #expect(resting(world) == 0)
  }

  @Test("a look while it is in use takes one off, so that what fails late rests as long as before")
  func backoff() {
    let rule = OutlierDetection(
      interval: 5 * Second.one, rest: 30 * Second.one, most: Share.whole, timeout: 7 * Second.one)
    let world = world(rule) { $0.ready = nil }
    world.strikeNow(.hang(service: "s", zone: "a"))
    // Ejected after 7.6 s, back at 40 s, ejected within another 7.6 s, back at 80 s.
    for (second, rests) in [(39.9, 6), (40.1, 0), (46.9, 0), (47.7, 6), (79.9, 6), (80.1, 0)] {
      world.advance(toSecond: second)
      #expect(resting(world) == rests, "at \(second)")
    }
  }

  @Test("no rest is longer than 300 s")
  func longest() {
    let rule = OutlierDetection(
      errors: 1, interval: 10 * Second.one, rest: 100 * Second.one, most: Share.whole,
      timeout: Second.one)
    let world = world(rule) { $0.ready = nil }
    world.strikeNow(.hang(service: "s", zone: "a"))
    world.advance(toSecond: 3_000)
    #expect(world.fronts[0].outliers.allSatisfy { $0.backoff > 3 })
    let ends = world.fronts[0].outliers.compactMap(\.restsSince).map {
      (world.now.nanoseconds - $0.nanoseconds) / Second.one
    }
    #expect(ends.allSatisfy { $0 <= 310 })
  }

  @Test("with fewer in use than the panic threshold all get requests, as in Envoy by itself")
  func panic() {
    for (panic, share) in [(Int64(0), 1.0), (50, 2.0 / 6)] {
      let rule = OutlierDetection(
        most: Share.whole, panic: panic * Share.percent, timeout: Second.one)
      let world = world(rule)
      lose(4, world)
      world.advance(toSecond: 20)
      #expect(resting(world) == 4)
      #expect(abs(answered(world) - share) < 1e-9)
    }
  }

  @Test("who answers again counts from the beginning")
  func forgiven() {
    let world = world(OutlierDetection(most: Share.whole, timeout: 10 * Second.one))
    world.strikeNow(.hang(service: "s", zone: "a"))
    world.advance(toSecond: 9)
    world.strikeNow(.unhang(service: "s", zone: "a"))
    world.advance(toSecond: 60)
    #expect(resting(world) == 0 && answered(world) == 1)
  }

  @Test("no request, no ejection")
  func quiet() {
    let world = world(OutlierDetection(most: Share.whole, timeout: Second.one)) {
      $0.requestsPerSecond = 0
    }
    lose(1, world)
    world.advance(toSecond: 20)
    #expect(resting(world) == 0)
  }
}
