// SPDX-License-Identifier: Apache-2.0
//
// Records as JSON. `docs/journal.md` lists the members of every kind.

import DrBase
import DrData
import DrSema

extension JournalRecord {
  /// The record as it stands in the file.
  package var document: Document {
    var object = DocumentObject()
    object["kind"] = .string(body.kind)
    object["at"] = .int(at.nanoseconds)
    if position != .root { object["position"] = .string(position.text) }
    if attempt != 1 { object["attempt"] = .int(Int64(attempt)) }
    body.write(to: &object)
    return .object(object)
  }
}

extension JournalRecord.Body {
  package var kind: String {
    switch self {
    case .begun: "begun"
    case .resumed: "resumed"
    case .step: "step"
    case .stepDone: "step_done"
    case .stepFailed: "step_failed"
    case .read: "read"
    case .intent: "intent"
    case .outcome: "outcome"
    case .settled: "settled"
    case .waiting: "waiting"
    case .verdict: "verdict"
    case .decision: "decision"
    case .elapsed: "elapsed"
    case .retry: "retry"
    case .attempt: "attempt"
    case .expired: "expired"
    case .unwinding: "unwinding"
    case .undone: "undone"
    case .lock: "lock"
    case .paused: "paused"
    case .ended: "ended"
    }
  }

  fileprivate func write(to object: inout DocumentObject) {
    switch self {
    case .begun(let identity): identity.write(to: &object)
    case .resumed, .stepDone, .elapsed, .attempt, .expired: break
    case .step(let title, let until):
      object["title"] = .string(title)
      object["until"] = until.map { .int($0.nanoseconds) }
    case .stepFailed(let why), .paused(let why): object["why"] = .string(why)
    case .read(let call, let answer):
      call.write(to: &object)
      answer.write(to: &object)
    case .intent(let intent):
      intent.call.write(to: &object)
      object["class"] = .string(intent.actClass.rawValue)
      object["key"] = .string(intent.key)
      object["observation"] = intent.observation.document
    case .outcome(let answer): answer.write(to: &object)
    case .settled(let settlement):
      object["state"] = .string(settlement.state.rawValue)
      object["result"] = settlement.result
      object["by"] = settlement.by.map(Document.string)
    case .waiting(let directive, let text, let until):
      object["for"] = .string(directive.journalName)
      object["text"] = .string(text)
      object["until"] = until.map { .int($0.nanoseconds) }
    case .verdict(let holds, let message, let evidence):
      object["holds"] = .bool(holds)
      object["message"] = message.map(Document.string)
      if !evidence.isEmpty { object["evidence"] = .array(evidence.map(\.document)) }
    case .decision(let approved, let by):
      object["approved"] = approved.map(Document.bool)
      object["by"] = by.map(Document.string)
    case .retry(_, let instant, let why):
      object["next"] = .int(instant.nanoseconds)
      object["why"] = .string(why)
    case .unwinding(let undos, let why):
      object["undos"] = .int(Int64(undos))
      object["why"] = .string(why)
    case .undone(let failure): object["failure"] = failure.map(Document.string)
    case .lock(let name, let fencing):
      object["name"] = .string(name)
      object["fencing"] = .int(fencing)
    case .ended(let status, let message):
      object["status"] = .string(status.rawValue)
      object["message"] = message.map(Document.string)
    }
  }
}

extension RunIdentity {
  fileprivate func write(to object: inout DocumentObject) {
    object["run"] = .string(runID)
    object["runbook"] = .string(runbook)
    object["arguments"] = .object(arguments)
    object["program"] = .string(programDigest)
    object["sources"] = .object(
      DocumentObject(sources.map { ($0.name, .string($0.digest)) }))
    object["dr"] = .string(version)
    object["world"] = .string(world)
  }
}

extension CallNote {
  fileprivate func write(to object: inout DocumentObject) {
    object["call"] = .string(name)
    object["arguments"] = arguments
  }
}

extension Evidence {
  fileprivate var document: Document {
    var object = DocumentObject()
    call.write(to: &object)
    answer.write(to: &object)
    return .object(object)
  }
}

extension Answer {
  fileprivate func write(to object: inout DocumentObject) {
    switch self {
    case .success(let result): object["result"] = result
    case .failure(let failure):
      object["failure"] = .string(failure.kind)
      object["message"] = .string(failure.message)
    }
  }
}

extension WorldFailure {
  /// Its name in journals and reports.
  package var kind: String {
    switch self {
    case .unreachable: "unreachable"
    case .refused: "refused"
    case .busy: "busy"
    case .inDoubt: "in_doubt"
    case .held: "held"
    case .unavailable: "unavailable"
    }
  }

  init?(kind: String, message: String) {
    switch kind {
    case "unreachable": self = .unreachable(message)
    case "refused": self = .refused(message)
    case "busy": self = .busy(message)
    case "in_doubt": self = .inDoubt(message)
    case "held": self = .held(message)
    case "unavailable": self = .unavailable(message)
    case _: return nil
    }
  }
}

extension DirectiveKind {
  /// The keyword, as journals and plans write it.
  package var journalName: String {
    switch self {
    case .step: "step"
    case .undo: "undo"
    case .wait: "wait"
    case .pause: "pause"
    case .require: "require"
    case .verify: "verify"
    case .approve: "approve"
    case .parallel: "parallel"
    case .run: "run"
    case .lock: "lock"
    case .onFailure: "on failure"
    case .fail: "fail"
    }
  }

