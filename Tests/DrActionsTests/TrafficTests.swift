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

  private func state(_ az1: Int, _ az2: Int, admin: Int = 0, initial: Int = 100) -> String {
    let header =
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
      + "srv_iweight srv_time_since_last_change\n"
    return header + "3 deepseek 1 az1 127.0.0.1 2 0 \(az1) \(initial) 52\n"
      + "3 deepseek 2 az2 127.0.0.1 2 \(admin) \(az2) \(initial) 52\n\n"
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
