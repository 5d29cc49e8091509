// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

@Suite("Servers, metrics and chats beside the clusters") struct OutsideTests {
  private let second: Int64 = 1_000_000_000

  // MARK: HTTP

  private func get(_ turns: [Transcript.Turn], status: Document = .null) -> Transcript.End {
    Transcript(turns).run(
      "http.get", ["url": "http://h/x", "status": status, "headers": [:]], .read)
  }

  @Test("a page is its status and body; another status than the wanted one is a failure")
  func gets() {
    let order = "GET http://h/x "
    #expect(get([turn(order, 200, "hello")]) == .finish(["status": 200, "body": "hello"]))
    #expect(
      get([turn(order, 404, "gone")], status: 404) == .finish(["status": 404, "body": "gone"]))
    #expect(
      get([turn(order, 200)], status: 404)
        == .fail(.refused("GET http://h/x answers 200, not 404: {}")))
    #expect(
      get([turn(order, 404, "no such\nthing")])
        == .fail(.refused("GET http://h/x answers 404, not 2xx: no such")))
    #expect(get([turn(order, 503, "")]) == .fail(.busy("GET http://h/x answers 503, not 2xx")))
    #expect(get([turn(order, .lostAnswer("reset"))]) == .fail(.unreachable("reset")))
    #expect(
      get([turn(order, 200, String(repeating: "x", count: 70_000))])
        == .finish(["status": 200, "body": .string(String(repeating: "x", count: 65_536))]))
  }

  @Test("a server that says how long to wait is waited for, within the timeout of ten seconds")
  func waits() {
    let order = "GET http://h/x "
    func busy(_ seconds: String, _ status: Int = 503) -> Transcript.Turn {
      turn(order, status, "", headers: [("retry-after", seconds)])
    }
    #expect(
      get([busy("2"), sleep(2000), busy("0", 429), sleep(1000), turn(order, 200, "ok")])
        == .finish(["status": 200, "body": "ok"]))
    let late = Transcript.End.fail(.busy("GET http://h/x answers 503, not 2xx"))
    #expect(get([busy("6"), sleep(6000), busy("6")]) == late)
    for word in ["10", "-1", "9999999", "Fri, 27 Nov 2026 00:00:00 GMT"] {
      #expect(get([busy(word)]) == late, "\(word)")
    }
    #expect(get([busy("1")], status: 503) == .finish(["status": 503, "body": ""]))
  }

  private func post(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
    Transcript(turns).run(
      "http.post", ["url": "http://h/x", "body": ["a": 1], "method": "PUT", "headers": [:]], phase)
  }

  @Test("a change is sent once; what is lost is in doubt, and only the key makes it harmless")
  func posts() {
    let order = #"PUT http://h/x {"a":1}"#
    let phase = CallPhase.perform(observed: observed(.null, .null))
    #expect(post([turn(order, 201, "ok")], phase) == .finish(["status": 201, "body": "ok"]))
    #expect(post([turn(order, .lostAnswer("reset"))], phase) == .fail(.inDoubt("reset")))
    #expect(
      post([turn(order, 500, "")], phase)
        == .fail(.inDoubt("PUT http://h/x answers 500, not 2xx")))
    #expect(
      post([turn(order, 503, "")], phase) == .fail(.busy("PUT http://h/x answers 503, not 2xx")))
    #expect(post([turn(order, .notSent("refused"))], phase) == .fail(.unreachable("refused")))
    #expect(post([], .settle(observed: observed(.null, .null))) == settled("unknown"))
  }

  @Test("the key of the act goes along, and stays out of what only reads")
  func keys() throws {
    func headers(_ name: String, _ phase: CallPhase) throws -> [String] {
      let call = WorldCall(
        name: name, arguments: DocumentObject([("url", "http://h/")]), effect: .acts,
        actClass: .keyed, key: "run/2.1.0", fence: "deepseek=4, über=7")
      var exchange = try Drivers.exchange(for: call, phase: phase)
      guard case .send(.http(let request)) = exchange.next(nil) else { return [] }
      return request.headers.map { "\($0.name): \($0.value)" }
    }
    let posted = try headers("http.post", .perform(observed: observed(.null, .null)))
    #expect(posted.contains("idempotency-key: run/2.1.0"))
    #expect(posted.contains("dr-fence: deepseek=4, _ber=7"))
    #expect(try !headers("http.get", .read).contains { $0.hasPrefix("idempotency-key") })
  }

  @Test("a URL is http, https or the name of an environment variable")
  func urls() {
    for url in ["ftp://h", "h", "", "file:///etc/passwd"] {
      let end = Transcript([]).run("http.get", ["url": .string(url)], .read)
      guard case .fail(.refused) = end else {
        Issue.record("\(url) was taken: \(end)")
        continue
      }
    }
  }

  // MARK: Prometheus

  private func query(_ status: Int, _ body: String) -> Transcript.End {
    Transcript([turn("GET http://p/api/v1/query?query=up%7Ba%3D%22b%22%7D ", status, body)]).run(
      "prometheus.query",
      ["url": "http://p/", "query": #"up{a="b"}"#, "timeout": .int(second)], .read)
  }

  private func vector(_ values: String...) -> String {
    let series = values.map { #"{"metric":{},"value":[1,"\#($0)"]}"# }.joined(separator: ",")
    return #"{"status":"success","data":{"resultType":"vector","result":[\#(series)]}}"#
  }

  @Test("a query gives the number of its one series")
  func queries() {
    #expect(query(200, vector("0.5")) == .finish(.float(0.5)))
    #expect(query(200, vector()) == .finish(.null))
    #expect(query(200, vector("NaN")) == .finish(.null))
    #expect(query(200, vector("+Inf")) == .finish(.null))
    #expect(
      query(200, #"{"status":"success","data":{"resultType":"scalar","result":[1,"3"]}}"#)
        == .finish(.float(3)))
    #expect(
      query(200, vector("1", "2"))
        == .fail(
          .refused(#"`up{a="b"}` gives 2 series; aggregate them to one, as sum(…) does"#)))
    #expect(
      query(400, #"{"status":"error","error":"parse error"}"#)
        == .fail(.refused(#"Prometheus at http://p answers 400 to `up{a="b"}`: parse error"#)))
    guard case .fail(.busy) = query(503, "") else {
      Issue.record("a server that is overloaded may be asked again")
      return
    }
  }

  // MARK: Alertmanager

  private let list = "GET http://am/api/v2/silences "
  private let date = [("date", "Mon, 23 Nov 2026 20:15:00 GMT")]
  private let own = #"[{"id":"s1","createdBy":"dr run/2.1.0","status":{"state":"active"}}]"#

  private func silence(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
    Transcript(turns).run(
      "alertmanager.silence",
      [
        "url": "http://am", "matchers": ["zone": "az1"], "duration": .int(600 * second),
        "comment": "failover",
      ], phase)
  }

  @Test("one silence is made however often it is asked for, and found again by the act's key")
  func silences() {
    let body =
      #"{"matchers":[{"name":"zone","value":"az1","isRegex":false,"isEqual":true}],"#
      + #""startsAt":"2026-11-23T20:15:00.000000Z","endsAt":"2026-11-23T20:25:00.000000Z","#
      + #""createdBy":"dr run/2.1.0","comment":"failover"}"#
    let phase = CallPhase.perform(observed: observed(["date": 0], ""))
    #expect(
      silence(
        [
          turn(list, 200, "[]", headers: date),
          turn("POST http://am/api/v2/silences \(body)", 200, #"{"silenceID":"s1"}"#),
        ], phase) == .finish("s1"))
    #expect(silence([turn(list, 200, own, headers: date)], phase) == .finish("s1"))
    let seen = CallPhase.settle(observed: observed(["date": 0], ""))
    #expect(silence([turn(list, 200, own)], seen) == settled("done", "s1"))
    #expect(silence([turn(list, 200, "[]")], seen) == settled("not_done"))
    let expired = own.replacing("active", with: "expired")
    #expect(silence([turn(list, 200, expired)], seen) == settled("not_done"))
  }

  @Test("ending a silence that is over does nothing")
  func expires() {
    let path = "http://am/api/v2/silence/s1 "
    func expire(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
      Transcript(turns).run("alertmanager.expire", ["url": "http://am", "silence": "s1"], phase)
    }
    let phase = CallPhase.perform(observed: observed(.null, .null))
    let active = turn("GET \(path)", 200, #"{"status":{"state":"active"}}"#)
    #expect(expire([active, turn("DELETE \(path)")], phase) == .finish(.null))
    #expect(expire([turn("GET \(path)", 404)], phase) == .finish(.null))
    #expect(expire([active], .settle(observed: observed(.null, .null))) == settled("not_done"))
  }

  // MARK: Chats

  @Test(
    "chats are spoken to in their own ways, and say in theirs whether they took it",
    arguments: [
      ("slack", #"{"text":"hi"}"#, 200, "ok", true),
      ("slack", #"{"text":"hi"}"#, 404, "no_team", false),
      ("feishu", #"{"msg_type":"text","content":{"text":"hi"}}"#, 200, #"{"code":0}"#, true),
      ("feishu", #"{"msg_type":"text","content":{"text":"hi"}}"#, 200, #"{"code":9499}"#, false),
      ("dingtalk", #"{"msgtype":"text","text":{"content":"hi"}}"#, 200, #"{"errcode":0}"#, true),
      ("wecom", #"{"msgtype":"text","text":{"content":"hi"}}"#, 200, #"{"errcode":93000}"#, false),
      ("webhook", #"{"text":"hi","key":"run/2.1.0"}"#, 204, "", true),
    ])
  func notifies(service: String, body: String, status: Int, answer: String, taken: Bool) {
    func notify(_ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run(
        "notify.send", ["service": .string(service), "url": "http://c/", "text": "hi"],
        .perform(observed: observed(.null, true)))
    }
    #expect(notify([turn("POST http://c/ \(body)", status, answer)]) == .finish(.bool(taken)))
    #expect(notify([turn("POST http://c/ \(body)", .lostAnswer("reset"))]) == .finish(false))
  }

  // MARK: Registries

  @Test("a tag's digest, with a token where the registry asks for one")
  func digests() {
    func digest(_ image: String, _ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run("registry.digest", ["image": .string(image)], .read)
    }
    let found = [("docker-content-digest", "sha256:ab")]
    #expect(
      digest(
        "127.0.0.1:5000/team/app:1.2",
        [turn("GET http://127.0.0.1:5000/v2/team/app/manifests/1.2 ", 200, headers: found)])
        == .finish("sha256:ab"))
    #expect(
      digest("r.example/app", [turn("GET https://r.example/v2/app/manifests/latest ", 404)])
        == .finish(.null))
    let url = "GET https://registry-1.docker.io/v2/library/nginx/manifests/1 "
    let challenge =
      #"Bearer realm="https://auth.example/token",service="reg",scope="repository:nginx:pull""#
    #expect(
      digest(
        "nginx:1",
        [
          turn(url, 401, headers: [("www-authenticate", challenge)]),
          turn(
            "GET https://auth.example/token?service=reg&scope=repository%3Anginx%3Apull ", 200,
            #"{"token":"t"}"#),
          turn(url, 200, headers: found),
        ]) == .finish("sha256:ab"))
    #expect(
      digest("nginx:1", [turn(url, 401)])
        == .fail(
          .refused(
            "the registry wants credentials for nginx:1, and is asked without: only `authorization` of "
              + "registry.copy gives some, to the registry that is copied to")))
  }
}
