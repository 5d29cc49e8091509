// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// Why what a run did is taken back, which has succeeded and is opened once more for it, or has not ended.
package struct Reopening: Sendable, Equatable {
  /// For the journal, and for whoever is asked.
  package let why: String
  /// Who is asked before anything is taken back; `nil` where nobody is.
  package let audience: String?
  /// Whether a run that has not ended is broken off, too; else it goes on as it would have.
  package let breaksOff: Bool

  package init(why: String, audience: String? = nil, breaksOff: Bool = false) {
    self.why = why
    self.audience = audience
    self.breaksOff = breaksOff
  }
}

/// Takes back what a finished run did: asks, acquires the run's locks again, and runs its undos, last
/// first. A no, or a lock held elsewhere, leaves everything as it is.
final class ReopenedOperation: Operation {
  private enum State {
    /// Nobody has said in the journal yet that the run is reopened.
    case closed
    case asking
    case takingBack
    case over
  }

  private let scope: Scope
  private let conclude: (RunResult.Status, String) -> Void
  private var state = State.closed
  private var why = ""
  private var audience: String?
  private var questionID = ""
  private var undoCount = 0

  init(
    _ executor: Executor, _ scope: Scope,
    then conclude: @escaping (RunResult.Status, String) -> Void
  ) {
    self.scope = scope
    self.conclude = conclude
    super.init(executor, nil, at: Position("reopened"))
  }

  override var summary: String { "what is taken back of the finished run" }

  override func begin() {
    executor.watch(self, at: position)
    executor.pend(self)
  }

  override var openQuestion: Question? {
    guard case .asking = state else { return nil }
    return Question(id: questionID, text: question, audience: audience, deadline: nil)
  }

  override func activate() {
    switch state {
    case .closed:
      guard let reopening = executor.reopening else { return }
      write(.reopened(why: reopening.why, audience: reopening.audience))
      open(reopening)
    case .asking:
      if let answer = executor.answers[questionID] { return decide(answer.approved, by: answer.by) }
      show(.approvalAsked, question)
      if let openQuestion { executor.ask(openQuestion, for: self) }
    case .takingBack, .over: break
    }
  }

  private var question: String { "\(why): take back what \(scope.title) did?" }

  private func open(_ reopening: Reopening) {
    why = reopening.why
    audience = reopening.audience
    undoCount = scope.undoCount
    show(.runReopened, "takes back what \(scope.title) did: \(why)")
    guard undoCount > 0 else { return end(.succeeded, "nothing that it did has an undo") }
    guard audience != nil else { return acquireLocks() }
    state = .asking
    questionID = Question.approvalID(
      run: executor.identity.runID, position: position, visit: executor.visit(position))
    _ = executor.note(
      .waiting(for: .approve, text: question, until: nil), at: position, attempt: attempt)
    executor.pend(self)
  }

  // MARK: The answer

  override func decided(_ questionID: String, approved: Bool, by person: String) {
    decide(approved, by: person)
  }

  /// The reason is gone: what nobody has agreed to yet is declined.
  func recall(_ why: String) {
    if case .asking = state { decide(false, by: why) }
  }

  private func decide(_ approved: Bool, by person: String) {
    write(.decision(approved: approved, by: person))
    settle(approved, by: person)
  }

  private func settle(_ approved: Bool, by person: String) {
    guard approved else { return end(.succeeded, "nothing was taken back: declined by \(person)") }
    show(.approvalGiven, "\(question) yes, by \(person)")
    acquireLocks()
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    switch (record, state) {
    case (.reopened(let why, let audience), .closed):
      open(Reopening(why: why, audience: audience))
    case (.decision(let approved?, let person), .asking):
      settle(approved, by: person ?? "somebody")
    case _: return false
    }
    return true
  }

  // MARK: Taking back

  private func acquireLocks(from index: Int = 0) {
    state = .takingBack
    guard index < executor.locksTaken.count else { return takeBack() }
    let (name, ttl) = executor.locksTaken[index]
    let lock = LockOperation(executor, name: name, ttl: ttl) { [unowned self] failure in
      guard let failure else { return acquireLocks(from: index + 1) }
      end(.succeeded, "nothing was taken back: \(failure.message)")
    }
    executor.watch(lock, at: lock.position)
    lock.begin()
  }

  private func takeBack() {
    executor.tally = RestorationTally()
    executor.unwind(scope, at: position, attempt: attempt, depth: depth, why: why) {
      [unowned self] in
      let left = scope.undoCount
      guard left > 0 else { return end(.rolledBack, "taken back: \(why)") }
      end(.failed, "\(left) of \(Words.count(undoCount, "undo")) failed: what they are for stands")
    }
  }

  private func end(_ status: RunResult.Status, _ message: String) {
    state = .over
    executor.end(self)
    conclude(status, message)
  }
}
