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

      Ctrl-C pauses the run after the act in flight; a second one stops at once. Both can be resumed, or taken back: \
      `dr resume --undo`.

      Examples:
        dr run deepseek.dr evacuate from=az1 to=az2
        dr run deepseek.dr evacuate from=az1 to=az2 --world simulated --lose az1
        dr plan deepseek.dr evacuate from=az1 to=az2 -o p.json, then: dr run --plan p.json

      Exit status: 0 done; 1 failed, something stands, or paused; 2 wrong usage; 3 the world does not answer, nothing \
      was done; 5 another run holds the lock, nothing was done; 6 rolled back; 129, 130 and 143 paused by a signal.
      """
  ).ofDr

  @OptionGroup var runbook: RunbookArguments
  @OptionGroup var world: WorldOptions
  @OptionGroup var source: SourceOptions
  @OptionGroup var simulation: SimulationOptions
  @OptionGroup var store: StoreOptions

  @Flag(help: "Answer yes to every approval; the journal says so.")
  var yes = false

  @Flag(help: "Write what happens as JSON, an object per line (docs/events.md).")
  var json = false

  @Flag(help: "Real world: go on in the background, whatever becomes of this terminal.")
  var detach = false

  @Option(
    help: "Run what `dr plan -o` kept in this file, and only if it still holds: no other arguments."
  )
  var plan: String?

  func validate() throws {
    if json, detach {
      throw ValidationError(
        "--json tells what happens here; of a run in the background `dr runs tail -f --json` does")
    }
  }

  @Flag(
    help: "Go on although permissions are missing that acts of the runbook need, as far as it gets."
  )
  var acceptMissing = false

  mutating func run() async throws {
    let saved = try plan.map(SavedPlan.init(reading:))
    if saved != nil, runbook.file != nil {
      throw ValidationError("--plan names the program, the runbook and its arguments already")
    }
    if saved != nil, world.cluster.acting.user != nil {
      throw ValidationError("--plan runs as whom it was planned for; plan again with --as")
    }
    let launch = try saved?.launch ?? runbook.launch(source, world, simulation)
    let prepared = try PreparedRun(launch, style: source.output.style)
    try await store.use(for: launch) {
      [self] in try await run(prepared, saved, $0)
    }
  }

  private func run(_ prepared: PreparedRun, _ saved: SavedPlan?, _ store: RunStore) async throws {
    let launch = prepared.launch
    var prediction: Prediction?
    if let saved { prediction = try await check(saved, prepared, store) }
    switch launch.world {
    case .simulated:
      try SimulatedSession(prepared: prepared, options: simulation).run(asEvents: json)
    case .real:
      let id = RunStore.newID(at: WallClock.now())
      let admission = Admission(
        preflight: Preflight(prepared, store, runID: id), acceptsMissing: acceptMissing)
      if detach {
        if saved == nil { try await prepared.inWorld { try await admission.ask(in: $0) } }
        return try await DetachedRun(id: id, store: store).start(prepared, approvesAll: yes)
      }
      var session = RealSession(prepared: prepared, id: id, store: store, approvesAll: yes)
      session.prediction = prediction
      if saved == nil { session.admission = admission }
      session.tellsEvents = json
      try await session.start()
    }
  }

  /// Plans again, by reading only, and throws where the plan does not hold any more. Gives how long it says that
  /// things take.
  private func check(
    _ saved: SavedPlan, _ prepared: PreparedRun, _ store: RunStore
  ) async throws -> Prediction? {
    let planning = try await Planning(prepared, simulation, store)
    guard let now = planning.saved(prepared) else {
      Console.write("the world does not answer: the plan cannot be compared with it\n", to: .error)
      throw ExitCode(3)
    }
    if let difference = saved.difference(from: now) {
      Console.write("\(difference)nothing was done; plan again\n", to: .error)
      throw ExitCode(1)
    }
    if let why = saved.incomplete {
      Console.write(
        "the plan is not whole, it ends at \(why)\nnothing was done; plan again\n", to: .error)
      throw ExitCode(1)
    }
    try planning.review?.refuse(
      prepared.launch, in: planning.places, accepted: acceptMissing)
    return planning.plan.map(Prediction.init)
  }
}
