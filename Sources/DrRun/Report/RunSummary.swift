// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// What `dr runs` says of one run, from its journal alone.
package struct RunSummary: Sendable, Equatable {
  package enum Status: Sendable, Equatable {
    /// No end and no pause in the journal: it is going on, or its process died.
    case unfinished
    case paused(why: String)
    case ended(RunResult.Status, message: String?)
    /// The journal is damaged: what the run did after that place is not known.
    case damaged(JournalDamage)
  }

  package let runID: String
  package let runbook: String
  package let arguments: DocumentObject
  package let programDigest: String
  package let sources: [RunIdentity.Source]
  /// Of the tool that began it.
  package let version: String
  package let world: String
  /// Who worked on it, in order; none in journals that do not say so.
  package let lives: [Life]
  package let startedAt: Instant
  /// Of the last record.
  package let lastAt: Instant
  package let endedAt: Instant?
  /// How long a plan said before that it takes at most; `nil` without one, or without a bound.
  package let predicted: Int64?
  /// What is promised of the services that its runbook names.
  package let objectives: [Objective]
  package let status: Status
  /// The title of the last step that was begun.
  package let lastStep: String?
  /// How often it was resumed.
  package let resumptions: Int
  /// Whether what it did is being taken back, or was, after it had ended.
  package let isReopened: Bool
  /// Of a run that was rolled back; `nil` where nothing says so.
  package let restoration: Restoration?
  /// Acts that were promised and whose outcome is not known.
  package let inDoubt: [CallNote]
  /// What it asks people, where it has not ended.
  package let questions: [String]

  /// `nil` where the run never began.
  package init?(_ journal: Journal) {
    guard let first = journal.first, let last = journal.last,
      case .begun(let identity) = first.body
    else { return nil }
    runID = identity.runID
    runbook = identity.runbook
    arguments = identity.arguments
    programDigest = journal.programDigest ?? identity.programDigest
    sources = identity.sources
    version = identity.version
    world = identity.world
    startedAt = first.at
    lastAt = last.at
    var status = Status.unfinished
    var lastStep: String?
    var resumptions = 0
    var lives: [Life] = []
    var isReopened = false
    var restoration: Restoration?
    var predicted: Int64?
    var objectives: [Objective] = []
    var promised: [(position: Position, call: CallNote)] = []
    for record in journal.records {
      switch record.body {
      case .resumed:
        resumptions += 1
        status = .unfinished
      case .paused(let why): status = .paused(why: why)
      case .reopened:
        isReopened = true
        status = .unfinished
      case .predicted(let prediction): predicted = prediction.wholeNanoseconds
      case .ended(let result, let message): status = .ended(result, message: message)
      case .restored(let found): restoration = found
      case .life(let life): lives.append(life)
      case .step(let title, _): lastStep = title
      case .intent(let intent): promised.append((record.position, intent.call))
      case .outcome, .settled: promised.removeAll { $0.position == record.position }
      case .objectives(let promised): objectives = promised
      case .begun, .stepDone, .stepFailed, .read, .waiting, .verdict, .decision, .elapsed, .retry,
        .attempt, .expired, .unwinding, .undone, .lock, .accepted:
        break
      }
    }
    if let damage = journal.damage { status = .damaged(damage) }
    self.status = status
    self.lives = lives
    self.lastStep = lastStep
    self.resumptions = resumptions
    self.isReopened = isReopened
    self.restoration = restoration
    self.predicted = predicted
    self.objectives = objectives
    inDoubt = promised.map(\.call)
    if case .ended = status {
      (endedAt, questions) = (last.at, [])
    } else {
      let open = journal.damage == nil ? journal.openApprovals : []
      (endedAt, questions) = (nil, open.map(\.question.text))
    }
  }

  /// For people: `succeeded`, `rolled back, verified`, `paused`, `unfinished`.
  package var statusText: String {
    switch status {
    case .unfinished, .paused: statusName
    case .damaged: "journal damaged"
    case .ended(let status, _): restoration?.words ?? status.words
    }
  }

  /// What every report says of a run at its head: names and values for people.
  package var facts: [(name: String, value: String)] {
    var facts = [("run", runID), ("world", world), ("began", startedAt.utcText)]
    facts.append((endedAt == nil ? "last record" : "ended", lastAt.utcText))
    facts.append(("took", Words.brief(lastAt.nanoseconds - startedAt.nanoseconds)))
    if let first = lives.first {
      facts.append(("begun by", first.who))
      facts += first.clusters.map { ("cluster", $0.description) }
    }
    if resumptions > 0 { facts.append(("resumed", Words.count(resumptions, "time"))) }
    for (life, before) in zip(lives.dropFirst(), lives) where life != before {
      if life.who != before.who { facts.append(("then by", life.who)) }
      if life.version != before.version { facts.append(("then with dr", life.version)) }
      facts += life.clusters.filter { !before.clusters.contains($0) }.map {
        ("then cluster", $0.description)
      }
    }
    if let file = lives.last?.file { facts.append(("program", file)) }
    facts += [("SHA-256", programDigest), ("dr", version)]
    return facts
  }

  /// For programs: `succeeded`, `rolledBack`, `paused`, `unfinished`.
  private var statusName: String {
    switch status {
    case .unfinished: "unfinished"
    case .paused: "paused"
    case .ended(let status, _): status.rawValue
    case .damaged: "damaged"
    }
  }

  package var document: Document {
    var object = DocumentObject([
      ("run", .string(runID)), ("runbook", .string(runbook)), ("arguments", .object(arguments)),
      ("world", .string(world)), ("status", .string(statusName)),
      ("started", .int(startedAt.nanoseconds)), ("last", .int(lastAt.nanoseconds)),
      ("resumptions", .int(Int64(resumptions))), ("program", .string(programDigest)),
      ("sources", .object(DocumentObject(sources.map { ($0.name, .string($0.digest)) }))),
      ("dr", .string(version)),
    ])
    if !lives.isEmpty { object["lives"] = .array(lives.map { .object($0.members) }) }
    object["ended"] = endedAt.map { .int($0.nanoseconds) }
    object["predicted"] = predicted.map(Document.int)
    if !objectives.isEmpty {
      object["objectives"] = .object(
        DocumentObject(objectives.map { ($0.service, .int($0.recovery)) }))
    }
    object["step"] = lastStep.map(Document.string)
    switch status {
    case .unfinished: break
    case .paused(let why): object["message"] = .string(why)
    case .damaged(let damage): object["damaged"] = damage.document
    case .ended(_, let message): object["message"] = message.map(Document.string)
    }
    if let restoration {
      var restored = DocumentObject([("verified", .bool(restoration.isVerified))])
      restored["why"] = restoration.why.map(Document.string)
      object["restored"] = .object(restored)
    }
    if !questions.isEmpty { object["waits_for"] = .array(questions.map(Document.string)) }
    if !inDoubt.isEmpty {
      object["in_doubt"] = .array(inDoubt.map { .string($0.summary) })
    }
    return .object(object)
  }
}

