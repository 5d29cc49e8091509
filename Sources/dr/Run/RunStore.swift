// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrHost
import DrRun
import DrSystem
import Glibc

/// Where runs are kept: a folder each, with `launch.json` and `journal`.
///
/// `$DR_STATE`, else `$XDG_STATE_HOME/dr`, else `~/.local/state/dr` (XDG Base Directory Specification).
struct RunStore {
  let folder: String

  /// In a folder that is named instead.
  init(state: String) { folder = "\(state)/runs" }

  init() {
    if let folder = Environment.variable("DR_STATE"), !folder.isEmpty {
      self.folder = "\(folder)/runs"
    } else if let base = Environment.variable("XDG_STATE_HOME"), base.hasPrefix("/") {
      folder = "\(base)/dr/runs"
    } else {
      folder = "\(Environment.variable("HOME") ?? "/")/.local/state/dr/runs"
    }
  }

  func journalPath(_ id: String) -> String { "\(folder)/\(id)/journal" }

  /// Answers to the run's approvals that were given from elsewhere.
  func approvals(_ id: String) -> ApprovalBox { ApprovalBox(folder: "\(folder)/\(id)/answers") }

  /// Whether a process works on the run now.
  func isLive(_ id: String) -> Bool {
    do throws(FileFailure) {
      _ = try JournalFile.open(journalPath(id))
      return false
    } catch {
      return error.code == EWOULDBLOCK
    }
  }

  /// The journal of a run; prints why and throws the exit status where it is refused.
  func readJournal(_ id: String) throws -> Journal {
    do {
      return try journal(id)
    } catch let refusal as JournalRefusal {
      Console.write("\(id): \(refusal.diagnostic.message)\n", to: .error)
      throw ExitCode(4)
    } catch let failure as FileFailure {
      Console.write("\(failure.message)\n", to: .error)
      throw ExitCode(4)
    }
  }

  /// Removes a run. Its journal goes last, so that what is interrupted can be done again.
  func remove(_ id: String) throws(FileFailure) {
    let own = "\(folder)/\(id)"
    for name in OutputFolder.entries("\(own)/answers") ?? [] { unlink("\(own)/answers/\(name)") }
    rmdir("\(own)/answers")
    for name in OutputFolder.entries(own) ?? [] where name != "journal" { unlink("\(own)/\(name)") }
    unlink("\(own)/journal")
    guard rmdir(own) == 0 else { throw FileFailure(own, "remove", code: errno) }
  }

  /// All runs, the oldest first.
  var ids: [String] { OutputFolder.entries(folder) ?? [] }

  /// Notes what a run was started with; durable before its journal exists.
  func create(_ id: String, _ launch: Launch) throws {
    try makeDirectories("\(folder)/\(id)")
    try AtomicFile.write(
      Array(JSON.write(launch.document, pretty: true).utf8), to: "\(folder)/\(id)/launch.json",
      mode: 0o600)
  }

  func launch(_ id: String) throws -> Launch {
    let path = "\(folder)/\(id)/launch.json"
    guard case .success(let bytes) = readFile(path) else {
      throw ValidationError("there is no run \(id); `dr runs` lists them")
    }
    guard let launch = Launch(try JSON.parse(bytes)) else {
      throw ValidationError("\(path) is not what dr wrote there")
    }
    return launch
  }

  /// The journal of a run, read without its lock.
  func journal(_ id: String) throws -> Journal {
    try Journal(bytes: JournalFile.read(journalPath(id)))
  }

  /// The one run that a user means: its id, the beginning of its id, or `last`.
  func resolve(_ word: String) throws -> String {
    let all = ids
    if word == "last", let last = all.last { return last }
    if all.contains(word) { return word }
    let matching = all.filter { $0.hasPrefix(word) }
    guard matching.count == 1 else {
      throw ValidationError(
        matching.isEmpty
          ? "there is no run \(word); `dr runs` lists them"
          : "\(word) is the beginning of several runs")
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
