// SPDX-License-Identifier: Apache-2.0
//
// Records as bytes. `docs/journal.md` describes the encoding; `RecordDecoder` is its other half.

import DrBase
import DrData
import DrSema

/// What a record may refer to, collected from the records before it.
package struct RecordContext: Sendable, Equatable {
  /// Texts by their numbers.
  var texts: [String] = []
  /// Of the record before, in nanoseconds.
  var lastAt: Int64 = 0
  /// Of the first record; keys of acts begin with it.
  var runID = ""

  /// Whether a text that stands in a record is given the next number. Names (of calls, members and
  /// kinds) may have all of the numbers, other texts the first half of them.
  func isNumbered(_ byteCount: Int, isName: Bool) -> Bool {
    (2...255).contains(byteCount)
      && texts.count < (isName ? RecordContext.textsMax : RecordContext.textsMax / 2)
  }

  private static let textsMax = 4096
}

/// The kinds of records as numbers, in the order of the table in `docs/journal.md`. A number is never given to another kind.
enum RecordKind: UInt8 {
  case begun = 1
  case resumed, step, stepDone, stepFailed, retry, attempt, expired, read, intent, outcome
  case settled, waiting, verdict, decision, elapsed, unwinding, undone, lock, paused, ended
  case predicted, objectives, reopened, accepted, restored, life

  /// Beside the kind: an attempt other than the first.
  static let hasAttempt: UInt8 = 0x80
}

/// What comes first in a document.
enum DocumentTag: UInt8 {
  case null, no, yes, int, float, text, array, object
}

struct RecordEncoder: Sendable {
  /// Records that have not been taken.
  var bytes: [UInt8] = []
  private var context: RecordContext
  private var numbers: [String: Int] = [:]

  init(after context: RecordContext = RecordContext()) {
    self.context = context
    for (number, text) in context.texts.enumerated() { numbers[text] = number }
  }

  /// False, and nothing is written, where the record is too large.
  mutating func write(_ record: JournalRecord) -> Bool {
    let start = bytes.count
    let before = (texts: context.texts.count, at: context.lastAt)
    write(whole: record)
    guard bytes.count - start > JournalFormat.recordMax else { return true }
    bytes.removeSubrange(start...)
    for text in context.texts[before.texts...] { numbers[text] = nil }
    context.texts.removeSubrange(before.texts...)
    context.lastAt = before.at
    return false
  }

  private mutating func write(whole record: JournalRecord) {
    let hasAttempt = record.attempt != 1
    bytes.append(record.body.number.rawValue | (hasAttempt ? RecordKind.hasAttempt : 0))
    write(record.at.nanoseconds &- context.lastAt)
    context.lastAt = record.at.nanoseconds
    write(plain: record.position.text)
    if hasAttempt { write(Int64(record.attempt)) }
    write(record.body, at: record.position)
  }

  private mutating func write(_ prediction: Prediction) {
    write(prediction.wholeNanoseconds != nil)
    if let whole = prediction.wholeNanoseconds { write(whole) }
    write(count: prediction.steps.count)
    for step in prediction.steps {
      write(plain: step.position.text)
      write(step.nanoseconds)
    }
  }

  private mutating func write(_ body: JournalRecord.Body, at position: Position) {
    switch body {
    case .begun(let identity): write(identity)
    case .resumed, .stepDone, .elapsed, .expired: break
    case .step(let title, let until):
      write(title)
      write(until)
    case .stepFailed(let why), .paused(let why): write(why)
    case .predicted(let prediction): write(prediction)
    case .objectives(let objectives):
      write(count: objectives.count)
      for objective in objectives {
        write(plain: objective.service)
        write(objective.recovery)
      }
    case .read(let call, let answer):
      write(call)
      write(answer)
    case .intent(let intent): write(intent, at: position)
    case .outcome(let answer): write(answer)
    case .settled(let settlement):
      write(settlement.state.rawValue, isName: true)
      write(settlement.result)
      write(settlement.by)
    case .waiting(let directive, let text, let until):
      write(directive.journalName, isName: true)
      write(text)
      write(until)
    case .verdict(let holds, let message, let evidence):
      write(holds)
      write(message)
      write(count: evidence.count)
      for item in evidence {
        write(item.call)
        write(item.answer)
      }
    case .decision(let approved, let by):
      bytes.append(approved.map { $0 ? 2 : 1 } ?? 0)
      write(by)
    case .retry(let attempt, let instant, let why):
      write(Int64(attempt))
      write(instant.nanoseconds &- context.lastAt)
      write(why)
    case .attempt(let number): write(Int64(number))
    case .unwinding(let undos, let why):
      write(count: undos)
      write(why)
    case .undone(let failure): write(failure)
    case .lock(let name, let fencing):
      write(name)
      write(fencing)
    case .ended(let status, let message):
      write(status.rawValue, isName: true)
      write(message)
    case .reopened(let why, let audience):
      write(why)
      write(audience)
    case .accepted(let program, let by):
      write(plain: program)
      write(by)
    case .restored(let restoration):
      write(restoration.isVerified)
      write(restoration.why)
    case .life(let life):
      for text in [life.by, life.machine, life.version, life.file] { write(text) }
      write(count: life.clusters.count)
      for place in life.clusters {
        for text in [place.cluster, place.context, place.server, place.user] { write(text) }
      }
    }
  }