/// One line of the report of a run.
package struct TimelineEntry: Sendable, Equatable {
  package let at: Instant
  /// Since the run began.
  package let after: Int64
  package let position: Position
  package let text: String
  /// Whether it is something that went wrong.
  package let isFailure: Bool
}

extension Journal {
  /// What happened, in order and in words: the same lines each time, from the journal alone.
  package var timeline: [TimelineEntry] {
    guard let first else { return [] }
    var titles: [Position: String] = [:]
    var acts: [Position: Intent] = [:]
    var conditions: [Position: String] = [:]
    var entries: [TimelineEntry] = []
    for record in records {
      switch record.body {
      case .step(let title, _): titles[record.position] = title
      case .intent(let intent): acts[record.position] = intent
      case .waiting(_, let text, _): conditions[record.position] = text
      case _: break  // open: other records need nothing remembered
      }
      guard
        let (text, isFailure) = record.body.line(
          title: titles[record.position], act: acts[record.position],
          condition: conditions[record.position])
      else { continue }
      entries.append(
        TimelineEntry(
          at: record.at, after: record.at.nanoseconds - first.at.nanoseconds,
          position: record.position, text: text, isFailure: isFailure))
    }
    return entries
  }
}

extension JournalRecord.Body {
  /// In words; `nil` for what says nothing by itself.
  fileprivate func line(title: String?, act: Intent?, condition: String?) -> (String, Bool)? {
    let step = title.map { "step “\($0)”" } ?? "a step"
    let call = act.map { "\($0.call.name) \($0.observation.target)" } ?? "an act"
    switch self {
    case .begun(let identity): return ("\(identity.runbook) begins as \(identity.runID)", false)
    case .predicted(let prediction):
      let most = prediction.wholeNanoseconds.map { "at most \(Words.duration($0))" }
      return ("a plan said that it takes \(most ?? "as long as it takes")", false)
    case .objectives(let objectives):
      let promises = objectives.map { "\($0.service) within \(Words.duration($0.recovery))" }
      return ("promised is the recovery of \(promises.joined(separator: ", "))", false)
    case .resumed: return ("the run is resumed", false)
    case .restored(let restoration):
      let why = restoration.why.map { "not verified: \($0)" }
      return (why ?? "what must hold was verified after the undoing", !restoration.isVerified)
    case .life(let life):
      let places = life.clusters.map { ", cluster \($0.description)" }
      return ("by \(life.who), with dr \(life.version)\(places.joined())", false)
    case .accepted(_, let by): return ("a changed program was accepted by \(by)", false)
    case .reopened(let why, _): return ("what it did is to be taken back: \(why)", false)
    case .step: return ("\(step) begins", false)
    case .stepDone: return ("\(step) is done", false)
    case .stepFailed(let why): return ("\(step) failed: \(why)", true)
    case .read(_, .success), .elapsed: return nil
    case .read(let call, .failure(let failure)):
      return ("\(call.name) failed: \(failure.message)", true)
    case .intent(let intent):
      let changes = intent.observation.changes.joined(separator: ", ")
      return (changes.isEmpty ? call : "\(call): \(changes)", false)
    case .outcome(.success): return ("\(call) is done", false)
    case .outcome(.failure(let failure)): return ("\(call) failed: \(failure.message)", true)
    case .settled(let settlement):
      let by = settlement.by.map { ", says \($0)" } ?? ""
      return ("\(call) was in doubt: \(settlement.state.rawValue)\(by)", false)
    case .waiting(let kind, let text, _):
      switch kind {
      case .approve: return ("asked: \(text)", false)
      case .pause: return ("pause of \(text)", false)
      case .step, .undo, .wait, .require, .verify, .parallel, .run, .lock, .onFailure, .fail:
        return (text, false)
      }
    case .verdict(let holds, let message, _):
      let verdict = holds ? "holds" : "does not hold"
      return (message ?? "it \(verdict)" + (condition.map { ": \($0)" } ?? ""), !holds)
    case .decision(let approved, let by):
      let verb = approved.map { $0 ? "approved" : "declined" } ?? "answered"
      return ("\(by ?? "nobody") \(verb)", approved == false)
    case .retry(let attempt, _, let why):
      return ("\(step): \(why); attempt \(attempt) follows", true)
    case .attempt(let number): return ("\(step): attempt \(number) begins", false)
    case .expired: return ("\(step): its time is over", true)
    case .unwinding(let undos, let why):
      return ("undoing \(Words.count(undos, "change")): \(why)", true)
    case .undone(nil): return ("undone", false)
    case .undone(let failure?): return ("not undone: \(failure)", true)
    case .lock(let name, let fencing):
      return ("lock “\(name)” acquired, fencing number \(fencing)", false)
    case .paused(let why): return ("paused: \(why)", false)
    case .ended(let status, let message):
      return (message.map { "\(status.words): \($0)" } ?? status.words, status != .succeeded)
    }
  }
}
