// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// `pause D`
final class PauseOperation: Operation {
  private let length: Int64
  private var until: Instant?
  private var timer: TimerID?

  init(_ executor: Executor, _ frame: Frame, at position: Position, _ length: Int64) {
    self.length = length
    super.init(executor, frame, at: position)
  }

  override var summary: String { "a pause of \(Words.duration(length))" }

  override func begin() {
    let fact = executor.note(
      .waiting(for: .pause, text: Words.duration(length), until: executor.now.advanced(by: length)),
      at: position, attempt: attempt)
    if case .waiting(_, _, let until) = fact { self.until = until }
    show(.waitStarted, "pause \(Words.duration(length))", until: until)
    executor.pend(self)
  }

  override func activate() {
    guard timer == nil else { return }
    timer = executor.startTimer(at: until ?? executor.now, for: self)
  }

  override func fired(_ id: TimerID) {
    write(.elapsed)
    finish(.unit)
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    guard record == .elapsed else { return false }
    finish(.unit)
    return true
  }

  override func cancel(_ failure: Failure) {
    if let timer { executor.cancel(timer) }
    fail(failure)
  }
}

/// `approve "…" by "…" within D else …`
///
/// A person's no ends the run whatever follows `else`, which is about silence.
final class ApproveOperation: Operation {
  private let operands: ApproveOperands
  private var id = ""
  private var until: Instant?
  private var timer: TimerID?
  /// Who has agreed so far.
  private var agreed: [String] = []

  init(_ executor: Executor, _ frame: Frame, at position: Position, _ operands: ApproveOperands) {
    self.operands = operands
    super.init(executor, frame, at: position)
  }

  override var summary: String { "the approval “\(question)”" }

  /// Says who has agreed already, where several must.
  private var question: String {
    guard !agreed.isEmpty else { return operands.question }
    return operands.question
      + " (\(agreed.count) of \(operands.quorum) agreed: \(agreed.joined(separator: ", ")))"
  }

  override func begin() {
    until = operands.within.map(executor.now.advanced(by:))
    askNext()
  }

  /// Each person who is needed answers a question of their own: an answer fits only one.
  private func askNext() {
    id = Question.approvalID(
      run: executor.identity.runID, position: position, visit: executor.visit(position))
    let fact = executor.note(
      .waiting(for: .approve, text: question, until: until), at: position, attempt: attempt)
    if case .waiting(_, _, let until) = fact { self.until = until }
    executor.pend(self)
  }

  private var asked: Question {
    Question(
      id: id, text: question, audience: operands.audience, deadline: until, agreed: agreed)
  }

  override var openQuestion: Question? { asked }

  override func activate() {
    if let until, executor.now >= until { return decide(nil, by: nil) }
    if let answer = executor.answers[id] { return decide(answer.approved, by: answer.by) }
    show(.approvalAsked, question, until: until)
    executor.ask(asked, for: self)
    if let until, timer == nil { timer = executor.startTimer(at: until, for: self) }
  }

  override func decided(_ questionID: String, approved: Bool, by person: String) {
    // An answer that comes with or after the deadline is none.
    if let until, executor.now >= until { return decide(nil, by: nil) }
    decide(approved, by: person)
  }

  override func fired(_ id: TimerID) {
    timer = nil
    decide(nil, by: nil)
  }

  private func decide(_ approved: Bool?, by person: String?) {
    write(.decision(approved: approved, by: person))
    conclude(approved, by: person)
  }

