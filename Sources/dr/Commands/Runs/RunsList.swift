// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrHost
import DrRun

struct RunsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List runs, the oldest first.")

  @Argument(
    help: ArgumentHelp("Show this run instead, as `dr runs show` does.", valueName: "run"))
  var word: String?

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var store: StoreAccess

  func run() async throws { try await store.use { try await list($0) } }

  private func list(_ store: RunStore) async throws {
    if let word {
      return try await RunsShow.show(store.resolve(word), store, json: json)
    }
    let ids = try await store.records.ids()
    if json {
      var rows: [Document] = []
      for id in ids {
        guard let journal = try? await store.journal(id), let summary = RunSummary(journal) else {
          continue
        }
        rows.append(summary.document)
      }
      Console.write(JSON.write(.array(rows), pretty: true) + "\n")
      return
    }
    if ids.isEmpty { Console.write("no runs yet\n") }
    for id in ids { Console.write(await line(id, store) + "\n") }
  }

  private func line(_ id: String, _ store: RunStore) async -> String {
    do {
      guard let journal = try await store.journal(id) else { return "\(id)  no journal" }
      guard let summary = RunSummary(journal) else { return "\(id)  never began" }
      return summary.line(isLive: try await store.isLive(id))
    } catch let refusal as JournalRefusal {
      return "\(id)  journal refused: \(refusal.diagnostic.message)"
    } catch let failure as StoreFailure {
      return "\(id)  \(failure.message)"
    } catch {
      return "\(id)  \(error)"
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
