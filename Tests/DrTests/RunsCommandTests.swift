// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A build without the network has no runs.
private var hasRuns: Bool {
  (try? run(dr, ["--help"]).output.contains("runs")) ?? false
}

@Suite("dr runs", .enabled(if: hasRuns))
struct RunsCommandTests {
  private let program = """
    use web

    runbook go(who: String = "me") {
      step "first" within 1m { require 1 + 1 == 2 }
      step "ask" within 2h { approve "Go on with \\(who)?" within 1h }
    }

    runbook look() {
      let page = web.get("http://127.0.0.1:1/")
      step "touch" { web.post("http://127.0.0.1:1/", { status: page.status }) }
    }

    runbook wrong() { step "broken" { verify 1 == 2 else "one is not two" } }
    """

  /// A folder with the program, in which runs are kept.
  private func inState(_ body: (_ dr: ([String]) throws -> Outcome) throws -> Void) throws {
    try inFolder { folder in
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      try body { arguments in
        try run(dr, arguments, environment: ["DR_STATE": folder], in: folder)
      }
    }
  }

  @Test(
    "a terminal says what is waited for and how long that takes, a plain one only what happened")
  func liveLine() throws {
    try inFolder { folder in
      let program = """
        runbook go() { step "rest" within 1h { pause 5s } }
        """
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      for type in ["xterm", "dumb"] {
        let terminal = try PseudoTerminal(
          dr, ["run", "\(folder)/a.dr", "go", "--world", "real"],
          environment: ["TERM": type, "DR_STATE": folder, "NO_COLOR": "1"])
        #expect(terminal.sees("pause 5s"))
        #expect(terminal.sees("go: done in"), "\(terminal.written)")
        // Which of the seconds are drawn depends on what else the machine does.
        let counted = (1...4).contains { terminal.written.contains("pause 5s, \($0)s left") }
        #expect(counted == (type == "xterm"))
        #expect(terminal.written.contains("\u{1B}") == (type == "xterm"))
        #expect(terminal.end() == 0)
        // What was drawn is gone before the last words are written.
        let words = "\ngo: done in"
        let parts = terminal.written.components(separatedBy: words)
        #expect(parts.count == 2)
        if type == "xterm" {
          #expect(parts[0].hasSuffix("\u{1B}[J") || parts[0].hasSuffix("■ succeeded\n"), "\(parts)")
          #expect(!parts[1].contains("\u{1B}"))
        }
        #expect(terminal.isCooked)
      }
    }
  }

  @Test(
    "a question is answered in the view, by whole words, and by nothing that was typed before it")
  func answeredInTheView() throws {
    try inFolder { folder in
      let program = """
        runbook go() {
          step "rest" { pause 8s }
          step "ask" within 2h { approve "把流量切走?" within 1h }
        }
        """
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      let terminal = try PseudoTerminal(
        dr, ["run", "\(folder)/a.dr", "go", "--world", "real"],
        environment: ["TERM": "xterm", "DR_STATE": folder, "NO_COLOR": "1"])
      #expect(terminal.sees("pause 8s, "))
      terminal.type("no\n")
      #expect(terminal.sees("from elsewhere: dr approve"))
      #expect(terminal.sees("yes or no? "))
      #expect(!terminal.isCooked)
      terminal.type("perhaps\n")
      #expect(terminal.sees("please answer yes or no? "))
      terminal.type("n\u{7F}yes\n")
      #expect(terminal.sees("✓ ask"))
      #expect(terminal.end() == 0, "\(terminal.written)")
      #expect(terminal.isCooked)
    }
  }

