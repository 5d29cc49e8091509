// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrRun
import Testing

@testable import DrSim

/// Autoscalers that follow the load.
@Suite("autoscalers")
struct AutoscalerTests {
  private typealias Scaler = SimulatedCluster.Autoscaler

  /// Two zones behind HAProxy with replicas that start at once, so many in each; 60 requests a second.
  private func world(
    replicas: (a: Int, b: Int) = (3, 3), nodes: Int = 100, follows: Bool = true, _ scaler: Scaler
  ) -> SimulatedWorld {
    var cluster = twoZones(
      nodes: (nodes, nodes), replicas: replicas, kind: .haproxy(socket: "/s", backend: "s")
    ) {
      $0.weights = nil
      $0.ready = nil
      $0.requestsPerSecond = 60
      for index in $0.deployments.indices { $0.deployments[index].autoscaler = scaler }
    }
    cluster.imagePull = 0
    cluster.autoscales = follows
    return SimulatedWorld([cluster])
  }

  /// When the replicas that a Deployment is to have changed, in seconds, and to how many.
  private func steps(
    _ world: SimulatedWorld, _ deployment: Int, seconds: Double
  ) -> [(at: Double, replicas: Int)] {
    let end = world.now.advanced(by: Int64(seconds * 1e9))
    var found: [(at: Double, replicas: Int)] = []
    var last = world.deployments[deployment].replicas
    while let next = world.nextChange, next <= end {
      world.advance(to: next)
      guard world.deployments[deployment].replicas != last else { continue }
      last = world.deployments[deployment].replicas
      found.append((Double(world.now.nanoseconds - world.start.nanoseconds) / 1e9, last))
    }
    world.advance(to: end)
    return found
  }

  @Test("G17: up by four or to twice as many every 15 s, as the formula has it")
  func up() {
    // 30 requests a second in each zone, of which a replica carries three quarters of one: 40 are wished.
    let steps = steps(world(Scaler(least: 1, most: 100, perReplica: 0.75)), 0, seconds: 120)
    #expect(steps.map(\.replicas) == [7, 14, 28, 40])
    #expect(steps.map(\.at) == [15, 30, 45, 60])
  }

  @Test("G17: nothing is taken away within 300 s of a higher wish, and then all at once")
  func down() throws {
    let world = world(Scaler(least: 1, most: 100))
    world.advance(toSecond: 100)
    world.setWeights([0, Share.whole], of: 0)
    #expect(steps(world, 1, seconds: 200).map(\.replicas) == [6])
    // The requests come back to the other zone at 300 s; the last higher wish was at 300 s at the latest.
    world.setWeights([Share.whole / 2, Share.whole / 2], of: 0)
    let back = steps(world, 1, seconds: 1_000)
    #expect(back.map(\.replicas) == [3])
    let first = try #require(back.first)
    #expect((585...615).contains(first.at), "\(first.at)")
  }

  @Test("a zone that gets nothing any more keeps as few as its bounds allow")
  func emptied() throws {
    let world = world(Scaler(least: 2, most: 100))
    world.setWeights([0, Share.whole], of: 0)
    let steps = steps(world, 0, seconds: 1_000)
    #expect(steps.map(\.replicas) == [2])
    #expect(try #require(steps.first).at >= 300)
  }

  @Test("while the load stays, so do the replicas; and where it is not followed, always")
  func still() {
    #expect(steps(world(Scaler(least: 1, most: 100)), 0, seconds: 1_000).isEmpty)
    let ignoring = world(follows: false, Scaler(least: 1, most: 100))
    ignoring.setWeights([0, Share.whole], of: 0)
    #expect(steps(ignoring, 1, seconds: 1_000).isEmpty)
    let other = world(Scaler(least: 1, most: 100, followsLoad: false))
    other.setWeights([0, Share.whole], of: 0)
    #expect(steps(other, 1, seconds: 1_000).isEmpty)
  }

  @Test("the zone that takes over what was lost grows, as far as there is room")
  func lostZone() throws {
    let world = world(nodes: 5, Scaler(least: 1, most: 100))
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 600)
    #expect(world.deployments[1].replicas == 6)
    #expect(world.services[0].serving.last?.count == 5)
    // Its own zone has no metrics any more, so nothing is wished there.
    #expect(world.deployments[0].replicas == 3)
  }

  @Test("without an API server no autoscaler does anything")
  func withoutAPI() {
    let world = world(Scaler(least: 1, most: 100))
    world.strikeNow(.apiServerDown(for: 500 * Second.one))
    world.setWeights([0, Share.whole], of: 0)
    let steps = steps(world, 1, seconds: 1_000)
    #expect(steps.map(\.replicas) == [6])
    #expect(steps.allSatisfy { $0.at > 500 })
  }

  @Test("a pace of its own: two pods a minute, and nothing before a wish has lasted 90 s")
  func pace() {
    let slow = Scaler.Pace(
      settle: 90 * Second.one, steps: [.init(.pods(2), within: 60 * Second.one)])
    let steps = steps(
      world(Scaler(least: 1, most: 100, perReplica: 3, up: slow)), 0, seconds: 600)
    #expect(steps.map(\.replicas) == [5, 7, 9, 10])
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $1.at - $0.at >= 60 })
  }

  @Test(
    "no round is under its bounds or over them, whatever the load",
    arguments: 1...20 as ClosedRange<UInt64>)
  func bounds(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let (least, most) = (1 + Int(random.below(3)), 4 + Int(random.below(20)))
    let world = world(Scaler(least: least, most: most))
    for _ in 0..<20 {
      let share = random.below(Share.whole)
      world.setWeights([share, Share.whole - share], of: 0)
      for deployment in 0..<2 {
        for step in steps(world, deployment, seconds: Double(random.below(400))) {
          #expect((least...most).contains(step.replicas), "seed \(seed)")
        }
      }
    }
  }
}
