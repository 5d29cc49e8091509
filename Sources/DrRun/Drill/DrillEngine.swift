// SPDX-License-Identifier: Apache-2.0
//
// A drill as a state machine: facts in, orders out, no clock, no network. `SimulatedDrill` drives it
// in virtual time, `dr drill --world real` for real.
//
// First what is steady must hold; else nothing is broken. Then all faults come at once, and each is
// taken back when its time is over, or at once when the drill is stopped or its `abort` holds. What is
// expected must hold within its time and to the end, a while after the last fault is over, and so must
// what is steady. A look that the world does not answer says nothing, either way.

import DrBase
import DrData
import DrEval
import DrSema

/// Carries one drill out.
package final class DrillEngine {
  /// What is wanted. Orders are carried out in their order.
  package enum Order: Sendable {
    /// Ask the world, and tell the answer by `answered`.
    case ask(CallID, WorldCall, at: Span)
    /// The fault of that number is to come; if it does not, tell it by `stop`.
    case begin(Int)
    /// The fault of that number is to be taken back.
    case end(Int)
    case note(DrillNote)
    /// A condition could not be evaluated: the program's own failure.
    case failed(Diagnostic)
    /// The drill is over; nothing follows.
    case finish(DrillOutcome)
  }

  private enum Phase {
    /// Nothing is broken yet.
    case before
    case broken
    /// No fault lasts any more.
    case after(since: Instant)
    case over
  }

  private enum Condition: CaseIterable {
    case abort, expect, steady
  }

  /// A condition and what it said. Each has looks of its own: one that measures for half a minute does
  /// not keep another waiting.
  private struct Track {
    let code: Value
    var nextLook: Instant
    var look: Look?
    /// Since when it has held at every look.
    var since: Instant?
    /// Since when it has not, at every look.
    var lostAt: Instant?
    /// When the last look began at which it did not hold.
    var missedAt: Instant?
    /// Whether it was lost since things were broken.
    var wasLost = false
    var values = ""
    var isUnanswered = false
  }

  private struct Look {
    let fiber: Fiber
    let begunAt: Instant
    var call: (id: CallID, type: TypeID)?
  }

  /// Nanoseconds for which is waited for the steady state at the beginning, and at least at the end.
  package static let patience: Int64 = 120_000_000_000
  /// How long after the last fault everything must still hold.
  package static let settling: Int64 = 15_000_000_000

  private let drill: DrillModel
  private let machine: Machine
  private let startedAt: Instant
  private let lookEvery: Int64
  private var phase = Phase.before
  /// One for each condition, in the order of the cases.
  private var tracks: [(condition: Condition, track: Track)] = []
  private var active: Set<Int> = []
  private var orders: [Order] = []
  private var lastID = 0
  private var outcome: DrillOutcome

  /// The first look is at `start`; from one to the next it is so many nanoseconds.
  package init(
    _ drill: DrillModel, on machine: Machine, startingAt start: Instant,
    lookingEvery lookEvery: Int64 = 5_000_000_000
  ) {
    self.lookEvery = lookEvery
    self.drill = drill
    self.machine = machine
    startedAt = start
    outcome = DrillOutcome(startedAt: start, within: drill.within)
    watch([.steady], from: start)
  }

  /// Looks at these conditions from then on, and knows nothing of before.
  private func watch(_ conditions: [Condition], from instant: Instant) {
    tracks = conditions.compactMap { condition in
      closure(condition).map { (condition, Track(code: $0, nextLook: instant)) }
    }
  }

  private func closure(_ condition: Condition) -> Value? {
    switch condition {
    case .abort: drill.aborts
    case .expect: drill.expects
    case .steady: drill.steady
    }
  }

  private func track(_ condition: Condition) -> Track? {
    tracks.first { $0.condition == condition }?.track
  }

  // MARK: Time

  /// When it wants a turn next; `nil` while only an answer is waited for, and when it is over.
  package var nextTurn: Instant? {
    if case .over = phase { return nil }
    let looks = tracks.compactMap { $0.track.look == nil ? $0.track.nextLook : nil }
    return (looks + active.compactMap { faultEnd($0) }).min()
  }

  private func faultEnd(_ number: Int) -> Instant? {
    outcome.faultAt?.advanced(by: drill.faults[number].lasting)
  }

  package func turn(at now: Instant) -> [Order] {
    endFaults(at: now) { self.faultEnd($0).map { $0 <= now } ?? false }
    for condition in tracks.map(\.condition) where !isOver {
      guard let index = index(of: condition), tracks[index].track.look == nil,
        tracks[index].track.nextLook <= now
      else { continue }
      let fiber = machine.start(closure: tracks[index].track.code, [])
      count(late: now.since(tracks[index].track.nextLook))
      tracks[index].track.nextLook = now.advanced(by: lookEvery)
      tracks[index].track.look = Look(fiber: fiber, begunAt: now)
      proceed(condition, at: now)
    }
    return takeOrders()
  }

  /// A look begins so many nanoseconds after it was due: what is seen late is measured late.
  private func count(late nanoseconds: Int64) {
    guard outcome.faultAt != nil else { return }
    outcome.looks += 1
    if nanoseconds > lookEvery / 10 { outcome.lateLooks += 1 }
    outcome.latest = max(outcome.latest, nanoseconds)
  }

  /// Ends the drill: whatever is broken is mended first.
  package func stop(because why: String, at now: Instant) -> [Order] {
    if !isOver { finish(.aborted(why), at: now) }
    return takeOrders()
  }

  private func index(of condition: Condition) -> Int? {
    tracks.firstIndex { $0.condition == condition }
  }

  private var isOver: Bool { if case .over = phase { true } else { false } }

  private func takeOrders() -> [Order] {
    defer { orders = [] }
    return orders
  }

  // MARK: Looking

  /// Evaluates until the world is to be asked or the look is over.
  private func proceed(_ condition: Condition, at now: Instant) {
    while let index = index(of: condition), let look = tracks[index].track.look, look.call == nil {
      machine.refuel()
      switch machine.run(look.fiber) {
      case .finished(let value):
        let values = look.fiber.witnesses.sentence(machine.program.checked.sources)
        conclude(condition, machine.bool(value), values, at: now)
      case .failed(let diagnostic):
        orders.append(.failed(diagnostic))
        conclude(condition, nil, diagnostic.message, at: now)
      case .directive(let directive):
        let text = "a condition must not hold a runbook's statement"
        orders.append(.failed(Diagnostic(.effectNotAllowed, text, at: directive.span)))
        conclude(condition, nil, text, at: now)
      case .call(let call):
        lastID += 1
        tracks[index].track.look?.call = (CallID(lastID), call.resultType)
        let asked = WorldCall(
          name: call.name, arguments: call.arguments, effect: call.effect, actClass: nil,
          key: "drill/\(drill.name)")
        orders.append(.ask(CallID(lastID), asked, at: call.span))
      }
    }
  }

  /// The answer to what was asked.
  package func answered(
    _ id: CallID, _ answer: Result<Document, WorldFailure>, at now: Instant
  ) -> [Order] {
    guard let index = tracks.firstIndex(where: { $0.track.look?.call?.id == id }),
      let look = tracks[index].track.look, let call = look.call
    else { return [] }
    let condition = tracks[index].condition
    tracks[index].track.look?.call = nil
    switch answer {
    case .success(let document):
      do throws(Diagnostic) {
        machine.resume(look.fiber, with: try machine.value(document, as: call.type))
      } catch {
        orders.append(.failed(error))
        conclude(condition, nil, error.message, at: now)
      }
    case .failure(let failure): conclude(condition, nil, failure.message, at: now)
    }
    proceed(condition, at: now)
    return takeOrders()
  }

  /// A condition is answered, `nil` where it could not be.
  private func conclude(
    _ condition: Condition, _ answer: Bool?, _ values: String, at now: Instant
  ) {
    guard let index = index(of: condition) else { return }
    if answer == false { tracks[index].track.missedAt = tracks[index].track.look?.begunAt }
    tracks[index].track.look = nil
    tracks[index].track.nextLook = max(tracks[index].track.nextLook, now)
    take(answer, values, of: index, at: now)
    judge(at: now)
  }

  /// Takes down what a condition said. It counts from when it was answered: a measurement over the last
  /// while is one of that while.
  private func take(_ answer: Bool?, _ values: String, of index: Int, at now: Instant) {
    let condition = tracks[index].condition
    var track = tracks[index].track
    track.values = values
    if answer == nil, !track.isUnanswered { note(.unanswered(name(condition), values), at: now) }
    track.isUnanswered = answer == nil
    if answer == true {
      if track.lostAt != nil, condition != .abort { note(.holds(name(condition)), at: now) }
      track.since = track.since ?? now
      track.lostAt = nil
    } else if answer == false {
      if track.lostAt == nil, condition != .abort { note(.lost(name(condition), values), at: now) }
      track.wasLost = true
      track.since = nil
      track.lostAt = track.lostAt ?? now
    }
    tracks[index].track = track
    if condition == .abort, answer == true {
      finish(.aborted("its abort holds"), at: now)
    }
  }

  private func name(_ condition: Condition) -> String {
    switch condition {
    case .abort: "what aborts it"
    case .expect: "what is expected"
    case .steady: "the steady state"
    }
  }

  private func note(_ kind: DrillNote.Kind, at now: Instant) {
    orders.append(.note(DrillNote(at: now, kind: kind)))
  }

  // MARK: Judging

  private var expected: Track? { track(drill.expects == nil ? .steady : .expect) }

  /// A condition was looked at.
  private func judge(at now: Instant) {
    guard let steady = track(.steady) else { return }
    switch phase {
    case .over: return
    case .before:
      if steady.since != nil {
        breakThings(at: now)
      } else if now.nanoseconds - startedAt.nanoseconds >= Self.patience {
        finish(.refused(steady.values), at: now)
      }
    case .broken: break
    case .after(let since):
      guard let faultAt = outcome.faultAt else { return }
      guard now >= since.advanced(by: Self.settling) else { return }
      let deadline = faultAt.advanced(by: drill.within)
      let limit = max(deadline, since.advanced(by: max(drill.within, Self.patience)))
      guard steady.since != nil, let expected, let recoveredAt = expected.since else {
        if now >= limit { finish(.broken(unmet(steady)), at: now) }
        return
      }
      outcome.recoveredAt = expected.wasLost ? recoveredAt : faultAt
      outcome.missedAt = expected.missedAt
      let isInTime = !expected.wasLost || recoveredAt <= deadline
      finish(isInTime ? .kept : .broken("it came later than promised"), at: now)
    }
  }

  /// What does not hold although all the time has passed.
  private func unmet(_ steady: Track) -> String {
    let (what, values) =
      expected?.since == nil
      ? ("what is expected does not hold", expected?.values ?? "")
      : ("what is steady does not hold again", steady.values)
    return values.isEmpty ? what : "\(what): \(values)"
  }

  private func breakThings(at now: Instant) {
    note(.steady, at: now)
    phase = .broken
    outcome.faultAt = now
    watch(Condition.allCases, from: now.advanced(by: lookEvery))
    for number in drill.faults.indices {
      active.insert(number)
      orders.append(.begin(number))
    }
    if drill.faults.isEmpty { phase = .after(since: now) }
  }

  private func endFaults(at now: Instant, where isDue: (Int) -> Bool) {
    let due = active.filter(isDue).sorted()
    for number in due {
      active.remove(number)
      orders.append(.end(number))
    }
    if !due.isEmpty, active.isEmpty, case .broken = phase { phase = .after(since: now) }
  }

  private func finish(_ verdict: DrillOutcome.Verdict, at now: Instant) {
    endFaults(at: now) { _ in true }
    phase = .over
    tracks = []
    outcome.verdict = verdict
    outcome.endedAt = now
    orders.append(.finish(outcome))
  }
}
