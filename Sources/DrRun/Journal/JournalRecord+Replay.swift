// SPDX-License-Identifier: Apache-2.0

import DrSema

extension JournalRecord.Body {
  /// Whether the record needs not be on disk before the run goes on: after a crash it is made
  /// again.
  var isLazy: Bool {
    switch self {
    case .resumed, .step, .stepDone, .read, .elapsed, .attempt, .predicted, .objectives,
      .restored, .life:
      true
    case .begun, .stepFailed, .intent, .outcome, .settled, .waiting, .verdict, .decision, .retry,
      .expired, .unwinding, .undone, .lock, .paused, .ended, .reopened,
      .accepted:
      false
    }
  }

  /// Whether a fact of an earlier life is the one that the program arrives at now. Instants and
  /// causes may differ; what is fixed by the program may not.
  func agrees(with other: JournalRecord.Body) -> Bool {
    switch (self, other) {
    case (.step(let a, _), .step(let b, _)): a == b
    case (.waiting(let kind, let text, _), .waiting(let otherKind, let otherText, _)):
      kind == otherKind && text == otherText
    case (.unwinding(let a, _), .unwinding(let b, _)): a == b
    case (.undone(let a), .undone(let b)): (a == nil) == (b == nil)
    case (.stepDone, .stepDone), (.stepFailed, .stepFailed), (.retry, .retry): true
    case _: false
    }
  }

  /// How long the program gives to what begins then; `nil` where it has no deadline.
  func length(from instant: Instant) -> Int64? {
    switch self {
    case .step(_, let until?), .waiting(_, _, let until?):
      until.nanoseconds &- instant.nanoseconds
    case _: nil
    }
  }

  /// Whether both end at the same instant, as what is asked again does.
  func hasDeadline(of other: JournalRecord.Body) -> Bool {
    switch (self, other) {
    case (.waiting(_, _, let a?), .waiting(_, _, let b?)): a == b
    case _: false
    }
  }

  /// A few words, with how long it may take.
  func summary(from instant: Instant) -> String {
    let length = length(from: instant).map { "within \(Words.duration($0))" }
    return "\(summary), \(length ?? "without a deadline")"
  }

  /// A few words for the message that a journal does not fit.
  var summary: String {
    switch self {
    case .begun(let identity): "the beginning of \(identity.runID)"
    case .resumed: "a resumption"
    case .step(let title, _): "the step “\(title)”"
    case .stepDone: "the end of the step"
    case .stepFailed: "the failure of the step"
    case .read(let call, _): "the read \(call.summary)"
    case .intent(let intent): "the act \(intent.call.summary)"
    case .outcome: "the outcome of an act"
    case .settled: "the settlement of an act"
    case .waiting(let kind, let text, _):
      switch kind {
      case .approve: "the approval “\(text)”"
      case .pause: "a pause of \(text)"
      case .step, .undo, .wait, .require, .verify, .parallel, .run, .lock, .onFailure, .fail: text
      }
    case .verdict: "a verdict"
    case .decision: "a decision"
    case .elapsed: "the end of a pause"
    case .retry, .attempt: "another attempt"
    case .expired: "the end of a deadline"
    case .unwinding(let undos, _): "the unwinding of \(undos) undos"
    case .undone: "the end of an undo"
    case .lock(let name, _): "the lock “\(name)”"
    case .paused: "a pause of the run"
    case .predicted: "what a plan said"
    case .objectives: "what is promised"
    case .reopened: "a reopening of the run"
    case .accepted: "the acceptance of a changed program"
    case .restored: "what was verified after the undoing"
    case .life: "who works on the run"
    case .ended(let status, _): "the end of the run: \(status.words)"
    }
  }
}
