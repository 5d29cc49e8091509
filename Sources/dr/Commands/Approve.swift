// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrHost
import DrRun
import DrSystem

struct Approve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer an approval that a run waits for.",
    discussion: """
      The answer is bound to the run, the place in it and the question's deadline, and goes into the journal with who \
      gave it and why. The run's process takes it within a second; a paused run takes it when it is resumed.
      """
  ).ofDr

  @Argument(
    help: ArgumentHelp("The run: its id, the beginning of its id, or last.", valueName: "run"))
  var word: String

  @Argument(
    help: "Which approval, where several are open: part of its question or step, or its position.")
  var step: String?

  @Option(help: "Who answers, as the journal names them. Default: $USER.")
  var by: String?

  @Option(help: "Why.")
  var reason: String?

  @Flag(help: "Answer no: the run ends and is undone.")
  var decline = false

  @OptionGroup var store: StoreAccess

  func validate() throws {
    for (option, text) in [("--by", by), ("--reason", reason)] {
      guard let text else { continue }
      let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      guard isPlain, text.contains(where: { $0 != " " }) else {
        throw ValidationError("\(option) takes words, in one line")
      }
    }
  }

  func run() async throws { try await store.use { try await approve($0) } }

  private func approve(_ store: RunStore) async throws {
    let id = try await store.resolve(word)
    let approval = try approval(of: id, try await store.readJournal(id))
    let box = store.approvals(id)
    if let given = try await box.answer(to: approval.question.id) { throw decided(given) }
    let now = WallClock.now()
    if let deadline = approval.question.deadline, now >= deadline {
      throw refusal("too late: the answer was due at \(deadline.utcText)")
    }
    // Asked before: a run that takes the answer may have ended a moment later.
    let isLive = try await store.isLive(id)
    let by = (by ?? Approver.user) + (reason.map { " (\($0))" } ?? "")
    guard
      try await box.put(
        ApprovalBox.Answer(approved: !decline, by: by, at: now), to: approval.question.id)
    else {
      // Somebody was faster.
      guard let given = try await box.answer(to: approval.question.id) else { return }
      throw decided(given)
    }
    Console.write("\(decline ? "declined" : "approved"): \(approval.question.text)\n")
    if !isLive {
      let end = approval.question.deadline.map { " before \($0.utcText), or it is too late" } ?? ""
      Console.write(
        "the run is not going on now; go on with: \(store.resumeCommand(id))\(end)\n")
    }
  }

  private func decided(_ given: ApprovalBox.Answer) -> ExitCode {
    let verb = given.approved ? "approved" : "declined"
    return refusal("\(given.by) has \(verb) this at \(given.at.utcText); the first answer counts")
  }

  private func refusal(_ text: String) -> ExitCode {
    Console.write(text + "\n", to: .error)
    return ExitCode(1)
  }

  private func approval(of id: String, _ journal: Journal) throws -> OpenApproval {
    let open = journal.openApprovals
    let matching = open.filter { approval in
      guard let step else { return true }
      return approval.position.text == step || approval.question.text.contains(step)
        || approval.step?.contains(step) == true
    }
    if matching.count == 1 { return matching[0] }
    let list = (matching.isEmpty ? open : matching).map { approval in
      "  \(approval.position)  \(approval.question.text)"
    }.joined(separator: "\n")
    if open.isEmpty { throw refusal("\(id) waits for no approval") }
    throw refusal(
      matching.isEmpty
        ? "\(id) waits for no approval called `\(step ?? "")`; it waits for:\n\(list)"
        : "\(id) waits for several approvals; name one:\n\(list)")
  }
}
