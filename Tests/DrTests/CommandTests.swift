// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

let scenario = "examples/deepseek-cross-az/deepseek.dr"

/// A folder of its own for a test, removed afterwards.
func inFolder<T>(_ body: (String) throws -> T) throws -> T {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("dr-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

@Suite("dr")
struct CommandTests {
  @Test("check finds no mistake in the scenario")
  func check() throws {
    let outcome = try run(dr, ["check", scenario])
    #expect(outcome.errors == "")
    #expect(outcome.status == 0)
  }

  @Test("check tells a mistake with its place and help, and exits with 1")
  func checkTellsMistakes() throws {
    try inFolder { folder in
      let file = "\(folder)/wrong.dr"
      try "let a = 5m + 16Gi\nlet b = nowhere\n".write(
        toFile: file, atomically: true, encoding: .utf8)
      let outcome = try run(dr, ["check", file])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("E0201"))
      #expect(outcome.errors.contains("E0101"))
      #expect(outcome.errors.contains("wrong.dr:2:9"))
      #expect(outcome.output == "")
    }
  }

  @Test("a missing file is told, exit status 1")
  func missingFile() throws {
    let outcome = try run(dr, ["check", "nowhere.dr"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("there is no file nowhere.dr"))
  }

  @Test(
    "wrong usage exits with 2",
    arguments: [["chekc"], ["check"], ["run", "x.dr"], ["fmt", "--nope"]])
  func wrongUsage(_ arguments: [String]) throws {
    #expect(try run(dr, arguments).status == 2)
  }

  /// Runs read of the library what is named; what is wrong is told with all of it.
  @Test("an argument that is wrong is told with names that the program does not name")
  func wrongArgument() throws {
    try inFolder { folder in
      let file = "\(folder)/a.dr"
      try "runbook go(n: Int) { step \"a\" { require n > 0 } }\n".write(
        toFile: file, atomically: true, encoding: .utf8)
      let words = ["run", file, "go", "--world", "simulated"]
      #expect(try run(dr, words + ["n=sum([1])"]).status == 0)
      let wrong = try run(dr, words + ["n=sumn([1])"])
      #expect(wrong.status == 1 && wrong.errors.contains("did you mean `sum`?"))
    }
  }

  @Test("a word that is no command is told with the nearest one")
  func noCommand() throws {
    for (word, help) in [
      ("chekc", "did you mean `dr check`?"), ("frobnicate", "`dr --help` lists the commands"),
      ("chat.yaml", "a program's file ends in .dr"),
    ] {
      let outcome = try run(dr, [word])
      #expect(outcome.status == 2)
      #expect(outcome.errors == "error: there is no command `\(word)`\n  = help: \(help)\n")
    }
  }

  @Test("wrong usage of a command names the command with its help")
  func usage() throws {
    let outcome = try run(dr, ["fmt", "--nope"])
    #expect(outcome.errors.contains("See 'dr fmt --help'"), "\(outcome.errors)")
  }

  @Test("compile gives the same bytes twice, and refuses versions that it does not know")
  func compile() throws {
    let first = try run(dr, ["compile", scenario, "--target", "kubernetes=1.26"])
    let second = try run(dr, ["compile", scenario, "--target", "kubernetes=1.26"])
    #expect(first.status == 0)
    #expect(first.output == second.output)
    #expect(first.output.contains("kind: Deployment"))
    let old = try run(dr, ["compile", scenario, "--target", "kubernetes=1.19"])
    #expect(old.status == 1)
    #expect(old.output == "")
    #expect(old.errors.contains("E0501"))
  }

  @Test("a library on disk brings backends of its own, without a build")
  func libraryOnDisk() throws {
    try inFolder { folder in
      let library = "\(folder)/stdlib"
      try FileManager.default.copyItem(atPath: "\(root)/stdlib", toPath: library)
      try """
      module emit_marker

      emit marker(c: Cluster, to: Target) { yield { file: "marker", text: c.label } }

      """.write(toFile: "\(library)/emit/marker.dr", atomically: true, encoding: .utf8)
      let target = "\(folder)/out"
      let outcome = try run(
        dr, ["compile", scenario, "-o", target], environment: ["DR_STDLIB": library])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(FileManager.default.fileExists(atPath: "\(target)/marker"))
    }
  }

  @Test("compile -o replaces its own folder and nobody else's")
  func compileFolder() throws {
    try inFolder { folder in
      let target = "\(folder)/out"
      let cluster = "deepseek-dr-cluster"
      #expect(try run(dr, ["compile", scenario, "-o", target]).status == 0)
      #expect(try run(dr, ["compile", scenario, "-o", target]).status == 0)
      let namespace = "\(target)/\(cluster)/namespace-deepseek.yaml"
      #expect(FileManager.default.fileExists(atPath: namespace))
      let foreign = "\(folder)/foreign"
      try FileManager.default.createDirectory(atPath: foreign, withIntermediateDirectories: true)
      try "mine".write(toFile: "\(foreign)/notes.txt", atomically: true, encoding: .utf8)
      let refused = try run(dr, ["compile", scenario, "-o", foreign])
      #expect(refused.status == 1)
      #expect(refused.errors.contains("dr did not write"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: foreign) == ["notes.txt"])
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["foreign", "out"])
    }
  }

  @Test("fmt --check passes on everything that ships")
  func formatted() throws {
    let outcome = try run(dr, ["fmt", "--check", "stdlib", "examples"])
    #expect(outcome.output == "")
    #expect(outcome.status == 0)
  }

  @Test(
    "check and fmt take the programs of a folder; what takes one program names those that are there"
  )
  func folders() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/inner", withIntermediateDirectories: true)
      try "let a = 1\n".write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      try "let  b = c\n".write(toFile: "\(folder)/inner/b.dr", atomically: true, encoding: .utf8)
      let checked = try run(dr, ["check", folder])
      #expect(checked.status == 1 && checked.errors.contains("1 error in 2 files"))
      let formatted = try run(dr, ["fmt", "--check", folder])
      #expect(formatted.output == "\(folder)/inner/b.dr: not formatted\n")
      let compiled = try run(dr, ["compile", folder])
      #expect(
        compiled.errors.contains("name one of its programs: \(folder)/a.dr, \(folder)/inner/b.dr"))
    }
    try inFolder { empty in
      let outcome = try run(dr, ["fmt", empty])
      #expect(outcome.errors.contains("there is no program in"))
    }
  }

  @Test(
    "eval gives the value of an expression, by itself or as seen from a program",
    arguments: [
      (["1 + 1"], "2"), (["5m / 2"], "2m30s"), (["join([\"a\", \"b\"], with: \"-\")"], "\"a-b\""),
      ([scenario, "deepseek.objective.rto"], "5m"),
      ([scenario, "deepseek.replicas * 2", "--json"], "4"),
      ([scenario, "az3"], "zone az3 \"cn-beijing-az3\" {\n  pools = []\n}"),
      ([scenario, "az3", "--json"], "{\n  \"pools\": []\n}"),
      ([scenario, "az3", "--yaml"], "pools: []"), (["-5m * 2"], "-10m"),
      (["-(1 + 2)", "--json"], "-3"),
    ])
  func eval(_ arguments: [String], _ value: String) throws {
    let outcome = try run(dr, ["eval"] + arguments)
    #expect(outcome.errors == "")
    #expect(outcome.output == value + "\n")
  }

  @Test(
    "eval tells mistakes and refuses to touch the world", arguments: ["1 + 1s", "1 / 0", "nowhere"])
  func evalMistakes(_ expression: String) throws {
    let outcome = try run(dr, ["eval", expression])
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("<expression>:1:"))
  }

  @Test("inputs are checked against their types, and unknown ones are told")
  func inputs() throws {
    let unknown = try run(dr, ["check", scenario, "--set", "front_dor=haproxy"])
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("did you mean `front_door`?"))
    let wrong = try run(dr, ["check", scenario, "--set", "watch_traffic=16Gi"])
    #expect(wrong.status == 1)
    #expect(wrong.errors.contains("watch_traffic"))
  }
}

