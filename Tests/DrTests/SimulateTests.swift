// SPDX-License-Identifier: Apache-2.0

import DrData
import Foundation
import Testing

@Suite("dr simulate")
struct SimulateTests {
  /// A service in two zones whose policy scales up in the other one; `rto` is what it promises.
  private static func program(rto: String) -> String {
    """
    use kubernetes, inference

    cluster prod {
      control_plane { managed = true }
      region north {
        zone az1 { nodes gpu { count = 2, cpu = 16, memory = 64Gi } }
        zone az2 { nodes gpu { count = 2, cpu = 16, memory = 64Gi } }
      }
    }

    service chat {
      on = prod
      image = "registry.example.net/chat:v1"
      needs { cpu = 4, memory = 16Gi }
      weights { model = "chat-7b", size = 15GB, load_rate = 2GB/s }
      spread { over = [az1, az2] }
      probe ready { get = "/readyz", every = 5s }
      objective { rto = \(rto), at_least = 2 }
    }

    policy keep_serving for chat {
      every = 5s
      on zone_lost(z in chat.zones) when serving(chat, in: z) < 50% lasting 30s {
        run evacuate(from: z, to: healthiest(chat.zones, except: z))
      }
      guard "no flapping" { failovers(chat, last: 30m) == 0 }
    }

    runbook evacuate(from: Zone, to: Zone) {
      step "scale up" within 1m { kube.scale(chat, in: to, replicas: 2) }
      wait until ready(chat, in: to) >= 2 within 5m
      step "give up" within 1m { kube.scale(chat, in: from, replicas: 0) }
    }

    """
  }

  private func simulate(
    _ program: String, _ arguments: [String], in folder: String
  ) throws -> Outcome {
    try program.write(toFile: "\(folder)/main.dr", atomically: true, encoding: .utf8)
    return try run(dr, ["simulate", "main.dr"] + arguments, in: folder)
  }

  @Test("exits with 0 where the promise is kept and with 1 where it is broken")
  func status() throws {
    try inFolder { folder in
      let kept = try simulate(Self.program(rto: "3m"), ["--lose", "az1"], in: folder)
      #expect(kept.status == 0)
      #expect(kept.output.contains("recovery within 3m promised, 1m7s needed: kept"))
      let broken = try simulate(Self.program(rto: "1m"), ["--lose", "az1"], in: folder)
      #expect(broken.status == 1)
      #expect(broken.output.contains("1m7s needed: broken"))
    }
  }

  @Test("a fault is checked like code of the program")
  func faults() throws {
    try inFolder { folder in
      for (fault, words) in [
        ("1m: fail(az9)", "nothing called `az9`"), ("1m: fail(", "expected"),
        ("1m: 5s", "this is a duration"), ("fail(az1)", "expected"),
      ] {
        let outcome = try simulate(Self.program(rto: "3m"), ["--fault", fault], in: folder)
        #expect(outcome.status == 1, "\(fault)")
        #expect(outcome.errors.contains(words), "\(fault): \(outcome.errors)")
        #expect(outcome.output.isEmpty)
      }
    }
  }

  @Test("the same seed gives the same, another one another recovery")
  func seeds() throws {
    try inFolder { folder in
      let program = Self.program(rto: "3m")
      let faults = ["--lose", "az1", "--json"]
      let first = try simulate(program, faults + ["--seed", "7"], in: folder)
      #expect(try simulate(program, faults + ["--seed", "7"], in: folder).output == first.output)
      #expect(try simulate(program, faults + ["--seed", "8"], in: folder).output != first.output)
      let spread = try simulate(program, faults + ["--seeds", "9"], in: folder)
      let figures = try JSON.parse(Array(spread.output.utf8)).arrayValue?.first
      #expect(figures?["seeds"] == .int(9))
      guard case .float(let best)? = figures?["best_s"],
        case .float(let worst)? = figures?["worst_s"]
      else {
        Issue.record("no figures: \(spread.output)")
        return
      }
      #expect(best < worst)
    }
  }

  @Test("exploring finds what breaks the promise, as a test that fails for that reason")
  func counterexample() throws {
    try inFolder { folder in
      let program = Self.program(rto: "3m")
      let found = try simulate(program, ["--explore", "--json"], in: folder)
      // Each fault alone is survived; both zones together are not.
      #expect(found.status == 0)
      let document = try JSON.parse(Array(found.output.utf8))
      #expect(document["singles"]?.arrayValue?.count == 16)
      let test = try #require(document["test"]?.stringValue)
      #expect(test.contains("at 1m: fail(az1)"))
      try (program + test).write(
        toFile: "\(folder)/main.dr", atomically: true, encoding: .utf8)
      let outcome = try run(dr, ["test", "main.dr"], in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("is greater than 3m"), "\(outcome.output)")
    }
  }

  @Test(
    "a simulation and an exploration are pages that stand by themselves, the same bytes each time")
  func pages() throws {
    try inFolder { folder in
      try Self.program(rto: "2m").write(
        toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      for (name, arguments) in [("lose", ["--lose", "az1"]), ("explore", ["--explore"])] {
        let path = "\(folder)/\(name).html"
        let plain = try run(dr, ["simulate", "a.dr"] + arguments, in: folder)
        let told = try run(dr, ["simulate", "a.dr", "--html", path] + arguments, in: folder)
        // The page is beside what is printed.
        #expect(told.output == plain.output)
        #expect(told.status == plain.status)
        let page = try String(contentsOfFile: path, encoding: .utf8)
        for word in ["src=", "href=", "<script", "@import", "url("] {
          #expect(!page.contains(word), "\(name): \(word)")
        }
        #expect(page.hasSuffix("</html>\n"))
        let golden = "\(root)/Tests/Golden/simulate/\(name).html"
        if ProcessInfo.processInfo.environment["DR_BLESS"] == "1" {
          try FileManager.default.createDirectory(
            atPath: "\(root)/Tests/Golden/simulate", withIntermediateDirectories: true)
          try page.write(toFile: golden, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOfFile: golden, encoding: .utf8)
        #expect(page == expected, "\(golden) differs; DR_BLESS=1 swift test rewrites it")
      }
      let nowhere = try run(
        dr, ["simulate", "a.dr", "--lose", "az1", "--html", "\(folder)/no/where.html"], in: folder)
      #expect(nowhere.status == 1)
      #expect(nowhere.errors.contains("where.html"))
      #expect(
        try run(
          dr, ["simulate", "a.dr", "--lose", "az1", "--seeds", "2", "--html", "x"], in: folder
        )
        .status == 2)
    }
  }
}
