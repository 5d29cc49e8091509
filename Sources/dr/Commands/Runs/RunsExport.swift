// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrRun
import DrSystem

struct RunsExport: AsyncParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case json, junit, html }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a run as JSON, as JUnit XML, or as a report in one HTML file.",
    discussion: """
      Everything in it comes from the journal: the same journal gives the same bytes.

      Of a damaged journal it has what stands before the damage, and says so: JSON as the status `damaged` and where that \
      is, HTML at its head, JUnit as an error. The exit status is 4 then.
      """)

  @OptionGroup var argument: RunArgument

  @Option(
    help: "json (all records), junit (a case for each step and condition) or html (a report).")
  var format: Format = .json

  @Option(name: .shortAndLong, help: "The file to write. Default: standard output.")
  var output: String?

  func run() async throws { try await argument.store.use { try await export($0) } }

  private func export(_ store: RunStore) async throws {
    let id = try await store.resolve(argument.run)
    let journal = try await store.believedJournal(id)
    guard let history = RunHistory(journal) else {
      if journal.damage != nil { throw store.refuse(journal, id) }
      Console.write("\(id) never began: its journal has no record\n", to: .error)
      throw ExitCode(1)
    }
    let text =
      switch format {
      case .json: json(journal, history.summary)
      case .junit: history.junit
      case .html: history.html(timeline: journal.timeline)
      }
    try write(text)
    if journal.damage != nil { throw store.refuse(journal, id) }
  }

  private func write(_ text: String) throws {
    guard let output else { return Console.write(text) }
    do throws(FileFailure) {
      try AtomicFile.write(Array(text.utf8), to: output)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(1)
    }
  }

  private func json(_ journal: Journal, _ summary: RunSummary) -> String {
    var object = summary.document.objectValue ?? DocumentObject()
    object["records"] = .array(journal.records.map(\.document))
    return JSON.write(.object(object), pretty: true) + "\n"
  }
}
