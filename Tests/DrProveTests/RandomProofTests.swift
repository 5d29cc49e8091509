// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrRun
import Foundation
import Testing

@testable import DrProve
@testable import DrSim

/// What is proved contains what is simulated, whatever the topology, the loss and the chance. With
/// `DR_PROVE_CASES=10000` as many topologies with a loss each are tried; `DR_PROVE_SEED` begins
/// elsewhere.
@Suite("what is proved contains what is simulated")
struct RandomProofTests {
  private static let environment = ProcessInfo.processInfo.environment

  @Test("of random topologies and losses")
  func contains() throws {
    let count = Self.environment["DR_PROVE_CASES"].flatMap(Int.init) ?? 300
    let first = Self.environment["DR_PROVE_SEED"].flatMap(UInt64.init) ?? 1
    var tally: [String: Int] = [:]
    var tried = 0
    var seed = first
    while tried < count {
      tried += try check(seed: seed, atMost: count - tried, &tally)
      seed += 1
    }
    let endings = tally.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    print("seeds \(first)..<\(seed), \(tried) losses: \(endings.joined(separator: ", "))")
    // A proof that knows nothing would contain everything.
    #expect((tally["unknown"] ?? 0) * 10 < tried)
  }

  /// Tries losses of one topology; gives how many.
  private func check(seed: UInt64, atMost: Int, _ tally: inout [String: Int]) throws -> Int {
    var random = SeededRandom(seed: seed)
    let topology = RandomTopology(&random)
    let machine = try machine(topology.text)
    let clusters = try SimulatedCluster.all(of: machine)
    var tried = 0
    for proof in try Prover(machine: machine).prove(kubernetes: topology.version) {
      let cases = proof.cases + proof.pairs
      for item in cases where tried < atMost && random.below(100) < 60 {
        tried += 1
        tally[item.ending.rawValue, default: 0] += 1
        let play = Play(
          clusters, item.loss, service: proof.service, seed: seed, at: 60 + random.below(60_000),
          chance: random.below(4) == 0 ? .none : .usual)
        if let complaint = play.complaint(item) {
          Issue.record(
            "seed \(seed): \(proof.service), \(item.name): \(complaint)\n\(topology.text)")
        }
      }
    }
    return tried
  }
}

/// A loss in a simulated world, until nothing changes any more.
private struct Play {
  /// From the loss to full service for good; 0 where it was never less, `nil` where it never is again.
  let recovery: Int64?

  init(
    _ clusters: [SimulatedCluster], _ loss: ProofLoss, service: String, seed: UInt64,
    at milliseconds: Int64, chance: Chance
  ) {
    let world = SimulatedWorld(clusters, seed: seed, chance: chance)
    let moment = world.now.advanced(by: milliseconds * Second.milli)
    world.advance(to: moment)
    Self.strike(world, loss, service)
    world.recordAvailability()
    world.advance(by: 4 * 3_600 * Second.one)
    let summary = world.summaries.first { $0.service == service }
    let last = summary?.periods.last
    if last?.level != .full {
      recovery = nil
    } else {
      recovery = max(0, (last?.from.nanoseconds ?? 0) - moment.nanoseconds)
    }
  }

  private static func strike(_ world: SimulatedWorld, _ loss: ProofLoss, _ service: String) {
    if loss.takesPlane {
      world.strikeNow(.apiServerDown(for: 24 * 3_600 * Second.one))
    }
    for zone in loss.zones { world.strikeNow(.fail(zone: zone)) }
    for zone in loss.hangs { world.strikeNow(.hang(service: service, zone: zone)) }
    for pool in loss.pools {
      for node in world.nodes.indices where world.nodes[node].name.hasPrefix(pool) {
        world.loseNode(node)
      }
    }
    for pool in loss.nodes {
      func held(_ node: Int) -> Int {
        world.nodes[node].pods.count { world.spec(ofPod: $0).label == service }
      }
      let nodes = world.nodes.indices.filter { world.nodes[$0].name.hasPrefix(pool) }
      if let fullest = nodes.max(by: { held($0) < held($1) }) { world.loseNode(fullest) }
    }
  }

  /// What is wrong with a proof; `nil` where nothing is.
  func complaint(_ item: ProofCase) -> String? {
    let seen = recovery.map(Words.duration) ?? "never back"
    switch item.ending {
    case .untouched: return recovery == 0 ? nil : "untouched, but simulated \(seen)"
    case .down: return recovery == nil ? nil : "down for good, but simulated \(seen)"
    case .unknown: return nil
    case .back:
      let worst = item.takes.worst.map(Words.duration) ?? "any time"
      let isWithin = recovery.map(item.takes.contains) ?? (item.takes.worst == nil)
      return isWithin
        ? nil : "\(Words.duration(item.takes.best)) to \(worst), but simulated \(seen)"
    }
  }
}

extension SimulatedWorld {
  fileprivate func strikeNow(_ fault: SimulatedFault) {
    schedule(TimedFault(at: now, fault))
    advance(to: now)
  }
}
