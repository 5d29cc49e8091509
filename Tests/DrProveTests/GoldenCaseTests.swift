// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrProve
import DrSema
import DrStdlib
import Testing

/// Cases whose figures follow from what is published, by their numbers; those of the simulator are
/// in DrSimTests.
@Suite("golden cases: bounds")
struct GoldenCaseTests {
  /// The analysis as files, so that its functions can be named.
  private struct Files: ModuleLoader {
    var standardModules: [String] { StandardLibrary.modules }
    func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
    func file(_ path: String) -> Result<[UInt8], LoadFailure> {
      let name = path.hasSuffix(".dr") ? String(path.dropLast(3)) : path
      return StandardLibrary.module(name).map { .success($0) } ?? .failure(.notFound)
    }
  }

  /// Expects an expression over the functions of `stdlib/analysis/timers.dr` to hold.
  private func expect(_ expressions: String..., line: Int = #line) throws {
    let lets = expressions.enumerated().map { "let v\($0) = \($1)\n" }.joined()
    let text = "use \"./analysis/timers.dr\", \"./analysis/interval.dr\"\n" + lets
    let checker = Checker(loader: Files())
    checker.check(path: "main.dr", bytes: Array(text.utf8))
    try #require(!checker.diagnostics.hasErrors, "\(checker.diagnostics.map(\.message))")
    let machine = Machine(program: Program(checker.program), limits: Limits())
    for id in checker.program.roots where checker.program[id].module == "main" {
      let value = try machine.global(id)
      let index = Int(checker.program[id].name.dropFirst()) ?? 0
      #expect(machine.bool(value) == true, "\(expressions[index])")
    }
  }

  @Test(
    "G1: 1.26, a silent node: NotReady 30 to 50 s, endpoint gone 31 to 53 s, pods deleted 330 to 350 s"
  )
  func g1() throws {
    try expect(
      "node_not_ready(\"1.26\") == between(30s, 50s)",
      "endpoint_gone(\"1.26\") == between(31s, 53s)",
      "pods_deleted(\"1.26\", nodes: 1, silent: 1) == between(330s, 350s)")
  }

  @Test("G2: from 1.32 10 s later")
  func g2() throws {
    try expect(
      "node_not_ready(\"1.32\") == between(40s, 60s)",
      "endpoint_gone(\"1.34\") == between(41s, 63s)",
      "pods_deleted(\"1.32\", nodes: 1, silent: 1) == between(340s, 360s)")
  }

  @Test("G3 to G6: how a zone looks decides whether its pods are evicted, and when the last are")
  func g3() throws {
    try expect(
      "zone_state(3, silent: 3) == \"full\"",
      "pods_deleted(\"1.26\", nodes: 3, silent: 3) == between(330s, 370s)",
      "zone_state(4, silent: 3) == \"partial\"",
      "pods_deleted(\"1.26\", nodes: 4, silent: 3).worst == nil",
      "zone_state(4, silent: 2) == \"normal\"", "zone_state(6, silent: 3) == \"normal\"",
      "taint_interval(6, silent: 3) == 10s", "zone_state(7, silent: 4) == \"partial\"",
      "taint_interval(60, silent: 40) == 100s")
  }

  @Test("G7: where all nodes of all zones are silent, nothing is evicted")
  func g7() throws {
    let proof = try prove(program())
    #expect(try proof.find("cluster c").ending == .down)
    #expect(try proof.find("zone a and zone b").ending == .down)
  }

  @Test("G8: a hung server is out after its readiness probe")
  func g8() throws {
    try expect(
      "probe_fails(Probe { get = \"/\" }) == between(20s, 31s)",
      "probe_fails(Probe { get = \"/\", every = 5s, timeout = 2s, failures = 2 }) == between(5s, 12s)"
    )
  }

