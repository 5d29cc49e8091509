// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

extension Executor {
  /// Starts a condition, or what is to be said because it does not hold.
  func condition(
    _ closure: Value, of owner: Operation, in frame: Frame, isPolled: Bool
  ) -> Frame {
    let child = Frame(
      machine.start(closure: closure, []), at: owner.position, owner: owner, scope: frame.scope,
      depth: frame.depth, attempt: frame.attempt,
      purpose: .condition(EvidenceList(isPolled: isPolled)))
    start(child)
    return child
  }
}

extension WorldFailure {
  /// Why a condition has no verdict.
  static func ofCondition(_ failure: Failure) -> WorldFailure {
    switch failure.kind {
    case .world(.unreachable): .unreachable(failure.message)
    case .world(.busy): .busy(failure.message)
    case .world(.unavailable): .unavailable(failure.message)
    case .world(.refused), .world(.inDoubt), .world(.held), .program, .expired, .condition,
      .declined, .explicit,
      .lockHeld:
      .refused(failure.message)
    }
  }
}

/// `require C else "…"`, `verify C within D every D else "…"` and `wait until C within D every D`.
///
/// Polls are not recorded: what counts is the verdict, with the reads of the evaluation that gave
/// it.
final class ConditionOperation: Operation {
  private enum State {
    case idle
    case evaluating(Frame)
    case sleeping(until: Instant)
    case explaining(Frame, EvidenceList)
    case over
  }

  private let operands: ConditionOperands
  private let text: String
  private var state = State.idle
  private var until: Instant?
  private var deadlineTimer: TimerID?
  private var pollTimer: TimerID?
  private var evaluations = 0
  /// The deadline came while the first evaluation of this life was going on.
  private var isLast = false
  /// Of the last evaluation that gave no verdict.
  private var lastFailure: Failure?
  private var lastEvidence = EvidenceList(isPolled: true)
  /// What the parts of the condition were in the last evaluation.
  private var lastWitnesses: [Witness] = []

  init(
    _ executor: Executor, _ frame: Frame, at position: Position, _ operands: ConditionOperands,
    _ text: String
  ) {
    self.operands = operands
    self.text = text
    super.init(executor, frame, at: position)
  }

  override var summary: String { text }

  private var kind: DirectiveKind { operands.kind }
  /// A `wait` is polled even without a deadline, a `verify` only within one.
  private var isPolled: Bool { operands.isPolled }

  override func begin() {
    if kind != .require {
      let fact = executor.note(
        .waiting(for: kind, text: text, until: operands.within.map(executor.now.advanced(by:))),
        at: position, attempt: attempt)
      if case .waiting(_, _, let until) = fact { self.until = until }
      show(.waitStarted, text, until: isPolled ? until : nil)
    }
    executor.pend(self)
  }

  override func activate() {
    if isPolled, let until, deadlineTimer == nil {
      deadlineTimer = executor.startTimer(at: until, for: self)
    }
    switch state {
    case .idle: evaluate()
    case .sleeping(let instant):
      if pollTimer == nil { pollTimer = executor.startTimer(at: instant, for: self) }
    case .evaluating, .explaining, .over: break
    }
  }

  private func evaluate() {
    guard let frame else { return }
    evaluations += 1
    state = .evaluating(
      executor.condition(operands.condition, of: self, in: frame, isPolled: isPolled))
  }

  override func fired(_ id: TimerID) {
    if id == pollTimer {
      pollTimer = nil
      evaluate()
    } else if id == deadlineTimer {
      deadlineTimer = nil
      // However long a run was paused, a condition is looked at once before it counts as missed.
      if evaluations == 1, case .evaluating = state {
        isLast = true
        return
      }
      abandon()
      explain()
    }
  }

  /// Looks now instead of at its next turn, where it looks at nothing but what can stir.
  func stir() {
    guard case .sleeping = state, !executor.isStopping, !lastEvidence.items.isEmpty,
      lastEvidence.items.allSatisfy({ $0.call.name.hasPrefix("kube.") })
    else { return }
    if let pollTimer { executor.cancel(pollTimer) }
    pollTimer = nil
    evaluate()
  }

  // MARK: Evaluations

  override func childFinished(_ child: Frame, _ value: Value) {
    guard let evidence = child.evidence else { return }
    switch state {
    case .evaluating(let current) where current === child:
      lastEvidence = evidence
      lastFailure = nil
      lastWitnesses = child.fiber.witnesses
      if executor.machine.bool(value) ?? false {
        // Of a requirement this is the only record: it says what was required.
        let message = kind == .require ? text : nil
        write(.verdict(holds: true, message: message, evidence: evidence.items))
        return conclude(true, nil)
      }
      missed()
    case .explaining(let current, let evidence) where current === child:
      settle(executor.machine.string(value), evidence)
    case .idle, .evaluating, .sleeping, .explaining, .over: break
    }
  }

