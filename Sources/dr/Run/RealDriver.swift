// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun

/// Carries out a runner's orders for real: the clock, the journal on disk, the network, the person at the terminal.
final class RealDriver {
  private let runner: any Runner
  private let world: RealWorld
  private let queue = EventQueue()
  private let approver: Approver
  private let show: (Progress) -> Void
  private var calls: [CallID: Task<Void, Never>] = [:]
  private var timers: [TimerID: Task<Void, Never>] = [:]
  private var result: RunResult?
  /// The signal that paused the run.
  private(set) var stop: StopSignal?

  init(
    runner: any Runner, world: RealWorld, approver: Approver, show: @escaping (Progress) -> Void
  ) {
    self.runner = runner
    self.world = world
    self.approver = approver
    self.show = show
  }

  /// Drives the runner to its end. `first` is told before it begins; `append` makes bytes durable before it returns.
  func run(
    first: [Event] = [], append: ([UInt8]) throws -> Void
  ) async throws -> RunResult? {
    let queue = queue
    let signals = Task {
      var seen = false
      for await signal in Signals.stops() {
        // The second signal means: now.
        if seen { StopSignal.leave(signal) }
        seen = true
        StopSignal.remember(signal)
        queue.push(.interrupted)
      }
    }
    defer { signals.cancel() }
    queue.push(first + [.begin])
    try await queue.forEachBatch { batch in
      for order in runner.handle(batch, at: WallClock.now()) { try carryOut(order, append) }
      return result == nil
    }
    for task in calls.values { task.cancel() }
    for task in timers.values { task.cancel() }
    stop = StopSignal.remembered
    return result
  }

  private func carryOut(_ order: Order, _ append: ([UInt8]) throws -> Void) throws {
    let queue = queue
    switch order {
    case .append(let bytes): try append(bytes)
    case .call(let id, let call, let phase):
      calls[id] = world.start(id, call, phase) { queue.push($0) }
    case .cancel(let id): calls.removeValue(forKey: id)?.cancel()
    case .startTimer(let id, let instant):
      timers[id] = Task {
        do {
          try await WallClock.wait(until: instant)
          queue.push(.fired(id))
        } catch {
          return  // The timer is no longer wanted.
        }
      }
    case .cancelTimer(let id): timers.removeValue(forKey: id)?.cancel()
    case .ask(let question): approver.ask(question) { queue.push($0) }
    case .withdraw(let id): approver.withdraw(id)
    case .show(let progress): show(progress)
    case .finish(let result): self.result = result
    }
  }
}
