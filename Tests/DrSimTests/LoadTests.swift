// SPDX-License-Identifier: Apache-2.0

import DrRun
import Testing

@testable import DrSim

/// Weights that several replicas read from one store.
@Suite("weights read at once")
struct LoadTests {
  /// Zone a with so many nodes, zone b without replicas; a store that sends so many bytes a second.
  private func world(
    nodes: Int, bandwidth: Int64?, rate: Int64, size: Int64 = 685_000_000_000
  ) -> SimulatedWorld {
    var cluster = twoZones(nodes: (nodes, 1), replicas: (0, 0)) {
      $0.weights = .init(model: "m", size: size, loadRate: rate)
      $0.ready = nil
    }
    cluster.imagePull = 0
    cluster.dependencies = [
      .init(name: "store", service: "s", kind: .modelStore, bandwidth: bandwidth)
    ]
    return SimulatedWorld([cluster])
  }

  /// Seconds until so many replicas of zone a that are asked for at once all answer.
  private func seconds(_ world: SimulatedWorld, replicas: Int) throws -> Double {
    world.act("kube.scale", ["name": "s-a", "replicas": .int(Int64(replicas))])
    let begun = world.now
    while world.services[0].serving.last?.count != replicas {
      world.advance(to: try #require(world.nextChange))
    }
    return Double(world.now.nanoseconds - begun.nanoseconds) / 1e9
  }

  @Test("G13: one reader of 685 GB at 10 Gb/s takes 548 s, three take 1644 s")
  func shared() throws {
    let store: Int64 = 1_250_000_000
    let one = try seconds(world(nodes: 3, bandwidth: store, rate: 7_000_000_000), replicas: 1)
    #expect(abs(one - 548) < 0.01)
    let three = try seconds(world(nodes: 3, bandwidth: store, rate: 7_000_000_000), replicas: 3)
    #expect(abs(three - 1644) < 0.01)
  }

  @Test("a store that sends more than its readers take is no limit")
  func unlimited() throws {
    let wide = try seconds(
      world(nodes: 3, bandwidth: 100_000_000_000, rate: 2_000_000_000), replicas: 3)
    #expect(abs(wide - 342.5) < 0.01)
    let undeclared = try seconds(world(nodes: 3, bandwidth: nil, rate: 2_000_000_000), replicas: 3)
    #expect(abs(undeclared - 342.5) < 0.01)
  }

  @Test("who comes later slows those who read down, and who has done leaves the rest to others")
  func staggered() throws {
    let world = world(
      nodes: 2, bandwidth: 1_000_000_000, rate: 1_000_000_000, size: 100_000_000_000)
    world.act("kube.scale", ["name": "s-a", "replicas": 1])
    let begun = world.now
    world.advance(to: begun.advanced(by: 50 * Second.one))
    // Half is read by then; the other half takes twice as long, and the second its own half after that.
    world.act("kube.scale", ["name": "s-a", "replicas": 2])
    var times: [Double] = []
    while times.count < 2 {
      world.advance(to: try #require(world.nextChange))
      let count = world.services[0].serving.last?.count ?? 0
      if count > times.count {
        times.append(Double(world.now.nanoseconds - begun.nanoseconds) / 1e9)
      }
    }
    #expect(abs(times[0] - 150) < 0.2 && abs(times[1] - 200) < 0.2, "\(times)")
  }
}
