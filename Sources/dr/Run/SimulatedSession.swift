// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrEval
import DrRun
import DrSim

/// A runbook in the simulated world, in virtual time.
struct SimulatedSession {
  let prepared: PreparedRun
  let options: SimulationOptions

  /// Drives a runner; gives what became of it and of the services.
  func drive(
    _ runner: any Runner, show: (Progress) -> Void = { _ in }, tell: (News) -> Void = { _ in }
  ) throws -> SimulatedReport {
    let world: SimulatedWorld
    let faults: [TimedFault]
    do throws(Diagnostic) {
      world = SimulatedWorld(
        try SimulatedCluster.all(of: prepared.machine), seed: options.chance)
      faults = try options.lose.map { zone throws(Diagnostic) in
        TimedFault(at: SimulatedWorld.epoch, .fail(zone: try label(of: zone)))
      }
    } catch {
      prepared.project.report(error)
      throw prepared.project.fail()
    }
    var run = SimulatedRun(world: world, runner: runner, startAt: startAt, faults: faults)
    return run.run(append: { (_) throws(Never) in }, show: show, tell: tell)
  }

  /// What people see first, so that nobody takes what follows for real.
  static let heading = "simulated: no cluster and no node is touched\n"

  /// When the runner begins.
  var startAt: Instant { SimulatedWorld.epoch.advanced(by: options.startAfter?.nanoseconds ?? 0) }

  /// The label of a zone that is named as the program names it, or by its label.
  private func label(of word: String) throws(Diagnostic) -> String {
    let program = prepared.machine.program.checked
    var known: [String] = []
    for id in program.roots {
      guard case .block(let record, _) = program[id].body, program[record].name == "Zone" else {
        continue
      }
      let zone = try prepared.machine.global(id)
      guard let value = try prepared.machine.field(zone, named: "label"),
        let label = prepared.machine.string(value)
      else { continue }
      if word == program[id].name || word == label { return label }
      known.append(program[id].name)
    }
    throw Diagnostic(
      .unknownName, "the program has no zone `\(word)` to lose",
      help: "it has \(known.joined(separator: ", "))")
  }

  /// Runs the runbook, shows what happens, and reports the services against their promises.
  func run(asEvents: Bool) throws {
    let id = "simulated-\(options.chance)"
    let executor: Executor
    do throws(JournalRefusal) {
      executor = try Executor(
        machine: prepared.machine, body: prepared.makeBody(),
        identity: prepared.identity(runID: id), at: startAt)
    } catch {
      prepared.project.report(error.diagnostic)
      throw prepared.project.fail()
    }
    executor.objectives = prepared.objectives
    if asEvents { return try tell(executor, id) }
    let colour = prepared.project.style.usesColour(.output)
    Console.write(SimulatedSession.heading)
    let lines = ProgressLines(colour: colour, start: SimulatedWorld.epoch)
    for zone in options.lose { Console.write("  0:00.0  ✗ \(zone) goes dark\n") }
    let report = try drive(executor) { Console.write(lines.line($0)) }
    guard let result = report.result else {
      Console.write("the run did not end within a day of virtual time\n", to: .error)
      throw ExitCode(1)
    }
    Console.write(RunReport.text(result, launch: prepared.launch, goOn: "dr resume simulated"))
    for service in report.services {
      let lines = service.lines(since: SimulatedWorld.epoch)
      Console.write("\n" + lines.map { $0 + "\n" }.joined())
    }
    try end(result)
  }

  /// The same as events, and at the end how each service fared.
  private func tell(_ executor: Executor, _ id: String) throws {
    executor.tellsNews = true
    let report = try drive(
      executor,
      tell: { news in
        if case .recorded(let record) = news { Console.write(EventLine.text(record, run: id)) }
      })
    for service in report.services {
      Console.write(
        EventLine.text(
          "service", at: report.simulatedUntil, run: id, SimulationDocument.figures(service)))
    }
    guard let result = report.result else { throw ExitCode(1) }
    try end(result)
  }

  private func end(_ result: RunResult) throws {
    let status = RunReport.exitStatus(result.status, stop: nil)
    if status != 0 { throw ExitCode(status) }
  }
}
