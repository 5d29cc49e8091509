// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
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
      for id in ids { rows.append(await row(id, store)) }
      Console.write(JSON.write(.array(rows), pretty: true) + "\n")
      return
    }
    if ids.isEmpty { Console.write("no runs yet\n") }
    for id in ids { Console.write(await line(id, store) + "\n") }
  }

  private enum Entry {
    case run(RunSummary)
    /// Why there is nothing to say of it.
    case other(String)
  }

  /// Never throws: what is wrong with one run must not hide the others.
  private func entry(_ id: String, _ store: RunStore) async -> Entry {
    do {
      guard let bytes = try await store.records.journal(id) else { return .other("no journal") }
      let journal = try Journal(believedOf: bytes)
      if let summary = RunSummary(journal) { return .run(summary) }
      return .other(journal.damage?.message ?? "never began")
    } catch let refusal as JournalRefusal {
      return .other("journal refused: \(refusal.diagnostic.message)")
    } catch let failure as StoreFailure {
      return .other(failure.message)
    } catch {
      return .other("\(error)")
    }
  }

  private func line(_ id: String, _ store: RunStore) async -> String {
    switch await entry(id, store) {
    case .run(let summary): summary.line(isLive: (try? await store.isLive(id)) ?? false)
    case .other(let why): "\(id)  \(why)"
    }
  }

  private func row(_ id: String, _ store: RunStore) async -> Document {
    switch await entry(id, store) {
    case .run(let summary): summary.document
    case .other(let why):
      ["run": .string(id), "status": "unreadable", "message": .string(why)]
    }
  }
}

extension RunSummary {
  /// `20261123T213412Z-3ua7  2026-11-23 21:34:12  succeeded  9s300ms  evacuate from=az1 to=az2`
  func line(isLive: Bool) -> String {
    let arguments = arguments.members.map { "\($0.name)=\($0.value.stringValue ?? "")" }
    let running = questions.isEmpty ? "running" : "waits for an answer"
    let state = status == .unfinished ? (isLive ? running : "unfinished") : statusText
    let words = [
      runID, Timestamp.local(startedAt), state,
      Words.brief(lastAt.nanoseconds - startedAt.nanoseconds),
      ([runbook] + arguments).joined(separator: " "),
    ]
    return visible(words.joined(separator: "  "))
  }
}
