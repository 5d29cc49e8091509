// SPDX-License-Identifier: Apache-2.0

import DrSema

/// An approval that a run waits for.
package struct OpenApproval: Sendable, Equatable {
  /// As the executor asks it.
  package let question: Question
  package let position: Position
  /// Of the innermost step around it; `nil` outside of steps.
  package let step: String?
}

extension Journal {
  /// The approvals that are asked and neither decided nor given up, in order.
  package var openApprovals: [OpenApproval] {
    guard let identity else { return [] }
    var open: [OpenApproval] = []
    var visits: [Position: Int] = [:]
    var steps: [(position: Position, title: String)] = []
    for record in records {
      let position = record.position
      switch record.body {
      case .step(let title, _): steps.append((position, title))
      case .stepDone: steps.removeAll { $0.position == position }
      case .waiting(.approve, let text, let until):
        let visit = (visits[position] ?? 0) + 1
        visits[position] = visit
        let id = Question.approvalID(run: identity.runID, position: position, visit: visit)
        open.append(
          OpenApproval(
            question: Question(id: id, text: text, audience: nil, deadline: until),
            position: position,
            step: steps.last { position.isWithin($0.position) }?.title))
      case .decision: open.removeAll { $0.position == position }
      // What fails gives up the questions in it.
      case .stepFailed, .retry, .unwinding, .ended:
        open.removeAll { $0.position.isWithin(position) }
      case .begun, .predicted, .objectives, .resumed, .attempt, .expired, .read, .intent, .outcome,
        .settled,
        .waiting,
        .verdict, .elapsed, .undone, .lock, .paused, .reopened, .accepted, .restored,
        .life:
        break
      }
    }
    return open
  }
}

extension Question {
  /// What an approval is known by: bound to its run, its place and how often it was reached.
  package static func approvalID(run: String, position: Position, visit: Int) -> String {
    "approve/\(run)/\(position.text)/\(visit)"
  }
}
