// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
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
    subcommands: subcommands)

  /// A file as the first word runs it, so that `#!/usr/bin/env dr` works:
  /// `./deepseek.dr evacuate from=az1`. By itself it says what it can do, and does nothing.
  ///
  /// A subcommand is parsed by itself, since building the tree of all of them takes longer than
  /// checking a program. Only commands that talk to the world are asynchronous; the others start
  /// without a task.
  static func main() {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if let first = arguments.first, first.hasSuffix(".dr") {
      if arguments.count == 1 { Glibc.exit(ProgramUsage.show(first)) }
      arguments.insert("run", at: 0)
    }
    if arguments == ["--version"] {
      Console.write(Version.text + "\n")
      return
    }
    let word = arguments.first ?? ""
    if word == "eval" { arguments = arguments.map(asExpression) }
    if !arguments.contains(where: { $0.hasPrefix("-") }),
      runPlain(word, Array(arguments.dropFirst()))
    {
      return
    }
    guard let command = configuration.subcommands.first(where: { name(of: $0) == word }) else {
      if !word.isEmpty, !word.hasPrefix("-"), word != "help" { refuse(word) }
      if word == "help", let topic = arguments.dropFirst().first, !topic.hasPrefix("-"),
        topic != "help", !configuration.subcommands.contains(where: { name(of: $0) == topic })
      {
        refuse(topic)
      }
      parse(Dr.self, arguments)
      return
    }
    arguments.removeFirst()
    if let command = command as? any AsyncParsableCommand.Type {
      Task.detached { [arguments] in await parseAsynchronously(command, arguments) }
      // This thread only waits until the task, which is not its own, ends the process. `dispatchMain` would
      // end the thread by unwinding it, for which a statically linked program first sorts its tables: 25 ms.
      // It takes all signals, those too that whoever started the process has blocked.
      var none = sigset_t()
      sigemptyset(&none)
      while true { sigsuspend(&none) }
    }
    parse(command, arguments)
  }

  /// `-5m` as a word: no option begins with a digit, and what begins with a space is none to the parser.
  private static func asExpression(_ argument: String) -> String {
    guard argument.hasPrefix("-"), let next = argument.dropFirst().first,
      next == "(" || next.isASCII && next.isNumber
    else { return argument }
    return " " + argument
  }

  /// Ends the process over a word that is no command.
  private static func refuse(_ word: String) -> Never {
    let names = configuration.subcommands.map(name(of:))
    let help =
      nearestName(to: word, among: names).map { "did you mean `dr \($0)`?" }
      ?? (word.contains(".") || word.contains("/")
        ? "a program's file ends in .dr" : "`dr --help` lists the commands")
    Console.write("error: there is no command `\(visible(word))`\n  = help: \(help)\n", to: .error)
    Glibc.exit(2)
  }

  /// Runs a command that is given words and no options, which is how most are run. It needs no parser,
  /// whose reflection takes longer than checking a program. False where the parser is to say what is wrong,
  /// and for all other commands.
  private static func runPlain(_ word: String, _ words: [String]) -> Bool {
    switch word {
    case "eval":
      guard let evaluation = Evaluation(words: words) else { return false }
      end(Eval.self) { try evaluation.run() }
    case "check":
      guard let check = Check(words: words) else { return false }
      end(Check.self) { try check.run() }
    case "lint":
      guard let lint = Lint(words: words) else { return false }
      end(Lint.self) { try lint.run() }
    case "fmt":
      guard let format = Format(words: words) else { return false }
      end(Format.self) { try format.run() }
    default: return false  // open: every other command is parsed
    }
    return true
  }

  private static func end(_ type: any ParsableCommand.Type, after run: () throws -> Void) {
    do { try run() } catch { leave(type, error) }
  }

  private static func name(of command: any ParsableCommand.Type) -> String {
    command.configuration.commandName ?? "\(command)".lowercased()
  }

  private static func parse(_ type: any ParsableCommand.Type, _ arguments: [String]) {
    do {
      var command = try type.parseAsRoot(arguments)
      try command.run()
    } catch {
      leave(type, error)
    }
  }

  private static func parseAsynchronously(
    _ type: any AsyncParsableCommand.Type, _ arguments: [String]
  ) async {
    do {
      var command = try type.parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()  // --help parses as a command of its own
      }
      Glibc.exit(0)
    } catch {
      leave(type, error)
    }
  }

  /// Ends the process as an error says; wrong usage is 2, not ArgumentParser's 64.
  private static func leave(_ type: any ParsableCommand.Type, _ error: any Error) -> Never {
    let code = type.exitCode(for: error)
    // A command that was parsed by itself does not know that `dr` stands before it.
    var text = type.fullMessage(for: error)
    if type != Dr.self {
      let name = name(of: type)
      text = text.replacing("See '\(name) ", with: "See 'dr \(name) ")
    }
    if !text.isEmpty { Console.write(text + "\n", to: code.isSuccess ? .output : .error) }
    Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
  }
}

extension CommandConfiguration {
  /// As a subcommand of `dr` that may be parsed by itself: its usage still begins with `dr`.
  var ofDr: CommandConfiguration {
    var copy = self
    copy._superCommandName = "dr"
    return copy
  }
}

enum Version {
  static let text = "0.1.0"
}
