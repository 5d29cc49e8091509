// SPDX-License-Identifier: Apache-2.0

import DrProve
import Testing

/// Alerts, shared stores, health checks, and policies that do not come to rest.
@Suite struct BudgetTests {
  private let ready = "probe ready { get = \"/readyz\" }"

  /// A service that its policy takes out of a zone, once an alert has told of it.
  private func alerted(
    when query: String = "sum by (zone) (up{job=\"s\"}) == 0", teller: String = "keep",
    condition: String = "firing(Dark, with: { zone: z.label })"
  ) throws -> ProofCase {
    let text = program(
      service: ready,
      front: """
        traffic front for s { via = istio { domain = "s.example.net" } }
        prometheus p for c { services = [s], every = 15s }
        alert Dark for s { when = `\(query)`, lasting = 40s, as = "file", summary = "dark" }
        alertmanager m for s {
          as = "file"
          group_wait = 10s
          otherwise = waker
          receiver waker {
            \(teller.isEmpty ? "" : "starts { policy = \(teller), at = \"http://dr:9099/alerts\" }")
          }
        }
        policy keep for s {
          every = 5s
          on lost(z in s.zones) when \(condition) {
            run move(from: z, to: healthiest(s.zones, except: z))
          }
        }
        runbook move(from: Zone, to: Zone) {
          step "shift" within 30s { traffic.shift(front, [from: 0%, to: 100%]) }
        }
        """)
    return try prove(
      text.replacing("inference, traffic", with: "inference, traffic, alerting, monitoring")
    )
    .find("zone a")
  }

  @Test("an alert's way to the watcher is in the budget, term by term, each with its line")
  func alert() throws {
    let zone = try alerted()
    #expect(zone.ending == .back && zone.verdict == .proved, "\(zone.because)")
    let detect = zone.terms.filter { $0.part == .detect }
    // Scrape and evaluation, 40 s in whole evaluations of 15 s, the group and the call; then a look.
    #expect(
      Array(detect.map(\.takes).prefix(3)) == [between(0, 30), between(40, 45), between(10, 11)])
    #expect(detect.count == 4 && detect.allSatisfy { $0.place?.hasPrefix("main.dr:") == true })
    #expect(zone.takes.best >= 50 * second)
  }

  @Test("an alert that sees what the API says waits until Kubernetes has noticed")
  func noticed() throws {
    let zone = try alerted(
      when: "kube_node_status_condition{condition=\"Ready\",status=\"unknown\"} == 1",
      condition: "firing(Dark) and ready(s, in: z) < 1")
    #expect(zone.ending == .back, "\(zone.because)")
    #expect(zone.terms[0].takes == between(30, 50))
  }

  @Test("what an alert looks at may be known to nobody, and nobody may tell of it")
  func deaf() throws {
    let unknown = try alerted(when: "rate(tokens_total[2m]) == 0", condition: "firing(Dark)")
    #expect(unknown.ending == .unknown && unknown.because.contains("Dark"))
    let untold = try alerted(teller: "")
    #expect(untold.ending == .down && untold.because.contains("no Alertmanager of the program"))
  }

  @Test("replicas that start at once share what their store can send")
  func store() throws {
    func zone(_ bandwidth: String) throws -> ProofCase {
      try prove(
        program(
          zones: ("count = 4", "count = 4"), replicas: 4,
          service: "weights { model = \"m\", size = 60GB, load_rate = 2GB/s }\n\(ready)",
          objective: "rto = 10m, at_least = 4",
          front: "dependency store for s { kind = \"model_store\", outside = true\(bandwidth) }")
      ).find("a node of a")
    }
    let free = try #require(try zone("").takes.worst)
    // One replica is lost, so one reads.
    #expect(try zone(", bandwidth = 2GB/s").takes.worst == free)
    let narrow = try zone(", bandwidth = 1GB/s")
    #expect(narrow.takes.worst == free + 30 * second)
    let shared = try prove(
      program(
        zones: ("count = 2", "count = 2"), replicas: 4,
        service: "weights { model = \"m\", size = 60GB, load_rate = 2GB/s }\n\(ready)",
        gpu: ", gpu = 4", objective: "rto = 10m, at_least = 4",
        front:
          "dependency store for s { kind = \"model_store\", outside = true, bandwidth = 1GB/s }")
    ).find("a node of a")
    #expect(shared.takes.worst == free + 30 * second, "\(shared.because)")
  }

  @Test("Route 53 leaves a zone by its health checks, and never without them")
  func route53() throws {
    func proof(_ checks: String) throws -> Proof {
      let via = "external_dns { domain = \"s.example.net\", ttl = 30s, route53 = true\(checks) }"
      return try prove(program(service: ready, front: "traffic f for s { via = \(via) }"))
    }
    let checked = try proof(", checks = [a: \"1\", b: \"2\"], check_every = 10s")
    #expect(try checked.find("zone a").takes == between(20, 36 + 30))
    #expect(checked.verdict == .proved)
    let plain = try proof("").find("zone a")
    #expect(plain.ending == .down && plain.verdict == .refuted)
    #expect(plain.changes.contains { $0.title.contains("health check of Route 53") })
  }

  @Test(
    "a front that never leaves a lost zone is told with what would",
    arguments: [
      ("gateway { class = \"c\", domain = \"s.example.net\" }", "traffic.shift"),
      ("istio { domain = \"s.example.net\" }", "traffic.shift"),
      ("external_dns { domain = \"s.example.net\" }", "route53 = true"),
    ])
  func staying(_ via: String, _ help: String) throws {
    let zone = try prove(program(service: ready, front: "traffic f for s { via = \(via) }"))
      .find("zone a")
    #expect(zone.verdict == .refuted)
    #expect(zone.changes.contains { $0.title.contains(help) }, "\(zone.changes.map(\.title))")
  }

  @Test("shares of 0% count: no other zone to go to, and nowhere to send at all")
  func shares() throws {
    func zone(_ shares: String) throws -> ProofCase {
      let via = "haproxy { socket = \"/run/h\", backend = \"s\" }"
      return try prove(
        program(service: ready, front: "traffic f for s { via = \(via), shares = \(shares) }")
      ).find("zone a")
    }
    #expect(try zone("[a: 50%, b: 50%]").takes == between(4, 8))
    #expect(try zone("[a: 100%, b: 0%]").ending == .down)
    #expect(try zone("[a: 0%, b: 0%]").because.contains("sends requests nowhere"))
  }

  /// A service of which no replica fits in zone b, and a policy that cares.
  private func restless(_ rest: String) throws -> ProofCase {
    try prove(
      program(
        zones: ("count = 3", "count = 0"), replicas: 2, service: ready,
        objective: "rto = 5m, at_least = 1",
        front: """
          policy keep for s {
            on lost(z in s.zones) when ready(s, in: z) < 1 { run fill(to: a) }
          }
          runbook fill(to: Zone) { \(rest) }
          """)
    ).find("a node of a")
  }

  @Test("a policy that acts while all is well leaves open what stands when something is lost")
  func unrest() throws {
    let acting = try restless("step \"add\" within 1m { kube.scale(s, in: to, replicas: 3) }")
    #expect(acting.ending == .unknown && acting.because.contains("acts while all is well"))
    // What changes nothing does not count.
    let calm = try restless("step \"add\" within 1m { kube.scale(s, in: to, replicas: 1) }")
    #expect(!calm.because.contains("acts while all is well"))
  }
}
