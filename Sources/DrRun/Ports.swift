// SPDX-License-Identifier: Apache-2.0
//
// What the executor asks of the world and what it is told. The executor itself never waits, never
// reads a clock and never touches a disk: it takes an `Event` and returns `Order`s. `DrHost`
// carries the orders out for real, `DrSim` in virtual time.

import DrBase
import DrData
import DrSema

/// A point in time in nanoseconds since 1970-01-01 UTC. Journals hold wall-clock instants so that
/// deadlines survive a crash.
package struct Instant: Hashable, Sendable, Comparable {
  package let nanoseconds: Int64
  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  /// Nanoseconds from another instant to this one.
  package func since(_ other: Instant) -> Int64 { nanoseconds - other.nanoseconds }
  package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  /// The instant so many nanoseconds later; saturates.
  package func advanced(by nanoseconds: Int64) -> Instant {
    let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
    return Instant(nanoseconds: overflow ? .max : sum)
  }
}

/// A call on the world as drivers see it.
package struct WorldCall: Sendable, Equatable {
  /// `kube.scale`
  package let name: String
  /// By parameter name, plain data: the vocabulary of `.dr` has been boiled down to names, numbers
  /// and selectors.
  package let arguments: DocumentObject
  package let effect: Effect
  /// `nil` for reads.
  package let actClass: ActClass?
  /// Run id and position, stable over retries and resumes: `20261123T201500-k3v9/2.1.0`.
  package let key: String
  /// Of an act: the fencing number of every lock that the run holds, `deepseek=4`, by which a target
  /// can refuse who was taken over from. Empty without locks.
  package let fence: String

  package init(
    name: String, arguments: DocumentObject, effect: Effect, actClass: ActClass?, key: String,
    fence: String = ""
  ) {
    self.name = name
    self.arguments = arguments
    self.effect = effect
    self.actClass = actClass
    self.key = key
    self.fence = fence
  }

  /// Whether it takes, renews or gives back a lock: that is guarded by the lock's own version.
  package var isOfLock: Bool { name.hasPrefix("lock.") }
}

/// Why a call failed.
package enum WorldFailure: Error, Sendable, Equatable {
  /// The target did not answer; nothing was changed. May be tried again.
  case unreachable(String)
  /// The target answered that it will not; trying again is of no use.
  case refused(String)
  /// The target answered that it cannot now (429, 503, conflict); may be tried again.
  case busy(String)
  /// An act was sent and it is not known whether it happened.
  case inDoubt(String)
  /// Somebody else holds what was asked for: a lock.
  case held(String)
  /// No driver has that name, or the run was not granted it.
  case unavailable(String)

  package var message: String {
    switch self {
    case .unreachable(let text), .refused(let text), .busy(let text), .inDoubt(let text),
      .held(let text), .unavailable(let text):
      text
    }
  }

  /// The same without secrets in what it says.
  package var masked: WorldFailure {
    switch self {
    case .unreachable(let text): .unreachable(SecretText.mask(text))
    case .refused(let text): .refused(SecretText.mask(text))
    case .busy(let text): .busy(SecretText.mask(text))
    case .inDoubt(let text): .inDoubt(SecretText.mask(text))
    case .held(let text): .held(SecretText.mask(text))
    case .unavailable(let text): .unavailable(SecretText.mask(text))
    }
  }
}

/// What is asked of a driver about one call.
package enum CallPhase: Sendable, Equatable {
  /// A read: its result.
  case read
  /// Before an act: the state that it would change, and what it would do. Gives an `Observation` as
  /// a document.
  case observe
  /// The act itself, given what was observed. Gives the result.
  case perform(observed: Document)
  /// After a crash or a lost answer: did the act, observed before as given, happen?
  /// Gives `{ "state": "done" | "not_done" | "unknown", "result": … }`.
  case settle(observed: Document)
}

/// The document that `observe` gives. Everything in it goes to the journal with the intent.
package struct Observation: Sendable, Equatable {
  /// What it touches: `deployments/deepseek-inference-az2 in deepseek`.
  package var target: String
  /// What it would change, for people: `replicas 1 → 2`; empty when nothing would change.
  package var changes: [String]
  /// Kubernetes permissions that it needs: `patch apps/deployments/scale in deepseek`.
  package var permissions: [String]
  /// What the driver wants back at perform and settle: previous values, resourceVersion, uid.
  package var state: Document
  /// The result that `perform` will give if the world stays as observed.
  package var result: Document
  /// Why it must not be done as the world is now, as a whole sentence; `nil` where it may be.
  package var hindrance: String?

  package init(
    target: String, changes: [String], permissions: [String], state: Document, result: Document,
    hindrance: String? = nil
  ) {
    self.target = SecretText.mask(target)
    self.changes = changes.map(SecretText.mask)
    self.permissions = permissions
    self.state = state
    self.result = result
    self.hindrance = hindrance.map(SecretText.mask)
  }

  package var document: Document {
    var object = DocumentObject([
      ("target", .string(target)),
      ("changes", .array(changes.map(Document.string))),
      ("permissions", .array(permissions.map(Document.string))),
      ("state", state),
      ("result", result),
    ])
    object["hindrance"] = hindrance.map(Document.string)
    return .object(object)
  }

  /// `nil` where a document is not of that shape.
  package init?(_ document: Document) {
    guard let target = document["target"]?.stringValue, let state = document["state"],
      let result = document["result"]
    else { return nil }
    self.init(
      target: target,
      changes: document["changes"]?.arrayValue?.compactMap(\.stringValue) ?? [],
      permissions: document["permissions"]?.arrayValue?.compactMap(\.stringValue) ?? [],
      state: state, result: result, hindrance: document["hindrance"]?.stringValue)
  }
}

