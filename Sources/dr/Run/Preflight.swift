// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrBase
import DrHost
import DrRun

/// What is asked before a run acts: whether its acts are permitted, so that none of them fails for it in the midst of a
/// failover.
///
/// The runbook is planned, by reading only, and the permissions of its acts are asked for; of a run that is gone on
/// with, those that are still to come.
struct Preflight {
  /// How long it takes at most.
  struct Limits: Sendable {
    let planning: Duration
    let review: Duration

    /// Where a run waits: an API server that is slow or gone keeps no failover from beginning.
    static let beforeRun = Limits(planning: .seconds(3), review: .seconds(2))
    /// Where nothing does.
    static let atLeisure = Limits(planning: .seconds(20), review: PermissionReview.patience)
  }

  /// What came of it.
  struct Finding: Sendable {
    /// Permissions that are missing, as plans write them, sorted, each once.
    let missing: [String]
    /// What is missing, to whom, and the rules that give it, or what may not even be read; `nil` where nothing is.
    let refusal: String?
    /// Why not all could be asked; `nil` where it could.
    let doubt: String?
  }

  private let prepared: PreparedRun
  private let store: RunStore
  private let runID: String

  /// `runID` is under which it looks who holds locks.
  init(_ prepared: PreparedRun, _ store: RunStore, runID: String) {
    self.prepared = prepared
    self.store = store
    self.runID = runID
  }

  /// Where the clusters are in which the run acts; a front may be an object of one.
  private var places: [ClusterPlace] {
    let acts = prepared.natives.contains { name in
      Drivers.acts(name) == true
        && ["kube.", "lock.", "gslb.", "route."].contains(where: name.hasPrefix)
    }
    return acts ? (try? prepared.places()) ?? [] : []
  }

  /// Asks within the limits; `nil` where there are no acts in clusters, and so nothing to ask.
  func ask(
    in world: RealWorld, after past: () -> RunPast? = { nil }, within limits: Limits = .beforeRun
  ) async throws -> Finding? {
    let places = places
    guard !places.isEmpty else { return nil }
    let planner = Planner(
      machine: prepared.machine, body: prepared.makeBody(),
      identity: prepared.identity(runID: runID), past: past())
    let driver = RealDriver(
      runner: planner, answer: { [store] in await world.answer($0, $1, beside: store) },
      approver: Approver(approvesAll: true), isSignalled: false
    ) { _ in }
    let timer = Task { [queue = driver.queue] in
      try await Task.sleep(for: limits.planning)
      queue.push(.interrupted)
    }
    let result = try await driver.run { _ in }
    timer.cancel()
    let review = await PermissionReview(of: planner.itemsToCome, in: world, within: limits.review)
    // What may not even be read is not planned any further.
    let unreadable = planner.plan?.incomplete.flatMap { KubePermission.isLacking($0) ? $0 : nil }
    let refusal =
      review.missing.isEmpty ? "" : review.refusal(of: prepared.launch, in: places)
    let unread = unreadable.map { "not permitted: \($0)\n" } ?? ""
    return Finding(
      missing: review.missing + (unreadable.map { [$0] } ?? []),
      refusal: refusal + unread == "" ? nil : refusal + unread,
      doubt: review.doubt ?? Self.doubt(result))
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

/// The same for a person who starts a run, or goes on with one.
struct Admission {
  let preflight: Preflight
  /// Whether the run goes on although permissions are missing.
  let acceptsMissing: Bool

  /// Says what is missing, all at once, and throws; nothing has been done then. What could not be asked is said, too.
  ///
  /// `past` is what the run has behind it; it is asked for where there is anything to ask, since it is as long as the run was.
  func ask(in world: RealWorld, after past: () -> RunPast? = { nil }) async throws {
    // Nothing has begun: a signal ends it at once, until the run itself listens.
    let stops = Signals.stops()
    Task { for await signal in stops { StopSignal.leave(signal) } }
    guard let finding = try await preflight.ask(in: world, after: past) else { return }
    if let refusal = finding.refusal {
      Console.write(refusal, to: .error)
      guard acceptsMissing else { throw PermissionReview.nothingDone() }
    }
    if let doubt = finding.doubt { Console.write("\(doubt); the run goes on\n", to: .error) }
  }
}
