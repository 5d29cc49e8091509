// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrHost
import DrRun

/// Answers that were given to a run from elsewhere (`dr approve`), each beside the run's journal. The run's process, or
/// the next life of the run, takes them from there and journals them.
struct ApprovalBox: Sendable {
  let records: any RecordStore
  let id: String

  struct Answer {
    let approved: Bool
    let by: String
    let at: Instant
  }

  /// Nil where there is none, or what is there is for another question.
  func answer(to questionID: String) async throws(StoreFailure) -> Answer? {
    guard let bytes = try await records.answer(id, to: questionID),
      let document = try? JSON.parse(bytes), document["question"]?.stringValue == questionID,
      let approved = document["approved"]?.boolValue, let by = document["by"]?.stringValue,
      let at = document["at"]?.intValue
    else { return nil }
    return Answer(approved: approved, by: by, at: Instant(nanoseconds: at))
  }

  /// Durable when it returns. False where there is an answer already: the first one counts.
  func put(_ answer: Answer, to questionID: String) async throws(StoreFailure) -> Bool {
    let document: Document = [
      "question": .string(questionID), "approved": .bool(answer.approved),
      "by": .string(answer.by), "at": .int(answer.at.nanoseconds),
    ]
    return try await records.putAnswer(
      Array(JSON.write(document, pretty: true).utf8), id, to: questionID)
  }
}
