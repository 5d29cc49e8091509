// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct Runs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List runs, show the record of one, follow it, export it.",
    discussion: """
      A journal is verified whenever it is read: every batch's checksum, and the chain of hashes over all of them.
      """,
    subcommands: [
      RunsList.self, RunsShow.self, RunsTail.self, RunsVerify.self, RunsExport.self, RunsClean.self,
    ],
    defaultSubcommand: RunsList.self
  ).ofDr
}

/// The run that a subcommand is about.
struct RunArgument: ParsableArguments {
  @Argument(help: "The run: its id, the beginning of its id, or last.")
  var run: String = "last"

  @OptionGroup var store: StoreAccess
}