  private func conclude(_ approved: Bool?, by person: String?) {
    if approved == true, operands.quorum > 1 {
      let person = person ?? "somebody"
      // Who has agreed already is one person still, whatever their reason is this time.
      let name = Question.person(person)
      if !agreed.contains(where: { Question.person($0) == name }) { agreed.append(person) }
      if agreed.count < operands.quorum { return askNext() }
    }
    if let timer { executor.cancel(timer) }
    switch approved {
    case true?:
      let people = agreed.isEmpty ? person ?? "somebody" : agreed.joined(separator: ", ")
      show(.approvalGiven, "\(operands.question) yes, by \(people)")
      finish(.unit)
    case false?:
      fail(Failure(.declined, "\(person ?? "somebody") declined: \(operands.question)"))
    case nil where operands.continuesUnanswered:
      show(.approvalGiven, "\(operands.question) nobody answered; going on")
      finish(.unit)
    case nil where !agreed.isEmpty:
      fail(
        Failure(
          .declined,
          "only \(agreed.count) of \(operands.quorum) agreed in time: \(operands.question)"))
    case nil:
      fail(Failure(.declined, "nobody answered in time: \(operands.question)"))
    }
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    guard case .decision(let approved, let person) = record else { return false }
    conclude(approved, by: person)
    return true
  }

  override func cancel(_ failure: Failure) {
    if let timer { executor.cancel(timer) }
    fail(failure)
  }
}

/// The operands of an approval, taken apart.
struct ApproveOperands {
  let question: String
  let audience: String?
  let within: Int64?
  let continuesUnanswered: Bool
  /// How many people must agree.
  let quorum: Int
}

/// `fail "…"`
final class FailOperation: Operation {
  private let message: String

  init(_ executor: Executor, _ frame: Frame, at position: Position, _ message: String) {
    self.message = message
    super.init(executor, frame, at: position)
  }

  override func begin() { fail(Failure(.explicit, message)) }
}

/// `parallel limit N quorum M { … }`: branches start in order as room comes free. It succeeds once M
/// have, all of them where nothing is written, and fails once so many have failed that M cannot be
/// reached. From then on no branch is begun; those that run end first.
final class ParallelOperation: Operation {
  private let limit: Int
  private let quorum: Int
  private let bodies: [Value]
  private var running: [(child: Frame, index: Int)] = []
  private var results: [Value?]
  private var started = 0
  private var succeeded = 0
  private var failed = 0
  private var failure: Failure?
  /// A deadline around it is over.
  private var isCancelled = false

  init(
    _ executor: Executor, _ frame: Frame, at position: Position, limit: Int, quorum: Int?,
    bodies: [Value]
  ) {
    self.limit = limit
    self.quorum = quorum ?? bodies.count
    self.bodies = bodies
    results = Array(repeating: nil, count: bodies.count)
    super.init(executor, frame, at: position)
  }

  override var summary: String { "parallel branches" }

  override func begin() {
    if quorum > bodies.count {
      return fail(
        Failure(
          .program,
          "\(Words.count(bodies.count, "branch", "branches")) cannot give a quorum of \(quorum)"))
    }
    fill()
  }

  private var isDecided: Bool {
    isCancelled || bodies.count - failed < quorum || (succeeded >= quorum && !bodies.isEmpty)
  }

  private func fill() {
    guard let frame else { return }
    while !isDecided, running.count < limit, started < bodies.count {
      let child = Frame(
        executor.machine.start(closure: bodies[started], []), at: position.child(started),
        owner: self, scope: frame.scope, depth: frame.depth, attempt: frame.attempt,
        purpose: frame.purpose)
      running.append((child, started))
      started += 1
      executor.start(child)
    }
    guard running.isEmpty else { return }
    if let failure, isCancelled || succeeded < quorum { return fail(failure) }
    do {
      finish(try executor.machine.list(results.compactMap(\.self)))
    } catch {
      fail(Failure(.program, "the results of the branches take too much memory"))
    }
  }

  override func childFinished(_ child: Frame, _ value: Value) {
    if let place = running.firstIndex(where: { $0.child === child }) {
      results[running.remove(at: place).index] = value
    }
    succeeded += 1
    fill()
  }

  override func childFailed(_ child: Frame, _ failure: Failure) {
    if self.failure == nil { self.failure = failure }
    running.removeAll { $0.child === child }
    failed += 1
    fill()
  }

  override func cancel(_ failure: Failure) {
    isCancelled = true
    self.failure = self.failure ?? failure
    for (frame, _) in running { executor.cancel(frame, failure) }
  }
}
