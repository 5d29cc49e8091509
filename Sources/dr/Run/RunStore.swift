// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrHost
import DrRun
import DrSystem

/// Where runs are kept: a folder each, with `launch.json` and `journal`.
///
/// `$DR_STATE`, else `$XDG_STATE_HOME/dr`, else `~/.local/state/dr` (XDG Base Directory Specification).
struct RunStore {
  let folder: String

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
