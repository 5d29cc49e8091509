// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrHost
import DrRun
import DrSystem
import Glibc

/// Answers that were given to a run from elsewhere (`dr approve`), a file each in the run's folder. The run's process, or
/// the next life of the run, takes them from there and journals them.
struct ApprovalBox: Sendable {
  let folder: String

  struct Answer {
    let approved: Bool
    let by: String
    let at: Instant
  }

  private func path(_ questionID: String) -> String {
    "\(folder)/\(SHA256.hexDigest(Array(questionID.utf8)).prefix(32)).json"
  }

  /// Nil where there is none, or what is there is for another question.
  func answer(to questionID: String) -> Answer? {
    guard access(path(questionID), F_OK) == 0,
      let bytes = try? readSmallFile(path(questionID), limit: 1 << 16),
      let document = try? JSON.parse(bytes), document["question"]?.stringValue == questionID,
      let approved = document["approved"]?.boolValue, let by = document["by"]?.stringValue,
      let at = document["at"]?.intValue
    else { return nil }
    return Answer(approved: approved, by: by, at: Instant(nanoseconds: at))
  }

  /// Durable when it returns. The first answer counts: the caller looks before.
  func put(_ answer: Answer, to questionID: String) throws(FileFailure) {
    try makeDirectories(folder)
    let document: Document = [
      "question": .string(questionID), "approved": .bool(answer.approved),
      "by": .string(answer.by), "at": .int(answer.at.nanoseconds),
    ]
    try AtomicFile.write(
      Array(JSON.write(document, pretty: true).utf8), to: path(questionID), mode: 0o600)
  }
}
