// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// What a frame waits for: one call or one directive.
///
/// An operation has a state that only recorded facts change. In the first life it learns a fact
/// from an event and writes it; in later lives it is told the same fact by `replay`. Orders are
/// given in `activate` alone, by what the state needs, so that a resumed run goes on from wherever
/// it stood.
class Operation {
  /// Unsafe, which is safe here: nobody but the executor knows its operations, so that one is only ever
  /// called while the executor is at work.
  unowned(unsafe) let executor: Executor
  /// The frame that stopped here; nil for the run as a whole.
  let frame: Frame?
  let position: Position
  var isPending = false

  init(_ executor: Executor, _ frame: Frame?, at position: Position) {
    self.executor = executor
    self.frame = frame
    self.position = position
  }

  var depth: Int { frame?.depth ?? 0 }
  var attempt: Int { frame?.attempt ?? 1 }

  /// What it is, for the message that the journal has something else.
  var summary: String { "nothing" }

  /// What a person may answer it, as far as the journal tells.
  var openQuestion: Question? { nil }

  /// The frame has just stopped here.
  func begin() {}

  /// Gives the orders that the present state needs. Called in live mode only.
  func activate() {}

  /// Takes a fact of an earlier life. False where it cannot be one of this operation.
  func replay(_ record: JournalRecord.Body) -> Bool { false }

  func answered(_ call: CallID, _ answer: Answer) {}

  /// An act that was ordered was not begun, and will not be.
  func notBegun() {}

  func fired(_ timer: TimerID) {}

  func decided(_ questionID: String, approved: Bool, by person: String) {}

  /// A deadline around it is over: ends as soon as nothing is left in doubt.
  func cancel(_ failure: Failure) { fail(failure) }

  func childFinished(_ child: Frame, _ value: Value) {}

  func childFailed(_ child: Frame, _ failure: Failure) {}

  // MARK: Ends

  /// Gives the frame its value.
  final func finish(_ value: Value) {
    executor.end(self)
    if let frame { executor.resume(frame, with: value) }
  }

  final func fail(_ failure: Failure) {
    executor.end(self)
    if let frame { executor.fail(frame, failure) }
  }

  // MARK: Short forms

  final func write(_ body: JournalRecord.Body, at position: Position? = nil, attempt: Int? = nil) {
    executor.write(
      JournalRecord(
        at: executor.now, position: position ?? self.position, attempt: attempt ?? self.attempt,
        body))
  }

  final func show(
    _ kind: Progress.Kind, _ text: @autoclosure () -> String, until: Instant? = nil
  ) {
    guard executor.isSeen else { return }
    executor.show(kind, depth: depth, text(), until: until)
  }
}