package struct CallID: Hashable, Sendable {
  package let rawValue: Int
  package init(_ rawValue: Int) { self.rawValue = rawValue }
}

package struct TimerID: Hashable, Sendable {
  package let rawValue: Int
  package init(_ rawValue: Int) { self.rawValue = rawValue }
}

/// A question for a person.
package struct Question: Sendable, Equatable {
  package let id: String
  package let text: String
  /// Who is asked, as written after `by`.
  package let audience: String?
  package let deadline: Instant?
  /// Who has agreed already, where several must: another person is asked.
  package let agreed: [String]

  package init(
    id: String, text: String, audience: String?, deadline: Instant?, agreed: [String] = []
  ) {
    self.id = id
    self.text = text
    self.audience = audience
    self.deadline = deadline
    self.agreed = agreed
  }

  /// Who gave an answer that is told as `alice (has looked)`.
  static func person(_ answer: String) -> Substring {
    guard answer.hasSuffix(")"), let reason = answer.firstRange(of: " (") else {
      return answer[...]
    }
    return answer[..<reason.lowerBound]
  }

  /// The name of somebody who stands for as many people as are needed: of `--yes`, and of simulations.
  package func name(_ person: String) -> String {
    agreed.isEmpty ? person : "\(person), as number \(agreed.count + 1)"
  }
}

/// What the executor wants done. Orders of one batch are carried out in order; `append` must be
/// durable before any later order of the batch is begun.
package enum Order: Sendable {
  /// Append these encoded records to the journal and make them durable.
  case append([UInt8])
  case call(CallID, WorldCall, CallPhase)
  /// Give up a call whose answer no longer matters; it may still be answered.
  case cancel(CallID)
  case startTimer(TimerID, at: Instant)
  case cancelTimer(TimerID)
  case ask(Question)
  case withdraw(questionID: String)
  case show(Progress)
  /// For who follows the run closely; given only where the executor was told to.
  case tell(News)
  /// The run is over (or paused, to be resumed); nothing follows.
  case finish(RunResult)
}

/// What goes on, as data.
package enum News: Sendable, Equatable {
  /// A record. Those that must be on disk are by then; the others are with the next of these.
  case recorded(JournalRecord)
  /// A condition that is waited for was looked at and does not hold: what its parts are.
  case looked(Position, String)
}

/// What the executor is told.
package enum Event: Sendable {
  case begin
  case answered(CallID, Result<Document, WorldFailure>)
  /// An act that was ordered was not begun, and will not be: it came too late.
  case notBegun(CallID)
  case fired(TimerID)
  case decided(questionID: String, approved: Bool, by: String)
  /// Something has changed of what conditions look at: those that wait for their next look need not.
  case stirred
  /// Of a finished run that was to be taken back: why it is not, where nobody has agreed to it yet.
  case recalled(why: String)
  /// SIGINT, SIGTERM or SIGHUP: pause after the acts in flight.
  case interrupted
}

/// One line of what is going on, for the live view, logs and the report.
package struct Progress: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case runStarted, runResumed, runReopened, stepStarted, stepRetried, stepFinished, stepFailed,
      stepSkipped
    case actStarted, actFinished, actSettled, actPlanned
    case waitStarted, waitFinished, verified, required, approvalAsked, approvalGiven
    case paused, undoStarted, undoFinished, undoFailed, locked, failed, finished
  }
  package let kind: Kind
  package let at: Instant
  /// Nesting depth, for indentation.
  package let depth: Int
  package let text: String
  /// When what begins here must be over; for a pause, when it is.
  package let until: Instant?

  package init(kind: Kind, at: Instant, depth: Int, text: String, until: Instant? = nil) {
    self.kind = kind
    self.at = at
    self.depth = depth
    self.text = text
    self.until = until
  }
}

extension Progress.Kind {
  /// What stands before its text.
  package var mark: String {
    switch self {
    case .runStarted, .runResumed, .runReopened: "▶"
    case .stepStarted: "●"
    case .stepFinished, .actFinished, .waitFinished, .verified, .required, .approvalGiven,
      .undoFinished, .locked:
      "✓"
    case .finished: "■"
    case .stepFailed, .undoFailed, .failed: "✗"
    case .stepRetried, .actSettled: "↻"
    case .stepSkipped: "-"
    case .actStarted, .waitStarted, .undoStarted, .actPlanned: "…"
    case .approvalAsked, .paused: "?"
    }
  }
}

/// How a run ended; decides the exit status of `dr run`.
package struct RunResult: Sendable, Equatable {
  package enum Status: String, Sendable {
    case succeeded
    /// Failed, and what was done could not be (or was not to be) undone.
    case failed
    /// Failed, and everything done was undone.
    case rolledBack
    /// Stopped by a signal or for a person's answer; `dr resume` goes on.
    case paused
    /// The world did not answer before anything was done.
    case unreachable
    case lockHeld

    /// For people; programs are told the raw value.
    package var words: String {
      switch self {
      case .succeeded, .failed, .paused, .unreachable: rawValue
      case .rolledBack: "rolled back"
      case .lockHeld: "lock held"
      }
    }
  }
  package let status: Status
  package let message: String?
  package let startedAt: Instant
  package let endedAt: Instant
  /// Of a run that was rolled back.
  package let restoration: Restoration?

  package init(
    status: Status, message: String?, startedAt: Instant, endedAt: Instant,
    restoration: Restoration? = nil
  ) {
    self.status = status
    self.message = message
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.restoration = restoration
  }

  /// For people: `rolled back, not verified`.
  package var words: String { restoration?.words ?? status.words }
}
