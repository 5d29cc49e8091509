// SPDX-License-Identifier: Apache-2.0

import DrData

/// What a run has behind it, as a planner needs it to plan only what is still to come: the facts of its journal, by
/// position, as they stand now.
package struct RunPast: Sendable {
  /// What calls gave that need not be made again. `nil` of an act that is known to be done, and not what it gave.
  private(set) var results: [Position: Document?] = [:]
  /// How the conditions of steps and requirements were decided.
  private(set) var verdicts: [Position: Bool] = [:]
  /// Whether nothing but what takes back is still to come.
  private(set) var isTakenBack: Bool

  /// `takenBack` is whether somebody wants now what the run did taken back.
  package init(_ journal: Journal, takenBack: Bool = false) {
    isTakenBack = takenBack
    for record in journal.records { take(record) }
  }

  private mutating func take(_ record: JournalRecord) {
    let position = record.position
    switch record.body {
    case .read(_, .success(let result)), .outcome(.success(let result)):
      results[position] = .some(result)
    case .settled(let settlement) where settlement.state == .done:
      results[position] = .some(settlement.result)
    case .verdict(let holds, _, _): verdicts[position] = holds
    case .undone(failure: nil): results[position] = .some(nil)
    // A further attempt does all of it anew, and may begin as soon as the last one is taken back.
    case .unwinding where position != .root, .attempt, .retry: forget(within: position)
    case .unwinding, .reopened: isTakenBack = true
    case .begun, .resumed, .step, .stepDone, .stepFailed, .read, .intent, .outcome, .settled,
      .waiting,
      .decision, .elapsed, .expired, .undone, .lock, .paused, .ended, .predicted, .objectives,
      .accepted, .restored, .life:
      break
    }
  }

  private mutating func forget(within position: Position) {
    results = results.filter { !$0.key.isWithin(position) }
    // How the step itself was decided stays.
    verdicts = verdicts.filter { $0.key == position || !$0.key.isWithin(position) }
  }
}
