// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun
import DrSystem

/// A watcher put together with what it lives by: its leadership, its ticks, and what it answers over HTTP. `dr watch` has
/// one, in a cluster too, and a drill has one beside it.
final class WatchSession: Sendable {
  /// What is asked over HTTP, whether or not anybody listens.
  let endpoints: WatchEndpoints
  private let notices = EventQueue<Watcher.Notice>()
  private let leadership: Leadership
  private let store: RunStore
  private let world: RealWorld
  private let log: WatchLog
  private let acceptsMissing: Bool
  /// How often it is asked whether runs of policies are permitted; `nil` for never.
  private let reviewsEvery: Duration?

  /// Between two ticks, by which runs that others work on are looked at.
  private static let tick = Duration.seconds(5)

  /// Copies agree who acts by `lease`; without one, by a lock on a file beside the store.
  /// `acceptsMissing` is whether runs begin although permissions are missing.
  init(
    policies: [String], store: RunStore, world: RealWorld, lease: LeaseName? = nil,
    token: WebhookToken? = nil, acceptsMissing: Bool = false, reviewsEvery: Duration? = nil,
    log: WatchLog
  ) {
    let notices = notices
    leadership = Leadership(
      lease.map { .lease(namespace: $0.namespace, name: $0.name) } ?? .file(store.watchLock),
      identity: ProcessName.unique, world: world
    ) { notices.push(.leadership($0)) }
    endpoints = WatchEndpoints(
      policies: policies, leadership: leadership, token: token, log: log
    ) { notices.push(.alerts($0)) }
    self.store = store
    self.world = world
    self.log = log
    self.acceptsMissing = acceptsMissing
    self.reviewsEvery = reviewsEvery
  }

  /// Watches until it is told to stop and all runs are paused; gives the signal. To be called once.
  func run(_ program: WatchedProgram) async -> StopSignal {
    let (notices, leadership) = (notices, leadership)
    // A log that takes nothing more keeps no policy from acting.
    Console.whenUnwritable {}
    let review = reviewsEvery.map { makeReview(of: program, every: $0) }
    let tasks = [
      Task { if let review { await review.run() } },
      Task { await leadership.run() },
      Task {
        while !Task.isCancelled {
          notices.push(.tick)
          try? await Task.sleep(for: Self.tick)
        }
      },
    ]
    let watcher = Watcher(
      program, notices: notices, store: store, world: world, leadership: leadership,
      endpoints: endpoints, acceptsMissing: acceptsMissing, log: log)
    let signal = await watcher.run()
    for task in tasks { task.cancel() }
    await leadership.resign()
    return signal
  }

  private func makeReview(of program: WatchedProgram, every: Duration) -> PolicyReview {
    PolicyReview(
      policies: program.policies.map { policy in
        PolicyReview.Policy(name: policy.name, reactions: policy.cases.map(policy.reactionName))
      },
      file: program.project.file, launch: program.launch, programDigest: program.digest,
      style: program.project.style, store: store, world: world, every: every,
      acceptsMissing: acceptsMissing, log: log
    ) { [endpoints] policy, state in
      endpoints.figures.withLock { $0.permissions[policy] = state }
    }
  }

  /// The same beside what else goes on.
  func begin(_ program: sending WatchedProgram) -> Task<StopSignal, Never> {
    Task { await run(program) }
  }

  /// Runs under way pause once their acts in flight are over; they can be resumed. The second time, the process ends at
  /// once.
  func stop(_ signal: StopSignal) { notices.push(.stop(signal)) }

  /// Stops by the signals that come from now on.
  func obeySignals() -> Task<Void, Never> {
    let stops = Signals.stops()
    return Task { for await signal in stops { stop(signal) } }
  }
}

extension RunStore {
  /// By which copies of a watcher on one machine agree who acts.
  fileprivate var watchLock: String {
    let folder = (records as? FileRecordStore)?.folder ?? "\(Self.localFolder)/runs"
    return "\(directory(of: folder))/watch.lock"
  }
}
