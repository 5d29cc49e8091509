// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What people do when a runbook asks them.
package struct SimulatedPeople: Sendable, Equatable {
  /// How long they take, in nanoseconds.
  package var delay: Int64
  /// Whether they say yes.
  package var approves: Bool
  package var name: String

  package init(
    delay: Int64 = 30 * Second.one, approves: Bool = true, name: String = "simulated oncall"
  ) {
    self.delay = delay
    self.approves = approves
    self.name = name
  }
}

/// What a simulated run gave.
package struct SimulatedReport: Sendable, Equatable {
  /// `nil` where the runner was still not over when it had been interrupted.
  package var result: RunResult?
  package var progress: [Progress]
  /// How each service fared, in the order of the program.
  package var services: [ServiceSummary]
  /// Up to which instant the world was simulated.
  package var simulatedUntil: Instant
}

/// Drives a runner in virtual time on a simulated world. Everything follows from the program, the
/// faults and the seed: the same gives the same journal, byte for byte.
package struct SimulatedRun {
  private enum Due {
    case event(Event)
    case answer(CallID)
  }

  private let world: SimulatedWorld
  private let runner: any Runner
  private let startAt: Instant
  private let people: SimulatedPeople
  private let interruptAt: Instant
  private let companion: (any SimulatedCompanion)?
  /// How long after its interruption a runner may take to end, in nanoseconds.
  private static let stopLimit = 3_600 * Second.one
  private var queue = EventHeap<Due>()
  private var calls: [CallID: PendingCall] = [:]
  private var timers: Set<TimerID> = []
  private var questions: Set<String> = []
  private var isInterrupted = false
  private var progress: [Progress] = []
  private var result: RunResult?

  /// `startAt` is when the runner begins; faults may come before and after. A run that goes on for
  /// longer than `runLimit` nanoseconds is interrupted.
  package init(
    world: SimulatedWorld, runner: any Runner, startAt: Instant,
    faults: [TimedFault] = [], people: SimulatedPeople = SimulatedPeople(),
    runLimit: Int64 = 24 * 3_600 * Second.one, beside companion: (any SimulatedCompanion)? = nil
  ) {
    self.companion = companion
    self.world = world
    self.runner = runner
    self.startAt = startAt
    self.people = people
    interruptAt = startAt.advanced(by: runLimit)
    for fault in faults { world.schedule(fault) }
  }

  /// Runs to the end of the runner, and on until every service is fully back, at most `settleFor`
  /// nanoseconds. `append` gets the bytes of the journal, `show` what is going on, as it happens, `tell` the
  /// news of a runner that gives them.
  package mutating func run<Failure: Error>(
    settleFor: Int64 = 15 * 60 * Second.one,
    append: ([UInt8]) throws(Failure) -> Void,
    show: (Progress) -> Void = { _ in }, tell: (News) -> Void = { _ in }
  ) throws(Failure) -> SimulatedReport {
    world.advance(to: startAt)
    queue.add(.event(.begin), at: world.now)
    while result == nil, let event = nextEvent() {
      for order in runner.handle([event], at: world.now) {
        try carryOut(order, append, show, tell)
      }
    }
    if result != nil { settle(for: settleFor) }
    return SimulatedReport(
      result: result, progress: progress, services: world.summaries, simulatedUntil: world.now)
  }

  /// The next thing that the runner is told; the world goes on until then. A runner that waits for
  /// nothing, or for too long, is interrupted, once.
  private mutating func nextEvent() -> Event? {
    let limit = isInterrupted ? interruptAt.advanced(by: Self.stopLimit) : interruptAt
    while let at = queue.nextAt, at <= limit {
      if let turn = companion?.nextTurn, turn < at {
        world.advance(to: turn)
        companion?.turn(in: world)
        continue
      }
      // The world first: what happens at the same instant is seen.
      world.advance(to: at)
      guard let due = queue.removeFirst() else { break }
      if let event = event(due.element) { return event }
    }
    guard !isInterrupted else { return nil }
    isInterrupted = true
    if queue.nextAt != nil { world.advance(to: interruptAt) }
    return .interrupted
  }

  /// `nil` for what is no longer wanted, and for a call that goes on.
  private mutating func event(_ due: Due) -> Event? {
    switch due {
    case .event(.fired(let id)): return timers.remove(id) == nil ? nil : .fired(id)
    case .event(.decided(let id, let approved, let by)):
      let isOpen = questions.remove(id) != nil
      return isOpen ? .decided(questionID: id, approved: approved, by: by) : nil
    case .event(let event): return event
    case .answer(let id):
      guard let call = calls[id] else { return nil }
      switch world.proceed(call) {
      case .answer(let answer):
        calls[id] = nil
        return .answered(id, answer)
      case .later(let delay):
        queue.add(.answer(id), at: world.now.advanced(by: delay))
        return nil
      }
    }
  }

  private mutating func carryOut<Failure: Error>(
    _ order: Order, _ append: ([UInt8]) throws(Failure) -> Void, _ show: (Progress) -> Void,
    _ tell: (News) -> Void
  ) throws(Failure) {
    switch order {
    case .append(let bytes): try append(bytes)
    case .call(let id, let call, let phase):
      let pending = world.begin(call, phase)
      calls[id] = pending
      queue.add(.answer(id), at: world.now.advanced(by: pending.latency))
    case .cancel(let id): calls[id] = nil
    case .startTimer(let id, let instant):
      timers.insert(id)
      queue.add(.event(.fired(id)), at: max(instant, world.now))
    case .cancelTimer(let id): timers.remove(id)
    case .ask(let question):
      questions.insert(question.id)
      let decision = Event.decided(
        questionID: question.id, approved: people.approves, by: question.name(people.name))
      queue.add(.event(decision), at: world.now.advanced(by: people.delay))
    case .withdraw(let id): questions.remove(id)
    case .show(let line):
      progress.append(line)
      show(line)
    case .tell(let news): tell(news)
    case .finish(let result): self.result = result
    }
  }

  private func settle(for length: Int64) {
    let end = world.now.advanced(by: length)
    while !world.isFullyServed, let next = world.nextChange, next <= end {
      world.advance(to: next)
    }
    if !world.isFullyServed { world.advance(to: end) }
  }
}
