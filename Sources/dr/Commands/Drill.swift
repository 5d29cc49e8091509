// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrEval
import DrProve
import DrRun
import DrSim
import DrSystem

struct Drill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rehearse a disaster: break what a drill says, and see whether the promise holds.",
    discussion: """
      dr drill deepseek.dr                                every drill of the program, simulated
      dr drill deepseek.dr az1_goes_dark --seed 7
      dr drill deepseek.dr az1_goes_dark --world real --injector ./cut-zone

      First what is steady must hold, or nothing is broken. Policies and runbooks then do what they would do, unchanged. Faults \
      are taken back when their time is over, or at once where the drill's `abort` holds. At the end stands how long each part of \
      the recovery took, beside what `dr prove` says that it takes.

      A real drill is simulated first, and not done where that breaks the promise. Its faults are made with Chaos Mesh, or by \
      the program after --injector, which is called as `PROGRAM begin zone_outage LABEL` and with `end`; Ctrl-C takes them back.

      Exit status: 0 what was expected held in time, 1 it did not, or nothing was broken.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @Argument(help: "The drill; all of the program, one after the other, without it.")
  var drill: String?

  @Option(
    help: "Simulated: what chance is drawn from; without it everything takes its nominal time.")
  var seed: UInt64?

  @OptionGroup var world: WorldOptions
  @OptionGroup var real: RealDrillOptions
  @OptionGroup var granted: GrantOptions

  @Flag(help: "Write what happens as JSON, an object per line (docs/events.md).")
  var json = false

  @OptionGroup var source: SourceOptions

  private var isReal: Bool { world.ofDrill == .real }

  func validate() throws {
    if isReal || real.mend, drill == nil {
      throw ValidationError("which drill? Write its name after the file")
    }
  }

  mutating func run() async throws {
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
    if real.mend { return try await session(reports[0].drill, project, machine).mend() }
    if isReal { try await doForReal(&reports[0], project, machine) }
    show(reports, project)
    if !reports.allSatisfy(\.isKept) { throw ExitCode(1) }
  }

  private func show(_ reports: [DrillReport], _ project: Project) {
    if json {
      for report in reports { Console.write(report.events(isReal: isReal)) }
      return
    }
    let text = DrillText(colour: project.style.usesColour(.output))
    Console.write(
      reports.map(isReal ? text.figures : text.text).joined(separator: "\n"))
  }

  private func doForReal(
    _ report: inout DrillReport, _ project: Project, _ machine: Machine
  ) async throws {
    guard report.isKept || real.anyway else {
      show([report], project)
      Console.write(
        "simulated it does not end well, so nothing was broken; --anyway does it all the same\n",
        to: .error)
      throw ExitCode(1)
    }
    report.real = try await session(report.drill, project, machine).run()
  }

  private func session(
    _ drill: DrillModel, _ project: Project, _ machine: Machine
  ) throws -> DrillSession {
    var launch = try Launch(
      file: absolutePath(file), runbook: "dr drill", arguments: [], inputs: source.inputs(),
      world: .real, kubeconfig: world.cluster.kubeconfig.map(absolutePath),
      context: world.cluster.context)
    launch.grants = granted.grants
    launch.impersonation = world.cluster.acting.impersonation
    return DrillSession(
      project: project, machine: machine, drill: drill, launch: launch,
      injectorProgram: real.injector, loadURL: real.loadURL, watches: !real.noPolicies,
      asEvents: json)
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
  ) throws(Diagnostic) -> SimulatedRehearsal {
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
    return SimulatedRehearsal(outcome: outcome, world: simulated, service: drill.service)
  }
}

/// With what a real drill is done.
struct RealDrillOptions: ParsableArguments {
  @Option(
    help: "Real: the program that makes faults and takes them back. Default: Chaos Mesh does.")
  var injector: String?

  @Option(
    name: .customLong("load-url"),
    help: "Real: where the load goes, http://HOST:PORT. Default: where the drill's front answers.")
  var loadURL: String?

  @Flag(help: "Real: policies are watched elsewhere, not by this process too.")
  var noPolicies = false

  @Flag(help: "Real: even where the simulation does not end well.")
  var anyway = false

  @Flag(help: "Take back what a real drill that was killed has broken, and do nothing else.")
  var mend = false
}
