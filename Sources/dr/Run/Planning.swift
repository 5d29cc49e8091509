// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrHost
import DrRun

/// What a runbook would do to the world as it is, found out by reading.
struct Planning {
  let plan: DrRun.Plan?
  let result: RunResult?
  /// Of the permissions that it needs, those that the credentials do not have: asked of the API
  /// server. What could not be asked is not among them.
  private(set) var missing: [String] = []
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
      let world: RealWorld
      do throws(Diagnostic) {
        world = try prepared.launch.makeRealWorld(for: prepared.natives)
      } catch {
        prepared.project.report(error)
        throw prepared.project.fail()
      }
      let driver = RealDriver(
        runner: planner, answer: { await world.answer($0, $1, beside: store) },
        approver: Approver(approvesAll: true)
      ) { _ in }
      _ = try await driver.run { _ in }
      missing = await Self.missing(planner.plan, world)
      await world.shutdown()
    }
    plan = planner.plan
    result = planner.result
  }

  private static func missing(_ plan: DrRun.Plan?, _ world: RealWorld) async -> [String] {
    var asked: Set<[String]> = []
    var missing: Set<String> = []
    for item in plan?.items ?? [] {
      for permission in item.permissions
      where asked.insert([item.cluster, permission]).inserted {
        let call = WorldCall(
          name: "kube.allowed",
          arguments: DocumentObject([
            ("cluster", .string(item.cluster)), ("permission", .string(permission)),
          ]),
          effect: .reads, actClass: nil, key: "plan")
        if case .success(.bool(false)) = await world.answer(call, .read) {
          missing.insert(permission)
        }
      }
    }
    return missing.sorted()
  }

  /// Which permissions are missing, and to whom.
  func refusal(launch: Launch) -> String {
    let who = launch.impersonation?.text ?? "these credentials"
    return "not permitted to \(who):\n" + missing.map { "  \($0)\n" }.joined()
  }

  func saved(_ prepared: PreparedRun) -> SavedPlan? {
    plan.map { plan in
      var launch = prepared.launch
      launch.places = places
      return SavedPlan(
        launch, programDigest: prepared.identity(runID: "plan").programDigest, plan)
    }
  }
}
