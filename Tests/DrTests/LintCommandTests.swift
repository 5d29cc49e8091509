// SPDX-License-Identifier: Apache-2.0

import DrData
import Foundation
import Testing

private let twoZones = """
  cluster prod {
    control_plane { zones = [az1, az2] }
    region north { zone az1, zone az2 }
  }

  """

private func write(_ text: String, _ path: String) throws {
  try text.write(toFile: path, atomically: true, encoding: .utf8)
}

private func lint(_ arguments: String..., in folder: String) throws -> Outcome {
  try run(dr, ["lint"] + arguments, in: folder)
}

@Suite("dr lint as a command")
struct LintCommandTests {
  @Test("a pull request is told what is new against the baseline, and fails by that alone")
  func baseline() throws {
    try inFolder { folder in
      try write(twoZones, "\(folder)/a.dr")
      let first = try lint(
        "a.dr", "--baseline", "known.json", "--write-baseline", in: folder)
      #expect(first.status == 0)
      #expect(first.output == "known.json: 1 finding\na.dr: no findings, 1 in the baseline\n")
      try write("# moved\n\n" + twoZones, "\(folder)/a.dr")
      #expect(try lint("a.dr", "--baseline", "known.json", in: folder).status == 0)
      let more = twoZones.replacing("prod", with: "new").replacing("az", with: "bz")
        .replacing("north", with: "south")
      try write(twoZones + more, "\(folder)/a.dr")
      let second = try lint("a.dr", "--baseline", "known.json", in: folder)
      #expect(second.status == 1)
      #expect(second.errors.contains("the control plane of new stands"))
      #expect(!second.errors.contains("the control plane of prod stands"))
      #expect(second.errors.hasSuffix("\n1 error in a.dr, 1 in the baseline\n"))
      try write("cluster prod { }\n", "\(folder)/a.dr")
      let gone = try lint("a.dr", "--baseline", "known.json", in: folder)
      #expect(gone.output == "a.dr: no findings (1 of the baseline is gone: write it anew)\n")
      #expect(try lint("a.dr", "--baseline", "other.json", in: folder).status == 2)
      #expect(try lint("a.dr", "--write-baseline", in: folder).status == 2)
    }
  }

