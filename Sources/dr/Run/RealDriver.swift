// SPDX-License-Identifier: Apache-2.0

import DrData
import DrHost
import DrRun
import Synchronization

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
  private let show: ([Progress]) -> Void
  private let tell: (News) -> Void
  /// Whether signals pause the run; else who drives it says so.
  private let isSignalled: Bool
  /// Asked before each act.
  private let mayAct: @Sendable () async -> Bool
  /// The same as far as is known at once; asked before each thing that an act sends.
  private let isKnownToMayAct: @Sendable () -> Bool
  private let locks = LockLimit()
  private var calls: [CallID: Task<Void, Never>] = [:]
  private var timers: [TimerID: Task<Void, Never>] = [:]
  /// What is to be shown next: much at once is written at once.
  private var shown: [Progress] = []
  private var result: RunResult?
  /// The signal that paused the run.
  private(set) var stop: StopSignal?

  init(
    runner: any Runner, clock: SteadyClock = SteadyClock(), answer: @escaping Answerer,
    approver: Approver, isSignalled: Bool = true,
    mayAct: @escaping @Sendable () async -> Bool = { true },
    isKnownToMayAct: @escaping @Sendable () -> Bool = { true },
    tell: @escaping (News) -> Void = { _ in }, show: @escaping ([Progress]) -> Void
  ) {
    self.tell = tell
    self.runner = runner
    self.clock = clock
    self.answer = answer
    self.approver = approver
    self.isSignalled = isSignalled
    self.mayAct = mayAct
    self.isKnownToMayAct = isKnownToMayAct
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
      defer { showAll() }
      let orders = runner.handle(batch, at: clock.now())
      locks.set(runner.actsUntil)
      for order in orders { try await carryOut(order, append) }
      return result == nil
    }
    stop = StopSignal.remembered
    return result
  }

  private func showAll() {
    guard !shown.isEmpty else { return }
    show(shown)
    shown = []
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
    case .append(let bytes):
      showAll()
      try await append(bytes)
    case .call(let id, let call, let phase):
      if case .perform = phase { return try await perform(id, call, phase) }
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
    case .ask(let question):
      showAll()
      approver.ask(question) { queue.push($0) }
    case .withdraw(let id): approver.withdraw(id)
    case .show(let progress): shown.append(progress)
    case .tell(let news):
      showAll()
      tell(news)
    case .finish(let result): self.result = result
    }
  }

  /// Carries an act out, as long as its run may act: the process may stand still at any moment, for longer than a lock
  /// lasts.
  private func perform(_ id: CallID, _ call: WorldCall, _ phase: CallPhase) async throws {
    if await !mayAct() { throw NotAllowed() }
    let permit = Permit { [locks, clock, isKnownToMayAct] in
      isKnownToMayAct() && (call.isOfLock || locks.last(at: clock.now()))
    }
    calls[id] = Task { [answer, queue] in
      queue.push(await RealDriver.event(id, call, phase, permit, answer))
    }
  }

  private static func event(
    _ id: CallID, _ call: WorldCall, _ phase: CallPhase, _ permit: Permit, _ answer: Answerer
  ) async -> Event {
    let result = await permit.hold { await answer(call, phase) }
    switch permit.outcome {
    case .carriedOut: return .answered(id, result)
    case .notBegun: return .notBegun(id)
    case .cutShort:
      let why = "\(call.name) was given up when it was not certain that it may act"
      return .answered(id, .failure(.inDoubt(why)))
    }
  }
}

/// Until when a run's locks last, for those that carry out its acts meanwhile.
private final class LockLimit: Sendable {
  private let until = Mutex<Instant?>(nil)

  func set(_ until: Instant?) { self.until.withLock { $0 = until } }

  func last(at now: Instant) -> Bool { until.withLock { $0.map { now < $0 } ?? true } }
}
