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
    let ids = try await store.records.ids()
    for id in ids {
      guard let journal = try? await store.journal(id), let summary = RunSummary(journal),
        let endedAt = summary.endedAt, endedAt < limit
      else { continue }
      count += 1
      Console.write("\(dryRun ? "would remove" : "removed") \(summary.line(isLive: false))\n")
      guard !dryRun else { continue }
      try await store.records.remove(id)
    }
    Console.write("\(Words.count(count, "run")) of \(ids.count)\n")
  }
}
