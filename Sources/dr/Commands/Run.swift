// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrHost
import DrRun

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a runbook, durably.",
    discussion: """
      Every act is journaled before and after it happens. After a crash, `dr resume` goes on where the run was: \
      nothing that was done is done again.

      Ctrl-C pauses the run after the act in flight; a second one stops at once. Both can be resumed.
      """
  ).ofDr

  @OptionGroup var runbook: RunbookArguments
  @OptionGroup var world: WorldOptions
  @OptionGroup var source: SourceOptions
  @OptionGroup var simulation: SimulationOptions

  @Flag(help: "Answer yes to every approval; the journal says so.")
  var yes = false

  mutating func run() async throws {
    let launch = try runbook.launch(source, world)
    let prepared = try PreparedRun(launch, style: source.output.style)
    switch launch.world {
    case .simulated:
      try SimulatedSession(prepared: prepared, options: simulation).run()
    case .real:
      let store = RunStore()
      let id = RunStore.newID(at: WallClock.now())
      let session = RealSession(prepared: prepared, id: id, store: store, approvesAll: yes)
      try await session.start()
    }
  }
}
