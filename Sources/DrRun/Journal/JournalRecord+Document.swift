// SPDX-License-Identifier: Apache-2.0
//
// Records as JSON, for people and other tools. `docs/journal.md` lists the members of every kind.

import DrBase
import DrData
import DrSema

extension JournalRecord {
  /// The record as `dr runs export` writes it.
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
    case .predicted: "predicted"
    case .objectives: "objectives"
    case .reopened: "reopened"
    case .accepted: "accepted"
    case .restored: "restored"
    case .life: "life"
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
    case .predicted(let prediction):
      object["worst_case"] = prediction.wholeNanoseconds.map(Document.int)
      object["steps"] = .object(
        DocumentObject(prediction.steps.map { ($0.position.text, .int($0.nanoseconds)) }))
    case .objectives(let objectives):
      object["services"] = .object(
        DocumentObject(objectives.map { ($0.service, .int($0.recovery)) }))
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
    case .accepted(let program, let by):
      object["program"] = .string(program)
      object["by"] = .string(by)
    case .restored(let restoration):
      object["verified"] = .bool(restoration.isVerified)
      object["why"] = restoration.why.map(Document.string)
    case .life(let life):
      for member in life.members.members { object[member.name] = member.value }
    case .reopened(let why, let audience):
      object["why"] = .string(why)
      object["by"] = audience.map(Document.string)
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
