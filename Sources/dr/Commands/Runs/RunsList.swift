// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrRun

struct RunsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List runs, the oldest first.")

  @Argument(
    help: ArgumentHelp("Show this run instead, as `dr runs show` does.", valueName: "run"))
  var word: String?

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    let store = RunStore()
    if let word { return try RunsShow.show(store.resolve(word), store, json: json) }
    if json {
      let rows = store.ids.compactMap { try? RunSummary(store.journal($0))?.document }
      Console.write(JSON.write(.array(rows), pretty: true) + "\n")
      return
    }
    if store.ids.isEmpty { Console.write("no runs yet\n") }
    for id in store.ids { Console.write(line(id, store) + "\n") }
  }

  private func line(_ id: String, _ store: RunStore) -> String {
    do {
      guard let summary = RunSummary(try store.journal(id)) else { return "\(id)  never began" }
      return summary.line(isLive: store.isLive(id))
    } catch let refusal as JournalRefusal {
      return "\(id)  journal refused: \(refusal.diagnostic.message)"
    } catch {
      return "\(id)  no journal"
    }
  }
}

extension RunSummary {
  /// `20261123T213412Z-3ua7  2026-11-23 21:34:12  succeeded  9s300ms  evacuate from=az1 to=az2`
  func line(isLive: Bool) -> String {
    let arguments = arguments.members.map { "\($0.name)=\($0.value.stringValue ?? "")" }
    let state = status == .unfinished ? (isLive ? "running" : "unfinished") : statusText
    return [
      runID, Timestamp.local(startedAt), state,
      Words.brief(lastAt.nanoseconds - startedAt.nanoseconds),
      ([runbook] + arguments).joined(separator: " "),
    ].joined(separator: "  ")
  }
}
