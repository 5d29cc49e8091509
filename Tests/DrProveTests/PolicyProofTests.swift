// SPDX-License-Identifier: Apache-2.0

import DrProve
import Testing

/// What policies, fronts and what a service needs add to a proof.
@Suite struct PolicyProofTests {
  /// A service that needs both its replicas, and a policy that brings them to the other zone.
  private func attended(
    step: String = " within 1m", wait: String = " within 90s", condition: String = "< 50%",
    failback: String = "", rest: String = ""
  ) -> String {
    program(
      replicas: 2, service: "probe ready { get = \"/\", every = 5s }",
      front: """
        traffic front for s { via = istio { domain = "s.example.net" } }
        policy keep for s {
          every = 5s
          on lost(z in s.zones) when serving(s, in: z) \(condition) lasting 30s {
            run move(from: z, to: healthiest(s.zones, except: z))
          }
          \(failback)
        }
        runbook move(from: Zone, to: Zone) {
          step "add"\(step) {
            let before = kube.scale(s, in: to, replicas: 2)
            undo { kube.scale(s, in: to, replicas: before) }
          }
          wait until ready(s, in: to) >= 2\(wait)
          step "shift" within 30s { traffic.shift(front, [from: 0%, to: 100%]) }
          verify serving(s, in: to) >= 50% within 2m else "not there"
        }
        \(rest)
        """)
  }

  @Test("a runbook's own bounds make the budget, term by term, each with its line")
  func budget() throws {
    let zone = try prove(attended()).find("zone a")
    #expect(zone.ending == .back && zone.verdict == .proved)
    // A look: two zones with two reads each and a server each, of which one does not answer for 5 s.
    let look = 4 * 1.0 + 1 * 1.0 + 5 * 1.5
    let detect = try #require(zone.terms.first { $0.part == .detect })
    #expect(detect.takes == between(30 - look, look + 30 + look + look))
    let within = zone.terms.filter { $0.place?.hasPrefix("main.dr:") == true }.map(\.takes)
    #expect(within.contains(between(0, 60)) && within.contains(between(0, 90)))
    #expect(within.contains(between(0, 30)))
    // The runbook's last word comes after the service is back.
    #expect(zone.terms.last?.isAfter == true && zone.terms.last?.part == .verify)
    let sum = zone.terms.filter { !$0.isAfter }.compactMap(\.takes.worst).reduce(0, +)
    #expect(zone.takes.worst == sum)
  }

  @Test("a statement without a bound leaves the promise unknown, and is named with what to write")
  func unbounded() throws {
    let zone = try prove(attended(step: "")).find("zone a")
    #expect(zone.verdict == .unknown && zone.takes.worst == nil)
    #expect(zone.terms.contains { $0.because.contains("has no `within`") && $0.place != nil })
    #expect(zone.changes.map(\.field) == [ProofChange.clause])
    #expect(zone.changes.map(\.value) == ["1m"])
  }

  @Test("a step that may take too long is to be bounded sooner")
  func tooLong() throws {
    let zone = try prove(attended(step: " within 3m")).find("zone a")
    #expect(zone.verdict == .refuted)
    #expect(zone.changes.map(\.title) == ["within 1m30s instead of 3m"])
  }

  @Test("a condition that does not hold after a loss starts nothing")
  func unseen() throws {
    let zone = try prove(attended(condition: "< 0%")).find("zone a")
    #expect(zone.ending == .down && zone.verdict == .refuted)
    #expect(zone.because.hasSuffix("its policy does not see it"))
  }

  @Test(
    "a failback is no harm as long as the loss keeps its condition up, and takes back too early else"
  )
  func failback() throws {
    let seen = try prove(attended(failback: "failback after 5m")).find("zone a")
    #expect(seen.verdict == .proved)
    // Requests are answered again once they are shifted, so this holds no more though the zone is lost.
    let answered = "< 50% and success_rate(front, over: 10s) < 90%"
    #expect(try prove(attended(condition: answered)).find("zone a").ending == .back)
    for after in ["5m", "1h"] {
      let text = attended(condition: answered, failback: "failback after \(after)")
      let zone = try prove(text).find("zone a")
      #expect(
        zone.verdict != .proved && zone.because.contains("keep takes back what it did"),
        "\(zone.because)")
    }
  }

  @Test("a registry that is lost with the zone keeps new replicas from starting; a mirror mends it")
  func registry() throws {
    let images = "dependency images for s { kind = \"registry\", zones = [a] }"
    let proof = try prove(attended(rest: images))
    #expect(try proof.find("zone a").verdict == .refuted)
    #expect(try proof.find("zone a").changes.map(\.value) == ["[a, b]"])
    #expect(try proof.find("zone b").verdict == .proved)
    #expect(try proof.find("registry images").ending == .untouched)
    let mirrored = try prove(attended(rest: images.replacing("[a]", with: "[a, b]")))
    #expect(try mirrored.find("zone a").verdict == .proved)
  }

  @Test("what the fronts do of themselves")
  func fronts() throws {
    func zone(_ via: String) throws -> ProofCase {
      try prove(program(front: "traffic f for s { via = \(via) }")).find("zone a")
    }
    let host = "domain = \"s.example.net\""
    #expect(try zone("gateway { class = \"c\", \(host) }").ending == .down)
    #expect(try zone("istio { \(host) }").ending == .down)
    let picker = try zone("gateway { class = \"c\", \(host), pool { picker = \"p\" } }")
    #expect(picker.takes == between(31, 53))
    #expect(try zone("nginx { \(host) }").takes == between(0, 1))
    let spare = try prove(
      program(front: "traffic f for s { via = istio { \(host) }, standby = true }"))
    #expect(try spare.find("zone a").takes == between(31, 53))
    #expect(!spare.cases.contains { $0.kind == "front" })
  }

  @Test("data outlives a zone by its copies, and what keeps none has none to lose")
  func data() throws {
    #expect(try prove(program()).keepings.map(\.lag) == [0])
    let volume = "volume v { at = \"/d\", size = 1Gi, copied_every = 5m }"
    #expect(try prove(program(service: volume)).keepings.map(\.lag) == [600 * second])
    let alone = "volume v { at = \"/d\", size = 1Gi }"
    #expect(try prove(program(service: alone)).keepings.map(\.lag) == [nil])
  }

  @Test("availability follows from declared failure rates, and is not made up without them")
  func availability() throws {
    #expect(try prove(program()).availability.worst == nil)
    let rate = "control_plane { managed = true, failures { every = 90d, lasting = 10m } }"
    let rated = try prove(program(cluster: rate)).availability
    // What runs goes on without the API server.
    #expect(rated.worst == 1_000_000_000 && rated.undeclared.contains("zone"))
  }
}
