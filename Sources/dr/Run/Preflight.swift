// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrBase
import DrHost
import DrRun

/// What is asked before a new run is begun: whether its acts are permitted, so that none of them fails for it in the
/// midst of a failover.
///
/// The runbook is planned, by reading only, and the permissions of its acts are asked for. Both have a short time: an
/// API server that is slow or gone keeps no failover from beginning.
struct Preflight {
  private let prepared: PreparedRun
  private let store: RunStore
  private let acceptsMissing: Bool

  private static let planningLimit = Duration.seconds(3)
  private static let reviewLimit = Duration.seconds(2)

  init(_ prepared: PreparedRun, _ store: RunStore, acceptsMissing: Bool) {
    self.prepared = prepared
    self.store = store
    self.acceptsMissing = acceptsMissing
  }

  /// Where the clusters are in which the run acts; a front may be an object of one.
  private var places: [ClusterPlace] {
    let acts = prepared.natives.contains { name in
      Drivers.acts(name) == true
        && ["kube.", "lock.", "gslb.", "route."].contains(where: name.hasPrefix)
    }
    return acts ? (try? prepared.places()) ?? [] : []
  }

  /// The same in a world of its own.
  func run() async throws {
    guard !places.isEmpty else { return }
    let world = try prepared.makeWorld()
    do {
      try await run(in: world)
    } catch {
      await world.shutdown()
      throw error
    }
    await world.shutdown()
  }

  /// Says what is missing, all at once, and throws; nothing has been done then. What could not be asked is said, too.
  func run(in world: RealWorld) async throws {
    let places = places
    guard !places.isEmpty else { return }
    // Nothing has begun: a signal ends it at once, until the run itself listens.
    let stops = Signals.stops()
    Task { for await signal in stops { StopSignal.leave(signal) } }
    let planner = Planner(
      machine: prepared.machine, body: prepared.makeBody(),
      identity: prepared.identity(runID: "plan"))
    let driver = RealDriver(
      runner: planner, answer: { [store] in await world.answer($0, $1, beside: store) },
      approver: Approver(approvesAll: true), isSignalled: false
    ) { _ in }
    let timer = Task { [queue = driver.queue] in
      try await Task.sleep(for: Self.planningLimit)
      queue.push(.interrupted)
    }
    let result = try await driver.run { _ in }
    timer.cancel()
    let review = await PermissionReview(of: planner.items, in: world, within: Self.reviewLimit)
    try review.refuse(prepared.launch, in: places, accepted: acceptsMissing)
    // What may not even be read is not planned any further.
    if let why = planner.plan?.incomplete, KubePermission.isLacking(why) {
      Console.write("not permitted: \(why)\n", to: .error)
      guard acceptsMissing else { throw PermissionReview.nothingDone() }
    }
    if let doubt = review.doubt ?? Self.doubt(result) {
      Console.write("\(doubt); the run goes on\n", to: .error)
    }
  }

  /// Why not everything was planned.
  private static func doubt(_ result: RunResult?) -> String? {
    switch result?.status {
    case .unreachable?:
      "it could not be asked whether its acts are permitted: \(result?.message ?? "")"
    case .paused?, nil:
      "it could not be asked in time whether all of its acts are permitted"
    case .succeeded?, .failed?, .rolledBack?, .lockHeld?: nil
    }
  }
}
