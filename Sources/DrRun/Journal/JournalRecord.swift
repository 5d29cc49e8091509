// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// Where in a run something happens: the indexes of the suspensions that lead there, from the
/// runbook inwards. `2.1` is the second thing that the body of the runbook's third step stops at.
/// It depends on the program and on what it was told only, so it is the same in every life of a
/// run.
package struct Position: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }

  /// The runbook as a whole.
  package static let root = Position("")

  package func child(_ index: Int) -> Position {
    let number = String(index)
    return Position(text.isEmpty ? number : text + "." + number)
  }

  package var description: String { text.isEmpty ? "the runbook" : text }
}

/// What a run is: everything that must be the same when it is resumed, and what people ask first.
package struct RunIdentity: Sendable, Equatable {
  package struct Source: Sendable, Equatable {
    package let name: String
    /// SHA-256 in hexadecimal.
    package let digest: String

    package init(name: String, digest: String) {
      self.name = name
      self.digest = digest
    }
  }

  package var runID: String
  package var runbook: String
  /// By parameter name, for people and for the check that a resumed run is the same run.
  package var arguments: DocumentObject
  /// Of the checked program, so that a journal is never replayed against another one.
  package var programDigest: String
  package var sources: [Source]
  /// Of the tool that began the run.
  package var version: String
  /// `real` or `simulated`.
  package var world: String

  package init(
    runID: String, runbook: String, arguments: DocumentObject, programDigest: String,
    sources: [Source], version: String, world: String
  ) {
    self.runID = runID
    self.runbook = runbook
    self.arguments = arguments
    self.programDigest = programDigest
    self.sources = sources
    self.version = version
    self.world = world
  }
}

/// What a call answered, as it stands in the journal.
package typealias Answer = Result<Document, WorldFailure>

/// A call as the journal names it: enough to tell another call from it, and for people to read.
package struct CallNote: Sendable, Equatable {
  package let name: String
  /// Without secrets, and bounded: see `SecretText.mask` and `Bounded.copy`.
  package let arguments: Document

  package init(name: String, arguments: Document) {
    self.name = name
    self.arguments = arguments
  }

  package init(_ name: String, _ arguments: DocumentObject) {
    self.name = name
    self.arguments = Bounded.copy(SecretText.mask(.object(arguments)))
  }

  /// Whether it is of this call. Where all stands in it as it is, no secret has to be looked for.
  package func isOf(_ name: String, _ arguments: DocumentObject) -> Bool {
    self.name == name
      && (self.arguments == .object(arguments) || self == CallNote(name, arguments))
  }

  /// `kube.scale {"namespace":"deepseek","replicas":2}`
  package var summary: String {
    let text = JSON.write(arguments)
    return "\(name) \(text.count <= 200 ? text : text.prefix(197) + "…")"
  }
}

/// What a condition looked at when it gave its verdict. For people; replay does not need it.
package struct Evidence: Sendable, Equatable {
  package let call: CallNote
  /// Bounded.
  package let answer: Answer

  package init(call: CallNote, answer: Answer) {
    self.call = call
    self.answer = answer
  }
}

/// The promise to act, durable before the act is begun.
package struct Intent: Sendable, Equatable {
  package let call: CallNote
  package let actClass: ActClass
  package let key: String
  package let observation: Observation

  package init(call: CallNote, actClass: ActClass, key: String, observation: Observation) {
    self.call = call
    self.actClass = actClass
    self.key = key
    self.observation = observation
  }
}

/// What was found out about an act in doubt.
package struct Settlement: Sendable, Equatable {
  package enum State: String, Sendable {
    case done
    case notDone = "not_done"
    case unknown
  }
  package let state: State
  /// Of the act, where it is done.
  package let result: Document?
  /// Who said so, where it was a person.
  package let by: String?

  package init(state: State, result: Document?, by: String?) {
    self.state = state
    self.result = result
    self.by = by
  }
}

/// What a plan said before the run: how long it and its steps take at most, for the report to hold
/// what was measured against.
package struct Prediction: Sendable, Equatable {
  package struct Step: Sendable, Equatable {
    package let position: Position
    package let nanoseconds: Int64

    package init(position: Position, nanoseconds: Int64) {
      self.position = position
      self.nanoseconds = nanoseconds
    }
  }

  /// `nil` where something in the run has no bound.
  package let wholeNanoseconds: Int64?
  /// Those that have a bound, in the order of the plan.
  package let steps: [Step]

  package init(wholeNanoseconds: Int64?, steps: [Step]) {
    self.wholeNanoseconds = wholeNanoseconds
    self.steps = steps
  }

  package init(_ plan: Plan) {
    self.init(
      wholeNanoseconds: plan.worstCase.isBounded ? plan.worstCase.nanoseconds : nil,
      steps: plan.items.compactMap { item in
        guard item.kind == .step, !item.onlyOnFailure else { return nil }
        return item.worstCaseNanoseconds.map { Step(position: item.position, nanoseconds: $0) }
      })
  }
}

