// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrHost
import DrRun

struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List runs, or show the record of one.",
    discussion: """
      A journal is verified whenever it is read: every record's checksum, and the chain of hashes over all of them.
      """
  ).ofDr

  @Argument(help: "A run to show: its id, the beginning of its id, or last.")
  var id: String?

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    let store = RunStore()
    if let id {
      try show(store.resolve(id), store)
      return
    }
    let ids = store.ids
    if json {
      let rows = ids.compactMap { try? RunSummary(store.journal($0))?.document }
      Console.write(JSON.write(.array(rows), pretty: true) + "\n")
      return
    }
    if ids.isEmpty { Console.write("no runs yet\n") }
    for id in ids { Console.write(line(id, store) + "\n") }
  }

  private func line(_ id: String, _ store: RunStore) -> String {
    do {
      guard let summary = RunSummary(try store.journal(id)) else {
        return "\(id)  never began"
      }
      return line(summary)
    } catch let refusal as JournalRefusal {
      return "\(id)  journal refused: \(refusal.diagnostic.message)"
    } catch {
      return "\(id)  no journal"
    }
  }

  private func show(_ id: String, _ store: RunStore) throws {
    let journal: Journal
    do {
      journal = try store.journal(id)
    } catch let refusal as JournalRefusal {
      Console.write("\(refusal.diagnostic.message)\n", to: .error)
      throw ExitCode(4)
    }
    guard let summary = RunSummary(journal) else {
      Console.write("\(id) never began: its journal has no record\n")
      return
    }
    if json {
      Console.write(JSON.write(summary.document, pretty: true) + "\n")
      return
    }
    Console.write(line(summary) + "\n")
    for call in summary.inDoubt {
      Console.write("in doubt: \(call.name) \(JSON.write(call.arguments))\n")
    }
    let lines = journal.timeline.map { entry in
      let mark = entry.isFailure ? "✗" : " "
      return "\(ProgressLines.clock(entry.after))  \(mark) \(entry.text)\n"
    }
    Console.write(lines.joined())
  }

  /// `20261123T213412Z-3ua7  2026-11-23 21:34:12  succeeded  9s300ms  evacuate from=az1 to=az2`
  private func line(_ summary: RunSummary) -> String {
    let arguments = summary.arguments.members.map { "\($0.name)=\($0.value.stringValue ?? "")" }
    let took = RunReport.roundedToTenths(
      summary.lastAt.nanoseconds - summary.startedAt.nanoseconds)
    return [
      summary.runID, Timestamp.local(summary.startedAt), summary.statusText, Words.duration(took),
      ([summary.runbook] + arguments).joined(separator: " "),
    ].joined(separator: "  ")
  }
}
