// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct Dr: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dr",
    abstract: "Disaster recovery as code.",
    discussion: """
      From one .dr source: check it, compile its manifests, plan a runbook, run it durably.

      Exit status: 0 all that was asked holds; 1 findings, or the run failed; 2 wrong usage; 3 the world \
      does not answer; 4 the journal is refused; 5 the lock is held elsewhere; 6 rolled back; 7 something \
      could not be evaluated.
      """,
    version: Version.text,
    subcommands: [
      Check.self, Format.self, Compile.self
    ])

  /// A file as the first word runs it, so that `#!/usr/bin/env dr` works: `./deepseek.dr evacuate from=az1`.
  static func main() {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if let first = arguments.first, first.hasSuffix(".dr") {
      arguments.insert("run", at: 0)
    }
    main(arguments)
  }
}

enum Version {
  static let text = "0.1.0"
}
