// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrHost
import DrRun

/// What a runbook would do to the world as it is, found out by reading.
struct Planning {
  let plan: DrRun.Plan?
  let result: RunResult?
  /// Whether the acts are permitted; nil in the simulated world.
  private(set) var review: PermissionReview?
  /// Where the clusters are that it was made for.
  let places: [ClusterPlace]

  init(
    _ prepared: PreparedRun, _ simulation: SimulationOptions, _ store: RunStore
  ) async throws {
    let planner = Planner(
      machine: prepared.machine, body: prepared.makeBody(),
      identity: prepared.identity(runID: "plan"))
    do throws(Diagnostic) {
      places = try prepared.places()
    } catch {
      prepared.project.report(error)
      throw prepared.project.fail()
    }
    switch prepared.launch.world {
    case .simulated:
      _ = try SimulatedSession(prepared: prepared, options: simulation).drive(planner) { _ in }
    case .real:
      let world = try prepared.makeWorld()
      let driver = RealDriver(
        runner: planner,
        answer: { call, phase in
          await Self.sayingWhenLate(call) { await world.answer(call, phase, beside: store) }
        },
        approver: Approver(approvesAll: true)
      ) { _ in }
      _ = try await driver.run { _ in }
      review = await PermissionReview(
        of: planner.items, in: world, within: PermissionReview.patience)
      await world.shutdown()
    }
    plan = planner.plan
    result = planner.result
  }

  /// Says after a while what it waits for: a server that accepts and never answers takes a minute to be given up.
  private static func sayingWhenLate(
    _ call: WorldCall, _ answer: () async -> Result<Document, WorldFailure>
  ) async -> Result<Document, WorldFailure> {
    let patience = Duration.seconds(5)
    let note = Task {
      try await Task.sleep(for: patience)
      Console.write(
        "\(call.name) has no answer yet after \(patience.components.seconds)s; it is waited for\n",
        to: .error)
    }
    defer { note.cancel() }
    return await answer()
  }

  /// Permissions that the acts need and the credentials do not have, as plans write them.
  var missing: [String] { review?.missing ?? [] }

  func saved(_ prepared: PreparedRun) -> SavedPlan? {
    plan.map { plan in
      var launch = prepared.launch
      launch.places = places
      return SavedPlan(
        launch, programDigest: prepared.identity(runID: "plan").programDigest, plan)
    }
  }
}
