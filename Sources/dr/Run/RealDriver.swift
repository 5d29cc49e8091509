// SPDX-License-Identifier: Apache-2.0

import DrData
import DrHost
import DrRun

/// Carries out a runner's orders for real: the clock, the journal on disk, the network, the person at the terminal.
final class RealDriver {
  typealias Answerer = @Sendable (WorldCall, CallPhase) async -> Result<Document, WorldFailure>

  /// Another process may be acting by now: the run is left as after a crash, to be settled by who
  /// goes on with it.
  struct NotAllowed: Error {}

  private let runner: any Runner
  private let clock: SteadyClock
  private let answer: Answerer
  /// Where what happens is put.
  let queue = EventQueue<Event>()
  private let approver: Approver
  private let show: (Progress) -> Void
  private let tell: (News) -> Void
  /// Whether signals pause the run; else who drives it says so.
  private let isSignalled: Bool
  /// Asked before each act.
  private let mayAct: @Sendable () async -> Bool
  private var calls: [CallID: Task<Void, Never>] = [:]
  private var timers: [TimerID: Task<Void, Never>] = [:]
  private var result: RunResult?
  /// The signal that paused the run.
  private(set) var stop: StopSignal?

  init(
    runner: any Runner, clock: SteadyClock = SteadyClock(), answer: @escaping Answerer,
    approver: Approver, isSignalled: Bool = true,
    mayAct: @escaping @Sendable () async -> Bool = { true },
    tell: @escaping (News) -> Void = { _ in }, show: @escaping (Progress) -> Void
  ) {
    self.tell = tell
    self.runner = runner
    self.clock = clock
    self.answer = answer
    self.approver = approver
    self.isSignalled = isSignalled
    self.mayAct = mayAct
    self.show = show
  }

  /// Drives the runner to its end. `first` is told before it begins; `append` makes bytes durable before it returns.
  func run(
    first: [Event] = [], append: ([UInt8]) async throws -> Void
  ) async throws -> RunResult? {
    let queue = queue
    // Listened to before anything happens, not once a task gets its turn.
    let stops = isSignalled ? Signals.stops() : nil
    let signals = stops.map { stops in
      Task {
        var seen = false
        for await signal in stops {
          // The second signal means: now.
          if seen { StopSignal.leave(signal) }
          seen = true
          StopSignal.remember(signal)
          queue.push(.interrupted)
        }
      }
    }
    defer { signals?.cancel() }
    // What a run does is in its journal; nobody knows it better for its ending in the midst of an act.
    if isSignalled { Console.whenUnwritable { queue.push(.interrupted) } }
    queue.push(first + [.begin])
    defer {
      for task in calls.values { task.cancel() }
      for task in timers.values { task.cancel() }
    }
    try await queue.forEachBatch { batch in
      batch.forEach(forget)
      for order in runner.handle(batch, at: clock.now()) { try await carryOut(order, append) }
      return result == nil
    }
    stop = StopSignal.remembered
    return result
  }

  /// What has told its event is over.
  private func forget(_ event: Event) {
    switch event {
    case .answered(let id, _), .notBegun(let id): calls[id] = nil
    case .fired(let id): timers[id] = nil
    case .begin, .decided, .stirred, .recalled, .interrupted: break
    }
  }

  private func carryOut(
    _ order: Order, _ append: ([UInt8]) async throws -> Void
  ) async throws {
    let queue = queue
    switch order {
    case .append(let bytes): try await append(bytes)
    case .call(let id, let call, let phase):
      if case .perform = phase {
        if await !mayAct() { throw NotAllowed() }
        // The process may have stood still since the order was given, for longer than a lock lasts.
        guard runner.mayStillBegin(call, at: clock.now()) else {
          return queue.push(.notBegun(id))
        }
      }
      calls[id] = Task { [answer] in queue.push(.answered(id, await answer(call, phase))) }
    case .cancel(let id): calls.removeValue(forKey: id)?.cancel()
    case .startTimer(let id, let instant):
      timers[id] = Task { [clock] in
        do {
          try await clock.wait(until: instant)
          queue.push(.fired(id))
        } catch {
          return  // The timer is no longer wanted.
        }
      }
    case .cancelTimer(let id): timers.removeValue(forKey: id)?.cancel()
    case .ask(let question): approver.ask(question) { queue.push($0) }
    case .withdraw(let id): approver.withdraw(id)
    case .show(let progress): show(progress)
    case .tell(let news): tell(news)
    case .finish(let result): self.result = result
    }
  }
}
