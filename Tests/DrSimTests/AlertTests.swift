// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrSim

/// From what a metric shows until the watcher knows of it.
@Suite("alerts")
struct AlertTests {
  private func cluster(_ query: String, groupWait: Int64? = 30) -> SimulatedCluster {
    var cluster = twoZones()
    cluster.alerts = [
      .init(
        label: "Dark", service: "s", query: query, lasting: 120 * Second.one,
        scrape: 60 * Second.one, evaluation: 60 * Second.one,
        groupWait: groupWait.map { $0 * Second.one })
    ]
    return cluster
  }

  private func isTold(_ world: SimulatedWorld, _ labels: Document = [:]) -> Bool {
    world.read("alerts.firing", ["alert": "Dark", "labels": labels]).value == true
  }

  /// Seconds from the loss of zone a until the alert is told; `nil` where it is not within an hour.
  private func delay(_ cluster: SimulatedCluster, lostAt: Double) -> Double? {
    let world = SimulatedWorld([cluster])
    world.advance(toSecond: lostAt)
    world.strikeNow(.fail(zone: "a"))
    let lost = world.now
    while !isTold(world) {
      guard let next = world.nextChange, next < lost.advanced(by: 3_600 * Second.one) else {
        return nil
      }
      world.advance(to: next)
    }
    return Double(world.now.nanoseconds - lost.nanoseconds) / 1e9
  }

  @Test("G12: stock Prometheus, for 2 m, group_wait 30 s: told within 270 s, and not before 150 s")
  func stock() throws {
    var longest = 0.0
    for step in 0..<60 {
      let told = try #require(
        delay(cluster("up{job=\"s\"} == 0"), lostAt: 100 + Double(step)), "\(step)")
      #expect((150...270.1).contains(told), "\(told)")
      longest = max(longest, told)
    }
    #expect(longest > 200)
  }

  @Test("labels tell which zone it is about, and nobody hears where no Alertmanager calls")
  func labels() {
    let query = "sum by (zone) (up{job=\"s\"}) == 0"
    let world = SimulatedWorld([cluster(query)])
    world.advance(toSecond: 100)
    world.strikeNow(.fail(zone: "a"))
    world.advance(toSecond: 400)
    #expect(isTold(world, ["zone": "a"]) && !isTold(world, ["zone": "b"]))
    #expect(delay(cluster(query, groupWait: nil), lostAt: 100) == nil)
  }

  @Test("what passes before the rule has held long enough is not told")
  func passing() {
    let world = SimulatedWorld([cluster("up == 0")])
    world.advance(toSecond: 100)
    world.strikeNow(.hang(service: "s", zone: "a"))
    world.advance(toSecond: 160)
    world.strikeNow(.unhang(service: "s", zone: "a"))
    world.advance(toSecond: 1_000)
    #expect(!isTold(world))
  }

  @Test(
    "kube-state-metrics sees a silent node when the API does, and nothing without an API server")
  func nodes() throws {
    let query = "kube_node_status_condition{condition=\"Ready\",status=~\"false|unknown\"} == 1"
    let told = try #require(delay(cluster(query), lostAt: 100))
    #expect(told >= 150 + 30)
    var cut = cluster(query)
    cut.controlPlane = ["a"]
    #expect(delay(cut, lostAt: 100) == nil)
  }

  @Test(
    "what is understood of PromQL",
    arguments: [
      ("up == 0", true), ("up{job=\"s\", zone!=\"b\"} < 1", true), ("absent(up{job=\"t\"})", true),
      ("count(up == 1) < 3", true),
      ("sum(up) by (zone) <= 0.5", true), ("avg by (zone, job) (up) != 1", true),
      ("rate(http_requests_total[5m]) > 1", false), ("up == 0 or up == 1", false), ("", false),
      ("up{job=~\"(chat|embed)-[a-z]+\"} == 0", true), ("up{job=~\"(\"} == 0", false),
      ("sum by zone (up) == 0", false), ("up{job=s}", false),
      ("vector(1)", false),
    ])
  func grammar(_ query: String, _ isUnderstood: Bool) {
    #expect((MetricQuery(query) != nil) == isUnderstood)
  }

  @Test("samples that a rule leaves out are not made, and it gives the same without them")
  func onlyWhatCounts() throws {
    let world = SimulatedWorld([cluster("up == 0")])
    let queries: [(SimulatedMetric, String)] = [
      (.up, "up"), (.up, "up{zone=\"a\"} == 0"), (.up, "sum by (zone) (up{job!=\"t\"}) == 0"),
      (.up, "absent(up{zone=\"c\"})"), (.up, "count(up == 1) < 3"),
      (.podReady, "kube_pod_status_ready{condition=\"true\"} == 0"),
      (.podPhase, "kube_pod_status_phase{phase=\"Failed\"} == 1"),
      (.podPhase, "sum by (phase) (kube_pod_status_phase{phase=~\"Pending|Failed\"}) >= 0"),
      (.nodeCondition, "kube_node_status_condition{status!~\"true\"} == 1"),
      (.unavailableReplicas, "kube_deployment_status_replicas_unavailable > 0"),
      (.readyReplicas, "max(kube_deployment_status_replicas_ready == 0) == 0"),
    ]
    func results(_ query: MetricQuery, _ samples: [MetricQuery.Sample]) -> [String] {
      query.result(of: samples).map { "\($0.sorted { $0 < $1 })" }.sorted()
    }
    var given = 0
    for second in [0, 100, 160, 400, 900] {
      world.advance(toSecond: Double(second))
      if second == 100 { world.strikeNow(.fail(zone: "a")) }
      for (metric, text) in queries {
        let query = try #require(MetricQuery(text))
        let every = try #require(MetricQuery(metric.rawValue))
        let some = try #require(world.samples(of: metric, for: query, in: 0))
        let all = try #require(world.samples(of: metric, for: every, in: 0))
        #expect(results(query, some) == results(query, all), "\(text) after \(second) s")
        given += results(query, some).count
        #expect(!all.isEmpty && some.count <= all.count)
      }
      let failed = try #require(MetricQuery("kube_pod_status_phase{phase=\"Failed\"} == 1"))
      #expect(world.samples(of: .podPhase, for: failed, in: 0)?.isEmpty == true)
    }
    #expect(given > 0)
  }

  @Test("aggregations, comparisons and matchers")
  func values() throws {
    let samples: [MetricQuery.Sample] = [
      (["zone": "a", "pod": "1"], 1), (["zone": "a", "pod": "2"], 0),
      (["zone": "b", "pod": "3"], 0),
    ]
    func zones(_ query: String) throws -> [String] {
      try #require(MetricQuery(query)).result(of: samples).map { $0["zone"] ?? "-" }.sorted()
    }
    #expect(try zones("m == 0") == ["a", "b"])
    #expect(try zones("sum by (zone) (m) == 0") == ["b"])
    #expect(try zones("min by (zone) (m) < 1") == ["a", "b"])
    #expect(try zones("max(m{zone=\"a\"}) >= 1") == ["-"])
    #expect(try zones("avg by (zone) (m) > 0.4") == ["a"])
    #expect(try zones("count(m{pod=~\"1|2\"}) != 2") == [])
    #expect(try zones("m{zone!~\"a.*\"}") == ["b"])
    #expect(try zones("absent(m{zone=\"c\"})") == ["c"])
  }
}