@Suite("dr in the simulated world")
struct SimulatedCommandTests {
  private let evacuate = ["evacuate", "from=az1", "to=az2", "--world", "simulated"]

  @Test("plan lists the acts and changes nothing")
  func plan() throws {
    let outcome = try run(dr, ["plan", scenario] + evacuate)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("replicas 1 → 2"))
    #expect(outcome.output.contains("permissions:"))
  }

  @Test("run brings the service back within what it promises, the same way each time")
  func keepsThePromise() throws {
    let arguments = ["run", scenario] + evacuate + ["--lose", "az1", "--start-after", "65s"]
    let first = try run(dr, arguments)
    #expect(first.status == 0)
    #expect(first.output.contains("evacuate: done in"))
    #expect(first.output.contains("recovery within 5m promised, 1m40s needed: kept"))
    #expect(try run(dr, arguments).output == first.output)
  }

  @Test("arguments are checked like the program")
  func arguments() throws {
    let wrong = try run(
      dr, ["run", scenario, "evacuate", "from=az1", "to=az9", "--world", "simulated"])
    #expect(wrong.status == 1)
    #expect(wrong.errors.contains("there is nothing called `az9` here"))
    let missing = try run(
      dr, ["run", scenario, "evacuate", "from=az1", "--world", "simulated"])
    #expect(missing.status == 1)
    #expect(missing.errors.contains("needs the argument `to`"))
  }
}

