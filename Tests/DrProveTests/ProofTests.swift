// SPDX-License-Identifier: Apache-2.0

import DrProve
import Testing

@Suite struct ProofTests {
  @Test("a zone that is not needed is survived, and one that is is not")
  func survivors() throws {
    let enough = try prove(program(service: "probe ready { get = \"/readyz\" }"))
    #expect(enough.verdict == .proved)
    let zone = try enough.find("zone a")
    #expect(zone.left == 2 && zone.room == 3 && zone.wanted == 2)
    #expect(zone.ending == .back && zone.takes == between(31, 53))

    let short = try prove(program(replicas: 2))
    #expect(short.verdict == .refuted)
    #expect(try short.find("zone b").ending == .down)
  }

  @Test("a lost node is replaced where there is room for its replicas")
  func node() throws {
    let short = try prove(
      program(zones: ("count = 2", "count = 2"), replicas: 4, objective: "rto = 10m, at_least = 4"))
    #expect(try short.find("a node of a").ending == .down)
    let roomy = try prove(
      program(zones: ("count = 3", "count = 2"), objective: "rto = 10m, at_least = 4"))
    let node = try roomy.find("a node of a")
    #expect(node.ending == .back && node.verdict == .proved)
    // NotReady, endpoints, toleration, image, endpoints again.
    #expect(node.takes == between(30 + 300 + 0 + 0, 50 + 300 + 20 + 3))
    #expect(node.terms.contains { $0.part == .fence && $0.takes == between(300, 300) })
  }

  @Test("without an API server nothing notices a loss")
  func quorum() throws {
    let proof = try prove(program(cluster: "control_plane { zones = [a, b] }"))
    let zone = try proof.find("zone a")
    #expect(!zone.isAPIUp && zone.ending == .down)
    #expect(try proof.find("API server of c").ending == .untouched)
  }

  @Test("a hang is seen by the probe `ready`, and by nothing without one")
  func hang() throws {
    let blind = try prove(program())
    #expect(try blind.find("s hangs in a").ending == .down)
    let seeing = try prove(
      program(service: "probe ready { get = \"/\", every = 5s, timeout = 2s, failures = 2 }"))
    #expect(try seeing.find("s hangs in a").takes == between(6, 15))
  }

  @Test("DNS adds k8gb's round and what resolvers keep; HAProxy looks itself")
  func fronts() throws {
    let dns = try prove(
      program(front: "traffic f for s { via = k8gb { domain = \"s.example.net\", ttl = 45s } }"))
    #expect(try dns.find("zone a").takes == between(31, 53 + 30 + 45))
    let proxy = try prove(
      program(front: "traffic f for s { via = haproxy { socket = \"/run/h\", backend = \"s\" } }"))
    #expect(try proxy.find("zone a").takes == between(4, 8))
  }

  @Test("figures are those of the target's version")
  func version() throws {
    #expect(try prove(program(), kubernetes: "1.32").find("zone a").takes == between(41, 63))
  }
}
