// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun
import DrSystem
import Glibc

/// The policies of a program beside a drill, as `dr watch` has them; where another copy leads it stays
/// behind, and that one acts.
final class DrillWatch {
  private let notices = EventQueue<Watcher.Notice>()
  private let tasks: [Task<Void, Never>]
  private let watching: Task<Void, Never>
  private let leadership: Leadership

  init(_ program: sending WatchedProgram, store: RunStore, world: RealWorld, log: WatchLog) {
    let notices = notices
    let leadership = Leadership(
      .file("\(RunStore.localFolder)/watch.lock"), identity: "drill_\(getpid())",
      world: world
    ) { notices.push(.leadership($0)) }
    self.leadership = leadership
    let endpoints = WatchEndpoints(
      policies: program.policies.map(\.name), leadership: leadership, token: nil, log: log
    ) { notices.push(.alerts($0)) }
    tasks = [
      Task { await leadership.run() },
      Task {
        while !Task.isCancelled {
          notices.push(.tick)
          try? await Task.sleep(for: .seconds(5))
        }
      },
    ]
    let watcher = Watcher(
      program, notices: notices, store: store, world: world, leadership: leadership,
      endpoints: endpoints, log: log)
    watching = Task { _ = await watcher.run() }
  }

  /// Runs under way pause; they can be resumed.
  func stop() async {
    notices.push(.stop(.terminate))
    await watching.value
    for task in tasks { task.cancel() }
    await leadership.resign()
  }
}
