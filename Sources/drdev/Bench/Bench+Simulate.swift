// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrRun
import DrSema
import DrSim
import Foundation

/// How fast virtual time passes. Processor time of one thread, but for the whole command.
extension Bench {
  /// How long the model of a queue is simulated, in seconds.
  private static let queueTime = 60
  /// How often a zone of the first example goes dark and comes back.
  private static let losses: Int64 = 500
  private static let firstExample = "examples/deepseek-cross-az/deepseek.dr"

  func simulate() throws -> [Figure] {
    try queue() + world() + [singleFaults(), explore()]
  }

  /// The bare simulator beside SimPy.
  private func queue() throws -> [Figure] {
    let script = try file("queue.py", Inputs.simpy)
    var theirs: [Double] = []
    var times: [Double] = []
    var rates: [Double] = []
    for _ in 0..<min(rounds, 5) {
      var model = QueueModel()
      let start = threadMilliseconds()
      model.run(seconds: Int64(Self.queueTime))
      let time = threadMilliseconds() - start
      times.append(time)
      rates.append(Double(model.eventCount) / time / 1e3)
      guard let python = Peers.simpy else { continue }
      let words = Peers.output([python, script, "\(Self.queueTime)"])?.split(separator: " ") ?? []
      guard words.count == 4, let time = Double(words[3]) else {
        throw BenchError(text: "the model for SimPy fails")
      }
      let counts = words.prefix(3).joined(separator: " ")
      guard counts == model.outcome.text else {
        throw BenchError(
          text: "SimPy's model gives other counts: \(counts), ours \(model.outcome.text)")
      }
      theirs.append(time)
    }
    let ours = median(times)
    let simpy = theirs.isEmpty ? nil : median(theirs)
    return [
      Figure(
        name: "a queue with retries, \(Self.queueTime) s of it", ours: ours, unit: "ms",
        peers: [("SimPy", simpy)], bar: "SimPy / 20", holds: simpy.map { 20 * ours <= $0 }),
      Figure(
        name: "its events", ours: median(rates), unit: "M/s", bar: "1 M/s",
        holds: median(rates) >= 1),
    ]
  }

  /// The world of the first example, of which a zone goes dark and comes back again and again.
  private func world() throws -> [Figure] {
    let cluster = try Self.cluster(of: Self.machine(of: Self.firstExample))
    let minute = 60 * Second.one
    let length = 20 * minute
    let rates = (0..<min(rounds, 5)).map { _ in
      let world = SimulatedWorld([cluster])
      let zone = cluster.zones[0].label
      for loss in 0..<Self.losses {
        let at = SimulatedWorld.epoch.advanced(by: loss * length)
        world.schedule(TimedFault(at: at.advanced(by: minute), .fail(zone: zone)))
        world.schedule(TimedFault(at: at.advanced(by: 11 * minute), .restore(zone: zone)))
      }
      let start = threadMilliseconds()
      world.advance(by: Self.losses * length)
      return Double(world.eventCount) / (threadMilliseconds() - start) / 1e3
    }
    return [
      Figure(
        name: "events of the first example's world", ours: median(rates), unit: "M/s",
        bar: "1 M/s", holds: median(rates) >= 1)
    ]
  }

  /// Every fault of the first example alone, with its policies and runbooks, from the source to the last outcome.
  private func singleFaults() throws -> Figure {
    let times = try (0..<min(rounds, 5)).map { _ in
      let start = threadMilliseconds()
      let machine = try Self.machine(of: Self.firstExample)
      let cluster = try Self.cluster(of: machine)
      for faults in Exploration(cluster).singles {
        let scenario = PolicySimulation.Scenario(
          cluster: cluster.label, seed: 1, lasting: 30 * 60 * Second.one, faults: faults)
        let own = Machine(program: machine.program, limits: machine.limits)
        _ = try PolicySimulation(scenario, on: own).run()
      }
      return threadMilliseconds() - start
    }
    return Figure(
      name: "all single faults of the first example", ours: median(times), unit: "ms",
      bar: "2 s", holds: median(times) <= 2_000)
  }

  /// Every pair of faults, too: the second at every moment at which something happened after the first.
  private func explore() throws -> Figure {
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("explore", dr, ["simulate", Self.firstExample, "--explore"])
    let time = try contest.medians(rounds: min(rounds, 5))[0].run?.milliseconds ?? .infinity
    return Figure(
      name: "dr simulate --explore, all pairs too", ours: time, unit: "ms",
      bar: "2 s on two cores", holds: time <= (countsProcessor ? 4_000 : 2_000))
  }

  /// Of a program of this repository.
  private static func machine(of path: String) throws -> Machine {
    guard let text = FileManager.default.contents(atPath: path) else {
      throw BenchError(text: "there is no \(path) here; run it in the repository")
    }
    let checker = Checker(loader: Library(file: Array(text)))
    checker.check(path: path)
    guard !checker.diagnostics.hasErrors else {
      throw BenchError(text: "\(path): \(checker.diagnostics.first?.message ?? "")")
    }
    return Machine(program: Program(checker.program), limits: Limits())
  }

  private static func cluster(of machine: Machine) throws -> SimulatedCluster {
    guard let cluster = try SimulatedCluster.all(of: machine).first else {
      throw BenchError(text: "the program has no cluster")
    }
    return cluster
  }
}
