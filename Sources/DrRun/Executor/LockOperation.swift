// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// `lock "name" for D`: a lease that the run holds to its end, whoever asks for it again.
///
/// The lease is confirmed in every life before any act: a journal that says it was acquired says
/// nothing about now. An act begins only while the lease is known to last; a run that lost it
/// stops.
final class LockOperation: Operation {
  private enum State {
    /// The frame waits for it.
    case wanted
    /// The frame went on.
    case held
    case released
  }
  private enum Errand { case acquire, renew, release }

  let name: String
  private let ttl: Int64
  private var state = State.wanted
  /// Until when the lease is known to be ours; nil before it has been confirmed in this life.
  private var validUntil: Instant?
  /// The lease's number, one higher with each new holder; known once it has been confirmed.
  private(set) var fencing: Int64?
  private var errand: Errand?
  private var inFlight: CallID?
  private var sentAt: Instant
  private var isPerforming = false
  private var timer: TimerID?
  private var tries = 0
  private var released: (() -> Void)?
  /// Told how it went where no frame waits for it.
  private let settled: ((Failure?) -> Void)?

  private static let triesMax = 3

  init(_ executor: Executor, _ frame: Frame, name: String, ttl: Int64) {
    self.name = name
    self.ttl = max(ttl, 1_000_000_000)
    sentAt = executor.now
    settled = nil
    super.init(executor, frame, at: Position("lock/\(name)"))
  }

  /// Not asked for by the program: `settled` is told once it is held, or why it is not.
  init(_ executor: Executor, name: String, ttl: Int64, settled: @escaping (Failure?) -> Void) {
    self.name = name
    self.ttl = ttl
    self.settled = settled
    sentAt = executor.now
    super.init(executor, nil, at: Position("lock/\(name)"))
  }

  override var summary: String { "the lock “\(name)”" }

  /// Until when acts may begin under it, with a tenth of its length to spare for what is on the way; `nil` while
  /// nobody has it yet.
  var actsUntil: Instant? {
    guard let validUntil else { return state == .wanted ? nil : Instant(nanoseconds: 0) }
    return validUntil.advanced(by: -ttl / 10)
  }

  func isConfirmed(at now: Instant) -> Bool { actsUntil.map { now < $0 } ?? true }

  override func begin() {
    if let existing = executor.locks.first(where: { $0.name == name }) {
      finish(.unit)
      return executor.watch(existing, at: position)
    }
    executor.locks.append(self)
    executor.pend(self)
  }

  override func activate() {
    guard inFlight == nil, timer == nil, state != .released else { return }
    if validUntil == nil {
      send(.acquire)
    } else if state == .held {
      timer = executor.startTimer(at: sentAt.advanced(by: ttl / 3), for: self)
    }
  }

  override func fired(_ id: TimerID) {
    guard id == timer else { return }
    timer = nil
    send(validUntil == nil ? .acquire : .renew)
  }

  // MARK: Calls

  private func send(_ errand: Errand) {
    self.errand = errand
    isPerforming = false
    inFlight = executor.call(worldCall(errand), .observe, for: self)
  }

  private func worldCall(_ errand: Errand) -> WorldCall {
    let verb =
      switch errand {
      case .acquire: "acquire"
      case .renew: "renew"
      case .release: "release"
      }
    return WorldCall(
      name: "lock.\(verb)",
      arguments: DocumentObject([
        ("cluster", ""), ("name", .string(name)), ("holder", .string(executor.identity.runID)),
        ("ttl", .int(ttl)),
      ]),
      effect: .acts, actClass: .apply, key: "\(executor.identity.runID)/lock/\(name)")
  }

  override func answered(_ id: CallID, _ answer: Answer) {
    guard id == inFlight, let errand else { return }
    inFlight = nil
    if !isPerforming, case .success(let observation) = answer {
      isPerforming = true
      sentAt = executor.now
      inFlight = executor.call(
        worldCall(errand), .perform(observed: observation), for: self)
      return
    }
    switch (errand, answer) {
    case (.release, _): gone()
    case (_, .success(let result)): confirmed(result.intValue)
    case (_, .failure(let failure)): failed(failure)
    }
  }

  private func confirmed(_ fencing: Int64?) {
    tries = 0
    let isNew = validUntil == nil
    validUntil = sentAt.advanced(by: ttl)
    if isNew {
      self.fencing = fencing
      write(.lock(name: name, fencing: fencing ?? 0))
      show(.locked, name)
    }
    executor.releaseHeld()
    executor.pend(self)
    proceed()
  }

  /// Lets the frame that asked for the lock go on; the operation itself lives on.
  private func proceed() {
    guard state == .wanted else { return }
    state = .held
    if let settled { return settled(nil) }
    executor.locksTaken.append((name, ttl))
    if let frame { executor.resume(frame, with: .unit) }
  }

  private func failed(_ failure: WorldFailure) {
    if state == .wanted { return notAcquired(failure) }
    if failure.isFinal {
      let isHeld = if case .held = failure { true } else { false }
      return executor.stop(
        isHeld ? .lockHeld : .paused,
        "the lock “\(name)” is lost: \(failure.message); what was done stands, and the run"
          + " can be resumed once the lock is free")
    }
    tries += 1
    let isOver = validUntil.map { executor.now >= $0 } ?? (tries > 5)
    guard !isOver else {
      return executor.stop(
        .paused, "the lock “\(name)” could not be renewed: \(failure.message)")
    }
    timer = executor.startTimer(
      at: executor.now.advanced(by: min(max(ttl / 30, 1_000_000_000), 10_000_000_000)), for: self)
  }

  private func notAcquired(_ failure: WorldFailure) {
    tries += 1
    if !failure.isFinal, tries < LockOperation.triesMax {
      timer = executor.startTimer(
        at: executor.now.advanced(by: Int64(tries) * 1_000_000_000), for: self)
      return
    }
    write(.outcome(.failure(failure)))
    give(up: failure)
  }

  private func give(up failure: WorldFailure) {
    executor.locks.removeAll { $0 === self }
    state = .released
    let message = "lock “\(name)”: \(failure.message)"
    if let settled {
      executor.end(self)
      return settled(Failure(.world(failure), message))
    }
    if case .held = failure { return fail(Failure(.lockHeld, message)) }
    fail(Failure(.world(failure), message))
  }

  // MARK: The end

  /// Gives the lease back; goes on whatever comes of it, since it ends by itself.
  func release(then proceed: @escaping () -> Void) {
    if let timer { executor.cancel(timer) }
    if let inFlight { executor.cancel(inFlight) }
    timer = nil
    inFlight = nil
    released = proceed
    guard state == .held else { return gone() }
    send(.release)
  }

  private func gone() {
    state = .released
    executor.end(self)
    let proceed = released
    released = nil
    proceed?()
  }

  /// The journal tells that it was given back.
  func drop() {
    state = .released
    executor.end(self)
  }

  override func cancel(_ failure: Failure) {
    if let timer { executor.cancel(timer) }
    if let inFlight { executor.cancel(inFlight) }
    // Should the lease have been given all the same, it ends by itself.
    executor.locks.removeAll { $0 === self }
    state = .released
    fail(failure)
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    switch record {
    case .lock(name, _):
      proceed()
      executor.pend(self)
      return true
    case .outcome(.failure(let failure)) where state == .wanted:
      give(up: failure)
      return true
    case _: return false
    }
  }
}
