// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

struct HAProxyTests {
  private let arguments: DocumentObject = DocumentObject([
    ("socket", "/run/haproxy.sock"), ("backend", "deepseek"),
  ])
  private let show = "show servers state deepseek"

  /// `operation` is that of az2: 0 is down. `check`: its `srv_check_result` and `srv_check_state`.
  private func state(
    _ az1: Int, _ az2: Int, admin: Int = 0, initial: Int = 100, operation: Int = 2,
    check: String = "3 6"
  ) -> String {
    let header =
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
      + "srv_iweight srv_time_since_last_change srv_check_result srv_check_state\n"
    return header + "3 deepseek 1 az1 127.0.0.1 2 0 \(az1) \(initial) 52 3 6\n"
      + "3 deepseek 2 az2 127.0.0.1 \(operation) \(admin) \(az2) \(initial) 52 \(check)\n\n"
  }

  private func setting(_ az1: Int64, _ az2: Int64) -> Document {
    var all = arguments
    all["weights"] = ["az1": .int(az1 * 10_000_000), "az2": .int(az2 * 10_000_000)]
    return .object(all)
  }

  private let before: Document = ["az1": 1_000_000_000, "az2": 0]

  @Test("reads weights in percent of what is configured")
  func weights() {
    #expect(
      Transcript([socket(show, state(100, 33))])
        .run("haproxy.weights", .object(arguments), .read)
        == .finish(["az1": 1_000_000_000, "az2": 330_000_000]))
    #expect(
      Transcript([socket(show, "Can't find backend.\n")])
        .run("haproxy.weights", .object(arguments), .read)
        == .fail(
          .refused("HAProxy at /run/haproxy.sock, backend deepseek: Can't find backend.")))
  }

  @Test("shows what would change")
  func observes() {
    #expect(
      Transcript([socket(show, state(100, 0))])
        .run("haproxy.set_weights", setting(0, 100), .observe)
        == .finish([
          "target": "backend deepseek of HAProxy at /run/haproxy.sock",
          "changes": ["weight of az1 100% → 0%", "weight of az2 0% → 100%"],
          "permissions": ["level admin on /run/haproxy.sock"], "state": before, "result": before,
        ]))
  }

  @Test("empties no zone while the only other one is down, unless somebody says so")
  func lastZone() {
    func observe(_ state: String, _ weights: Document, forced: Bool = false) -> Observation? {
      var all = weights.objectValue ?? DocumentObject()
      if forced { all["even_if_unhealthy"] = true }
      let end = Transcript([socket(show, state)])
        .run("haproxy.set_weights", .object(all), .observe)
      if case .finish(let document) = end { return Observation(document) }
      Issue.record("\(end)")
      return nil
    }
    let down = state(100, 0, operation: 0, check: "2 6")
    #expect(
      observe(down, setting(0, 100))?.hindrance
        == "backend deepseek of HAProxy at /run/haproxy.sock: az1 would lose the last requests, and "
        + "none of the zones that keep a share is healthy: az2 (HAProxy has it DOWN)")
    #expect(observe(down, setting(10, 100))?.hindrance == nil)
    let forced = observe(down, setting(0, 100), forced: true)
    #expect(forced?.hindrance == nil)
    #expect(
      forced?.changes.last == "not looked at is whether az2 is healthy (even_if_unhealthy)")
    let unchecked = observe(state(100, 0, check: "0 2"), setting(0, 100))
    #expect(unchecked?.hindrance == nil)
    #expect(
      unchecked?.changes.last
        == "not looked at is whether it is healthy: az2 (HAProxy does not check it)")
    let early = observe(state(100, 0, check: "0 6"), setting(0, 100))
    #expect(
      early?.changes.last
        == "not looked at is whether it is healthy: az2 (HAProxy has not checked it yet)")
  }

  @Test("raises before it cuts, and reads back")
  func performs() {
    #expect(
      Transcript([
        socket(show, state(100, 0)), socket("set server deepseek/az2 weight 100%", "\n"),
        socket("set server deepseek/az1 weight 0%", "\n"), socket(show, state(0, 100)),
      ]).run(
        "haproxy.set_weights", setting(0, 100),
        .perform(observed: observed(before, before))) == .finish(before))
    #expect(
      Transcript([
        socket(show, state(100, 0)), socket("set server deepseek/az2 weight 50%", "\n"),
        socket(show, state(100, 0)),
      ]).run(
        "haproxy.set_weights", setting(100, 50),
        .perform(observed: observed(before, before)))
        == .fail(
          .busy(
            "backend deepseek of HAProxy at /run/haproxy.sock: the weight of az2 reads 0 after it "
              + "was set to 50; somebody else may be setting weights too")))
  }

  @Test("refuses what would leave nobody to answer")
  func refuses() {
    let target = "backend deepseek of HAProxy at /run/haproxy.sock"
    func observe(_ state: String, _ arguments: Document) -> Transcript.End {
      Transcript([socket(show, state)]).run("haproxy.set_weights", arguments, .observe)
    }
    let none = Transcript.End.fail(
      .refused("\(target) would be left without a server that has weight"))
    #expect(observe(state(100, 0), setting(0, 0)) == none)
    #expect(observe(state(100, 100, admin: 1), setting(0, 100)) == none)
    #expect(
      observe(state(1, 1, initial: 1), setting(100, 30))
        == .fail(
          .refused(
            "\(target): 30% of the initial weight 1 of az2 is none; configure a larger one, such as 100"
          )))
    var other = arguments
    other["weights"] = ["az9": 10]
    #expect(
      observe(state(1, 1), .object(other)) == .fail(.refused("\(target) has no server az9")))
  }

  @Test("a name cannot smuggle in another command")
  func injection() {
    var other = arguments
    other["backend"] = "a; shutdown sessions"
    #expect(
      Transcript([]).run("haproxy.weights", .object(other), .read)
        == .fail(
          .refused("haproxy.weights: the argument `backend` must be the name of a backend")))
  }

  @Test("in doubt where an order's answer is lost, and settled by reading back")
  func doubt() {
    #expect(
      Transcript([
        socket(show, state(100, 0)),
        turn(
          "/run/haproxy.sock: set server deepseek/az2 weight 100%", .lostAnswer("closed")),
      ]).run(
        "haproxy.set_weights", setting(0, 100), .perform(observed: observed(before, before)))
        == .fail(.inDoubt("closed")))
    #expect(
      Transcript([socket(show, state(100, 100))])
        .run("haproxy.set_weights", setting(0, 100), .settle(observed: observed(before, before)))
        == settled("not_done"))
    #expect(
      Transcript([socket(show, state(0, 100))])
        .run("haproxy.set_weights", setting(0, 100), .settle(observed: observed(before, before)))
        == settled("done", before))
  }

  private func statistics(_ ok: Int, _ errors: Int, _ econ: Int, _ eresp: Int) -> String {
    "# pxname,svname,econ,eresp,stot,last_chk,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,\n"
      + "deepseek,az1,9,9,9,\"a, \"\"b\"\"\",0,9,0,0,9,0,\n"
      + "deepseek,BACKEND,\(econ),\(eresp),,,0,\(ok),0,0,\(errors),0,\n"
  }

  private func rate(_ before: String, _ after: String) -> Transcript.End {
    var all = arguments
    all["over"] = 30_000_000_000
    return Transcript([socket("show stat", before), sleep(30_000), socket("show stat", after)])
      .run("haproxy.success_rate", .object(all), .read)
  }

  @Test("the success rate is of the coming time only")
  func successRate() {
    #expect(
      rate(statistics(100, 50, 3, 2), statistics(199, 51, 4, 2)) == .finish(990_000_000))
    #expect(
      rate(statistics(100, 0, 0, 0), statistics(110, 0, 0, 3)) == .finish(700_000_000))
    #expect(
      rate(statistics(100, 0, 0, 0), statistics(100, 0, 0, 0))
        == .fail(
          .busy(
            "no request came to backend deepseek within 30s, so there is no success rate")))
    #expect(
      rate(statistics(100, 0, 0, 0), statistics(10, 0, 0, 0))
        == .fail(
          .busy("the counters of HAProxy at /run/haproxy.sock began anew meanwhile")))
  }
}

