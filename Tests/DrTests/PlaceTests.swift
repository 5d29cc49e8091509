// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A build without the network has no runs.
private var hasRuns: Bool {
  (try? run(dr, ["--help"]).output.contains("runs")) ?? false
}

@Suite("Which cluster is meant", .enabled(if: hasRuns))
struct PlaceTests {
  private static let program = """
    use kubernetes

    cluster prod "prod" { region north { zone az1 { }, zone az2 { } } }

    runbook go(from: Zone, to: Zone, slowly: Bool = false) {
      require 1 == 2 else "never"
      lock "l" for 1m
    }
    """

  /// A kubeconfig of a server that nobody listens at.
  private static func kubeconfig(port: Int, context: String = "prod") -> String {
    """
    apiVersion: v1
    kind: Config
    current-context: \(context)
    clusters: [{name: c, cluster: {server: "https://127.0.0.1:\(port)"}}]
    users: [{name: admin, user: {token: t0ken}}]
    contexts: [{name: \(context), context: {cluster: c, user: admin}}]
    """
  }

  /// A folder with the program, and kubeconfigs `one` (port 1), `two` (port 2) and, in the home, of port 3.
  private func inWorld(
    _ body: (_ dr: ([String], [String: String]) throws -> Outcome) throws -> Void
  ) throws {
    try inFolder { folder in
      let files = [
        "a.dr": Self.program, "one": Self.kubeconfig(port: 1), "two": Self.kubeconfig(port: 2),
        ".kube/config": Self.kubeconfig(port: 3),
      ]
      try FileManager.default.createDirectory(
        atPath: "\(folder)/.kube", withIntermediateDirectories: true)
      for (name, text) in files {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
      try body { arguments, variables in
        try run(
          DrTests.dr, arguments,
          environment: ["DR_STATE": "\(folder)/state", "HOME": folder].merging(variables) { $1 },
          in: folder)
      }
    }
  }

  private let go = ["a.dr", "go", "from=az1", "to=az2"]

  @Test("a kubeconfig that is not there is told, and none is taken in its place")
  func missingKubeconfig() throws {
    try inWorld { dr in
      for command in ["plan", "run"] {
        let outcome = try dr([command] + go + ["--kubeconfig", "tow"], [:])
        #expect(outcome.status == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("/tow cannot be read: No such file"), "\(outcome.errors)")
      }
      _ = try dr(["run"] + go, [:])
      let resumed = try dr(["resume", "--kubeconfig", "tow"], [:])
      #expect(resumed.status == 1)
      #expect(resumed.errors.contains("/tow cannot be read: No such file"), "\(resumed.errors)")
    }
  }

  @Test("a context that is not there is told once, before anything begins, with those that are")
  func unknownContext() throws {
    try inWorld { dr in
      for command in ["plan", "run"] {
        let outcome = try dr([command] + go + ["--context", "staging"], [:])
        #expect(outcome.status == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.components(separatedBy: "has no context staging").count == 2)
        #expect(outcome.errors.contains("help: choose one of its contexts: prod"))
      }
      #expect(try dr(["runs"], [:]).output == "no runs yet\n")
    }
  }

  @Test("a plan and a run say which cluster they are for")
  func places() throws {
    try inWorld { dr in
      let place = "cluster prod: https://127.0.0.1:2 (context prod, user admin)\n"
      let plan = try dr(["plan"] + go, ["KUBECONFIG": "two"])
      #expect(plan.output.hasPrefix(place), "\(plan.output)")
      let document = try dr(["plan", "--json"] + go, ["KUBECONFIG": "two"]).output
      for words in [
        #""world": "real""#, #""server": "https://127.0.0.1:2""#, #""context": "prod""#,
        #""to": "az2""#,
      ] { #expect(document.contains(words), "\(document)") }
      let run = try dr(["run"] + go, ["KUBECONFIG": "two"])
      #expect(run.output.contains(place), "\(run.output)")
      #expect(!(document + run.output + plan.output).contains("t0ken"))
    }
  }

  @Test("a run that began in one cluster is not gone on with in another one by accident")
  func moved() throws {
    try inWorld { dr in
      _ = try dr(["run"] + go, ["KUBECONFIG": "one"])
      let elsewhere = try dr(["resume"], ["KUBECONFIG": "two"])
      #expect(elsewhere.status == 4)
      #expect(elsewhere.output == "")
      #expect(elsewhere.errors.contains("began in another cluster; nothing was done"))
      #expect(elsewhere.errors.contains("then: cluster prod: https://127.0.0.1:1"))
      #expect(elsewhere.errors.contains("now:  cluster prod: https://127.0.0.1:2"))
      #expect(elsewhere.errors.contains("--context prod\n"))
      // The same address, or the word of a person, is enough.
      for (arguments, file) in [([], "one"), (["--context", "prod"], "two")] {
        let outcome = try dr(["resume"] + arguments, ["KUBECONFIG": file])
        #expect(outcome.errors.contains("the run has ended"), "\(outcome.errors)")
      }
    }
  }

  @Test("a plan is run in the cluster that it was made for, and only if it is whole")
  func savedPlans() throws {
    try inWorld { dr in
      let planned = try dr(["plan"] + go + ["-o", "p.json"], ["KUBECONFIG": "one"])
      #expect(planned.output.contains("go: not to be planned to its end, see below\n"))
      let elsewhere = try dr(["run", "--plan", "p.json"], ["KUBECONFIG": "two"])
      #expect(elsewhere.status == 1)
      #expect(elsewhere.errors.contains("it was planned for another cluster"), "\(elsewhere)")
      #expect(elsewhere.errors.contains("planned: cluster prod: https://127.0.0.1:1 "))
      let broken = try dr(["run", "--plan", "p.json"], ["KUBECONFIG": "one"])
      #expect(broken.status == 1)
      #expect(broken.errors.contains("the plan is not whole, it ends at lock.acquire"), "\(broken)")
      #expect(try dr(["runs"], [:]).output == "no runs yet\n")
    }
  }

  @Test(
    "what is wrong with the words after a runbook is told once, with what to write",
    arguments: [
      (["az1", "az2"], "`az1`, `az2` have no names", "parameters: from=az1 to=az2"),
      (["from=az1", "az2"], "`az2` has no name", "parameters: to=az2"),
      (["frmo=az1", "to=az2"], "has no parameter `frmo`", "did you mean `from=…`?"),
      (["zone=az1", "to=az2"], "has no parameter `zone`", "it still needs from=…"),
      (["from=az1", "to="], "`to=` gives nothing", "write a Zone after it"),
      (["from=az1", "to=az2", "to=az1"], "the argument `to` is given twice", "leave one"),
      (["from=az1"], "`go` needs the argument `to`", "add to=… with a Zone"),
      (["from=az1", "to=az2", "now"], "`now` has no name", "slowly=now"),
    ])
  func words(_ words: [String], _ message: String, _ help: String) throws {
    try inWorld { dr in
      let outcome = try dr(["plan", "a.dr", "go"] + words, [:])
      #expect(outcome.status == 1)
      #expect(outcome.errors.components(separatedBy: "error[").count == 2, "\(outcome.errors)")
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
      #expect(outcome.errors.contains(help), "\(outcome.errors)")
    }
  }

  @Test("secrets in URLs that are given, and passwords in any, are refused and not repeated")
  func passwords() throws {
    try inFolder { folder in
      let program = """
        use web
        runbook given(url: String) { step "s" { web.post(url) } }
        runbook written() { step "s" { web.post("http://bob:hunter2@127.0.0.1:1/") } }
        """
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      for words in [
        ["given", "url=http://bob:hunter2@127.0.0.1:1/"], ["written"],
        ["given", "url=http://127.0.0.1:1/?token=hunter2"],
        ["given", "url=https://hooks.slack.com/services/hunter2"],
      ] {
        let outcome = try run(
          DrTests.dr, ["run", "a.dr"] + words + ["--world", "real"],
          environment: ["DR_STATE": "\(folder)/state", "HOME": folder], in: folder)
        #expect(outcome.status == 1)
        let said = outcome.output + outcome.errors
        #expect(said.contains("put it into a header"), "\(said)")
        #expect(!said.contains("hunter2"), "\(said)")
        #expect(!said.contains("connection refused"), "\(said)")
      }
      let none = try run(
        "/usr/bin/grep", ["-rl", "hunter2", "\(folder)/state"], in: folder)
      #expect(none.output.isEmpty, "\(none.output)")
    }
  }

  @Test("without a runbook the program's are listed, with what they take")
  func noRunbook() throws {
    try inWorld { dr in
      let none = try dr(["plan", "a.dr"], [:])
      #expect(none.status == 2)
      #expect(none.errors.hasPrefix("error: which runbook of a.dr?\n"))
      #expect(none.errors.contains("\n  go from=Zone to=Zone [slowly=Bool]\n"), "\(none.errors)")
      let nowhere = try dr(["plan", "b.dr"], [:])
      #expect(nowhere.errors.contains("there is no file b.dr"))
    }
  }
}