  override func childFailed(_ child: Frame, _ failure: Failure) {
    guard child.cancelled == nil else { return }
    switch state {
    case .evaluating(let current) where current === child:
      lastFailure = failure
      lastWitnesses = []
      lastEvidence = child.evidence ?? lastEvidence
      missed()
    case .explaining(let current, let evidence) where current === child:
      settle(nil, evidence)
    case .idle, .evaluating, .sleeping, .explaining, .over: break
    }
  }

  private func missed() {
    if let lastFailure, kind == .require || lastFailure.isBeyondHelp {
      return unanswered(lastFailure)
    }
    guard isPolled, !isLast else { return explain() }
    executor.tellLook(finding, at: position)
    state = .sleeping(until: executor.now.advanced(by: operands.every))
    executor.pend(self)
  }

  private var witnessed: String {
    SecretText.mask(lastWitnesses.sentence(executor.machine.program.checked.sources))
  }

  /// What the last evaluation saw; empty where that says nothing.
  private var finding: String {
    lastFailure?.message ?? witnessed
  }

  /// The condition has no verdict.
  private func unanswered(_ failure: Failure) {
    let answer = WorldFailure.ofCondition(failure)
    write(.outcome(.failure(answer)))
    refuse(answer)
  }

  private func explain() {
    guard let message = operands.message, let frame else { return settle(nil, lastEvidence) }
    state = .explaining(
      executor.condition(message, of: self, in: frame, isPolled: false), lastEvidence)
  }

  private func settle(_ message: String?, _ evidence: EvidenceList) {
    var message = message.map(SecretText.mask) ?? standardMessage
    if let lastFailure {
      message += " (\(lastFailure.message))"
    } else if !lastWitnesses.isEmpty {
      message += " (\(witnessed))"
    }
    write(.verdict(holds: false, message: message, evidence: evidence.items))
    conclude(false, message)
  }

  private var standardMessage: String {
    guard isPolled, let within = operands.within else { return "does not hold: \(text)" }
    return "did not hold within \(Words.duration(within)): \(text)"
  }

  // MARK: The end

  private func conclude(_ holds: Bool, _ message: String?) {
    close()
    tellVerification(holds, message ?? text)
    guard holds else {
      show(.failed, message ?? text)
      return fail(Failure(.condition, message ?? text))
    }
    switch kind {
    case .require: show(.required, text)
    case .verify: show(.verified, text)
    case .wait, .step, .undo, .pause, .approve, .parallel, .run, .lock, .onFailure, .fail:
      show(.waitFinished, text)
    }
    finish(.unit)
  }

  private func refuse(_ failure: WorldFailure) {
    close()
    tellVerification(false, failure.message)
    fail(Failure(text, failure))
  }

  /// Of what looks whether an undoing has led back to what must hold.
  private func tellVerification(_ holds: Bool, _ message: String) {
    guard kind == .verify, frame?.isCleanup == true else { return }
    executor.tally.looked(holds: holds, message)
  }

  private func close() {
    state = .over
    if let deadlineTimer { executor.cancel(deadlineTimer) }
    if let pollTimer { executor.cancel(pollTimer) }
  }

  private func abandon() {
    switch state {
    case .evaluating(let child), .explaining(let child, _):
      state = .over
      executor.cancel(child, Failure(.expired, ""))
    case .idle, .sleeping, .over: break
    }
    if let pollTimer { executor.cancel(pollTimer) }
    pollTimer = nil
  }

  override func cancel(_ failure: Failure) {
    abandon()
    close()
    fail(failure)
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    switch record {
    case .verdict(let holds, let message, _): conclude(holds, message)
    case .outcome(.failure(let failure)): refuse(failure)
    case .begun, .predicted, .objectives, .resumed, .step, .stepDone, .stepFailed, .read, .intent,
      .outcome,
      .settled,
      .waiting, .decision, .elapsed, .retry, .attempt, .expired, .unwinding, .undone, .lock,
      .paused, .ended, .reopened, .accepted, .restored, .life:
      return false
    }
    return true
  }
}

/// The operands of a condition, taken apart.
struct ConditionOperands {
  let kind: DirectiveKind
  let condition: Value
  let within: Int64?
  let every: Int64
  let message: Value?

  /// Two seconds, where nothing is written.
  static let everyDefault: Int64 = 2_000_000_000

  var isPolled: Bool { kind == .wait || (kind == .verify && within != nil) }
}
