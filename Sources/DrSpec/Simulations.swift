// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSim

/// The simulated worlds of one test.
struct Simulations {
  /// For what goes on in a simulation, with limits of its own.
  let makeMachine: () -> Machine
  private var outcomes: [(cluster: String, outcome: PolicySimulation.Outcome)] = []

  init(makeMachine: @escaping () -> Machine) { self.makeMachine = makeMachine }

  /// The answer to a read of a test.
  mutating func answer(_ call: HostCall) throws(Diagnostic) -> Document {
    switch call.name {
    case "sim.run": return try simulate(call)
    case "sim.downtime": return Self.milliseconds(try summary(call).downtime)
    case "sim.recovery": return Self.milliseconds(try summary(call).longestLoss)
    default:  // open: any other native looks at a world that is not there
      throw Diagnostic(
        .effectNotAllowed, "could not be evaluated: `\(call.name)` looks at the live world",
        at: call.span,
        help: "a test has only the worlds that it simulates: `let w = simulate(cluster) { … }`")
    }
  }

  /// What is shorter than a millisecond is an artefact of the model.
  private static func milliseconds(_ nanoseconds: Int64) -> Document {
    .int((nanoseconds + 500_000) / 1_000_000 * 1_000_000)
  }

  /// What happened in the simulations, for people who see a test fail.
  var notes: [String] {
    var notes: [String] = []
    for (cluster, outcome) in outcomes {
      var lines = ["in the simulation of \(cluster):"]
      let events = outcome.events.filter { $0.kind != .fault }.compactMap(\.sentence)
      lines += events.isEmpty ? ["no policy acted"] : Array(events.prefix(12))
      if events.count > 12 { lines.append("… \(events.count - 12) more") }
      for service in outcome.services { lines += service.lines(since: SimulatedWorld.epoch) }
      let note = lines.joined(separator: "\n")
      if !notes.contains(note) { notes.append(note) }
    }
    return notes
  }

  private mutating func simulate(_ call: HostCall) throws(Diagnostic) -> Document {
    let label = call.arguments["cluster"]?.stringValue ?? ""
    let machine = makeMachine()
    let clusters = try SimulatedCluster.all(of: machine)
    guard let cluster = clusters.first(where: { $0.label == label }) else {
      throw Diagnostic(
        .unknownName, "the program declares no cluster \"\(label)\" to simulate", at: call.span)
    }
    let lasting = call.arguments["lasting"]?.intValue ?? 0
    guard lasting > 0 else {
      throw Diagnostic(.outOfRange, "a simulation lasts longer than nothing", at: call.span)
    }
    let scenario = PolicySimulation.Scenario(
      cluster: label, seed: UInt64(bitPattern: call.arguments["seed"]?.intValue ?? 0),
      lasting: lasting, faults: try faults(call, on: cluster))
    outcomes.append((label, try PolicySimulation(scenario, on: machine).run()))
    return ["id": .int(Int64(outcomes.count - 1))]
  }

  private func faults(
    _ call: HostCall, on cluster: SimulatedCluster
  ) throws(Diagnostic) -> [TimedFault] {
    let reader = FaultReader(cluster)
    var faults: [TimedFault] = []
    for fault in call.arguments["faults"]?.arrayValue ?? [] {
      faults.append(try reader.fault(fault, at: call.span))
    }
    return faults
  }

  private func summary(_ call: HostCall) throws(Diagnostic) -> ServiceSummary {
    let label = call.arguments["service"]?.stringValue ?? ""
    let number = Int(call.arguments["world"]?.intValue ?? -1)
    guard outcomes.indices.contains(number) else {
      throw Diagnostic(.outOfRange, "there is no such simulation in this test", at: call.span)
    }
    let services = outcomes[number].outcome.services
    guard let found = services.first(where: { $0.service == label }) else {
      throw Diagnostic(
        .unknownName, "the service \(label) does not run on \(outcomes[number].cluster)",
        at: call.span)
    }
    return found
  }
}
