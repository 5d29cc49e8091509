// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrHost
import DrRun
import DrSystem

struct RunsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a run did.")

  @OptionGroup var argument: RunArgument

  @Flag(help: "Write JSON.")
  var json = false

  func run() async throws {
    try await argument.store.use { store in
      try await Self.show(store.resolve(argument.run), store, json: json)
    }
  }

  static func show(_ id: String, _ store: RunStore, json: Bool) async throws {
    let journal = try await store.believedJournal(id)
    guard let summary = RunSummary(journal) else {
      if journal.damage != nil { throw store.refuse(journal, id) }
      Console.write("\(id) never began: its journal has no record\n")
      return
    }
    if json {
      Console.write(JSON.write(summary.document, pretty: true) + "\n")
    } else {
      try await tell(journal, summary, store)
    }
    if journal.damage != nil { throw store.refuse(journal, id) }
  }

  private static func tell(
    _ journal: Journal, _ summary: RunSummary, _ store: RunStore
  ) async throws {
    let id = summary.runID
    Console.write(summary.line(isLive: try await store.isLive(id)) + "\n")
    for fact in summary.facts where !["run", "began", "took"].contains(fact.name) {
      Console.write("  \(padded(fact.name, to: 12)) \(visible(fact.value))\n")
    }
    for call in summary.inDoubt { Console.write("in doubt: \(call.summary)\n") }
    Console.write(journal.timeline.map(\.line).joined())
    guard journal.damage == nil else { return }
    Console.write(summary.waiting(in: store))
  }
}

extension RunSummary {
  /// What the run waits for, and how it is answered; empty where it waits for nobody.
  fileprivate func waiting(in store: RunStore) -> String {
    questions.map {
      "waits for: \(visible($0))\n  answer with: \(store.approveCommand(runID))\n"
    }.joined()
  }
}

struct RunsTail: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail", abstract: "Show the last of what a run did, and follow it.")

  @OptionGroup var argument: RunArgument

  @Flag(name: .shortAndLong, help: "Go on until the run ends, is paused, or its process dies.")
  var follow = false

  @Flag(help: "Write the records as JSON, an object per line (docs/events.md).")
  var json = false

  @Option(name: .customShort("n"), help: "How many lines of the past.")
  var lines = 10

  func validate() throws {
    if lines < 0 { throw ValidationError("-n takes 0 or more") }
  }

  func run() async throws { try await argument.store.use { try await tail($0) } }

  private func tail(_ store: RunStore) async throws {
    let id = try await store.resolve(argument.run)
    let live =
      follow && !json
      ? LiveView.onTerminal(
        colour: OutputStyle(colour: .auto).usesColour(.output), answers: false) : nil
    let signals = live.map { live in
      let stops = Signals.stops()
      return Task {
        for await signal in stops {
          live.end()
          StopSignal.leave(signal)
        }
      }
    }
    defer {
      signals?.cancel()
      live?.end()
    }
    var shown: Int?
    var size: Int?
    while true {
      let isLive = try await store.isLive(id)
      let now = try await store.records.journalSize(id)
      if now != size || size == nil {
        size = now
        let journal = try await store.believedJournal(id)
        if journal.damage != nil { live?.end() }
        live?.replace(with: LiveRun(journal.records))
        let entries =
          json
          ? journal.records.map { EventLine.text($0, run: id) } : journal.timeline.map(\.line)
        let first = shown ?? max(0, entries.count - lines)
        Console.write(entries.dropFirst(first).joined())
        shown = max(first, entries.count)
        if journal.damage != nil { throw store.refuse(journal, id) }
        if let summary = RunSummary(journal), summary.status != .unfinished {
          live?.end()
          if follow { Console.write(advice(summary, store), to: .error) }
          return
        }
      } else if !isLive {
        live?.end()
        if follow {
          Console.write(
            "its process has died; go on with: \(store.resumeCommand(id))\n", to: .error)
        }
        return
      }
      if !follow { return }
      try await Task.sleep(for: .nanoseconds(store.records.lookNanoseconds))
    }
  }
}

extension RunsTail {
  /// What to do about a run that is paused; empty where it has ended.
  private func advice(_ summary: RunSummary, _ store: RunStore) -> String {
    guard case .paused = summary.status else { return "" }
    return summary.waiting(in: store)
      + "it is paused; go on with: \(store.resumeCommand(summary.runID))\n"
  }
}

struct RunsVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a journal: checksums, and the chain of hashes.",
    discussion: """
      The last hash vouches for all that stands before it: kept elsewhere, it also shows that nothing was cut off. \
      Exit status 4 where the journal is refused.
      """)

  @OptionGroup var argument: RunArgument

  func run() async throws { try await argument.store.use { try await verify($0) } }

  private func verify(_ store: RunStore) async throws {
    let id = try await store.resolve(argument.run)
    let journal = try await store.readJournal(id)
    let torn = journal.tornCount == 0 ? "" : ", \(journal.tornCount) bytes of a torn end"
    Console.write(
      "\(id)  \(Words.count(journal.count, "record")) in \(journal.validCount) bytes are whole\(torn)\n"
        + "last hash \(journal.lastHash)\n")
  }
}

extension TimelineEntry {
  var line: String {
    "\(ProgressLines.clock(after))  \(isFailure ? "✗" : " ") \(text)\n"
  }
}