  @Test("a folder is its programs: what one of them uses is looked at with that one")
  func folder() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/shop", withIntermediateDirectories: false)
      try write(
        """
        use inference
        cluster prod { region north { zone az1, zone az2 } }
        service chat {
          on    = prod
          image = "registry.example.net/chat:v1"
          engine = vllm
          arguments = ["--shutdown-timeout", "50"]
          needs { cpu = 4, memory = 16Gi }
          spread { over = [az1, az2] }
          probe ready { get = "/health", every = 5s }
          objective { rto = 5m }
        }

        """, "\(folder)/shop/service.dr")
      let alone = try lint("--select", "DR601", "shop", in: folder)
      #expect(alone.status == 1)
      #expect(alone.errors.hasSuffix("\n1 error in shop\n"))
      try write(
        """
        use inference
        use "./service.dr"
        runbook move() { fail "not written yet" }
        policy keep for chat {
          on lost(z in chat.zones) when serving(chat, in: z) < 50% lasting 60s { run move() }
          guard "one zone always serves" { true }
        }

        """, "\(folder)/shop/main.dr")
      let whole = try lint("--select", "DR601", "shop", in: folder)
      #expect(whole.output == "shop: no findings\n")
      #expect(whole.status == 0)
      let files = try lint(
        "--select", "DR601", "shop/service.dr", "shop/main.dr", in: folder)
      #expect(files.output == "2 files: no findings\n")
      try FileManager.default.createDirectory(
        atPath: "\(folder)/empty", withIntermediateDirectories: false)
      #expect(try lint("empty", in: folder).errors.contains("there is no program in empty"))
    }
  }

  @Test("dr.toml decides for the project, and its mistakes end the run with their place")
  func settings() throws {
    try inFolder { folder in
      try write(twoZones, "\(folder)/a.dr")
      try write("[lint.severity]\nDR107 = \"warning\"\n", "\(folder)/dr.toml")
      let mild = try lint("a.dr", in: folder)
      #expect(mild.status == 0)
      #expect(mild.errors.hasPrefix("warning[DR107 "))
      #expect(try lint("a.dr", "--fail-on", "warning", in: folder).status == 1)
      try write(
        "[lint]\nfail_on = \"warning\"\n[lint.severity]\nDR107 = \"warning\"\n", "\(folder)/dr.toml"
      )
      #expect(try lint("a.dr", in: folder).status == 1)
      try write("[lint.ignore]\nDR107 = \"a laboratory\"\n", "\(folder)/dr.toml")
      #expect(try lint("a.dr", in: folder).output == "a.dr: no findings\n")
      try write("[lint]\nfailon = \"error\"\n", "\(folder)/dr.toml")
      let wrong = try lint("a.dr", in: folder)
      #expect(wrong.status == 2)
      #expect(wrong.errors.contains("dr.toml:2:1"))
      #expect(wrong.errors.contains("did you mean `fail_on`?"))
      try write("[lint.ignore]\nDR9999 = \"no such rule\"\n", "\(folder)/dr.toml")
      #expect(try lint("a.dr", in: folder).errors.contains("there is no rule `DR9999`"))
    }
  }

  @Test("manifests of any origin are looked at: a folder, a file, standard input; --fix mends them")
  func manifests() throws {
    try inFolder { folder in
      let text = """
        apiVersion: batch/v1beta1
        kind: CronJob
        metadata: { name: backup }  # nightly
        spec: { schedule: "0 1 * * *" }

        """
      try FileManager.default.createDirectory(
        atPath: "\(folder)/k8s/jobs", withIntermediateDirectories: true)
      try write(text, "\(folder)/k8s/jobs/backup.yaml")
      let found = try lint("--manifests", "k8s", in: folder)
      #expect(found.status == 1)
      #expect(found.errors.contains("--> k8s/jobs/backup.yaml:1:13"))
      let shown = try lint("--manifests", "k8s", "--fix", "--diff", in: folder)
      #expect(shown.output.contains("+apiVersion: batch/v1\n"))
      #expect(try String(contentsOfFile: "\(folder)/k8s/jobs/backup.yaml", encoding: .utf8) == text)
      let mended = try lint("--manifests", "k8s", "--fix", in: folder)
      #expect(mended.status == 0)
      #expect(mended.output.hasPrefix("k8s/jobs/backup.yaml:1: fixed: write batch/v1\n"))
      #expect(
        try String(contentsOfFile: "\(folder)/k8s/jobs/backup.yaml", encoding: .utf8)
          == text.replacing("batch/v1beta1", with: "batch/v1"))
      try write("a: [", "\(folder)/k8s/broken.yaml")
      let broken = try lint("--manifests", "k8s", in: folder)
      #expect(broken.status == 7)
      #expect(broken.errors.contains("error[E0706 unreadable-manifest]"))
    }
  }

  @Test("a safe fix of a program is written, in the one style, and looked at again")
  func fix() throws {
    try inFolder { folder in
      let text = """
        use alerting

        cluster prod { region north { zone az1, zone az2 } }

        service chat {
          on    = prod
          image = "registry.example.net/chat:v1"
          needs { cpu = 4, memory = 16Gi }
          spread { over = [az1, az2] }
          objective { rto = 5m }
        }

        alert Full for chat {
          when    = "vllm:gpu_cache_usage_perc > 0.9"
          lasting = 30s
          summary = "full"
        }

        """
      try write(text, "\(folder)/a.dr")
      let mended = try lint("a.dr", "--fix", in: folder)
      #expect(mended.status == 0)
      #expect(mended.output.hasSuffix("a.dr: no findings\n"))
      #expect(
        try String(contentsOfFile: "\(folder)/a.dr", encoding: .utf8)
          == text.replacing(
            "\"vllm:gpu_cache_usage_perc > 0.9\"", with: "`vllm:kv_cache_usage_perc > 0.9`"))
    }
  }

  @Test(
    "every format is written, to a file where one is named, and the text beside it",
    arguments: ["json", "sarif", "github", "gitlab", "junit"])
  func formats(_ format: String) throws {
    try inFolder { folder in
      try write(twoZones, "\(folder)/a.dr")
      let plain = try lint("a.dr", "--format", format, in: folder)
      #expect(plain.status == 1)
      #expect(plain.output.contains("DR107"))
      #expect(plain.errors == "")
      let file = try lint("a.dr", "--format", format, "-o", "out", in: folder)
      #expect(file.output == "")
      #expect(file.errors.hasSuffix("\n1 error in a.dr\n"))
      #expect(try String(contentsOfFile: "\(folder)/out", encoding: .utf8) == plain.output)
    }
  }

  @Test("a mistake of the program is no finding: the run says that nobody knows")
  func mistakes() throws {
    try inFolder { folder in
      try write("let a = nowhere\n", "\(folder)/a.dr")
      #expect(try lint("a.dr", in: folder).status == 7)
      let log = try JSON.parse(
        Array(try lint("a.dr", "--format", "sarif", in: folder).output.utf8))
      let invocation = log["runs"]?.arrayValue?.first?["invocations"]?.arrayValue?.first
      #expect(invocation?["executionSuccessful"] == false)
      #expect(invocation?["toolExecutionNotifications"]?.arrayValue?.count == 1)
    }
  }
}

/// What rules warn of, as fixtures of incidents: `Tests/Golden/lint` says which rules find it.
@Suite("incidents that rules warn of")
struct IncidentTests {
  private func simulate(_ name: String, _ arguments: String...) throws -> Outcome {
    try run(dr, ["simulate", "Tests/Golden/lint/\(name).dr"] + arguments)
  }

  @Test(
    "the simulator shows the outage",
    arguments: [
      ("article", "az1"), ("incident-02-all-zones-avoided", "a"), ("incident-03-empty-record", "a"),
      ("incident-09-locked-out", "main"),
    ])
  func outage(_ name: String, _ zone: String) throws {
    let outcome = try simulate(name, "--lose", zone)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains(": broken\n"))
  }

  @Test("shares that are 0% together answer nobody, from the beginning")
  func weightsOfZero() throws {
    let outcome = try simulate("incident-09-locked-out", "--lose", "main", "--json")
    #expect(outcome.output.contains("\"down\""))
    let proof = try run(dr, ["prove", "Tests/Golden/lint/incident-09-locked-out.dr"])
    #expect(proof.status == 1)
    #expect(proof.output.replacing("\n    ", with: " ").contains("every share is 0%"))
  }

  @Test("where every replica looks bad at once, nothing is left that answers")
  func withdrawn() throws {
    let outcome = try simulate("incident-14-withdrawn", "--fault", "1m: hang(names)")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("down +0s") && outcome.output.contains(": broken\n"))
  }

  @Test("a trigger without damping moves the writers for 43 seconds without a link")
  func partition() throws {
    let outcome = try simulate(
      "incident-01-partition", "--fault", "1m: cut_off(east)", "--fault",
      "103s: mend(cut_off(east))")
    // Both coasts serve all the while, and the writers are moved all the same.
    #expect(outcome.output.contains("full service all the time"))
    let moved = try #require(outcome.output.range(of: "✓ promote"))
    let back = try #require(outcome.output.range(of: "east reaches the API server again"))
    #expect(moved.upperBound < back.lowerBound)
  }
}
