// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrRun
import Testing

@testable import DrSim

/// Whatever happens to a world, its books are right.
@Suite struct RandomWorldTests {
  @Test(arguments: 0..<60)
  func booksAreRightWhateverHappens(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var cluster = twoZones(
      minor: seed % 2 == 0 ? 26 : 32,
      nodes: (Int(random.below(5)) + 1, Int(random.below(5)) + 1),
      replicas: (Int(random.below(4)), Int(random.below(4))))
    if seed % 3 == 0 { cluster.controlPlane = ["a", "b"] }
    if seed % 5 == 0 { cluster.services[0].startup = .init(failures: 2) }
    let world = SimulatedWorld([cluster], seed: seed, chance: seed % 2 == 0 ? .none : .usual)
    for _ in 0..<40 {
      disturb(world, &random)
      check(world, seed)
    }
    // Once everything is back, it all works again.
    for zone in ["a", "b"] {
      world.strikeNow(.restore(zone: zone))
      for fault in Self.others(zone) {
        // A partition is counted as often as it came.
        for _ in 0..<40 { world.strikeNow(.mended(fault)) }
      }
    }
    world.advance(by: 3_600 * Second.one)
    check(world, seed)
    #expect(world.nodes.allSatisfy { $0.isReady && $0.taintedAt == nil }, "seed \(seed)")
    for deployment in world.deployments {
      let active = deployment.pods.count { world.pods[$0].isActive }
      #expect(active == deployment.replicas, "seed \(seed)")
    }
  }

  private static func others(_ zone: String) -> [any FaultKind] {
    [
      NodeOutage(zone: zone, count: 1), EngineStall(service: "s", zone: zone),
      EngineSleep(service: "s", zone: zone), ControlPlaneCut(zone: zone),
      NetworkPartition(zone: zone, other: nil), LookBad(service: "s", zone: zone),
      SlowNetwork(zone: zone, latency: 12 * Second.one, bandwidth: 20 * Share.percent),
    ]
  }

  private func disturb(_ world: SimulatedWorld, _ random: inout SeededRandom) {
    let zone = random.below(2) == 0 ? "a" : "b"
    switch random.below(12) {
    case 9, 10:
      let others = Self.others(zone)
      let fault = SimulatedFault(others[Int(random.below(Int64(others.count)))])
      world.strikeNow(random.below(2) == 0 ? fault : fault.mending ?? fault)
    case 0: world.strikeNow(.fail(zone: zone))
    case 1: world.strikeNow(.restore(zone: zone))
    case 2: world.strikeNow(.apiServerDown(for: random.below(120) * Second.one))
    case 3: if random.below(10) == 0 { world.strikeNow(.hang(service: "s", zone: zone)) }
    case 4, 5:
      let replicas = Document.int(random.below(6))
      world.act("kube.scale", ["name": .string("s-\(zone)"), "replicas": replicas])
    case 6:
      let node = Document.string("\(zone)-\(random.below(5) + 1)")
      world.act(random.below(3) == 0 ? "kube.cordon" : "kube.uncordon", ["node": node])
    case 7:
      let share = random.below(Share.whole + 1)
      world.act(
        "gslb.set_weights",
        ["name": "front", "weights": ["a": .int(share), "b": .int(Share.whole - share)]])
    case _: world.advance(by: random.below(400) * Second.one)
    }
  }

  private func check(_ world: SimulatedWorld, _ seed: UInt64) {
    for (index, node) in world.nodes.enumerated() {
      var used = node.room
      for pod in node.pods {
        #expect(world.pods[pod].node == index && world.pods[pod].stage != .gone)
        used.take(world.spec(ofPod: pod).needs)
      }
      #expect(node.free == used, "seed \(seed)")
      #expect(node.free.gpu >= 0 && node.free.cpuMillis >= 0, "seed \(seed)")
    }
    for pod in world.pods.indices where world.serves(pod) {
      #expect(world.pods[pod].node.map { world.nodes[$0].isAlive } == true)
    }
    let share = world.effectiveShares(0).reduce(0, +)
    #expect(abs(share - 1) < 1e-9, "seed \(seed)")
    let summary = world.summaries[0]
    #expect(summary.lostRequests >= 0 && summary.lostRequests <= summary.requests)
    var end = SimulatedWorld.epoch
    for period in summary.periods {
      #expect(period.from == end && period.length > 0, "seed \(seed)")
      end = period.until
    }
    #expect(end == world.now || summary.periods.isEmpty, "seed \(seed)")
  }

  @Test func lengthsBeyondAllMeasureAreSurvived() {
    let world = SimulatedWorld([
      twoZones {
        $0.ready = .init(after: .max, every: .max, timeout: .max, failures: .max)
        $0.startup = .init(after: 1, every: .max, timeout: .max, failures: .max)
        $0.weights = .init(model: "m", size: .max, loadRate: 1, warmUp: .max)
        $0.grace = .max
        $0.rto = .max
      }
    ])
    world.act("kube.scale", ["name": "s-b", "replicas": 2])
    world.strikeNow(.hang(service: "s", zone: nil))
    world.strikeNow(.apiServerDown(for: 1))
    world.advance(toSecond: 1_000_000)
    world.act("kube.scale", ["name": "s-b", "replicas": 0])
    world.advance(toSecond: 2_000_000)
    #expect(world.summaries[0].outage > 0)
    #expect(world.act("kube.scale", ["name": "s-b", "replicas": .int(.max)]).failure != nil)
  }

  @Test(arguments: 0..<12)
  func theExampleEndsTheSameWayTwiceUnderRandomFaults(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var faults: [(at: Int64, fault: SimulatedFault)] = [
      (at: 10, fault: .fail(zone: "cn-beijing-az1"))
    ]
    for _ in 0..<random.below(4) {
      let zone = "cn-beijing-az\(random.below(3) + 1)"
      let fault: SimulatedFault =
        switch random.below(4) {
        case 0: .fail(zone: zone)
        case 1: .restore(zone: zone)
        case 2: .apiServerDown(for: random.below(90) * Second.one)
        case _: .hang(service: "deepseek-inference", zone: zone)
        }
      faults.append((at: random.below(300), fault: fault))
    }
    let fixture = try ProgramFixture.example()
    let first = try SimulatedTrial(fixture, faults: faults, seed: seed, chance: .usual)
    let second = try SimulatedTrial(fixture, faults: faults, seed: seed, chance: .usual)
    #expect(first.report == second.report)
    #expect(first.journal == second.journal)
    let result = try #require(first.report.result)
    // The last word of the journal is the run's own.
    let last = try #require(try Journal(bytes: first.journal).last)
    switch last.body {
    case .ended(let status, _): #expect(status == result.status)
    case .paused: #expect([.paused, .lockHeld].contains(result.status))
    case _: Issue.record("the journal ends with \(last)")
    }
    if result.status == .rolledBack {
      #expect(first.world.deployments.map(\.replicas) == [1, 1])
      #expect(first.world.fronts[0].published == [500_000_000, 500_000_000])
    }
  }
}
