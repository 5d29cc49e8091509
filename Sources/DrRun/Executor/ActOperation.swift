// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// A call that acts: observed, promised, performed and, where it is not known whether it
/// happened, settled.
///
///     idle ── observe ──▸ observed ── intent ──▸ performing ── outcome ──▸ over
///      ▴                                             │ answer lost, or a later life
///      │               not done, or repeatable       ▾
///      └───────────────────────────────────────── settling ── done ──▸ over
///                                                    └── unknown: the run pauses and asks
final class ActOperation: Operation {
  private let call: HostCall
  private let actClass: ActClass
  /// Promised and not known to have happened or not.
  private var intent: Intent?
  /// What was there before the first promise since the act was last known not to have happened: the
  /// result of an `apply` that had to be repeated, for what a later observation sees may be its own
  /// doing.
  private var firstObservation: Observation?
  private var intents = 0
  /// Promises of this life: bounds repetition within one life only.
  private var recentIntents = 0
  private var settles = 0
  private var inFlight: CallID?
  private var phase = Phase.idle
  private var timer: TimerID?
  /// Until when it is looked whether what keeps it from being done is over.
  private var hinderedUntil: Instant?

  private enum Phase { case idle, observing, performing, settling }

  /// How often an act is promised anew after a lost answer, and how often is asked what became of
  /// it.
  private static let intentsMax = 3
  private static let settlesMax = 5
  /// What the run has just done may not be seen yet: a check has to succeed twice, k8gb looks every 30 s.
  private static let hindranceMax: Int64 = 40_000_000_000
  private static let hindrancePause: Int64 = 2_000_000_000

  init(
    _ executor: Executor, _ frame: Frame, at position: Position, _ call: HostCall,
    _ actClass: ActClass
  ) {
    self.call = call
    self.actClass = actClass
    super.init(executor, frame, at: position)
  }

  override var summary: String { "the act \(CallNote(call.name, call.arguments).summary)" }

  private var worldCall: WorldCall {
    WorldCall(
      name: call.name, arguments: call.arguments, effect: .acts, actClass: actClass,
      key: intent?.key ?? executor.key(for: position), fence: executor.fence)
  }

  override func begin() {
    if frame?.evidence != nil {
      return fail(Failure(.program, "a condition may only read; \(call.name) acts"))
    }
    executor.pend(self)
  }

  override func activate() {
    guard inFlight == nil, timer == nil else { return }
    if let intent {
      phase = .settling
      settles += 1
      inFlight = executor.call(
        worldCall, .settle(observed: intent.observation.document), for: self)
    } else if executor.mayAct {
      phase = .observing
      inFlight = executor.call(worldCall, .observe, for: self)
    } else {
      executor.hold(self)
    }
  }

  override func answered(_ id: CallID, _ answer: Answer) {
    inFlight = nil
    switch phase {
    case .idle: break
    case .observing: observed(answer)
    case .performing: performed(answer)
    case .settling: settled(answer)
    }
  }

  override func fired(_ id: TimerID) {
    timer = nil
    executor.pend(self)
  }

  // MARK: Observed

  private func observed(_ answer: Answer) {
    phase = .idle
    switch answer {
    case .failure(let failure): take(.failure(failure))
    case .success(let document):
      guard let observation = Observation(document), Bounded.fits(document) else {
        return take(.failure(.refused("the driver did not say what it would change")))
      }
      if let hindrance = observation.hindrance { return hindered(hindrance) }
      guard executor.mayAct else { return executor.pend(self) }
      let intent = Intent(
        call: CallNote(call.name, call.arguments), actClass: actClass,
        key: executor.key(for: position), observation: observation)
      write(.intent(intent))
      promise(intent)
      recentIntents += 1
      phase = .performing
      show(.actStarted, describe(observation))
      inFlight = executor.call(
        worldCall, .perform(observed: document), for: self)
    }
  }

  /// Nothing was sent. It is looked again for a while, and given up then.
  private func hindered(_ why: String) {
    let until = hinderedUntil ?? executor.now.advanced(by: ActOperation.hindranceMax)
    guard executor.now < until else { return take(.failure(.refused(why))) }
    if hinderedUntil == nil { show(.actSettled, "\(call.name) waits: \(why)", until: until) }
    hinderedUntil = until
    timer = executor.startTimer(
      at: executor.now.advanced(by: ActOperation.hindrancePause), for: self)
  }

  private func promise(_ intent: Intent) {
    self.intent = intent
    if firstObservation == nil { firstObservation = intent.observation }
    intents += 1
  }

  /// It came too late for a lock. It is done once the lock is confirmed.
  override func notBegun() {
    inFlight = nil
    settle(Settlement(state: .notDone, result: nil, by: nil))
  }

  private func describe(_ observation: Observation) -> String {
    let changes = observation.changes.joined(separator: ", ")
    return "\(call.name) \(observation.target)" + (changes.isEmpty ? "" : ": \(changes)")
  }

  // MARK: Performed

  private func performed(_ answer: Answer) {
    switch answer {
    case .failure(.inDoubt(let message)):
      show(.actSettled, "\(call.name): \(message); looking whether it happened")
      executor.pend(self)
    case .failure(let failure): take(.failure(failure))
    case .success(let result): take(.success(repeatedResult ?? result))
    }
  }

  private var repeatedResult: Document? {
    guard actClass == .apply, let firstObservation, firstObservation != intent?.observation else {
      return nil
    }
    return firstObservation.result
  }

