// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// What a run did, put together from its journal alone: its steps, acts, conditions and approvals,
/// in the order in which they began. Reports are written from it.
package struct RunHistory: Sendable {
  package enum Outcome: Sendable, Equatable {
    case succeeded
    case failed(String)
    /// Neither done nor failed when the journal ends.
    case open
  }

  package struct Step: Sendable {
    package let position: Position
    package let title: String
    package let begunAt: Instant
    package let deadline: Instant?
    /// How long a plan said that it takes at most.
    package let predicted: Int64?
    package var endedAt: Instant?
    package var attempts = 1
    package var outcome = Outcome.open
    /// Its undo ran and succeeded.
    package var isUndone = false
  }

  package struct Act: Sendable {
    package let position: Position
    package let intent: Intent
    package let begunAt: Instant
    package var endedAt: Instant?
    package var outcome = Outcome.open
    /// How it was found out what became of it, where the answer was lost.
    package var settlement: Settlement?
  }

  /// A wait, verification, requirement or approval.
  package struct Condition: Sendable {
    package let position: Position
    package let kind: DirectiveKind
    package let text: String
    package let begunAt: Instant
    package let deadline: Instant?
    package var endedAt: Instant?
    package var outcome = Outcome.open
    package var evidence: [Evidence] = []
    /// Who decided, of an approval.
    package var by: String?
  }

  package let identity: RunIdentity
  package let summary: RunSummary
  package private(set) var steps: [Step] = []
  package private(set) var acts: [Act] = []
  package private(set) var conditions: [Condition] = []

  private var predictions: [Position: Int64] = [:]
  private var openSteps: [Position: Int] = [:]
  private var openActs: [Position: Int] = [:]
  private var openConditions: [Position: Int] = [:]

  /// `nil` where the run never began.
  package init?(_ journal: Journal) {
    guard let identity = journal.identity, let summary = RunSummary(journal) else { return nil }
    self.identity = identity
    self.summary = summary
    for record in journal.records { take(record) }
  }

  private mutating func take(_ record: JournalRecord) {
    let position = record.position
    switch record.body {
    case .step(let title, let until):
      openSteps[position] = steps.count
      steps.append(
        Step(
          position: position, title: title, begunAt: record.at, deadline: until,
          predicted: predictions[position]))
    case .stepDone: endStep(record, .succeeded)
    case .stepFailed(let why): endStep(record, .failed(why))
    case .attempt(let number):
      if let index = openSteps[position] { steps[index].attempts = number }
    case .undone(nil):
      for index in steps.indices.reversed() where position.isWithin(steps[index].position) {
        steps[index].isUndone = true
        break
      }
    case .intent(let intent):
      openActs[position] = acts.count
      acts.append(Act(position: position, intent: intent, begunAt: record.at))
    case .outcome(let answer):
      if let index = openActs.removeValue(forKey: position) {
        acts[index].endedAt = record.at
        acts[index].outcome = Outcome(answer)
      } else {
        endCondition(record, Outcome(answer))
      }
    case .settled(let settlement):
      guard let index = openActs[position] else { return }
      acts[index].settlement = settlement
      acts[index].endedAt = record.at
      if settlement.state == .done { acts[index].outcome = .succeeded }
      openActs[position] = nil
    case .waiting(let kind, let text, let until):
      openConditions[position] = conditions.count
      conditions.append(
        Condition(
          position: position, kind: kind, text: text, begunAt: record.at, deadline: until))
    case .verdict(let holds, let message, let evidence):
      // Without words it is the `if` of a step, which the step itself tells.
      if openConditions[position] == nil, let message {
        openConditions[position] = conditions.count
        conditions.append(
          Condition(
            position: position, kind: .require, text: message, begunAt: record.at, deadline: nil))
      }
      if let index = openConditions[position] { conditions[index].evidence = evidence }
      endCondition(record, holds ? .succeeded : .failed(message ?? "it does not hold"))
    case .decision(let approved, let by):
      if let index = openConditions[position] { conditions[index].by = by }
      let who = by ?? "nobody"
      endCondition(record, approved == true ? .succeeded : .failed("\(who) did not approve"))
    case .elapsed: endCondition(record, .succeeded)
    case .predicted(let prediction):
      for step in prediction.steps { predictions[step.position] = step.nanoseconds }
    case .begun, .objectives, .resumed, .retry, .expired, .read, .unwinding, .undone, .lock,
      .paused, .ended, .reopened, .accepted, .restored, .life:
      break
    }
  }

  private mutating func endStep(_ record: JournalRecord, _ outcome: Outcome) {
    guard let index = openSteps.removeValue(forKey: record.position) else { return }
    steps[index].endedAt = record.at
    steps[index].outcome = outcome
  }

  private mutating func endCondition(_ record: JournalRecord, _ outcome: Outcome) {
    guard let index = openConditions.removeValue(forKey: record.position) else { return }
    conditions[index].endedAt = record.at
    conditions[index].outcome = outcome
  }
}

extension RunHistory.Outcome {
  fileprivate init(_ answer: Answer) {
    switch answer {
    case .success: self = .succeeded
    case .failure(let failure): self = .failed(failure.message)
    }
  }
}

extension Position {
  /// Whether it is that position or lies inside it: `2.1.0` is within `2.1`.
  package func isWithin(_ other: Position) -> Bool {
    text == other.text || other == .root || text.hasPrefix(other.text + ".")
  }

  /// How many positions it lies inside of.
  package var depth: Int { text.utf8.count { $0 == UInt8(ascii: ".") } }
}

extension Instant {
  /// `2026-11-23T20:15:00Z`, for years from 1970 on.
  package var utcText: String {
    let seconds = max(0, nanoseconds) / 1_000_000_000
    var year: Int64 = 1970
    var days = seconds / 86_400
    while days >= Self.days(inYear: year) {
      days -= Self.days(inYear: year)
      year += 1
    }
    var month = 0
    let lengths = [31, Self.days(inYear: year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    while days >= lengths[month] {
      days -= lengths[month]
      month += 1
    }
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(two)
    return "\(year)-\(two(Int64(month) + 1))-\(two(days + 1))T\(clock.joined(separator: ":"))Z"
  }

  private static func days(inYear year: Int64) -> Int64 {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365
  }
}
