// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrEval
import DrProve
import DrRun
import DrSim

struct Drill: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rehearse a disaster: break what a drill says, and see whether the promise holds.",
    discussion: """
      dr drill deepseek.dr                                every drill of the program, simulated
      dr drill deepseek.dr az1_goes_dark --seed 7

      First what is steady must hold, or nothing is broken. Policies and runbooks then do what they would do, unchanged. Faults \
      are taken back when their time is over, or at once where the drill's `abort` holds. At the end stands how long each part of \
      the recovery took, beside what `dr prove` says that it takes.

      Exit status: 0 what was expected held in time, 1 it did not, or nothing was broken.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @Argument(help: "The drill; all of the program, one after the other, without it.")
  var drill: String?

  @Option(help: "What chance is drawn from; without it everything takes its nominal time.")
  var seed: UInt64?

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var source: SourceOptions

  func run() throws {
    let project = try Project(
      file: file, inputs: source.inputs(), style: source.output.style, includesAnalysis: true)
    guard let machine = project.loadModel() else { throw project.fail() }
    var reports: [DrillReport] = []
    do throws(Diagnostic) {
      let drills = try wanted(machine)
      let version = try Compiler(machine: machine).clusterVersion()
      let proofs = try Prover(machine: machine).prove(kubernetes: version.text)
      for drill in drills {
        reports.append(
          DrillReport(
            drill, proof: proofs.first { $0.service == drill.service },
            try simulate(drill.name, project, machine)))
      }
    } catch {
      project.report(error)
      throw project.fail()
    }
    if json {
      Console.write(JSON.write(.array(reports.map(\.document)), pretty: true) + "\n")
    } else {
      let text = DrillText(colour: project.style.usesColour(.output))
      Console.write(reports.map(text.text).joined(separator: "\n"))
    }
    if !reports.allSatisfy(\.isKept) { throw ExitCode(1) }
  }

  private func wanted(_ machine: Machine) throws(Diagnostic) -> [DrillModel] {
    let drills = try DrillModel.all(of: machine)
    guard !drills.isEmpty else {
      throw Diagnostic(
        .unknownName, "the program has no drill",
        help: "write drill zone_goes_dark for … { steady { … } fault fail(…) for 5m }")
    }
    guard let drill else { return drills }
    let found = drills.filter { $0.name == drill || $0.label == drill }
    guard found.isEmpty else { return found }
    let names = drills.map(\.name)
    throw Diagnostic(
      .unknownName, "the program has no drill `\(drill)`",
      help: nearestName(to: drill, among: names).map { "did you mean `\($0)`?" }
        ?? "it has \(names.joined(separator: ", "))")
  }

  /// Plays a drill in a world of its own.
  private func simulate(
    _ name: String, _ project: Project, _ machine: Machine
  ) throws(Diagnostic) -> DrillReport.Simulation {
    // Conditions of the drill go on while policies and runs do, each on a machine of its own.
    func fresh() -> Machine {
      Machine(program: machine.program, limits: machine.limits, inputs: machine.inputs)
    }
    let own = fresh()
    guard let drill = try DrillModel.all(of: own).first(where: { $0.name == name }) else {
      throw Diagnostic(.unknownName, "the program has no drill `\(name)`")
    }
    let rehearsal = try SimulatedDrill(drill, on: own)
    let scenario = PolicySimulation.Scenario(
      cluster: drill.cluster, seed: seed ?? 1, lasting: 24 * 3_600 * Second.one, faults: [],
      chance: seed == nil ? .none : .usual)
    let simulated = try PolicySimulation(scenario, on: fresh(), beside: rehearsal).run()
    if let failure = rehearsal.failure { throw failure }
    guard let outcome = rehearsal.outcome else {
      throw Diagnostic(
        .outOfRange, "the drill \(name) was not over after a day", at: drill.span)
    }
    return DrillReport.Simulation(drill: outcome, world: simulated)
  }
}