@Suite("Arguments of runbooks")
struct RunbookArgumentTests {
  @Test(
    "texts need no quotes",
    arguments: [
      (["name=http://a.example:80/x?y=1", "mode=fast"], "http://a.example:80/x?y=1 fast -"),
      (["name=\"quoted\"", "mode=\"slow\"", "note=nil"], "quoted slow -"),
      (["name=a \\(b) \"c\"\n", "mode=fast", "note=nothing"], "a \\(b) \"c\"\n fast nothing"),
    ])
  func texts(words: [String], message: String) throws {
    try inFolder { folder in
      let program = """
        runbook go(name: String, mode: "fast" | "slow", note: String? = nil) {
          fail "\\(name) \\(mode) \\(note ?? "-")"
        }
        """
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      let outcome = try run(
        dr, ["run", "\(folder)/a.dr", "go"] + words + ["--world", "simulated", "--json"])
      #expect(outcome.status == 1)
      let ended = outcome.output.split(separator: "\n").last.map { Data($0.utf8) } ?? Data()
      let event = try JSONSerialization.jsonObject(with: ended) as? [String: Any]
      #expect(event?["message"] as? String == message)
    }
  }
}

@Suite("dr in a bad world")
struct BadWorldTests {
  @Test("without a kubeconfig a runbook is refused, not simulated", arguments: ["plan", "run"])
  func noKubeconfig(command: String) throws {
    try inFolder { folder in
      let outcome = try run(
        dr, [command, scenario, "evacuate", "from=az1", "to=az2"],
        environment: ["HOME": folder, "KUBECONFIG": "", "DR_STATE": "\(folder)/state"])
      #expect(outcome.status == 1)
      #expect(outcome.output == "")
      #expect(outcome.errors.contains("there is no kubeconfig"))
      #expect(outcome.errors.contains("--world simulated"))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/state"))
    }
  }

  @Test("options of the simulated world mean it, and go with no other")
  func simulatedOptions() throws {
    let words = [scenario, "evacuate", "from=az1", "to=az2", "--lose", "az1"]
    let simulated = try run(dr, ["plan"] + words)
    #expect(simulated.output.hasPrefix("simulated: no cluster and no node is touched"))
    #expect(try run(dr, ["run"] + words + ["--world", "real"]).status == 2)
  }

  @Test("a kubeconfig that is not YAML is told with its line; nothing is written")
  func brokenKubeconfig() throws {
    try inFolder { folder in
      let file = "\(folder)/config"
      try "clusters: [\n  - name: a\n".write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try run(
        dr,
        ["run", scenario, "evacuate", "from=az1", "to=az2", "--kubeconfig", file],
        environment: ["DR_STATE": "\(folder)/state"])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("E0602"))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/state"))
    }
  }

  @Test("a cluster that does not answer gives exit status 3")
  func unreachable() throws {
    try inFolder { folder in
      let file = "\(folder)/config"
      try """
      apiVersion: v1
      kind: Config
      current-context: c
      contexts: [{name: c, context: {cluster: c, user: u}}]
      clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
      users: [{name: u, user: {token: not-a-secret}}]
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try run(
        dr,
        ["run", scenario, "evacuate", "from=az1", "to=az2", "--kubeconfig", file],
        environment: ["DR_STATE": "\(folder)/state"])
      #expect(outcome.status == 3)
      #expect(!outcome.output.contains("not-a-secret"))
    }
  }
}
