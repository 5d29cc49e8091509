// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrHost
import DrRun

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with a run that crashed or was paused."
  ).ofDr

  @Argument(help: "The run: its id, the beginning of its id, or last.")
  var id: String = "last"

  @Flag(help: "Answer yes to every approval; the journal says so.")
  var yes = false

  @OptionGroup var output: OutputOptions

  mutating func run() async throws {
    let store = RunStore()
    let run = try store.resolve(id)
    let launch = try store.launch(run)
    let prepared = try PreparedRun(launch, style: output.style)
    let session = RealSession(prepared: prepared, id: run, store: store, approvesAll: yes)
    try await session.resume()
  }
}
