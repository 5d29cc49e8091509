// SPDX-License-Identifier: Apache-2.0
//
// The durable executor. A run is the machine's evaluation of a runbook, in which every call on the
// world and every runbook statement is a suspension. The executor is a pure state machine around
// it: events in, orders out, no clock, no disk, no network.
//
// How a run survives: everything that decides how it goes on is a *fact* - an answer, a verdict, a
// decision, a deadline - and every fact is a record. Facts that follow from the program and the
// facts before (a step begins, an undo ended) are *noted* where they arise; the others are
// *written* when an event tells them. Orders are given only after the records that they rely on, in
// one append per batch of events.
//
// Resuming is running the machine again from the start and telling it the records in their order: a
// noted record must be the next one when the program gets there, a written one is given to the
// operation at its position. So the interleaving of parallel branches is the one of the first life,
// the registered undos stand in the same order, and a record that does not fit is found at once
// (E0603). When the records are used up, every operation that waits is activated: an act with an
// intent and no outcome is settled, a timer waits for what is left of it, a question is asked
// again, a poll goes on.

import DrBase
import DrData
import DrEval
import DrSema

/// Carries out one runbook, durably.
package final class Executor: Runner {
  let machine: Machine
  let identity: RunIdentity
  private(set) var now: Instant
  private(set) var startedAt: Instant

  // What the machine does.
  private var runnable: [Frame] = []
  private var waiting = WaitingOperations()
  /// Reads of conditions under way.
  private var looks: [ObjectIdentifier: Operation] = [:]
  private var pending: [Operation] = []
  private var root: RootOperation?
  private var reopened: ReopenedOperation?

  // What is awaited from outside.
  private var calls: [CallID: (operation: Operation, isAct: Bool)] = [:]
  private var timers: [TimerID: Operation] = [:]
  private var questions: [(id: String, operation: Operation)] = []
  private var nextID = 0
  /// What a person may answer before the run goes on: approvals that are asked, and acts that are in doubt. Those that
  /// settle themselves are among them.
  package var openQuestions: [Question] {
    waiting.all.compactMap(\.openQuestion).sorted { $0.id < $1.id }
  }
  /// Answers of people to questions that have not been asked in this life yet.
  private(set) var answers: [String: (approved: Bool, by: String)] = [:]

  private let tape: Tape
  /// What a plan said about a run that has not begun yet, for its journal.
  package var prediction: Prediction?
  /// What is promised of the services that the runbook names, likewise.
  package var objectives: [Objective] = []
  /// Who works on the run in this life, for its journal; `nil` where that is nobody's matter.
  package var life: Life?
  /// Whether news are given out, beside what is shown.
  package var tellsNews = false {
    didSet { tape.keepsRecords = tellsNews }
  }
  private(set) var refusal: JournalRefusal?

  // What is given out.
  private var orders: [Order] = []
  private var hasBegun = false
  package private(set) var result: RunResult?
  /// Whether the run had ended before, and what it did is being taken back.
  package var isReopened: Bool { reopened != nil || root?.isBrokenOff == true && ledger.count > 0 }
  private var stopping: (status: RunResult.Status, message: String)?

  // What the run has done.
  var locks: [LockOperation] = []
  /// All that the program has asked for so far, in order.
  var locksTaken: [(name: String, ttl: Int64)] = []
  /// Why the run is opened once more in this life, where it had ended before.
  private(set) var reopening: Reopening?
  /// Why the run, which has not ended, is to be broken off in this life.
  private var breakingOff: Reopening?
  /// Acts that wait for a lock to be confirmed.
  private var held: [Operation] = []
  private(set) var ledger = ActLedger()
  var tally = RestorationTally()

  /// Who has agreed that the program may be another one than the journal's, as long as all that has
  /// happened is the same in it; `nil` where nobody has.
  private let changeAcceptedBy: String?
  private var isChanged = false

  /// A new run or, with the journal of its earlier lives, a resumed one.
  ///
  /// `now` is when this life begins. Throws where the journal is not one of this run.
  package convenience init(
    machine: Machine, runbook: FunctionID, arguments: [Value], identity: RunIdentity,
    journal: Journal? = nil, at now: Instant
  ) throws(JournalRefusal) {
    try self.init(
      machine: machine, body: machine.start(runbook, arguments), identity: identity,
      journal: journal, at: now)
  }

  /// The same for code that stands in no runbook: a policy's reaction. With `reopening` a run that
  /// has succeeded is opened once more, to take back what it did.
  package init(
    machine: Machine, body: Fiber, identity: RunIdentity, journal: Journal? = nil,
    reopening: Reopening? = nil, acceptingChangeBy person: String? = nil, at now: Instant
  ) throws(JournalRefusal) {
    if let damage = journal?.damage { throw .damaged(damage) }
    changeAcceptedBy = person
    self.machine = machine
    self.identity = identity
    self.now = now
    startedAt = now
    tape = Tape(journal)
    if let first = tape.first {
      self.reopening = reopening
      try check(first, journal?.programDigest)
      startedAt = first.at
    }
    let root = RootOperation(self)
    self.root = root
    root.start(body)
    watch(root, at: .root)
    if tape.isResumed { settleDown() }
    tape.discard()
    if let refusal { throw refusal }
  }

  /// A run that is given up leaves nothing behind.
  deinit {
    for operation in waiting.all { operation.frame?.end() }
    for operation in looks.values { operation.frame?.end() }
    for frame in runnable { frame.end() }
  }

  /// A resumed run must be the run that began.
  private func check(
    _ first: JournalRecord, _ programDigest: String?
  ) throws(JournalRefusal) {
    guard case .begun(let begun) = first.body else {
      throw .notAJournal("the journal does not begin a run")
    }
    let pairs = [
      ("run", begun.runID, identity.runID),
      ("runbook", begun.runbook, identity.runbook),
      ("world", begun.world, identity.world),
      (
        "call", JSON.write(.object(begun.arguments)), JSON.write(.object(identity.arguments))
      ),
    ]
    for (what, theirs, ours) in pairs where theirs != ours {
      throw .anotherRun(what: what, journal: theirs, program: ours)
    }
    let program = programDigest ?? begun.programDigest
    isChanged = program != identity.programDigest
    if isChanged, changeAcceptedBy == nil {
      throw .anotherRun(what: "program", journal: program, program: identity.programDigest)
    }
    guard case .ended(let status, _)? = tape.last?.body else {
      breakingOff = reopening?.breaksOff == true ? reopening : nil
      reopening = nil
      return
    }
    if reopening == nil || status != .succeeded { throw .ended(status) }
  }

  // MARK: Events

  /// Takes what has happened and gives what is to be done, in order.
  package func handle(_ event: Event, at now: Instant) -> [Order] { handle([event], at: now) }

  /// The same for several events at once: their records share one append, and so one flush to disk.
  package func handle(_ events: [Event], at now: Instant) -> [Order] {
    guard result == nil else { return [] }
    if now > self.now { self.now = now }
    for event in events where result == nil {
      take(event)
      settleDown()
    }
    stopIfQuiet()
    return takeOrders()
  }

  private func take(_ event: Event) {
    switch event {
    case .begin: begin()
    case .answered(let id, let answer):
      guard let call = calls.removeValue(forKey: id) else { return }
      call.operation.answered(id, answer)
    case .notBegun(let id):
      calls.removeValue(forKey: id)?.operation.notBegun()
    case .fired(let id):
      timers.removeValue(forKey: id)?.fired(id)
    case .decided(let id, let approved, let person):
      if let index = questions.firstIndex(where: { $0.id == id }) {
        questions.remove(at: index).operation.decided(id, approved: approved, by: person)
      } else {
        answers[id] = (approved, person)
      }
    case .stirred:
      let conditions = waiting.all.compactMap { $0 as? ConditionOperation }
      for condition in conditions.sorted(by: { $0.position.text < $1.position.text }) {
        condition.stir()
      }
    case .recalled(let why): reopened?.recall(why)
    case .interrupted:
      stop(.paused, "interrupted")
    }
  }

  private func begin() {
    guard !hasBegun else { return }
    hasBegun = true
    if tape.isResumed {
      _ = tape.markResumption(at: now)
      if let life { append(JournalRecord(at: now, .life(life))) }
      if isChanged, let changeAcceptedBy {
        append(
          JournalRecord(
            at: now, .accepted(program: identity.programDigest, by: changeAcceptedBy)))
        tape.require()
      }
      show(.runResumed, depth: 0, identity.runbook)
      if let breakingOff, reopened == nil { root?.breakOff(breakingOff.why) }
    } else {
      append(JournalRecord(at: now, .begun(identity)))
      if let life { append(JournalRecord(at: now, .life(life))) }
      if !objectives.isEmpty { append(JournalRecord(at: now, .objectives(objectives))) }
      if let prediction { append(JournalRecord(at: now, .predicted(prediction))) }
      show(.runStarted, depth: 0, identity.runbook)
    }
  }

  // MARK: The loop

  /// Runs whatever can run until everything waits for an event.
  private func settleDown() {
    while refusal == nil, result == nil {
      if !runnable.isEmpty {
        // Mostly there is one.
        if let frame = runnable.count == 1 ? runnable.popLast() : runnable.removeFirst() {
          run(frame)
        }
      } else if tape.isReplaying {
        deliver()
      } else if hasBegun, stopping == nil || root?.isReleasing == true, !pending.isEmpty {
        let operation = pending.removeFirst()
        operation.isPending = false
        operation.activate()
      } else {
        return
      }
    }
  }

  private func run(_ frame: Frame) {
    machine.refuel()
    switch machine.run(frame.fiber) {
    case .finished(let value):
      if let cancelled = frame.cancelled { return fail(frame, cancelled) }
      frame.end()?.childFinished(frame, value)
    case .failed(let diagnostic):
      fail(frame, frame.cancelled ?? Failure(diagnostic))
    case .call(let call):
      if let cancelled = frame.cancelled { return fail(frame, cancelled) }
      begin(operation(for: call, in: frame, at: nextPosition(frame)), in: frame)
    case .directive(let directive):
      let position = nextPosition(frame)
      guard frame.evidence == nil else {
        return fail(frame, Failure(.program, "a condition may only read"))
      }
      switch directive.kind {
      case .undo, .onFailure: return register(directive, in: frame, at: position)
      case .step, .wait, .pause, .require, .verify, .approve, .parallel, .run, .lock, .fail: break
      }
      if let cancelled = frame.cancelled { return fail(frame, cancelled) }
      do throws(Failure) {
        begin(try operation(for: directive, in: frame, at: position), in: frame)
      } catch {
        fail(frame, error)
      }
    }
  }

  private func nextPosition(_ frame: Frame) -> Position {
    defer { frame.next += 1 }
    return frame.position.child(frame.next)
  }

  private func begin(_ operation: Operation, in frame: Frame) {
    frame.operation = operation
    // The reads of conditions are not records: they run in live mode only and share no position.
    if frame.evidence == nil {
      waiting.add(operation)
    } else {
      looks[ObjectIdentifier(operation)] = operation
    }
    operation.begin()
  }

  // MARK: Frames

  func start(_ frame: Frame) { runnable.append(frame) }

  func resume(_ frame: Frame, with value: Value) {
    frame.operation = nil
    machine.resume(frame.fiber, with: value)
    runnable.append(frame)
  }

  func fail(_ frame: Frame, _ failure: Failure) {
    frame.end()?.childFailed(frame, frame.cancelled ?? failure)
  }

  /// Ends a frame at its next suspension, or where it waits if nothing is in doubt there.
  func cancel(_ frame: Frame, _ failure: Failure) {
    guard frame.cancelled == nil else { return }
    frame.cancelled = failure
    frame.operation?.cancel(failure)
  }

  /// The operation waits for something outside; it is activated once nothing can run.
  func pend(_ operation: Operation) {
    guard !operation.isPending else { return }
    operation.isPending = true
    pending.append(operation)
  }

  func watch(_ operation: Operation, at position: Position) {
    waiting.add(operation, at: position)
  }

  func end(_ operation: Operation) {
    waiting.remove(operation)
    if !looks.isEmpty { looks[ObjectIdentifier(operation)] = nil }
    if operation.isPending {
      operation.isPending = false
      if let index = pending.lastIndex(where: { $0 === operation }) { pending.remove(at: index) }
    }
    if !held.isEmpty { held.removeAll { $0 === operation } }
    if questions.isEmpty { return }
    questions.removeAll { question in
      guard question.operation === operation else { return false }
      orders.append(.withdraw(questionID: question.id))
      return true
    }
  }

  private func register(_ directive: Directive, in frame: Frame, at position: Position) {
    guard let closure = directive.operands.first else { return }
    let isVerification = directive.kind == .undo && frame.scope.kind == .run
    let undo = Undo(
      title: frame.scope.title, position: position, closure: closure, depth: frame.depth,
      attempt: frame.attempt, covers: isVerification ? [] : frame.uncovered,
      isVerification: isVerification, span: directive.span)
    switch directive.kind {
    case .undo:
      frame.scope.undos.append(undo)
      if !isVerification { frame.uncovered = [] }
    case .onFailure: frame.scope.enclosingRun.handlers.append(undo)
    case .step, .wait, .pause, .require, .verify, .approve, .parallel, .run, .lock, .fail: break
    }
    resume(frame, with: .unit)
  }

  // MARK: Facts

  /// Takes down a fact that an event told.
  func write(_ record: JournalRecord) { append(record) }

  /// Takes down a fact that follows from those before; in a later life gives the one that was taken
  /// down then.
  func note(_ body: JournalRecord.Body, at position: Position, attempt: Int) -> JournalRecord.Body {
    guard let record = tape.takeNext() else {
      append(JournalRecord(at: now, position: position, attempt: attempt, body))
      return body
    }
    guard record.position == position, record.attempt == attempt, record.body.agrees(with: body)
    else {
      diverge(record, program: body.summary, at: position)
      return body
    }
    if isChanged, !record.body.hasDeadline(of: body),
      record.body.length(from: record.at) != body.length(from: now)
    {
      refusal = .diverged(
        position: position, journal: record.body.summary(from: record.at),
        program: body.summary(from: now))
      return body
    }
    return record.body
  }

  /// In a later life, whether another attempt followed at that position; nil where it is to be
  /// decided now.
  func followedByRetry(at position: Position) -> Bool? {
    guard let record = tape.next else { return nil }
    guard record.position == position, case .retry = record.body else { return false }
    return true
  }

  private func deliver() {
    guard let record = tape.takeNext() else { return }
    // What began last mostly is what it is for, and need not be looked up.
    let latest = pending.last.flatMap { $0.position == record.position ? $0 : nil }
    guard let operation = latest ?? waiting[record.position] else {
      return diverge(record, program: "nothing", at: record.position)
    }
    if !operation.replay(record.body) {
      diverge(record, program: operation.summary, at: record.position)
    }
  }

  private func diverge(_ record: JournalRecord, program: String, at position: Position) {
    guard refusal == nil else { return }
    let place = record.position == position ? "" : " at \(record.position)"
    refusal = .diverged(
      position: position, journal: record.body.summary + place, program: program)
  }

  private func append(_ record: JournalRecord) {
    // Values are bounded where they come in, so only a program with megabytes of text gets here.
    if !tape.append(record) {
      stop(.paused, "a record of \(record.position) is too large for the journal")
    }
  }

  private func takeOrders() -> [Order] {
    let told = tape.takeRecords().map { Order.tell(.recorded($0)) }
    orders.insert(contentsOf: (tape.takeBytes().map { [.append($0)] } ?? []) + told, at: 0)
    defer { orders = [] }
    return orders
  }

  // MARK: Orders

  func call(_ call: WorldCall, _ phase: CallPhase, for operation: Operation) -> CallID {
    nextID += 1
    let id = CallID(nextID)
    var isAct = false
    if case .perform = phase {
      isAct = true
      tape.require()
    }
    calls[id] = (operation, isAct)
    orders.append(.call(id, call, phase))
    return id
  }

  /// Gives up a read, an observation or a question about an act in doubt.
  func cancel(_ call: CallID) {
    if calls.removeValue(forKey: call) != nil { orders.append(.cancel(call)) }
  }

  func startTimer(at instant: Instant, for operation: Operation) -> TimerID {
    nextID += 1
    let id = TimerID(nextID)
    timers[id] = operation
    orders.append(.startTimer(id, at: instant))
    return id
  }

  func cancel(_ timer: TimerID) {
    if timers.removeValue(forKey: timer) != nil { orders.append(.cancelTimer(timer)) }
  }

  func ask(_ question: Question, for operation: Operation) {
    tape.require()
    questions.append((question.id, operation))
    orders.append(.ask(question))
  }

  /// Says what a paused run wants to know; the answer comes when it is resumed.
  func askOnStop(_ question: Question) { orders.append(.ask(question)) }

  /// Tells what a look at a condition found, where it does not hold yet.
  func tellLook(_ finding: @autoclosure () -> String, at position: Position) {
    guard tellsNews, isSeen else { return }
    orders.append(.tell(.looked(position, finding())))
  }

  /// Whether this life has got where nobody has seen the run yet.
  var isSeen: Bool { hasBegun && !tape.isReplaying }

  func show(_ kind: Progress.Kind, depth: Int, _ text: String, until: Instant? = nil) {
    guard isSeen else { return }
    orders.append(
      .show(Progress(kind: kind, at: now, depth: depth, text: text, until: until)))
  }

  // MARK: Acts

  /// Whether an act may begin now: every lock is confirmed to be ours for a while yet.
  var mayAct: Bool { stopping == nil && locks.allSatisfy { $0.isConfirmed(at: now) } }

  package var actsUntil: Instant? { locks.compactMap(\.actsUntil).min() }

  /// What targets are told of the locks that are held, in the order in which they were taken.
  var fence: String {
    locks.compactMap { lock in lock.fencing.map { "\(lock.name)=\($0)" } }.joined(separator: ", ")
  }

  /// Nothing more is begun.
  var isStopping: Bool { stopping != nil || result != nil }

  func hold(_ operation: Operation) { held.append(operation) }

  func releaseHeld() {
    let operations = held
    held = []
    for operation in operations { pend(operation) }
  }

  func actDone(_ position: Position, in frame: Frame, actClass: ActClass) {
    guard actClass != .read else { return }
    frame.uncovered.append(position)
    guard !frame.isCleanup else { return }
    ledger.done(position)
  }

  func undone(_ positions: [Position]) { ledger.undone(positions) }

  func key(for position: Position) -> String { ledger.key(identity.runID, position) }

  func visit(_ position: Position) -> Int { ledger.visit(position) }

  // MARK: The end

  /// The run had ended in an earlier life, and goes on to take back what it did.
  func reopen(_ scope: Scope, then conclude: @escaping (RunResult.Status, String) -> Void) {
    for lock in locks { lock.drop() }
    locks = []
    let operation = ReopenedOperation(self, scope, then: conclude)
    reopened = operation
    operation.begin()
  }

  /// Begins no further act; what is in flight is awaited, then the run is left as it stands, to be
  /// resumed.
  func stop(_ status: RunResult.Status, _ message: String) {
    guard stopping == nil, result == nil, root?.isReleasing != true else { return }
    stopping = (status, message)
    for (id, call) in calls.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where !call.isAct {
      cancel(id)
    }
    for question in questions { orders.append(.withdraw(questionID: question.id)) }
    questions = []
  }

  private func stopIfQuiet() {
    guard let stopping, result == nil, root?.isReleasing != true,
      !calls.values.contains(where: \.isAct)
    else { return }
    if hasBegun { append(JournalRecord(at: now, .paused(why: stopping.message))) }
    conclude(stopping.status, stopping.message, .paused)
  }

  /// The run is over.
  func ended(_ status: RunResult.Status, _ message: String?) {
    let restoration = status == .rolledBack ? tally.restoration : nil
    if let restoration { append(JournalRecord(at: now, .restored(restoration))) }
    let fact = note(.ended(status, message: message), at: .root, attempt: 1)
    guard case .ended(let status, let message) = fact else { return }
    conclude(status, message, .finished, restoration)
  }

  private func conclude(
    _ status: RunResult.Status, _ message: String?, _ kind: Progress.Kind,
    _ restoration: Restoration? = nil
  ) {
    let result = RunResult(
      status: status, message: message, startedAt: startedAt, endedAt: now,
      restoration: restoration)
    let words = [restoration?.words, message].compactMap(\.self).joined(separator: ": ")
    show(kind, depth: 0, words.isEmpty ? status.words : words)
    self.result = result
    orders.append(.finish(result))
    tape.require()
  }
}
