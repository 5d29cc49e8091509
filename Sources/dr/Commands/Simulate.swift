// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEval
import DrRun
import DrSema
import DrSim

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play disasters in virtual time, with the program's own policies and runbooks.",
    discussion: """
      dr simulate deepseek.dr --lose az1
      dr simulate deepseek.dr --fault '1m: fail(az1)' --fault '9m: restore(az1)' --lasting 1h
      dr simulate deepseek.dr --lose az1 --seeds 1000       how much chance matters
      dr simulate deepseek.dr --explore                     every fault alone, and every pair of them

      A fault is an expression of the program: fail(zone), restore(zone), fail_nodes(in: zone, count: 2), \
      hang(service, in: zone), stall(service), lose_api_server(cluster, for: 5m), flap(fail(zone), every: 20s), \
      look_bad(service); docs/simulate.md has them all. Exit status: 0 every promise is kept, 1 one is broken.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @Option(help: "The cluster, as the program calls it; it need not be named where there is one.")
  var cluster: String?

  @Option(help: "A zone that goes dark after a minute. May be repeated.")
  var lose: [String] = []

  @Option(help: "When, and what goes wrong: '90s: hang(deepseek, in: az1)'. May be repeated.")
  var fault: [String] = []

  @Option(help: "For how long the world is simulated.")
  var lasting: SimulatedDuration = SimulatedDuration(nanoseconds: 30 * 60 * Second.one)

  @Option(help: "What chance is drawn from; without it everything takes its nominal time.")
  var seed: UInt64?

  @Option(help: "Simulate with so many seeds, 1 and up, and show how the times are spread.")
  var seeds: Int?

  @Flag(help: "Try every fault alone, and after it every other one at every moment that matters.")
  var explore = false

  @Flag(
    help: """
      Let autoscalers by CPU follow the load: what a replica gets while all is well is what it is to carry.
      """)
  var autoscale = false

  @Flag(help: "Write JSON.")
  var json = false

  @Option(
    help: "Also write a page of HTML to this file: what happened over time, or, explored, a table.")
  var html: String?

  @OptionGroup var source: SourceOptions

  func validate() throws {
    let isGiven = !lose.isEmpty || !fault.isEmpty
    if explore, isGiven || seeds != nil {
      throw ValidationError("--explore chooses the faults itself; leave out the others")
    }
    if explore, autoscale {
      throw ValidationError("--explore leaves autoscalers as they are; leave out --autoscale")
    }
    if !explore, !isGiven {
      throw ValidationError(
        "say what goes wrong: --lose ZONE, --fault '1m: fail(ZONE)', or --explore for every fault")
    }
    if let seeds, seeds < 1 { throw ValidationError("--seeds is at least 1") }
    if seeds != nil, seed != nil || html != nil {
      throw ValidationError("--seeds shows many runs; leave out --seed and --html")
    }
  }

  func run() throws {
    let project = try Project(file: file, inputs: source.inputs(), style: source.output.style)
    guard let machine = project.loadModel() else { throw project.fail() }
    let isBroken: Bool
    do {
      isBroken = try simulate(project, machine)
    } catch let diagnostic as Diagnostic {
      project.report(diagnostic)
      throw project.fail()
    }
    if isBroken { throw ExitCode(1) }
  }

  /// Gives whether a promise is broken; with `explore`, by one fault alone.
  private func simulate(_ project: Project, _ machine: Machine) throws -> Bool {
    let simulator = Simulator(machine)
    let cluster = try cluster(machine)
    if explore {
      let names = try FaultNames(machine)
      return try Explorer(simulator, names, cluster, lasting: lasting.nanoseconds)
        .report(asJSON: json, html: html, style: project.style)
    }
    let scenario = try scenario(of: cluster, in: project, machine)
    return seeds == nil
      ? try playOnce(scenario, simulator, project) : try playMany(scenario, simulator)
  }

  // MARK: What is asked for

  /// The scenario as the program itself would write it, so that faults are checked like its own code.
  private func scenario(
    of cluster: SimulatedCluster, in project: Project, _ machine: Machine
  ) throws -> PolicySimulation.Scenario {
    let names = try FaultNames(machine)
    let timeline = lose.map { "at 1m: fail(\($0))" } + fault.map { "at \($0)" }
    let text = """
      simulate(\(names.cluster(cluster.label)), lasting: \(Words.duration(lasting.nanoseconds))) {
        \(timeline.joined(separator: "\n  "))
      }
      """
    guard let function = project.checker.checkValue(text, allowed: .reads) else {
      project.reportArgumentMistakes()
      throw project.fail()
    }
    let asking = Machine(
      program: Program(project.checker.program), limits: machine.limits, inputs: machine.inputs)
    switch asking.run(asking.start(function, [])) {
    case .call(let call):
      var scenario = try PolicySimulation.Scenario(call, on: machine)
      scenario.seed = seed ?? 1
      if seed != nil || seeds != nil { scenario.chance = .usual }
      scenario.autoscales = autoscale
      return scenario
    case .failed(let diagnostic): throw diagnostic
    case .finished, .directive:
      throw Diagnostic(.effectNotAllowed, "a fault is an expression that gives a Fault")
    }
  }

  private func cluster(_ machine: Machine) throws(Diagnostic) -> SimulatedCluster {
    let clusters = try SimulatedCluster.all(of: machine)
    let names = try FaultNames(machine)
    let known = clusters.map { names.cluster($0.label) }
    if let cluster {
      guard
        let index = known.firstIndex(of: cluster)
          ?? clusters.firstIndex(where: { $0.label == cluster })
      else {
        throw Diagnostic(
          .unknownName, "the program declares no cluster `\(cluster)`",
          help: known.isEmpty ? "declare one" : "it has \(known.joined(separator: ", "))")
      }
      return clusters[index]
    }
    guard let first = clusters.first else {
      throw Diagnostic(
        .unknownName, "the program declares no cluster to simulate",
        help: "write cluster prod { region north { zone az1 { … } } }")
    }
    guard clusters.count == 1 else {
      throw Diagnostic(
        .wrongArguments, "the program declares several clusters",
        help: "say which one: --cluster \(known.joined(separator: " or --cluster "))")
    }
    return first
  }

  // MARK: Playing

  private func playOnce(
    _ scenario: PolicySimulation.Scenario, _ simulator: Simulator, _ project: Project
  ) throws -> Bool {
    var scenario = scenario
    scenario.keepsHistory = html != nil
    let outcome = try simulator.play(scenario)
    if let html { try Simulator.write(page(outcome, scenario), to: html) }
    if json {
      Console.write(JSON.write(SimulationDocument.document(outcome), pretty: true) + "\n")
    } else {
      Console.write(SimulationText(colour: project.style.usesColour(.output)).text(outcome))
    }
    return outcome.isBroken
  }

  private func page(
    _ outcome: PolicySimulation.Outcome, _ scenario: PolicySimulation.Scenario
  ) -> String {
    let faults = scenario.faults.map { fault in
      "\(fault.fault.text) after \(Words.brief(fault.at.since(SimulatedWorld.epoch)))"
    }
    let chance = seed.map { ", seed \($0)" } ?? ""
    return SimulationPage(outcome, subtitle: faults.joined(separator: ", ") + chance).text
  }

  private func playMany(
    _ scenario: PolicySimulation.Scenario, _ simulator: Simulator
  ) throws(Diagnostic) -> Bool {
    let numbers = (1...max(1, seeds ?? 1)).map(UInt64.init)
    let outcomes = try simulator.play(
      all: numbers.map { number in
        var scenario = scenario
        scenario.seed = number
        return scenario
      })
    let spreads = (outcomes.first?.services ?? []).indices.map {
      Spread(outcomes, seeds: numbers, service: $0)
    }
    if json {
      Console.write(JSON.write(.array(spreads.map(\.document)), pretty: true) + "\n")
    } else {
      Console.write(spreads.map(\.text).joined())
    }
    return spreads.contains { !$0.broken.isEmpty }
  }
}
