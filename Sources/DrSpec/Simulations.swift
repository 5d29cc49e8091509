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
      let events = outcome.events.filter { $0.kind != .fault && $0.kind != .mended }.compactMap(
        \.sentence)
      lines += events.isEmpty ? ["no policy acted"] : Array(events.prefix(12))
      if events.count > 12 { lines.append("… \(events.count - 12) more") }
      for service in outcome.services { lines += service.lines(since: SimulatedWorld.epoch) }
      let note = lines.joined(separator: "\n")
      if !notes.contains(note) { notes.append(note) }
    }
    return notes
  }

  private mutating func simulate(_ call: HostCall) throws(Diagnostic) -> Document {
    let machine = makeMachine()
    let scenario = try PolicySimulation.Scenario(call, on: machine)
    outcomes.append((scenario.cluster, try PolicySimulation(scenario, on: machine).run()))
    return ["id": .int(Int64(outcomes.count - 1))]
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