  fileprivate static let all: [DirectiveKind] = [
    .step, .undo, .wait, .pause, .require, .verify, .approve, .parallel, .run, .lock, .onFailure,
    .fail,
  ]

  init?(journalName: String) {
    guard let kind = DirectiveKind.all.first(where: { $0.journalName == journalName }) else {
      return nil
    }
    self = kind
  }
}

/// What a record lacks.
struct RecordError: Error {
  let message: String
}

/// Takes records apart.
struct RecordReader {
  let object: DocumentObject

  static func record(_ document: Document) throws(RecordError) -> JournalRecord {
    guard let object = document.objectValue else { throw RecordError(message: "it is no object") }
    let reader = RecordReader(object: object)
    let attempt = try reader.optionalInt("attempt") ?? 1
    return JournalRecord(
      at: Instant(nanoseconds: try reader.int("at")),
      position: Position(try reader.optionalString("position") ?? ""),
      attempt: Int(attempt), try reader.body(attempt: Int(attempt)))
  }

  private func body(attempt: Int) throws(RecordError) -> JournalRecord.Body {
    switch try string("kind") {
    case "begun": return .begun(try identity())
    case "resumed": return .resumed
    case "step": return .step(title: try string("title"), until: try instant("until"))
    case "step_done": return .stepDone
    case "step_failed": return .stepFailed(why: try string("why"))
    case "read": return .read(try call(), try answer())
    case "intent": return .intent(try intent())
    case "outcome": return .outcome(try answer())
    case "settled": return .settled(try settlement())
    case "waiting":
      guard let kind = DirectiveKind(journalName: try string("for")) else { throw bad("for") }
      return .waiting(for: kind, text: try string("text"), until: try instant("until"))
    case "verdict":
      var evidence: [Evidence] = []
      for item in object["evidence"]?.arrayValue ?? [] {
        guard let object = item.objectValue else { throw bad("evidence") }
        let reader = RecordReader(object: object)
        evidence.append(Evidence(call: try reader.call(), answer: try reader.answer()))
      }
      return .verdict(
        holds: try bool("holds"), message: try optionalString("message"), evidence: evidence)
    case "decision":
      return .decision(approved: object["approved"]?.boolValue, by: try optionalString("by"))
    case "elapsed": return .elapsed
    case "retry":
      return .retry(
        attempt: attempt, at: Instant(nanoseconds: try int("next")), why: try string("why"))
    case "attempt": return .attempt(attempt)
    case "expired": return .expired
    case "unwinding": return .unwinding(undos: Int(try int("undos")), why: try string("why"))
    case "undone": return .undone(failure: try optionalString("failure"))
    case "lock": return .lock(name: try string("name"), fencing: try int("fencing"))
    case "paused": return .paused(why: try string("why"))
    case "ended":
      guard let status = RunResult.Status(rawValue: try string("status")) else {
        throw bad("status")
      }
      return .ended(status, message: try optionalString("message"))
    case let other: throw RecordError(message: "its kind `\(other)` is unknown")
    }
  }

  private func identity() throws(RecordError) -> RunIdentity {
    guard let sources = object["sources"]?.objectValue,
      let arguments = object["arguments"]?.objectValue
    else { throw bad("sources") }
    return RunIdentity(
      runID: try string("run"), runbook: try string("runbook"), arguments: arguments,
      programDigest: try string("program"),
      sources: sources.members.map { .init(name: $0.name, digest: $0.value.stringValue ?? "") },
      version: try string("dr"), world: try string("world"))
  }

  private func call() throws(RecordError) -> CallNote {
    guard let arguments = object["arguments"] else { throw bad("arguments") }
    return CallNote(name: try string("call"), arguments: arguments)
  }

  private func answer() throws(RecordError) -> Answer {
    if let result = object["result"] { return .success(result) }
    guard let failure = WorldFailure(kind: try string("failure"), message: try string("message"))
    else { throw bad("failure") }
    return .failure(failure)
  }

  private func intent() throws(RecordError) -> Intent {
    guard let actClass = ActClass(rawValue: try string("class")) else { throw bad("class") }
    guard let observation = object["observation"].flatMap(Observation.init) else {
      throw bad("observation")
    }
    return Intent(
      call: try call(), actClass: actClass, key: try string("key"), observation: observation)
  }

  private func settlement() throws(RecordError) -> Settlement {
    guard let state = Settlement.State(rawValue: try string("state")) else { throw bad("state") }
    return Settlement(state: state, result: object["result"], by: try optionalString("by"))
  }

  // MARK: Members

  private func bad(_ name: String) -> RecordError {
    RecordError(message: "its member `\(name)` is missing or of another kind")
  }

  private func string(_ name: String) throws(RecordError) -> String {
    guard let value = object[name]?.stringValue else { throw bad(name) }
    return value
  }

  private func optionalString(_ name: String) throws(RecordError) -> String? {
    object[name] == nil ? nil : try string(name)
  }

  private func bool(_ name: String) throws(RecordError) -> Bool {
    guard let value = object[name]?.boolValue else { throw bad(name) }
    return value
  }

  private func int(_ name: String) throws(RecordError) -> Int64 {
    guard let value = object[name]?.intValue else { throw bad(name) }
    return value
  }

  private func optionalInt(_ name: String) throws(RecordError) -> Int64? {
    object[name] == nil ? nil : try int(name)
  }

  private func instant(_ name: String) throws(RecordError) -> Instant? {
    try optionalInt(name).map(Instant.init(nanoseconds:))
  }
}