  @Test("Ctrl-C pauses a run and leaves the terminal as it was, with nothing of the view on it")
  func leftClean() throws {
    try inFolder { folder in
      let program = "runbook go() { step \"rest\" within 5h { pause 4h } }\n"
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      for lives in [["run", "\(folder)/a.dr", "go", "--world", "real"], ["resume"]] {
        let terminal = try PseudoTerminal(
          dr, lives, environment: ["TERM": "xterm", "DR_STATE": folder, "NO_COLOR": "1"])
        #expect(terminal.sees("pause 4h, "))
        #expect(terminal.sees("● rest, for "))
        #expect(!terminal.isCooked)
        terminal.type("\u{3}")
        #expect(terminal.sees("go on with: dr resume"))
        #expect(terminal.end() == 130)
        #expect(terminal.isCooked)
        let last = terminal.written.components(separatedBy: "\u{1B}[J").last ?? ""
        #expect(!last.contains(" left"), "\(last)")
      }
      // Who follows it is told what to do, and an answer that nobody asked for is none.
      let followed = try run(dr, ["runs", "tail", "-f"], environment: ["DR_STATE": folder])
      #expect(followed.status == 0)
      #expect(followed.errors.contains("it is paused; go on with: dr resume"), "\(followed)")
      let answered = try run(
        dr, ["resume", "--answer", "doubt/x=yes"], environment: ["DR_STATE": folder])
      #expect(answered.status == 1)
      #expect(answered.errors.contains("asks no question called `doubt/x`, nor any other"))
      #expect(answered.errors.contains("nothing was done"))
    }
  }

  private func until(_ body: () throws -> Bool) throws {
    let end = Date(timeIntervalSinceNow: patience)
    while Date() < end {
      if try body() { return }
      usleep(100_000)
    }
    Issue.record("it did not come to it in \(patience) s")
  }

  @Test("a run in the background waits for an approval from elsewhere, and its journal tells of it")
  func detached() throws {
    try inState { dr in
      let begun = try dr(["run", "a.dr", "go", "--world", "real", "--detach"])
      #expect(begun.status == 0, "\(begun.errors)")
      try until { try dr(["runs", "show"]).output.contains("waits for: Go on with me?") }
      #expect(try dr(["runs"]).output.contains("waits for an answer"))
      #expect(try dr(["runs", "list", "--json"]).output.contains("\"waits_for\": ["))
      #expect(try dr(["approve", "last", "nothing"]).status == 1)
      let approved = try dr(["approve", "last", "Go on", "--by", "alice", "--reason", "all green"])
      #expect(approved.output == "approved: Go on with me?\n")
      try until { try dr(["runs"]).output.contains("succeeded") }
      #expect(try dr(["runs", "tail"]).output.contains("alice (all green) approved"))
      #expect(try dr(["approve", "last"]).errors.contains("waits for no approval"))
    }
  }

  @Test("a run is exported as JSON, JUnit and HTML, with the same bytes each time")
  func exported() throws {
    try inState { dr in
      #expect(try dr(["run", "a.dr", "wrong", "--world", "real"]).status == 1)
      for format in ["json", "junit", "html"] {
        let first = try dr(["runs", "export", "--format", format])
        #expect(first.status == 0)
        #expect(first.output == (try dr(["runs", "export", "--format", format]).output))
        #expect(first.output.contains("one is not two"))
      }
      let verified = try dr(["runs", "verify"])
      #expect(verified.output.contains("are whole"))
      #expect(try dr(["runs", "gc", "--older-than", "1h"]).output == "0 runs of 1\n")
      #expect(try dr(["runs", "gc", "--older-than", "0s"]).output.contains("1 run of 1"))
      #expect(try dr(["runs"]).output == "no runs yet\n")
    }
  }

  @Test("a journal that was changed is refused with its place, exit status 4")
  func changed() throws {
    try inFolder { folder in
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      let environment = ["DR_STATE": folder]
      let arguments = ["run", "a.dr", "wrong", "--world", "real"]
      #expect(try run(dr, arguments, environment: environment, in: folder).status == 1)
      let runs = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/runs")
      let path = "\(folder)/runs/\(try #require(runs.first))/journal"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes[40] ^= 1
      try bytes.write(to: URL(fileURLWithPath: path))
      let outcome = try run(dr, ["runs", "verify"], environment: environment, in: folder)
      #expect(outcome.status == 4)
      #expect(outcome.errors.contains("damaged at byte 17"))
    }
  }