/// Within what time a service is to be back, as the program promises.
package struct Objective: Sendable, Equatable {
  /// Its label.
  package let service: String
  /// Nanoseconds, more than 0.
  package let recovery: Int64

  package init(service: String, recovery: Int64) {
    self.service = service
    self.recovery = recovery
  }
}

/// One line of the journal.
package struct JournalRecord: Sendable, Equatable {
  package enum Body: Sendable, Equatable {
    /// The first record of every journal.
    indirect case begun(RunIdentity)
    /// A further life begins.
    case resumed
    case step(title: String, until: Instant?)
    case stepDone
    case stepFailed(why: String)
    case read(CallNote, Answer)
    indirect case intent(Intent)
    case outcome(Answer)
    case settled(Settlement)
    /// A wait, verification, pause or approval has begun: what it is, in words, and its deadline.
    case waiting(for: DirectiveKind, text: String, until: Instant?)
    case verdict(holds: Bool, message: String?, evidence: [Evidence])
    /// `approved` is nil where nobody answered in time.
    case decision(approved: Bool?, by: String?)
    /// A pause is over.
    case elapsed
    /// An attempt failed and another follows at that instant.
    case retry(attempt: Int, at: Instant, why: String)
    case attempt(Int)
    /// The deadline of a step is over.
    case expired
    case unwinding(undos: Int, why: String)
    /// An undo ended; `failure` is nil where it succeeded.
    case undone(failure: String?)
    case lock(name: String, fencing: Int64)
    case paused(why: String)
    case ended(RunResult.Status, message: String?)
    /// What a plan said before the run.
    case predicted(Prediction)
    /// What is promised of the services that the runbook names.
    case objectives([Objective])
    /// A run that had ended goes on, to take back what it did; `audience` is asked before.
    case reopened(why: String, audience: String?)
    /// From here on the run is one of that program, by digest; who said so.
    case accepted(program: String, by: String)
    /// Before the end of a run that was taken back: whether what must hold does so again.
    case restored(Restoration)
    /// After the beginning and after each resumption: who works on the run now.
    indirect case life(Life)
  }

  package let at: Instant
  package let position: Position
  /// Counted from 1.
  package let attempt: Int
  package let body: Body

  package init(at: Instant, position: Position = .root, attempt: Int = 1, _ body: Body) {
    self.at = at
    self.position = position
    self.attempt = attempt
    self.body = body
  }
}

/// Keeps journals small where completeness is not needed, and bounded where it is.
package enum Bounded {
  /// Largest copy of what replay does not need.
  package static let copyBytes = 4 << 10
  /// Largest value that replay does need; a call that gives more fails.
  package static let valueBytes = 1 << 20

  /// The document itself, or, where its text is larger than 4 KiB, its digest and the beginning of
  /// its text.
  package static func copy(_ document: Document) -> Document {
    if mostBytes(document) <= copyBytes { return document }
    let text = Array(JSON.write(document).utf8)
    guard text.count > copyBytes else { return document }
    return [
      "bytes": .int(Int64(text.count)),
      "sha256": .string(SHA256.hexDigest(text)),
      "begins": .string(String(decoding: text.prefix(1 << 10), as: UTF8.self)),
    ]
  }

  /// Whether a value that replay needs is small enough to be kept whole.
  package static func fits(_ document: Document) -> Bool {
    mostBytes(document) <= valueBytes || JSON.write(document).utf8.count <= valueBytes
  }

  /// At most so many bytes has its text: a quick look that nearly always is enough.
  private static func mostBytes(_ document: Document) -> Int {
    switch document {
    case .null, .bool, .int, .float: 32
    case .string(let text): quoted(text)
    case .array(let items): items.reduce(2) { $0 + mostBytes($1) + 1 }
    case .object(let object):
      object.members.reduce(2) { $0 + quoted($1.name) + mostBytes($1.value) + 2 }
    }
  }

  /// A byte that must be escaped becomes six.
  private static func quoted(_ text: String) -> Int { 6 * text.utf8.count + 2 }
}
