// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

extension Executor {
  func operation(for call: HostCall, in frame: Frame, at position: Position) -> Operation {
    if let actClass = call.actClass, call.effect == .acts {
      return ActOperation(self, frame, at: position, call, actClass)
    }
    return ReadOperation(self, frame, at: position, call)
  }

  /// What a call gave, as the machine has it; why not, where it is not of the declared type.
  func value(_ result: Document, of call: HostCall) -> Result<Value, WorldFailure> {
    guard Bounded.fits(result) else {
      return .failure(.refused("the result is larger than \(Bounded.valueBytes) bytes"))
    }
    return value(written: result, of: call)
  }

  /// The same of what the journal has, which was bounded before it was written.
  func value(written result: Document, of call: HostCall) -> Result<Value, WorldFailure> {
    do {
      return .success(try machine.value(result, as: call.resultType))
    } catch {
      return .failure(.refused("the result is not what the function declares"))
    }
  }
}

/// A call that reads.
final class ReadOperation: Operation {
  private let call: HostCall
  private var inFlight: CallID?
  private var timer: TimerID?
  private var tries = 0

  /// Outside of steps, which have their own attempts, a read that finds nobody is tried so often.
  private static let triesMax = 3

  init(_ executor: Executor, _ frame: Frame, at position: Position, _ call: HostCall) {
    self.call = call
    super.init(executor, frame, at: position)
  }

  override var summary: String { "the read \(CallNote(call.name, call.arguments).summary)" }

  override func begin() { executor.pend(self) }

  override func activate() {
    guard inFlight == nil, timer == nil else { return }
    if call.effect == .acts {
      return fail(Failure(.program, "\(call.name) acts, but has no class"))
    }
    tries += 1
    inFlight = executor.call(
      WorldCall(
        name: call.name, arguments: call.arguments, effect: call.effect, actClass: nil,
        key: executor.key(for: position)),
      .read, for: self)
  }

  override func answered(_ id: CallID, _ answer: Answer) {
    inFlight = nil
    switch answer {
    case .failure(let failure):
      if failure.isTransient, isTriedAgain, tries < ReadOperation.triesMax {
        timer = executor.startTimer(
          at: executor.now.advanced(by: Int64(tries) * 1_000_000_000), for: self)
        return
      }
      take(.failure(failure), nil)
    case .success(let result):
      switch executor.value(result, of: call) {
      case .success(let value): take(answer, value)
      case .failure(let failure): take(.failure(failure), nil)
      }
    }
  }

  private var isTriedAgain: Bool {
    guard let frame else { return false }
    return frame.evidence.map { !$0.isPolled } ?? (frame.scope.kind == .run)
  }

  override func fired(_ id: TimerID) {
    timer = nil
    executor.pend(self)
  }

  private func take(_ answer: Answer, _ value: Value?) {
    if let evidence = frame?.evidence {
      evidence.items.append(
        Evidence(call: CallNote(call.name, call.arguments), answer: answer.map(Bounded.copy)))
    } else {
      write(.read(CallNote(call.name, call.arguments), answer))
    }
    conclude(answer, value)
  }

  override func replay(_ record: JournalRecord.Body) -> Bool {
    guard case .read(let note, let answer) = record,
      note.isOf(call.name, call.arguments)
    else { return false }
    switch answer {
    case .failure: conclude(answer, nil)
    case .success(let result):
      guard case .success(let value) = executor.value(written: result, of: call) else {
        return false
      }
      conclude(answer, value)
    }
    return true
  }

  private func conclude(_ answer: Answer, _ value: Value?) {
    switch answer {
    case .failure(let failure): fail(Failure(call.name, failure))
    case .success: if let value { finish(value) }
    }
  }

  override func cancel(_ failure: Failure) {
    if let inFlight { executor.cancel(inFlight) }
    if let timer { executor.cancel(timer) }
    fail(failure)
  }
}