  @Test("of a damaged journal what stands before the damage is shown, and other runs are listed")
  func damaged() throws {
    try inFolder { folder in
      let text = #"""
        runbook go() {
          step "first" { pause 1ms }
          step "second" { pause 1ms }
          step "third" { pause 1ms }
        }
        """#
      try text.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      func dr(_ arguments: String...) throws -> Outcome {
        try run(
          DrTests.dr, arguments, environment: ["DR_STATE": folder, "USER": "alice"], in: folder)
      }
      for _ in 0..<3 { #expect(try dr("run", "a.dr", "go", "--world", "real").status == 0) }
      let ids = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/runs").sorted()
      let path = "\(folder)/runs/\(ids[1])/journal"
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      // The batch in which the run ends is the last.
      var bytes = whole
      bytes[bytes.count - 30] ^= 1
      try bytes.write(to: URL(fileURLWithPath: path))

      let shown = try dr("runs", "show", ids[1])
      #expect(shown.status == 4)
      #expect(shown.output.contains("journal damaged"))
      #expect(shown.output.contains("begun by     alice on "))
      #expect(shown.output.contains("step “first” begins"))
      #expect(!shown.output.contains("succeeded"))
      #expect(shown.errors.contains("the journal is damaged at byte "))
      #expect(shown.errors.contains("Restore \(path) from a copy"))
      for arguments in [["tail"], ["tail", "-f"], ["tail", "--json", "-n", "1000"]] {
        let tail = try run(
          DrTests.dr, ["runs"] + arguments + [ids[1]], environment: ["DR_STATE": folder], in: folder
        )
        #expect(tail.status == 4)
        #expect(tail.output.contains("first"))
        #expect(tail.errors.contains("the journal is damaged at byte "))
      }

      let list = try dr("runs")
      #expect(list.status == 0)
      #expect(list.output.split(separator: "\n").count == 3)
      #expect(list.output.components(separatedBy: "succeeded").count == 3)
      #expect(list.output.contains("\(ids[1])") && list.output.contains("journal damaged"))
      let rows = try dr("runs", "list", "--json").output
      #expect(rows.components(separatedBy: "\"status\": \"succeeded\"").count == 3)
      #expect(rows.contains("\"status\": \"damaged\""))

      for (format, mark) in [
        ("json", "\"status\": \"damaged\""), ("html", "journal damaged</span>"),
        ("junit", "errors=\"1\""),
      ] {
        let exported = try dr(
          "runs", "export", ids[1], "--format", format, "-o", "\(folder)/report")
        #expect(exported.status == 4)
        #expect(exported.errors.contains("the journal is damaged at byte "))
        let report = try String(contentsOfFile: "\(folder)/report", encoding: .utf8)
        #expect(report.contains(mark), "\(report)")
        #expect(!report.contains("succeeded"))
      }
      #expect(try dr("resume", ids[1]).status == 4)
      #expect(
        try dr("runs", "gc", "--older-than", "0s").output.hasSuffix(
          "2 runs of 3; kept: 1 whose journal is missing or refused\n"))
      try whole.write(to: URL(fileURLWithPath: path))
      #expect(try dr("runs", "show").status == 0)
    }
  }

  @Test("runs that go on, are paused or crashed are never removed, however old")
  func kept() throws {
    try inFolder { folder in
      let text = "runbook rest() { step \"rest\" within 5h { pause 4h } }\n"
      try text.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      let terminal = try PseudoTerminal(
        dr, ["run", "\(folder)/a.dr", "rest", "--world", "real"],
        environment: ["TERM": "xterm", "DR_STATE": folder, "NO_COLOR": "1"])
      #expect(terminal.sees("● rest, for "))
      func clean() throws -> String {
        try run(
          dr, ["runs", "gc", "--older-than", "0s"], environment: ["DR_STATE": folder], in: folder
        ).output
      }
      #expect(try clean() == "0 runs of 1; kept: 1 not ended\n")
      terminal.type("\u{3}")
      #expect(terminal.end() == 130)
      #expect(try clean() == "0 runs of 1; kept: 1 not ended\n")
    }
  }

  @Test("a terminal of the locale C is given ASCII only, by the view and by what stays")
  func ascii() throws {
    try inFolder { folder in
      let text = #"""
        runbook go() { step "切走流量" { pause 300ms } }
        """#
      try text.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      for type in ["xterm", "dumb"] {
        let terminal = try PseudoTerminal(
          dr, ["run", "\(folder)/a.dr", "go", "--world", "real"],
          environment: ["TERM": type, "DR_STATE": folder, "NO_COLOR": "1", "LC_ALL": "C"])
        #expect(terminal.sees("go: done in"))
        #expect(terminal.end() == 0)
        #expect(terminal.written.utf8.allSatisfy { $0 < 0x80 }, "\(terminal.written)")
        #expect(terminal.written.contains("+ ????????"))
      }
    }
  }

  @Test("what is not granted is told before anything is done, also from the depth of a step")
  func grants() throws {
    try inState { dr in
      let denied = try dr(["run", "a.dr", "look", "--world", "real", "--deny", "http.post"])
      #expect(denied.status == 1)
      #expect(denied.errors.contains("http.post  --deny http.post"))
      let narrow = try dr(["plan", "a.dr", "look", "--world", "real", "--allow", "kube"])
      #expect(narrow.errors.contains("http.get  not among --allow kube"))
      #expect(try dr(["runs"]).output == "no runs yet\n")
      let wide = try dr(["run", "a.dr", "look", "--world", "real", "--allow", "http"])
      #expect(wide.errors + wide.output != "")
      #expect(!wide.errors.contains("not granted"))
    }
  }

  @Test("programs of this machine are off unless they are allowed, which takes nothing else away")
  func shell() throws {
    try inFolder { folder in
      let text = #"""
        use shell
        runbook go() {
          step "say" {
            let said = shell.run(["printf", "%s|", "a  'b'", "$HOME"])
            require said.output == "a  'b'|$HOME|" else said.output
          }
        }
        runbook locked() { lock "l" for 1m }
        """#
      try text.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      func dr(_ arguments: String...) throws -> Outcome {
        try run(
          DrTests.dr, ["run", "a.dr"] + arguments + ["--world", "real"],
          environment: ["DR_STATE": folder, "HOME": folder, "KUBECONFIG": "\(folder)/none"],
          in: folder)
      }
      let off = try dr("go")
      #expect(off.status == 1)
      #expect(off.errors.contains("shell.run  off unless given --allow shell"))
      let allowed = try dr("go", "--allow", "shell")
      #expect(allowed.status == 0, "\(allowed.output)\(allowed.errors)")
      let narrow = try dr("locked", "--allow", "shell", "--allow", "http")
      #expect(narrow.errors.contains("lock.acquire  not among --allow http"))
      // A lock is an object of a cluster: that there is none is told before anything is done.
      let locked = try dr("locked", "--allow", "shell")
      #expect(locked.status == 1)
      #expect(locked.errors.contains("\(folder)/none"), "\(locked.errors)")
      #expect(locked.output == "")
    }
  }

  @Test("a plan that was kept is run while it holds, and refused once the program has changed")
  func plans() throws {
    try inFolder { folder in
      let file = "\(folder)/a.dr"
      try program.write(toFile: file, atomically: true, encoding: .utf8)
      func dr(_ arguments: String...) throws -> Outcome {
        try run(DrTests.dr, arguments, environment: ["DR_STATE": folder], in: folder)
      }
      let simulated = "runbook go() { step \"s\" { require 1 == 1 } }\n"
      try simulated.write(toFile: file, atomically: true, encoding: .utf8)
      #expect(try dr("plan", "a.dr", "go", "--world", "simulated", "-o", "p.json").status == 0)
      #expect(try dr("run", "--plan", "p.json").status == 0)
      #expect(try dr("run", "a.dr", "go", "--plan", "p.json").status == 2)
      #expect(try dr("run", "--plan", "nowhere.json").status == 2)
      try (simulated + "# changed\n").write(toFile: file, atomically: true, encoding: .utf8)
      let refused = try dr("run", "--plan", "p.json")
      #expect(refused.status == 1)
      #expect(refused.errors.contains("the program has changed since it was planned"))
    }
  }
}