struct GslbTests {
  private let arguments: Document = ["cluster": "a", "namespace": "n", "name": "g"]
  private let new = "/apis/k8gb.io/v1beta1/namespaces/n/gslbs/g"
  private let old = "/apis/k8gb.absa.oss/v1beta1/namespaces/n/gslbs/g"

  private func object(_ weights: String, strategy: String = "roundRobin") -> String {
    #"{"metadata":{"resourceVersion":"3"},"spec":{"strategy":{"type":"\#(strategy)","weight":\#(weights)}}}"#
  }

  private var setting: Document {
    var all = arguments.objectValue ?? DocumentObject()
    all["weights"] = ["eu": 0, "us": 1_000_000_000]
    return .object(all)
  }

  @Test("reads shares, by the group there is")
  func weights() {
    #expect(
      Transcript([turn("GET \(new)", 404), turn("GET \(old)", 200, object(#"{"eu":3,"us":1}"#))])
        .run("gslb.weights", arguments, .read)
        == .finish(["eu": 750_000_000, "us": 250_000_000]))
    #expect(
      Transcript([turn("GET \(new)", 404), turn("GET \(old)", 404)])
        .run("gslb.weights", arguments, .read)
        == .fail(.refused("gslbs/g in n does not exist")))
  }

  @Test("sets whole percents and drops tags that are not named")
  func performs() {
    let patch =
      #"PATCH \#(new) {"spec":{"strategy":{"weight":{"eu":0,"us":100,"ap":null}}},"#
      + #""metadata":{"resourceVersion":"3"}}"#
    #expect(
      Transcript([turn("GET \(new)", 200, object(#"{"eu":50,"us":50,"ap":5}"#)), turn(patch)])
        .run("gslb.set_weights", setting, .perform(observed: observed(.null, ["eu": 1])))
        == .finish(["eu": 1]))
    #expect(
      Transcript([turn("GET \(new)", 200, object(#"{"eu":0,"us":100}"#))])
        .run("gslb.set_weights", setting, .settle(observed: observed(.null, ["eu": 1])))
        == settled("done", ["eu": 1]))
  }

  @Test(
    "goes by the health of its own cluster's services",
    arguments: [
      (#""serviceHealth":{"h":"Healthy"}"#, "-"),
      (#""serviceHealth":{"h":"Unhealthy"}"#, "serviceHealth of h is Unhealthy"),
      (#""serviceHealth":{"h":"NotFound"},"geoTag":"us""#, "serviceHealth of h is NotFound"),
      (#""serviceHealth":{"h":"Unhealthy"},"geoTag":"eu""#, "-"), ("", "-"),
    ])
  func lastZone(status: String, seen: String) {
    let body =
      #"{"metadata":{"resourceVersion":"3"},"status":{\#(status)},"#
      + #""spec":{"strategy":{"type":"roundRobin","weight":{"eu":100,"us":0}}}}"#
    let end = Transcript([turn("GET \(new)", 200, body)]).run("gslb.set_weights", setting, .observe)
    guard case .finish(let document) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(
      document["hindrance"]?.stringValue ?? "-"
        == (seen == "-"
          ? "-"
          : "gslbs/g in n: eu would lose the last requests, and none of the zones that keep a share "
            + "is healthy: us (\(seen))"))
  }

  @Test(
    "asks each cluster's own Gslb for the health of its geo tag",
    arguments: [
      (200, #""serviceHealth":{"h":"Healthy"},"geoTag":"us""#, "-", "-"),
      (
        200, #""serviceHealth":{"h":"Unhealthy"},"geoTag":"us""#, "serviceHealth of h is Unhealthy",
        "-"
      ),
      (
        200, #""serviceHealth":{"h":"Unhealthy"},"geoTag":"eu""#, "-",
        "the Gslb that was asked is of eu"
      ),
      (404, "", "-", "its cluster b does not say: "),
    ])
  func otherClusters(status: Int, told: String, seen: String, note: String) throws {
    func body(_ status: String) -> String {
      #"{"metadata":{"resourceVersion":"3"},"status":{\#(status)},"#
        + #""spec":{"strategy":{"type":"roundRobin","weight":{"eu":100,"us":0}}}}"#
    }
    var all = try #require(setting.objectValue)
    all["clusters"] = ["eu": "a", "us": "b"]
    let end = Transcript(
      [
        // What its own cluster sees says nothing of the other one's services.
        turn("GET \(new)", 200, body(#""serviceHealth":{"h":"Healthy"}"#)),
        turn("b GET \(new)", status, status == 200 ? body(told) : "{}"),
      ] + (status == 404 ? [turn("b GET \(old)", 404)] : [])
    ).run("gslb.set_weights", .object(all), .observe)
    guard case .finish(let document) = end else {
      Issue.record("\(end)")
      return
    }
    let hindrance = document["hindrance"]?.stringValue ?? "-"
    #expect(seen == "-" ? hindrance == "-" : hindrance.contains("us (\(seen))"), "\(hindrance)")
    let changes = document["changes"]?.arrayValue?.compactMap(\.stringValue) ?? []
    #expect(note == "-" || changes.contains { $0.contains(note) }, "\(changes)")
  }

  /// Of two clusters, of which b is eu's.
  private var everywhere: Document {
    var all = setting.objectValue ?? DocumentObject()
    all["clusters"] = ["us": "a", "eu": "b"]
    return .object(all)
  }

  private func patch(_ eu: Int, _ us: Int) -> String {
    #"PATCH \#(new) {"spec":{"strategy":{"weight":{"eu":\#(eu),"us":\#(us)}}},"#
      + #""metadata":{"resourceVersion":"3"}}"#
  }

  private let half = #"{"eu":50,"us":50}"#
  private let none = #"{"eu":0,"us":100}"#

  @Test("sets the weights in each cluster, and reads them back from each")
  func everyCluster() {
    let end = Transcript([
      turn("GET \(new)", 200, object(half)), turn("b GET \(new)", 200, object(half)),
    ]).run("gslb.set_weights", everywhere, .observe)
    guard case .finish(let seen) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(
      seen["changes"]?.arrayValue?.compactMap(\.stringValue).prefix(4) == [
        "in a: weight of eu 50 → 0", "in a: weight of us 50 → 100", "in b: weight of eu 50 → 0",
        "in b: weight of us 50 → 100",
      ])
    #expect(
      Transcript([
        turn("GET \(new)", 200, object(half)), turn(patch(0, 100)),
        turn("b GET \(new)", 200, object(half)), turn("b " + patch(0, 100)),
      ]).run("gslb.set_weights", everywhere, .perform(observed: seen))
        == .finish(["eu": 500_000_000, "us": 500_000_000]))
    for (other, state) in [(none, "done"), (half, "notDone")] {
      let end = Transcript([
        turn("GET \(new)", 200, object(none)), turn("b GET \(new)", 200, object(other)),
      ]).run("gslb.set_weights", everywhere, .settle(observed: seen))
      guard case .finish(let settlement) = end else {
        Issue.record("\(end)")
        return
      }
      #expect((settlement["state"]?.stringValue == "done") == (state == "done"), "\(settlement)")
    }
  }

  @Test(
    "leaves out a cluster that is gone or has no such Gslb, says so, and does not wait for it again"
  )
  func lostCluster() {
    let gone: [Transcript.Turn] = [
      Transcript.Turn(
        order: "b GET \(new)", reply: .failure(.notSent("b: no route to it")),
        elapsed: 10_000_000_000),
      sleep(200),
      Transcript.Turn(
        order: "b GET \(new)", reply: .failure(.notSent("b: no route to it")),
        elapsed: 10_000_000_000),
    ]
    let absent = [turn("b GET \(new)", 404), turn("b GET \(old)", 404)]
    for (turns, why) in [
      (gone, "b is left out: b: no route to it"),
      (absent, "b is left out: gslbs/g in n does not exist"),
    ] {
      let end = Transcript([turn("GET \(new)", 200, object(half))] + turns)
        .run("gslb.set_weights", everywhere, .observe)
      guard case .finish(let seen) = end else {
        Issue.record("\(end)")
        return
      }
      let changes = seen["changes"]?.arrayValue?.compactMap(\.stringValue) ?? []
      #expect(changes.contains { $0.hasPrefix(why) }, "\(changes)")
      #expect(
        Transcript([turn("GET \(new)", 200, object(half)), turn(patch(0, 100))])
          .run("gslb.set_weights", everywhere, .perform(observed: seen))
          == .finish(["eu": 500_000_000, "us": 500_000_000]))
      #expect(
        Transcript([turn("GET \(new)", 200, object(none))])
          .run("gslb.set_weights", everywhere, .settle(observed: seen))
          == settled("done", ["eu": 500_000_000, "us": 500_000_000]))
    }
  }

  @Test(
    "a cluster that dies in between is left to reading back, one that refuses has the others put back"
  )
  func partly() {
    #expect(
      Transcript([
        turn("GET \(new)", 200, object(half)), turn(patch(0, 100), .lostAnswer("a: no answer")),
        turn("b GET \(new)", 200, object(half)), turn("b " + patch(0, 100)),
      ]).run("gslb.set_weights", everywhere, .perform(observed: observed(.null, .null)))
        .isInDoubt)
    #expect(
      Transcript([
        turn("GET \(new)", 200, object(half)), turn(patch(0, 100)),
        turn("b GET \(new)", 200, object(half)), turn("b " + patch(0, 100), 403),
        turn("GET \(new)", 200, object(none)), turn(patch(50, 50)),
      ]).run("gslb.set_weights", everywhere, .perform(observed: observed(.null, .null)))
        == .fail(.refused("cannot patch gslbs/g in n: the API server answers 403")))
    #expect(
      Transcript([turn("GET \(new)", 200, object(half)), turn("b GET \(new)", 403)])
        .run("gslb.set_weights", everywhere, .observe)
        == .fail(.refused("cannot read gslbs/g in n: the API server answers 403")))
  }

  @Test("reads the shares of the first cluster that answers")
  func otherShares() {
    var all = arguments.objectValue ?? DocumentObject()
    all["clusters"] = ["us": "a", "eu": "b"]
    let gone = Transcript.Turn(
      order: "GET \(new)", reply: .failure(.notSent("a: no route to it")),
      elapsed: 10_000_000_000)
    #expect(
      Transcript([gone, sleep(200), gone, turn("b GET \(new)", 200, object(half))])
        .run("gslb.weights", .object(all), .read)
        == .finish(["eu": 500_000_000, "us": 500_000_000]))
  }

  @Test("refuses an empty set, and a strategy that looks at no weights")
  func refuses() {
    var all = arguments.objectValue ?? DocumentObject()
    all["weights"] = ["eu": 0]
    #expect(
      Transcript([]).run("gslb.set_weights", .object(all), .observe)
        == .fail(.refused("gslbs/g in n would be published without any weight")))
    #expect(
      Transcript([turn("GET \(new)", 200, object("{}", strategy: "failover"))])
        .run("gslb.set_weights", setting, .observe)
        == .fail(
          .refused("gslbs/g in n has strategy failover, which looks at no weights")))
  }
}

struct RouteTests {
  private func arguments(_ kind: String, _ version: String, weights: Document? = nil) -> Document {
    var all = DocumentObject([
      ("cluster", "a"), ("kind", .string(kind)), ("api_version", .string(version)),
      ("namespace", "n"), ("name", "front"), ("targets", ["az1": "web-az1", "az2": "web-az2"]),
    ])
    all["weights"] = weights
    return .object(all)
  }

  private let gateway = "/apis/gateway.networking.k8s.io/v1/namespaces/n/httproutes/front"
  private let mesh = "/apis/networking.istio.io/v1/namespaces/n/virtualservices/front"
  private let shifted: Document = ["az1": 0, "az2": 1_000_000_000]

  private func route(_ first: Int, _ second: Int) -> String {
    #"{"metadata":{"resourceVersion":"3"},"spec":{"rules":[{"backendRefs":[{"name":"other"}]},"#
      + #"{"timeouts":{"request":"60s"},"backendRefs":[{"name":"web-az1","port":80,"weight":\#(first)},"#
      + #"{"name":"web-az2","port":80,"weight":\#(second)}]}]}}"#
  }

  private func service(_ first: String, _ second: String) -> String {
    #"{"metadata":{"resourceVersion":"3"},"spec":{"http":[{"route":["#
      + #"{"destination":{"host":"web","subset":"web-az1"}\#(first)},"#
      + #"{"destination":{"host":"web","subset":"web-az2"}\#(second)}]}]}}"#
  }

  @Test("reads the shares of the rule that goes to all zones")
  func weights() {
    let asked = arguments("HTTPRoute", "gateway.networking.k8s.io/v1")
    #expect(
      Transcript([turn("GET \(gateway)", 200, route(3, 1))]).run("route.weights", asked, .read)
        == .finish(["az1": 750_000_000, "az2": 250_000_000]))
    let meshed = arguments("VirtualService", "networking.istio.io/v1")
    #expect(
      Transcript([turn("GET \(mesh)", 200, service(#","weight":100"#, ""))])
        .run("route.weights", meshed, .read)
        == .finish(["az1": 1_000_000_000, "az2": 0]))
  }

  @Test("sets the weights of that rule and leaves the rest of the route as it is")
  func performs() {
    let asked = arguments("HTTPRoute", "gateway.networking.k8s.io/v1", weights: shifted)
    let patch =
      #"PATCH \#(gateway) {"spec":{"rules":[{"backendRefs":[{"name":"other"}]},"#
      + #"{"timeouts":{"request":"60s"},"backendRefs":[{"name":"web-az1","port":80,"weight":0},"#
      + #"{"name":"web-az2","port":80,"weight":100}]}]},"metadata":{"resourceVersion":"3"}}"#
    #expect(
      Transcript([turn("GET \(gateway)", 200, route(50, 50)), turn(patch)])
        .run("route.set_weights", asked, .perform(observed: observed(.null, ["az1": 1])))
        == .finish(["az1": 1]))
    #expect(
      Transcript([turn("GET \(gateway)", 200, route(0, 100))])
        .run("route.set_weights", asked, .settle(observed: observed(.null, ["az1": 1])))
        == settled("done", ["az1": 1]))
    #expect(
      Transcript([turn("GET \(gateway)", 200, route(50, 50))])
        .run("route.set_weights", asked, .settle(observed: observed(.null, ["az1": 1])))
        == settled("not_done", .null))
  }

  private func slices(_ service: String) -> String {
    "GET /apis/discovery.k8s.io/v1/namespaces/n/endpointslices"
      + "?labelSelector=kubernetes.io/service-name=\(service)"
  }

  @Test("empties no zone while no endpoint of the only other one is ready")
  func lastZone() {
    func hindrance(
      _ kind: String, _ version: String, _ get: Transcript.Turn, _ slices: Transcript.Turn
    ) -> String? {
      let end = Transcript([get, slices])
        .run("route.set_weights", arguments(kind, version, weights: shifted), .observe)
      guard case .finish(let document) = end else {
        Issue.record("\(end)")
        return nil
      }
      #expect(
        document["permissions"]?.arrayValue?.last == "list endpointslices.discovery.k8s.io in n")
      return document["hindrance"]?.stringValue
    }
    func endpoints(_ ready: String, zone: String = "az2") -> String {
      #"{"items":[{"endpoints":[{"conditions":{"ready":\#(ready)},"zone":"\#(zone)"}]}]}"#
    }
    let get = turn("GET \(gateway)", 200, route(100, 0))
    let version = "gateway.networking.k8s.io/v1"
    let sentence =
      "httproutes/front in n: az1 would lose the last requests, and none of the zones that keep a "
      + "share is healthy: az2 (web-az2 has no ready endpoint there)"
    #expect(
      hindrance("HTTPRoute", version, get, turn(slices("web-az2"), 200, endpoints("false")))
        == sentence)
    #expect(
      hindrance("HTTPRoute", version, get, turn(slices("web-az2"), 200, #"{"items":[]}"#))
        == sentence)
    #expect(
      hindrance("HTTPRoute", version, get, turn(slices("web-az2"), 200, endpoints("true"))) == nil)
    #expect(hindrance("HTTPRoute", version, get, turn(slices("web-az2"), 403)) == nil)
    let meshed = turn("GET \(mesh)", 200, service(#","weight":100"#, #","weight":0"#))
    #expect(
      hindrance(
        "VirtualService", "networking.istio.io/v1", meshed,
        turn(slices("web"), 200, endpoints("true", zone: "az1")))
        == "virtualservices/front in n: az1 would lose the last requests, and none of the zones "
        + "that keep a share is healthy: az2 (web has no ready endpoint there)")
    #expect(
      hindrance(
        "VirtualService", "networking.istio.io/v1", meshed,
        turn(slices("web"), 200, endpoints("true"))) == nil)
  }

  @Test("after a conflict it looks again, and a copy that has done it is enough")
  func conflicts() {
    let asked = arguments("VirtualService", "networking.istio.io/v1", weights: shifted)
    let before = service(#","weight":50"#, #","weight":50"#)
    let patch =
      #"PATCH \#(mesh) {"spec":{"http":[{"route":[{"destination":{"host":"web","subset":"web-az1"},"weight":0},"#
      + #"{"destination":{"host":"web","subset":"web-az2"},"weight":100}]}]},"metadata":{"resourceVersion":"3"}}"#
    #expect(
      Transcript([
        turn("GET \(mesh)", 200, before), turn(patch, 409),
        turn("GET \(mesh)", 200, service(#","weight":0"#, #","weight":100"#)),
      ]).run("route.set_weights", asked, .perform(observed: observed(.null, ["az1": 1])))
        == .finish(["az1": 1]))
  }

  @Test("thirds make 100 together, as Istio wants it")
  func thirds() {
    var all = DocumentObject([
      ("cluster", "a"), ("kind", "VirtualService"), ("api_version", "networking.istio.io/v1"),
      ("namespace", "n"), ("name", "front"), ("targets", ["a": "a", "b": "b", "c": "c"]),
    ])
    all["weights"] = ["a": 333_333_333, "b": 333_333_333, "c": 333_333_334]
    let body =
      #"{"metadata":{"resourceVersion":"3"},"spec":{"http":[{"route":[{"destination":{"subset":"a"}},"#
      + #"{"destination":{"subset":"b"}},{"destination":{"subset":"c"}}]}]}}"#
    guard
      case .finish(let document) = Transcript([turn("GET \(mesh)", 200, body)])
        .run("route.set_weights", .object(all), .observe)
    else { return #expect(Bool(false), "it could not be observed") }
    let changes = document["changes"]?.arrayValue?.compactMap(\.stringValue)
    #expect(changes?.count == 3)
    #expect(changes?.filter { $0.hasSuffix("→ 33") }.count == 2)
    #expect(changes?.filter { $0.hasSuffix("→ 34") }.count == 1)
  }

  @Test("refuses a route that goes elsewhere, zones that it has not, and to leave none with weight")
  func refuses() {
    let asked = arguments("HTTPRoute", "gateway.networking.k8s.io/v1", weights: shifted)
    #expect(
      Transcript([
        turn("GET \(gateway)", 200, #"{"spec":{"rules":[{"backendRefs":[{"name":"x"}]}]}}"#)
      ])
      .run("route.set_weights", asked, .observe)
        == .fail(
          .refused("httproutes/front in n has no rule that goes to every zone: web-az1, web-az2")))
    let nowhere = arguments(
      "HTTPRoute", "gateway.networking.k8s.io/v1", weights: ["az3": 1_000_000_000])
    #expect(
      Transcript([]).run("route.set_weights", nowhere, .observe)
        == .fail(.refused("httproutes/front in n goes to no zone az3")))
    let none = arguments("HTTPRoute", "gateway.networking.k8s.io/v1", weights: ["az1": 0])
    #expect(
      Transcript([]).run("route.set_weights", none, .observe)
        == .fail(.refused("httproutes/front in n would be left without any weight")))
  }
}

extension Transcript.End {
  fileprivate var isInDoubt: Bool { if case .fail(.inDoubt) = self { true } else { false } }
}
