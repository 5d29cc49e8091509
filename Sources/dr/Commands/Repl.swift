// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrRepl
import DrSystem

struct Repl: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Try expressions, definitions and worlds at a prompt.",
    discussion: """
      dr repl                     with the language alone
      dr repl deepseek.dr         as seen from a program
      echo '5m / 2' | dr repl     one result for each input, without a prompt

      :help at the prompt lists what it knows beside the language.
      """
  ).ofDr

  @Argument(help: "A program to begin with.")
  var file: String?

  @Flag(help: "Do what acts on the world without asking first.")
  var yes = false

  @OptionGroup var source: SourceOptions

  func run() throws {
    let host = ReplHost()
    let session = try Session(host: host, inputs: Project.documents(of: source.inputs()))
    session.approvesAll = yes
    session.colour = source.output.style.usesColour(.error)
    let console = ReplConsole(session: session, host: host)
    if let file { console.load(file) }
    let input = Terminal(.input)
    guard input.isTerminal, RawMode.prepare() else {
      guard PipedRepl(console: console).run() else { throw ExitCode(1) }
      return
    }
    if input.allowsMovement, Terminal(.output).isTerminal {
      TerminalRepl(console: console, colour: source.output.style.usesColour(.output)).run()
    } else {
      PlainRepl(console: console).run()
    }
  }
}
