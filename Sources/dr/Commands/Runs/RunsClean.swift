// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrHost
import DrRun
import DrSystem

struct RunsClean: ParsableCommand {
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

  func run() throws {
    let store = RunStore()
    let limit = WallClock.now().advanced(by: -olderThan.nanoseconds)
    var count = 0
    for id in store.ids {
      guard let journal = try? store.journal(id), let summary = RunSummary(journal),
        let endedAt = summary.endedAt, endedAt < limit
      else { continue }
      count += 1
      Console.write("\(dryRun ? "would remove" : "removed") \(summary.line(isLive: false))\n")
      guard !dryRun else { continue }
      do throws(FileFailure) {
        try store.remove(id)
      } catch {
        Console.write("\(error.message)\n", to: .error)
        throw ExitCode(1)
      }
    }
    Console.write("\(Words.count(count, "run")) of \(store.ids.count + (dryRun ? 0 : count))\n")
  }
}