  private mutating func write(_ identity: RunIdentity) {
    context.runID = identity.runID
    write(plain: identity.runID)
    write(identity.runbook)
    write(.object(identity.arguments))
    write(plain: identity.programDigest)
    write(count: identity.sources.count)
    for source in identity.sources {
      write(plain: source.name)
      write(plain: source.digest)
    }
    write(plain: identity.version)
    write(plain: identity.world)
  }

  private mutating func write(_ intent: Intent, at position: Position) {
    write(intent.call)
    write(intent.actClass.rawValue, isName: true)
    let usual = "\(context.runID)/\(position.text)"
    if intent.key.hasPrefix(usual) {
      write(plain: String(intent.key.dropFirst(usual.count)))
      bytes.append(1)
    } else {
      write(plain: intent.key)
      bytes.append(0)
    }
    write(intent.observation.target)
    for texts in [intent.observation.changes, intent.observation.permissions] {
      write(count: texts.count)
      for text in texts { write(text) }
    }
    write(intent.observation.state)
    write(intent.observation.result)
  }

  private mutating func write(_ call: CallNote) {
    write(call.name, isName: true)
    write(call.arguments)
  }

  private mutating func write(_ answer: Answer) {
    switch answer {
    case .success(let result):
      write(true)
      write(result)
    case .failure(let failure):
      write(false)
      write(failure.kind, isName: true)
      write(failure.message)
    }
  }

  // MARK: Parts

  private mutating func write(_ document: Document) {
    switch document {
    case .null: bytes.append(DocumentTag.null.rawValue)
    case .bool(let value): bytes.append((value ? DocumentTag.yes : .no).rawValue)
    case .int(let value):
      bytes.append(DocumentTag.int.rawValue)
      write(value)
    case .float(let value):
      bytes.append(DocumentTag.float.rawValue)
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
      }
    case .string(let text):
      bytes.append(DocumentTag.text.rawValue)
      write(text)
    case .array(let items):
      bytes.append(DocumentTag.array.rawValue)
      write(count: items.count)
      for item in items { write(item) }
    case .object(let object):
      bytes.append(DocumentTag.object.rawValue)
      write(count: object.members.count)
      for member in object.members {
        write(member.name, isName: true)
        write(member.value)
      }
    }
  }

  private mutating func write(_ document: Document?) {
    write(document != nil)
    if let document { write(document) }
  }

  private mutating func write(_ instant: Instant?) {
    write(instant != nil)
    if let instant { write(instant.nanoseconds &- context.lastAt) }
  }

  private mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  private mutating func write(_ text: String?) {
    guard let text else { return write(count: 0) }
    write(text)
  }

  /// The number of a text that has one, else the text itself.
  private mutating func write(_ text: String, isName: Bool = false) {
    if let number = numbers[text] { return write(count: number << 1 | 1) }
    let count = text.utf8.count
    write(count: (count + 1) << 1)
    bytes.append(contentsOf: text.utf8)
    if context.isNumbered(count, isName: isName) {
      numbers[text] = context.texts.count
      context.texts.append(text)
    }
  }

  /// A text that is given no number: it is not expected again.
  private mutating func write(plain text: String) {
    write(count: text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func write(count: Int) { write(unsigned: UInt64(truncatingIfNeeded: count)) }

  /// Small numbers of either sign are short.
  private mutating func write(_ value: Int64) {
    write(unsigned: UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  /// Seven bits a byte, the lowest first; all but the last byte have the highest bit set.
  private mutating func write(unsigned value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension JournalRecord.Body {
  fileprivate var number: RecordKind {
    switch self {
    case .begun: .begun
    case .resumed: .resumed
    case .step: .step
    case .stepDone: .stepDone
    case .stepFailed: .stepFailed
    case .read: .read
    case .intent: .intent
    case .outcome: .outcome
    case .settled: .settled
    case .waiting: .waiting
    case .verdict: .verdict
    case .decision: .decision
    case .elapsed: .elapsed
    case .retry: .retry
    case .attempt: .attempt
    case .expired: .expired
    case .unwinding: .unwinding
    case .undone: .undone
    case .lock: .lock
    case .paused: .paused
    case .ended: .ended
    case .predicted: .predicted
    case .objectives: .objectives
    case .reopened: .reopened
    case .accepted: .accepted
    case .restored: .restored
    case .life: .life
    }
  }
}
