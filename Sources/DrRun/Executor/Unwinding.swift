// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

extension Executor {
  /// Runs the undos of a scope in reverse, each to its end; those that fail stay registered. Then
  /// goes on.
  func unwind(
    _ scope: Scope, at position: Position, attempt: Int, depth: Int, why: String,
    then proceed: @escaping () -> Void
  ) {
    // Where nothing was done, what must hold was not touched.
    let undos = scope.undos.filter { !$0.isVerification || ledger.count > 0 }
    if scope.undoCount > 0 {
      _ = note(.unwinding(undos: scope.undoCount, why: why), at: position, attempt: attempt)
    }
    scope.undos = []
    undo(undos, scope, proceed)
  }

  private func undo(_ undos: [Undo], _ scope: Scope, _ proceed: @escaping () -> Void) {
    guard let undo = undos.last else { return proceed() }
    let operation = UndoOperation(self, undo) { [unowned self] succeeded in
      if !succeeded { scope.undos.insert(undo, at: 0) }
      self.undo(undos.dropLast(), scope, proceed)
    }
    watch(operation, at: undo.position)
    operation.begin()
  }
}

/// One undo, with attempts of its own where the world does not answer.
final class UndoOperation: Operation {
  private enum State {
    case running
    case waiting(until: Instant)
    case over
  }

  private let undo: Undo
  private var proceed: ((Bool) -> Void)?
  private var state = State.running
  private var number = 1
  private var timer: TimerID?

  /// Over some four minutes: a control plane that is away for a minute must not leave half a failover.
  private static let attemptsMax = 12
  private static let firstDelay: Int64 = 2_000_000_000
  private static let delayMax: Int64 = 30_000_000_000

  init(_ executor: Executor, _ undo: Undo, then proceed: @escaping (Bool) -> Void) {
    self.undo = undo
    self.proceed = proceed
    super.init(executor, nil, at: undo.position)
  }

  override var depth: Int { undo.depth }
  override var attempt: Int { undo.attempt }
  override var summary: String { "an undo of \(title)" }
  private var title: String { undo.title }

  override func begin() {
    if !undo.isVerification {
      executor.tally.takesBack()
      show(.undoStarted, title)
    }
    startAttempt()
  }

  private func startAttempt() {
    state = .running
    executor.start(
      Frame(
        executor.machine.start(closure: undo.closure, []), at: position, owner: self,
        scope: Scope(title: title, kind: .cleanup, run: nil),
        depth: undo.isVerification ? undo.depth : undo.depth + 1,
        attempt: number, purpose: .cleanup))
  }

  override func activate() {
    guard case .waiting(let instant) = state, timer == nil else { return }
    timer = executor.startTimer(at: instant, for: self)
  }

  override func fired(_ id: TimerID) {
    timer = nil
    write(.attempt(number), attempt: number)
    startAttempt()
  }

  override func childFinished(_ child: Frame, _ value: Value) {
    guard !undo.isVerification else { return conclude(true) }
    _ = executor.note(.undone(failure: nil), at: position, attempt: attempt)
    executor.undone(undo.covers + child.uncovered)
    show(.undoFinished, title)
    conclude(true)
  }

  override func childFailed(_ child: Frame, _ failure: Failure) {
    guard failure.isTransient, number < UndoOperation.attemptsMax else {
      if undo.isVerification {
        executor.tally.broke(failure.message)
        return conclude(false)
      }
      _ = executor.note(.undone(failure: failure.message), at: position, attempt: attempt)
      show(.undoFailed, "\(title): \(failure.message)")
      return conclude(false)
    }
    let delay = min(UndoOperation.firstDelay << Int64(number - 1), UndoOperation.delayMax)
    number += 1
    let fact = executor.note(
      .retry(attempt: number, at: executor.now.advanced(by: delay), why: failure.message),
      at: position, attempt: number)
    guard case .retry(_, let instant, _) = fact else { return }
    state = .waiting(until: instant)
    executor.pend(self)
  }

  private func conclude(_ succeeded: Bool) {
    state = .over
    executor.end(self)
    let proceed = self.proceed
    self.proceed = nil
    proceed?(succeeded)
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    guard case .waiting = state, record == .attempt(number) else { return false }
    startAttempt()
    return true
  }
}
