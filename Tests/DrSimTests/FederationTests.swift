// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrRun
import Testing

@testable import DrSim

/// Services that Karmada runs in one of two clusters.
@Suite("federation")
struct FederationTests {
  /// Cluster c with its control plane in zone a, and cluster d with zones of the same size; so many workloads, one in each
  /// of as many services, which start at once.
  private func world(
    moves: Bool, workloads: Int = 1, seed: UInt64 = 1, chance: Chance = .none,
    in other: [SimulatedCluster.Zone]? = nil
  ) -> SimulatedWorld {
    var home = twoZones(nodes: (20, 20), replicas: (2, 0)) {
      $0.weights = nil
      $0.ready = nil
      $0.deployments.removeLast()
    }
    home.controlPlane = ["a"]
    home.imagePull = 0
    home.fronts = []
    let pattern = home.services[0]
    home.services = (0..<workloads).map { number in
      var service = pattern
      service.label = "s\(number)"
      service.needs.gpu = 0
      service.deployments[0].name = "s\(number)-a"
      return service
    }
    home.federations = home.services.map {
      .init(service: $0.label, clusters: ["c", "d"], moves: moves)
    }
    var away = SimulatedCluster(
      label: "d", kubernetesMinor: 30,
      zones: other
        ?? home.zones.map {
          .init(
            label: "d\($0.label)", region: "q",
            nodes: $0.nodes.map { .init(name: "d-\($0.name)", room: $0.room) })
        })
    away.imagePull = 0
    away.isElsewhere = true
    return SimulatedWorld([home, away], seed: seed, chance: chance)
  }

  private func seconds(_ world: SimulatedWorld, since: Instant) -> Double {
    Double(world.now.nanoseconds - since.nanoseconds) / 1e9
  }

  /// Seconds from the loss of zone a until something is the case; `nil` where it never is.
  private func delay(_ world: SimulatedWorld, until isDone: (SimulatedWorld) -> Bool) -> Double? {
    world.advance(toSecond: 100)
    let moment = world.now
    world.strikeNow(.fail(zone: "a"))
    while !isDone(world) {
      guard let next = world.nextChange, seconds(world, since: moment) < 8_000 else { return nil }
      world.advance(to: next)
    }
    return seconds(world, since: moment)
  }

  private func isAway(_ world: SimulatedWorld) -> Bool {
    world.services.indices.allSatisfy { world.services[$0].serving.last?.count == 2 }
      && world.deployments.contains { $0.isAnywhere }
  }

  @Test("G16: without the gate a dead cluster's workload never moves")
  func still() {
    let world = world(moves: false)
    #expect(delay(world) { isAway($0) } == nil)
    #expect(world.deployments.count == 1)
  }

  @Test("G16: with it, after 30 to 75 s, the toleration, and its turn")
  func moves() throws {
    for seed in 0..<40 as Range<UInt64> {
      let took = try #require(
        delay(world(moves: true, seed: seed, chance: .usual)) { isAway($0) })
      #expect((332...377).contains(took), "seed \(seed): \(took)")
    }
  }

  @Test("G16: what was left is deleted once its copy is healthy, after 10 minutes at most")
  func graceful() throws {
    let healthy = try #require(delay(world(moves: true)) { $0.deployments[0].purgedAt != nil })
    #expect((332...345).contains(healthy), "\(healthy)")
    // A cluster without room for it: the copy never is healthy.
    let tight = [
      SimulatedCluster.Zone(
        label: "da",
        nodes: [.init(name: "d-1", room: .init(cpuMillis: 4_000, memory: 16 << 30, gpu: 0))])
    ]
    let never = try #require(
      delay(world(moves: true, in: tight)) { $0.deployments[0].purgedAt != nil })
    #expect(never == 932)
  }

  @Test("G18: twelve workloads are evicted within 24 s of their toleration's end")
  func rate() throws {
    let world = world(moves: true, workloads: 12)
    var left: [Int: Double] = [:]
    let all = try #require(
      delay(world) { world in
        for deployment in 0..<12 where world.deployments[deployment].isLeft {
          left[deployment] = left[deployment] ?? seconds(world, since: SimulatedWorld.epoch) - 100
        }
        return left.count == 12
      })
    #expect(all == 354)
    #expect(left.values.sorted() == (1...12).map { 330 + 2 * Double($0) })
  }

  @Test("a cluster that answers again before that keeps its workloads")
  func shortLoss() {
    let world = world(moves: true)
    world.advance(toSecond: 100)
    world.strikeNow(.apiServerDown(for: 200 * Second.one))
    world.advance(toSecond: 4_000)
    #expect(world.deployments.count == 1)
    #expect(world.services[0].serving.last?.count == 2)
  }

  @Test("what has moved stays when its cluster is back, and what was left there goes")
  func stays() {
    let world = world(moves: true)
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 1_000)
    world.strikeNow(.restore(zone: "a"))
    world.advance(toSecond: 4_000)
    #expect(world.services[0].serving.last?.count == 2)
    #expect(world.deployments[0].pods.isEmpty)
    #expect(world.deployments[1].pods.count == 2)
  }
}