  /// Writes the outcome down and goes on.
  private func take(_ answer: Answer) {
    var answer = answer
    var value: Value?
    if case .success(let result) = answer {
      switch executor.value(result, of: call) {
      case .success(let converted): value = converted
      case .failure(let failure): answer = .failure(failure)
      }
    }
    write(.outcome(answer))
    conclude(answer, value)
  }

  private func conclude(_ answer: Answer, _ value: Value?) {
    switch answer {
    case .failure(let failure): fail(Failure(call.name, failure))
    case .success:
      if let intent { show(.actFinished, describe(intent.observation)) }
      if let frame { executor.actDone(position, in: frame, actClass: actClass) }
      if let value { finish(value) }
    }
  }

  // MARK: Settled

  private func settled(_ answer: Answer) {
    guard case .success(let document) = answer,
      let state = document["state"]?.stringValue.flatMap(Settlement.State.init)
    else {
      guard case .failure(let failure) = answer else { return settleLater("no clear answer") }
      if case .busy(let why) = failure { return settleLater(why, isUnderWay: true) }
      return settleLater(failure.message)
    }
    switch state {
    case .done: settle(Settlement(state: .done, result: document["result"], by: nil))
    case .notDone: settle(Settlement(state: .notDone, result: nil, by: nil))
    case .unknown: unknown()
    }
  }

  /// `isUnderWay`: the world answers, but not yet whether it happened.
  private func settleLater(_ why: String, isUnderWay: Bool = false) {
    guard settles < ActOperation.settlesMax else {
      return executor.stop(
        .paused,
        isUnderWay
          ? "\(act) is not over: \(why); resume the run when it is"
          : "it is not known whether \(act) happened, and the world does not answer (\(why));"
            + " resume the run when it does")
    }
    timer = executor.startTimer(
      at: executor.now.advanced(by: 1_000_000_000 << Int64(settles)), for: self)
  }

  /// Whether what was promised happened.
  override var openQuestion: Question? {
    intent.map { intent in
      Question(
        id: "doubt/\(intent.key)/\(intents)", text: "Did \(act) happen?", audience: nil,
        deadline: nil)
    }
  }

  private func unknown() {
    guard let openQuestion else { return }
    let id = openQuestion.id
    if let answer = executor.answers[id] {
      let state = answer.approved ? Settlement.State.done : .notDone
      return settle(Settlement(state: state, result: nil, by: answer.by))
    }
    let isTriedAgain: Bool
    switch actClass {
    case .read, .apply, .keyed:
      isTriedAgain = recentIntents < ActOperation.intentsMax && frame?.cancelled == nil
    case .verify, .once: isTriedAgain = false
    }
    // Done once more under the same key, which the target makes harmless.
    if isTriedAgain { return settle(Settlement(state: .unknown, result: nil, by: nil)) }
    executor.askOnStop(openQuestion)
    let cancelled = frame?.cancelled.map { "; it is not begun again (\($0.message))" } ?? ""
    executor.stop(
      .paused,
      recentIntents < ActOperation.intentsMax
        ? "it is not known whether \(act) happened\(cancelled); look at it, then resume the run and"
          + " answer \(id)"
        : "the answer to \(act) was lost \(recentIntents) times; resume the run when the world"
          + " answers, or look whether it happened and answer \(id)")
  }

  private var act: String {
    intent.map { describe($0.observation) } ?? call.name
  }

  private func settle(_ settlement: Settlement) {
    write(.settled(settlement))
    show(.actSettled, "\(act): \(settlement.state.rawValue)")
    guard apply(settlement) else {
      return take(.failure(.refused("the result is not what the function declares")))
    }
    if settlement.state == .notDone, recentIntents >= ActOperation.intentsMax,
      frame?.cancelled == nil
    {
      take(.failure(.busy("the request was lost \(recentIntents) times")))
    }
  }

  /// False where the result is not of the declared type.
  private func apply(_ settlement: Settlement) -> Bool {
    phase = .idle
    switch settlement.state {
    case .done:
      guard let intent else { return false }
      let result = settlement.result ?? repeatedResult ?? intent.observation.result
      guard case .success(let value) = executor.value(result, of: call) else { return false }
      conclude(.success(result), value)
    case .notDone, .unknown:
      if settlement.state == .notDone { firstObservation = nil }
      intent = nil
      // A deadline around it is over, or what is around it has failed: it is not begun again.
      if let cancelled = frame?.cancelled { fail(cancelled) } else { executor.pend(self) }
    }
    return true
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    switch record {
    case .intent(let written):
      guard intent == nil, written.call.isOf(call.name, call.arguments),
        written.actClass == actClass, written.key == executor.key(for: position)
      else { return false }
      promise(written)
      return true
    case .outcome(let answer):
      guard case .success(let result) = answer else {
        conclude(answer, nil)
        return true
      }
      guard intent != nil, case .success(let value) = executor.value(written: result, of: call)
      else { return false }
      conclude(answer, value)
      return true
    case .settled(let settlement): return intent != nil && apply(settlement)
    case .begun, .predicted, .objectives, .resumed, .step, .stepDone, .stepFailed, .read, .waiting,
      .verdict,
      .decision,
      .elapsed, .retry, .attempt, .expired, .unwinding, .undone, .lock, .paused, .ended,
      .reopened, .accepted, .restored, .life:
      return false
    }
  }

  /// An act that was promised is awaited: only then its undo is reached.
  override func cancel(_ failure: Failure) {
    guard intent == nil else { return }
    if let inFlight { executor.cancel(inFlight) }
    if let timer { executor.cancel(timer) }
    fail(failure)
  }
}
