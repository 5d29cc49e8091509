// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrHost
import DrRun
import DrSystem

struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a runbook would do to the world as it is now.",
    discussion: """
      Reads are made, acts are only looked at: the plan lists them in order with the objects they touch and what they \
      would change, the worst-case time of each step and of the whole, and the permissions that they need.

      Exit status 1 when a requirement does not hold now or a permission is missing, 7 when one could not be evaluated.
      """
  ).ofDr

  @OptionGroup var runbook: RunbookArguments
  @OptionGroup var world: WorldOptions
  @OptionGroup var source: SourceOptions
  @OptionGroup var simulation: SimulationOptions
  @OptionGroup var store: StoreOptions

  @Flag(help: "Write JSON.")
  var json = false

  @Option(name: .shortAndLong, help: "Keep the plan in a file, for `dr run --plan`.")
  var output: String?

  mutating func run() async throws {
    let launch = try runbook.launch(source, world, simulation)
    let prepared = try PreparedRun(launch, style: source.output.style)
    try await store.use(for: launch) {
      [self] store in
      let planning = try await Planning(prepared, simulation, store)
      try show(planning, prepared)
      try keep(planning, prepared)
      try conclude(planning)
    }
  }

  private func keep(_ planning: Planning, _ prepared: PreparedRun) throws {
    guard let output, let saved = planning.saved(prepared) else { return }
    do throws(FileFailure) {
      try saved.write(to: output)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(1)
    }
  }

  private func show(_ planning: Planning, _ prepared: PreparedRun) throws {
    let launch = prepared.launch
    guard let plan = planning.plan else {
      Console.write(
        "there is no plan: \(planning.result?.message ?? "it was interrupted")\n", to: .error)
      throw ExitCode(planning.result.map { RunReport.exitStatus($0.status, stop: nil) } ?? 1)
    }
    if json {
      var object = plan.document.objectValue ?? DocumentObject()
      object["world"] = .string(launch.world.rawValue)
      object["clusters"] = .array(planning.places.map(\.document))
      object["program"] = .string(launch.file)
      object["arguments"] = .object(prepared.identity(runID: "plan").arguments)
      object["as"] = launch.impersonation.map { .string($0.user) }
      if !planning.missing.isEmpty {
        object["permissions_missing"] = .array(planning.missing.map(Document.string))
      }
      Console.write(JSON.write(.object(object), pretty: true) + "\n")
    } else {
      Console.write(
        launch.world == .simulated
          ? SimulatedSession.heading : planning.places.map { $0.text + "\n" }.joined())
      Console.write(plan.lines.map { $0 + "\n" }.joined())
      if let review = planning.review, !review.missing.isEmpty {
        Console.write(review.refusal(of: launch, in: planning.places))
      }
    }
  }

  private func conclude(_ planning: Planning) throws {
    // Half a plan that looks like a whole one is the worst.
    if Console.isUnwritable { throw ExitCode(1) }
    if let doubt = planning.review?.doubt { Console.write("\(doubt)\n", to: .error) }
    guard let plan = planning.plan else { return }
    if planning.result?.status == .unreachable { throw ExitCode(3) }
    if !plan.unmet.isEmpty || !planning.missing.isEmpty { throw ExitCode(1) }
    if !plan.notEvaluated.isEmpty || plan.incomplete != nil { throw ExitCode(7) }
  }
}