  @Test("G9 to G11: k8gb, Route 53, Azure Traffic Manager")
  func g9() throws {
    try expect(
      "k8gb_leaves(30s).worst == 60s", "route53_leaves(10s, ttl: 60s).worst == 96s",
      "route53_leaves(30s, ttl: 60s).worst == 156s",
      "traffic_manager_leaves(30s, tolerated: 3, timeout: 10s, ttl: 60s).worst == 190s",
      "traffic_manager_leaves(10s, tolerated: 3, timeout: 9s, ttl: 60s).worst == 109s",
      "traffic_manager_leaves(10s, tolerated: 0, timeout: 5s, ttl: 0s).worst == 15s")
  }

  @Test("G12: stock Prometheus tells an alert of 2 m after at most 270 s")
  func g12() throws {
    try expect("alert_told(2m, group_wait: 30s).worst == 270s")
  }

  @Test("G13: weights are loaded at the store's bandwidth, which readers share")
  func g13() throws {
    try expect(
      "load_time(685GB, rate: 1250MB/s) == 548s",
      "load_time(685GB, rate: 3125MB/s) == 219200ms",
      "load_time(685GB, rate: 12500MB/s) == 54800ms",
      "load_time(685GB, rate: 2GB/s) == 342500ms",
      "rounded(to_float(milliseconds(load_time(685GB, rate: 7GB/s))) / 1000.0) == 98",
      "load_time(685GB, rate: 1250MB/s, readers: 3) == 1644s")
  }

  @Test("G14: three nodes of 8 GPUs in each zone carry three replicas without one, not four")
  func g14() throws {
    func text(atLeast: Int) -> String {
      program(
        replicas: 6, service: "probe ready { get = \"/\" }",
        objective: "rto = 5m, at_least = \(atLeast)")
    }
    let three = try prove(text(atLeast: 3))
    #expect(try three.find("zone a").verdict == .proved)
    let four = try prove(text(atLeast: 4))
    let zone = try four.find("zone a")
    #expect(zone.verdict == .refuted && zone.left == 3 && zone.room == 3)
  }

  @Test("G15: of 6 endpoints with 3 dead, Envoy ejects one at 10%, and from 1.31 none")
  func g15() throws {
    try expect(
      "envoy_ejected(6, dead: 3, most: 10%, spares_last: false) == 1",
      "envoy_ejected(6, dead: 3, most: 10%) == 0", "envoy_ejected(6, dead: 3, most: 34%) == 2",
      "envoy_ejected(6, dead: 3, most: 50%) == 3", "envoy_ejected(1, dead: 1, most: 50%) == 0")
  }

  @Test("G16, G18: Karmada moves nothing by itself, and evicts 12 workloads in 24 s")
  func g16() throws {
    try expect(
      "karmada_moves(false) == nil", "karmada_moves(true)?.best == 330s",
      "karmada_moves(true)?.worst == 975s", "karmada_evicts(12) == 24s")
  }

  @Test("G17: an HPA doubles every 15 s, and takes nothing away for 300 s")
  func g17() throws {
    try expect(
      "hpa_after(2, from: 2, to: 8) == 8", "hpa_after(3, from: 4, to: 32) == 32",
      "hpa_after(2, from: 4, to: 32) == 16", "hpa_stabilization == 300s")
  }

  @Test("G19: two members of three in one zone, and the zone dies: no API server")
  func g19() throws {
    let proof = try prove(program(cluster: "control_plane { zones = [a, a, b] }"))
    #expect(try !proof.find("zone a").isAPIUp)
    #expect(try proof.find("zone b").isAPIUp)
  }

  @Test(
    "G20: before 1.26 a lost node still counts for a required spread, and keeps replicas pending")
  func g20() throws {
    // Two replicas on two nodes of a zone; the other node has room for the lost one.
    let text = program(
      zones: ("count = 2, gpu = 2", "count = 2, gpu = 2"), replicas: 4, gpu: "",
      spread: ", nodes = \"require\"", objective: "rto = 10m, at_least = 4")
    #expect(try prove(text, kubernetes: "1.25").find("a node of a").ending == .down)
    #expect(try prove(text, kubernetes: "1.26").find("a node of a").ending == .back)
  }
}
