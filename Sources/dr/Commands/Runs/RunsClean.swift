// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrHost
import DrRun
import DrSystem

struct RunsClean: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Remove runs that ended long ago.",
    discussion: """
      Only runs that have ended are removed. What is paused, unfinished, or has a journal that is refused stays, whatever \
      its age.
      """)

  @Option(help: "The age from which on they are removed, such as 30d.")
  var olderThan: SimulatedDuration

  @Flag(help: "Only say which.")
  var dryRun = false

  @OptionGroup var store: StoreAccess

  func run() async throws { try await store.use { try await clean($0) } }

  private func clean(_ store: RunStore) async throws {
    let limit = WallClock.now().advanced(by: -olderThan.nanoseconds)
    var count = 0
    /// Those that stay whatever their age, and why.
    var kept: [(count: Int, why: String)] = []
    func keep(_ why: String) {
      if let index = kept.firstIndex(where: { $0.why == why }) {
        kept[index].count += 1
      } else {
        kept.append((1, why))
      }
    }
    let ids = try await store.records.ids()
    for id in ids {
      guard let journal = try? await store.journal(id) else {
        keep("whose journal is missing or refused")
        continue
      }
      guard let summary = RunSummary(journal), let endedAt = summary.endedAt else {
        keep("not ended")
        continue
      }
      guard endedAt < limit else { continue }
      // What has ended may be opened once more, to take back what it did.
      if try await store.isLive(id) {
        keep("being worked on")
        continue
      }
      count += 1
      if !dryRun { try await store.records.remove(id) }
      Console.write("\(dryRun ? "would remove" : "removed") \(summary.line(isLive: false))\n")
    }
    let reasons = kept.map { "\($0.count) \($0.why)" }.joined(separator: ", ")
    let rest = kept.isEmpty ? "" : "; kept: \(reasons)"
    Console.write("\(Words.count(count, "run")) of \(ids.count)\(rest)\n")
  }
}
