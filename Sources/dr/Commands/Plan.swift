// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrHost
import DrRun

struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a runbook would do to the world as it is now.",
    discussion: """
      Reads are made, acts are only looked at: the plan lists them in order with the objects they touch and what they \
      would change, the worst-case time of each step and of the whole, and the permissions that they need.

      Exit status 1 when a requirement does not hold now, 7 when one could not be evaluated.
      """
  ).ofDr

  @OptionGroup var runbook: RunbookArguments
  @OptionGroup var world: WorldOptions
  @OptionGroup var source: SourceOptions
  @OptionGroup var simulation: SimulationOptions

  @Flag(help: "Write JSON.")
  var json = false

  mutating func run() async throws {
    let launch = try runbook.launch(source, world)
    let prepared = try PreparedRun(launch, style: source.output.style)
    let planner = Planner(
      machine: prepared.machine, runbook: prepared.runbook, arguments: prepared.arguments,
      identity: prepared.identity(runID: "plan"))
    switch launch.world {
    case .simulated:
      _ = try SimulatedSession(prepared: prepared, options: simulation).drive(planner) { _ in }
    case .real:
      let world: RealWorld
      do throws(Diagnostic) {
        world = try launch.makeRealWorld()
      } catch {
        prepared.project.report(error)
        throw prepared.project.fail()
      }
      let driver = RealDriver(
        runner: planner, world: world, approver: Approver(approvesAll: true)
      ) { _ in }
      _ = try await driver.run { _ in }
      await world.shutdown()
    }
    try show(planner)
  }

  private func show(_ planner: Planner) throws {
    guard let plan = planner.plan else {
      Console.write(
        "there is no plan: \(planner.result?.message ?? "it was interrupted")\n", to: .error)
      throw ExitCode(planner.result.map { RunReport.exitStatus($0.status, stop: nil) } ?? 1)
    }
    if json {
      Console.write(JSON.write(plan.document, pretty: true) + "\n")
    } else {
      Console.write(plan.lines.map { $0 + "\n" }.joined())
    }
    if planner.result?.status == .unreachable { throw ExitCode(3) }
    if !plan.unmet.isEmpty { throw ExitCode(1) }
    if !plan.notEvaluated.isEmpty || plan.incomplete != nil { throw ExitCode(7) }
  }
}
