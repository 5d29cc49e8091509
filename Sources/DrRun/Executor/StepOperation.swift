// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// `step "title" within D, retry N every D backoff F if C { … }`
///
/// The deadline spans all attempts. A failed attempt is unwound before the next begins; an undo
/// that failed stays registered and is tried again when what is around the step is unwound.
final class StepOperation: Operation {
  private enum State {
    case deciding(Frame?)
    case running(Frame)
    case unwinding
    case waiting(until: Instant)
    case over
  }

  private let step: StepOperands
  private var state = State.deciding(nil)
  private var until: Instant?
  private var number = 1
  private let scope: Scope
  private var expired: Failure?
  private var deadlineTimer: TimerID?
  private var retryTimer: TimerID?

  init(_ executor: Executor, _ frame: Frame, at position: Position, _ step: StepOperands) {
    self.step = step
    scope = Scope(title: step.title, kind: .step, run: frame.scope.enclosingRun)
    super.init(executor, frame, at: position)
  }

  override var summary: String { "the step “\(step.title)”" }

  override func begin() {
    if step.condition == nil { enter() } else { executor.pend(self) }
  }

  override func activate() {
    switch state {
    case .deciding(nil):
      guard let condition = step.condition, let frame else { return }
      let child = executor.condition(condition, of: self, in: frame, isPolled: false)
      state = .deciding(child)
    case .waiting(let instant):
      if retryTimer == nil { retryTimer = executor.startTimer(at: instant, for: self) }
    case .deciding, .running, .unwinding, .over: break
    }
    if let until, expired == nil, deadlineTimer == nil {
      deadlineTimer = executor.startTimer(at: until, for: self)
    }
  }

  // MARK: The condition

  private func decide(_ holds: Bool) {
    if holds { return enter() }
    show(.stepSkipped, step.title)
    state = .over
    finish(.nilValue)
  }

  // MARK: Attempts

  private func enter() {
    let fact = executor.note(
      .step(title: step.title, until: step.within.map(executor.now.advanced(by:))),
      at: position, attempt: attempt)
    if case .step(_, let until) = fact { self.until = until }
    show(.stepStarted, step.title, until: until)
    if until != nil { executor.pend(self) }
    startAttempt()
  }

  private func startAttempt() {
    guard let frame else { return }
    let child = Frame(
      executor.machine.start(closure: step.body, []), at: position, owner: self, scope: scope,
      depth: depth + 1, attempt: number, purpose: frame.purpose)
    state = .running(child)
    executor.start(child)
  }

  override func childFinished(_ child: Frame, _ value: Value) {
    if let evidence = child.evidence {
      let holds = executor.machine.bool(value) ?? false
      write(.verdict(holds: holds, message: nil, evidence: evidence.items))
      return decide(holds)
    }
    guard let frame else { return }
    if !scope.undos.isEmpty { frame.scope.undos += scope.undos }
    _ = executor.note(.stepDone, at: position, attempt: attempt)
    show(.stepFinished, step.title)
    close()
    finish(value)
  }

  override func childFailed(_ child: Frame, _ failure: Failure) {
    if child.evidence != nil {
      guard child.cancelled == nil else { return }
      let answer = WorldFailure.ofCondition(failure)
      write(.outcome(.failure(answer)))
      return fail(Failure("the condition of step “\(step.title)”", answer))
    }
    state = .unwinding
    executor.unwind(scope, at: position, attempt: attempt, depth: depth, why: failure.message) {
      self.unwound(failure)
    }
  }

  private func unwound(_ failure: Failure) {
    if let cancelled = frame?.cancelled ?? expired { return giveUp(cancelled, after: failure) }
    guard number <= step.retries, failure.isRetryable else { return giveUp(failure, after: nil) }
    let delay = step.delay(
      before: number, by: ChanceSeed.number(executor.identity.runID, position, attempt: number))
    let planned = executor.now.advanced(by: delay)
    guard
      executor.followedByRetry(at: position)
        ?? until.map({ planned < $0 }) ?? true
    else { return giveUp(failure, after: nil) }
    number += 1
    let fact = executor.note(
      .retry(attempt: number, at: planned, why: failure.message), at: position, attempt: number)
    guard case .retry(_, let instant, _) = fact else { return }
    show(.stepRetried, "\(step.title): \(failure.message); attempt \(number) follows")
    state = .waiting(until: instant)
    executor.pend(self)
  }

  private func giveUp(_ failure: Failure, after last: Failure?) {
    var message = failure.message
    if let last, last.message != message { message += "; before that \(last.message)" }
    frame?.scope.undos += scope.undos
    _ = executor.note(.stepFailed(why: message), at: position, attempt: attempt)
    show(.stepFailed, "\(step.title): \(message)")
    close()
    fail(Failure(failure.kind, "step “\(step.title)”: \(message)"))
  }

  private func close() {
    state = .over
    if let deadlineTimer { executor.cancel(deadlineTimer) }
    if let retryTimer { executor.cancel(retryTimer) }
  }

  // MARK: Time

  override func fired(_ id: TimerID) {
    if id == deadlineTimer {
      deadlineTimer = nil
      write(.expired)
      expire()
    } else if id == retryTimer {
      retryTimer = nil
      write(.attempt(number), attempt: number)
      startAttempt()
    }
  }

  private func expire() {
    let length = step.within.map(Words.duration) ?? "its time"
    let failure = Failure(.expired, "not done within \(length)")
    expired = failure
    leave(failure)
  }

  override func cancel(_ failure: Failure) {
    if case .deciding(let child) = state {
      if let child { executor.cancel(child, failure) }
      state = .over
      return fail(failure)
    }
    leave(failure)
  }

  private func leave(_ failure: Failure) {
    switch state {
    case .running(let child): executor.cancel(child, failure)
    case .waiting: giveUp(failure, after: nil)
    case .deciding, .unwinding, .over: break
    }
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    switch (record, state) {
    case (.verdict(let holds, _, _), .deciding): decide(holds)
    case (.outcome(.failure(let failure)), .deciding):
      fail(Failure("the condition of step “\(step.title)”", failure))
    case (.attempt(number), .waiting): startAttempt()
    case (.expired, .running), (.expired, .unwinding), (.expired, .waiting): expire()
    case _: return false
    }
    return true
  }
}

/// The operands of a step, taken apart.
struct StepOperands {
  let title: String
  let within: Int64?
  let retries: Int
  let every: Int64
  let backoff: Double
  let condition: Value?
  let body: Value
  /// By how much a pause may be shorter, from 0 to 1 of it.
  let jitter: Double

  /// One second, where nothing is written.
  static let everyDefault: Int64 = 1_000_000_000
  /// A backoff does not grow beyond an hour.
  private static let delayMax: Int64 = 3_600_000_000_000

  /// How long after the failure of an attempt, counted from 1, the next begins, where `chance` from 0
  /// to 1 decides. It follows from the run, so the same run has the same pauses; and the journal has
  /// the instant.
  func delay(before attempt: Int, by chance: Double) -> Int64 {
    Int64(Double(delay(before: attempt)) * (1 - jitter * chance))
  }

  /// The same at most.
  func delay(before attempt: Int) -> Int64 {
    var delay = Double(every)
    for _ in 1..<max(attempt, 1) where delay < Double(StepOperands.delayMax) { delay *= backoff }
    let bounded = min(max(delay, 0), Double(max(StepOperands.delayMax, every)))
    return Int64(bounded + 0.5)
  }
}
