// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("dr repl in a pipe")
struct PipedReplTests {
  private func pipe(_ input: String, _ arguments: [String] = []) throws -> Outcome {
    try inFolder { folder in
      let file = "\(folder)/input"
      try input.write(toFile: file, atomically: true, encoding: .utf8)
      let command = "\"$0\" repl \"$@\" < \"$INPUT\""
      return try run("/bin/sh", ["-c", command, dr] + arguments, environment: ["INPUT": file])
    }
  }

  @Test("gives a result for each input, without prompt or echo")
  func results() throws {
    let outcome = try pipe("5m / 2\n[\n  1,\n  2,\n]\nlet x = 3\nx * it[1]\n")
    #expect(outcome.output == "2m30s\n[1, 2]\nx = 3\n6\n")
    #expect(outcome.errors == "")
    #expect(outcome.status == 0)
  }

  @Test("tells mistakes on standard error, goes on, and exits with 1")
  func mistakes() throws {
    let outcome = try pipe("1 + 1s\n1 + 1\n[1,")
    #expect(outcome.output == "2\n")
    #expect(outcome.errors.contains("E0201"))
    #expect(outcome.errors.contains("<3>:1"))
    #expect(outcome.status == 1)
  }

  @Test("does not act without --yes")
  func acts() throws {
    let input =
      ":world simulated\nkube.scale(deepseek, in: az1, replicas: 2)\ndesired(deepseek, in: az1)\n"
    let careful = try pipe(input, [scenario])
    #expect(careful.output == "1\n")
    #expect(careful.errors.contains("replicas 1 → 2"))
    #expect(try pipe(input, [scenario, "--yes"]).output == "1\n2\n")
  }

  @Test("a file that cannot be loaded is told")
  func missingFile() throws {
    let outcome = try pipe("1\n", ["nowhere.dr"])
    #expect(outcome.errors.contains("there is no file nowhere.dr"))
    #expect(outcome.status == 1)
  }
}

@Suite("dr repl on a terminal")
struct TerminalReplTests {
  private func withTerminal(
    _ arguments: [String] = [], term: String = "xterm-256color",
    _ body: (PseudoTerminal, String) throws -> Void
  ) throws {
    try inFolder { folder in
      let terminal = try PseudoTerminal(
        dr, ["repl"] + arguments,
        environment: ["TERM": term, "DR_STATE": folder, "NO_COLOR": "1"])
      try body(terminal, folder)
    }
  }

  @Test("edits, evaluates, completes, stops what runs, remembers, and puts the terminal back")
  func conversation() throws {
    try withTerminal { terminal, folder in
      #expect(terminal.sees("dr> "))
      #expect(!terminal.isCooked)
      terminal.type("1 + 3\u{7F}2\r")
      #expect(terminal.sees("l3\n"))
      #expect(terminal.sees("dr> "))
      terminal.type("let 机房 = [1,\r2]\r")
      #expect(terminal.sees("机房 = [1, 2]"))
      #expect(terminal.sees("dr> "))
      terminal.type("机房.rever\t)\r")
      #expect(terminal.sees("[2, 1]"))
      #expect(terminal.sees("dr> "))
      terminal.type("[for i in 0..1000000000 if i < 0: i]\r")
      // The terminal is cooked while something runs, so Ctrl-C is a signal.
      #expect(terminal.becomesCooked())
      terminal.type("\u{3}")
      #expect(terminal.sees("interrupted"))
      #expect(terminal.sees("dr> "))
      terminal.type("\u{12}1 +\r")
      #expect(terminal.sees("l3\n"))
      #expect(terminal.sees("dr> "))
      terminal.type("abc\u{3}")
      #expect(terminal.sees("dr> "))
      terminal.type("\u{4}")
      #expect(terminal.end() == 0)
      #expect(terminal.isCooked)
      let history = try String(contentsOfFile: "\(folder)/history", encoding: .utf8)
      #expect(history.hasPrefix("1 + 2\nlet 机房 = [1,\\n  2]\n机房.reversed()\n"))
      let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/history")
      #expect(mode[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test("an act waits for a yes")
  func confirmation() throws {
    try withTerminal([scenario]) { terminal, _ in
      #expect(terminal.sees("dr> "))
      terminal.type(":world simulated\r")
      #expect(terminal.sees("dr sim 0s> "))
      terminal.type("kube.scale(deepseek, in: az1, replicas: 2)\r")
      #expect(terminal.sees("replicas 1 → 2"))
      #expect(terminal.sees("Go on? yes/no "))
      terminal.type("yes\r")
      #expect(terminal.sees("\n1\n"))
      // Before the prompt is there the terminal is cooked, and what ends the session would be lost.
      #expect(terminal.sees("> "))
      terminal.type("\u{4}")
      #expect(terminal.end() == 0)
    }
  }

  @Test("a dumb terminal gets a plain prompt and no escape")
  func dumb() throws {
    try withTerminal(term: "dumb") { terminal, _ in
      #expect(terminal.sees("dr> "))
      terminal.type("[1,\r")
      #expect(terminal.sees("... "))
      terminal.type("2]\r")
      #expect(terminal.sees("\n[1, 2]\n"))
      #expect(terminal.sees("dr> "))
      terminal.type("\u{3}")
      #expect(terminal.sees("dr> "))
      terminal.type("\u{4}")
      #expect(terminal.end() == 0)
      #expect(!terminal.written.contains("\u{1B}"))
    }
  }
}
