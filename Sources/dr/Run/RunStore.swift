// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrHost
import DrRun
import DrSystem

/// Where runs are kept, and what the bytes there say.
struct RunStore: Sendable {
  let records: any RecordStore

  init(_ records: any RecordStore) { self.records = records }

  /// The files of this machine: in `$DR_STATE`, else `$XDG_STATE_HOME/dr`, else `~/.local/state/dr` (XDG Base Directory
  /// Specification).
  static var local: RunStore {
    RunStore(FileRecordStore(state: localFolder, isDefault: true))
  }

  static var localFolder: String {
    if let folder = Environment.variable("DR_STATE"), !folder.isEmpty { return folder }
    if let base = Environment.variable("XDG_STATE_HOME"), base.hasPrefix("/") {
      return "\(base)/dr"
    }
    return "\(Environment.variable("HOME") ?? "/")/.local/state/dr"
  }

  /// Where a detached process of a run writes: on this machine, whatever the store.
  func outputPath(_ id: String) -> String {
    (records as? FileRecordStore).map { "\($0.folder)/\(id)/output" }
      ?? "\(Self.localFolder)/output/\(id)"
  }

  /// What commands take to look here, with a space before.
  var options: String { records.options.map { " \($0)" }.joined() }

  /// The command that goes on with a run.
  func resumeCommand(_ id: String) -> String { "dr resume \(id)\(options)" }
  /// The command that answers a run's approval.
  func approveCommand(_ id: String) -> String { "dr approve \(id)\(options)" }

  /// How a question of the run is answered from elsewhere: what became of an act is told to who goes on with the run.
  func answerHint(_ id: String, to question: Question) -> String {
    let command =
      question.id.hasPrefix("doubt/")
      ? "\(resumeCommand(id)) --answer \(question.id)=yes (or =no)" : approveCommand(id)
    return "answer with: \(command)\n"
  }

  /// Answers to the run's approvals that were given from elsewhere.
  func approvals(_ id: String) -> ApprovalBox { ApprovalBox(records: records, id: id) }

  /// Whether somebody works on the run now.
  func isLive(_ id: String) async throws(StoreFailure) -> Bool { try await records.isHeld(id) }

  /// The whole journal of a run; prints why and throws the exit status where it is refused.
  func readJournal(_ id: String) async throws -> Journal {
    let journal = try await believedJournal(id)
    if journal.damage != nil { throw refuse(journal, id) }
    return journal
  }

  /// What there is to show of a run's journal: where it is damaged, what stands before that. Prints why and throws the
  /// exit status where nothing is believed.
  func believedJournal(_ id: String) async throws -> Journal {
    do {
      if let bytes = try await records.journal(id) { return try Journal(believedOf: bytes) }
      Console.write("\(id) has no journal: it never began\n", to: .error)
    } catch let refusal as JournalRefusal {
      Console.write("\(id): \(refusal.diagnostic.message)\n\(advice(id))", to: .error)
    } catch let failure as StoreFailure {
      Console.write("\(failure.message)\n", to: .error)
    }
    throw ExitCode(4)
  }

  /// Says where a journal is damaged, and what to do.
  func refuse(_ journal: Journal, _ id: String) -> ExitCode {
    let message = journal.damage?.message ?? "the journal is refused"
    Console.write(
      """
      \(id): \(message)
      Nothing after that place is believed: how the run went on is not known from here.
      \(advice(id))
      """, to: .error)
    return ExitCode(4)
  }

  private func advice(_ id: String) -> String {
    let file = (records as? FileRecordStore)?.journalPath(id) ?? "the objects of \(id)"
    return """
      Restore \(file) from a copy, then `\(resumeCommand(id))` goes on with it. Without a copy the run is not gone on \
      with: look in the world what became of it, mend that by hand, and begin a new one.

      """
  }

  /// The journal of a run, whoever works on it; `nil` where there is none.
  func journal(_ id: String) async throws -> Journal? {
    try await records.journal(id).map { bytes in try Journal(bytes: bytes) }
  }

  /// Notes what a run was started with; durable before its journal exists.
  func create(_ id: String, _ launch: Launch) async throws(StoreFailure) {
    try await records.create(
      id, launch: Array(JSON.write(launch.document, pretty: true).utf8))
  }

  func launch(_ id: String) async throws -> Launch {
    guard let bytes = try await records.launch(id) else {
      throw ValidationError("there is no run \(id); `dr runs` lists them")
    }
    guard let launch = Launch(try JSON.parse(bytes)) else {
      throw ValidationError("what \(id) was started with is not what dr wrote there")
    }
    return launch
  }

  /// The one run that a user means: its id, the beginning of its id, or `last`.
  func resolve(_ word: String) async throws -> String {
    let all = try await records.ids()
    if word == "last", let last = all.last { return last }
    if all.contains(word) { return word }
    let matching = all.filter { $0.hasPrefix(word) }
    guard matching.count == 1 else {
      throw ValidationError(
        matching.isEmpty
          ? "there is no run \(word); `dr runs` lists them"
          : "\(word) is the beginning of several runs: \(matching.suffix(5).joined(separator: ", "))"
            + (matching.count > 5 ? " and older ones" : ""))
    }
    return matching[0]
  }

  /// An id that sorts by time and that two starts in one second do not share.
  static func newID(at now: Instant) -> String {
    let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
    let suffix = String((0..<4).map { _ in letters[Int.random(in: 0..<letters.count)] })
    return "\(Timestamp.compact(now))-\(suffix)"
  }
}
