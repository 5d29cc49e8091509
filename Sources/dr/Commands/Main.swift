// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import Glibc

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
      Check.self, Format.self, Compile.self, Plan.self, Run.self, Resume.self, Runs.self,
    ])

  /// A file as the first word runs it, so that `#!/usr/bin/env dr` works: `./deepseek.dr evacuate from=az1`.
  ///
  /// Only commands that talk to the world are asynchronous; the others start without a task.
  static func main() {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if let first = arguments.first, first.hasSuffix(".dr") {
      arguments.insert("run", at: 0)
    }
    if isAsynchronous(arguments.first ?? "") {
      Task { [arguments] in await mainAsynchronously(arguments) }
      dispatchMain()
    }
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      leave(error)
    }
  }

  /// Ends the process as an error says; wrong usage is 2, not ArgumentParser's 64.
  private static func leave(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    if !text.isEmpty { Console.write(text + "\n", to: code.isSuccess ? .output : .error) }
    Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
  }

  private static func isAsynchronous(_ word: String) -> Bool {
    configuration.subcommands.contains { command in
      command is any AsyncParsableCommand.Type && "\(command)".lowercased() == word
    }
  }

  private static func mainAsynchronously(_ arguments: [String]) async {
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()  // --help and --version parse as commands of their own
      }
      Glibc.exit(0)
    } catch {
      leave(error)
    }
  }
}

enum Version {
  static let text = "0.1.0"
}
