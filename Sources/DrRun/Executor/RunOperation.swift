// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// A runbook: its body, what it has registered to be undone, and what it does when it fails.
class RunOperation: Operation {
  enum State {
    case running(Frame)
    case unwinding
    case handling(Int)
    case over
  }

  let scope: Scope
  private(set) var state = State.over
  private(set) var failure: Failure?

  init(_ executor: Executor, _ frame: Frame?, at position: Position, name: String) {
    scope = Scope(title: name, kind: .run, run: nil)
    super.init(executor, frame, at: position)
  }

  override var summary: String { "the run of \(scope.title)" }

  func start(_ fiber: Fiber) {
    let child = Frame(
      fiber, at: position, owner: self, scope: scope, depth: frame.map { $0.depth + 1 } ?? 0,
      attempt: attempt, purpose: frame?.purpose ?? .body)
    state = .running(child)
    executor.start(child)
  }

  override func childFinished(_ child: Frame, _ value: Value) {
    if case .handling(let index) = state { return handle(index + 1) }
    state = .over
    succeeded(value)
  }

  override func childFailed(_ child: Frame, _ failure: Failure) {
    if case .handling(let index) = state {
      show(.undoFailed, "on failure: \(failure.message)")
      return handle(index + 1)
    }
    self.failure = failure
    state = .unwinding
    willUnwind()
    executor.unwind(scope, at: position, attempt: attempt, depth: depth, why: failure.message) {
      self.handle(0)
    }
  }

  func willUnwind() {}

  /// Runs the handlers one after the other; one that fails does not keep the next from running.
  private func handle(_ index: Int) {
    guard index < scope.handlers.count, let failure else {
      state = .over
      if let failure { failed(failure) }
      return
    }
    state = .handling(index)
    let handler = scope.handlers[index]
    guard let reason = try? executor.machine.string(failure.message) else {
      return handle(index + 1)
    }
    executor.start(
      Frame(
        executor.machine.start(closure: handler.closure, [reason]), at: handler.position,
        owner: self, scope: Scope(title: "on failure", kind: .cleanup, run: scope),
        depth: handler.depth + 1, attempt: handler.attempt, purpose: .cleanup))
  }

  override func cancel(_ failure: Failure) {
    if case .running(let child) = state {
      executor.cancel(child, failure)
    }
  }

  func succeeded(_ value: Value) {
    frame?.scope.undos += scope.undos
    _ = executor.note(.stepDone, at: position, attempt: attempt)
    show(.stepFinished, scope.title)
    finish(value)
  }

  func failed(_ failure: Failure) {
    frame?.scope.undos += scope.undos
    _ = executor.note(.stepFailed(why: failure.message), at: position, attempt: attempt)
    show(.stepFailed, "\(scope.title): \(failure.message)")
    fail(Failure(failure.kind, "\(scope.title): \(failure.message)"))
  }
}

/// `run other(…)`: its undos become those of what is around it.
final class NestedRunOperation: RunOperation {
  private let body: Value

  init(
    _ executor: Executor, _ frame: Frame, at position: Position, name: String, body: Value
  ) {
    self.body = body
    super.init(executor, frame, at: position, name: name)
  }

  override func begin() {
    _ = executor.note(.step(title: scope.title, until: nil), at: position, attempt: attempt)
    show(.stepStarted, scope.title)
    start(executor.machine.start(closure: body, []))
  }
}

/// The run as a whole.
final class RootOperation: RunOperation {
  /// Whether somebody wants what has been done taken back, and nothing more begun.
  private(set) var isBrokenOff = false
  /// The program is over; locks are given back.
  private(set) var isReleasing = false
  /// How the run ends where that does not follow from its body.
  private var verdict: (status: RunResult.Status, message: String)?

  init(_ executor: Executor) {
    super.init(executor, nil, at: .root, name: executor.identity.runbook)
  }

  override func succeeded(_ value: Value) { release() }

  override func failed(_ failure: Failure) { release() }

  override func willUnwind() { executor.tally = RestorationTally() }

  private func release() {
    isReleasing = true
    executor.watch(self, at: position)
    executor.pend(self)
  }

  /// Ends the body as soon as nothing is left in doubt, and so has it undone. A run that is being undone already goes on
  /// with that.
  func breakOff(_ why: String) {
    guard case .running = state, !isBrokenOff else { return }
    write(.reopened(why: why, audience: nil))
    brokenOff(why)
  }

  private func brokenOff(_ why: String) {
    isBrokenOff = true
    show(.runReopened, "takes back what \(scope.title) did: \(why)")
    cancel(Failure(.declined, "broken off: \(why)"))
  }

  /// In a later life the run has ended before; only what was reopened has records after that.
  override func replay(_ record: JournalRecord.Body) -> Bool {
    if case .reopened(let why, _) = record, case .running = state {
      brokenOff(why)
      return true
    }
    guard isReleasing, case .ended(.succeeded, _) = record else { return false }
    isReleasing = false
    executor.end(self)
    executor.reopen(scope) { [unowned self] status, message in
      verdict = (status, message)
      release()
    }
    return true
  }

  override func activate() {
    if let lock = executor.locks.first {
      lock.release {
        self.executor.locks.removeFirst()
        self.executor.pend(self)
      }
      return
    }
    if let verdict { return executor.ended(verdict.status, verdict.message) }
    guard let failure else { return executor.ended(.succeeded, nil) }
    executor.ended(status(failure), failure.message)
  }

  private func status(_ failure: Failure) -> RunResult.Status {
    guard executor.ledger.count == 0 else {
      return executor.ledger.somethingStands || scope.undoCount > 0 ? .failed : .rolledBack
    }
    switch failure.kind {
    case .lockHeld: return .lockHeld
    case .world(.unreachable): return .unreachable
    case .world, .program, .expired, .condition, .declined, .explicit: return .failed
    }
  }
}
