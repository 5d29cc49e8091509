// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

/// What a person is told of a target that is not what it should be: what happened, and what to do.
struct DriverErrorTests {
  private let notFound = "404 page not found\n"

  private func words(_ end: Transcript.End) -> String {
    guard case .fail(let failure) = end else { return "\(end)" }
    return failure.message
  }

  // MARK: Kubernetes

  @Test("a kind that is not installed is told from an object that is not there")
  func kinds() {
    let route: Document = [
      "cluster": "a", "kind": "HTTPRoute", "api_version": "gateway.networking.k8s.io/v1",
      "namespace": "n", "name": "front", "targets": ["az1": "web-az1"],
    ]
    let path = "GET /apis/gateway.networking.k8s.io/v1/namespaces/n/httproutes/front"
    #expect(
      words(Transcript([turn(path, 404, notFound)]).run("route.weights", route, .read))
        == "httproutes/front in n cannot be there: the cluster does not know httproutes of "
        + "gateway.networking.k8s.io/v1; what brings them is not installed in it, or is of another version"
    )
    #expect(
      words(
        Transcript([turn(path, 404, #"{"kind":"Status","reason":"NotFound"}"#)])
          .run("route.weights", route, .read)) == "httproutes/front in n does not exist")
    let gslb: Document = ["cluster": "a", "namespace": "n", "name": "g"]
    let new = "GET /apis/k8gb.io/v1beta1/namespaces/n/gslbs/g"
    let old = "GET /apis/k8gb.absa.oss/v1beta1/namespaces/n/gslbs/g"
    #expect(
      words(
        Transcript([turn(new, 404, notFound), turn(old, 404, notFound)])
          .run("gslb.weights", gslb, .read))
        == "gslbs/g in n cannot be there: the cluster does not know gslbs of k8gb.io/v1beta1; what brings "
        + "them is not installed in it, or is of another version")
    #expect(
      words(
        Transcript([turn(new, 404, notFound), turn(old, 404, #"{"reason":"NotFound"}"#)])
          .run("gslb.weights", gslb, .read)) == "gslbs/g in n does not exist")
  }

  @Test("what a Secret holds is not patched: it would stand in the journal")
  func secrets() {
    let patch: Document = [
      "cluster": "a", "group": "", "version": "v1", "resource": "secrets", "namespace": "n",
      "name": "s", "set": ["stringData": ["password": "c4nary"]], "remove": .array([]),
    ]
    let said = words(Transcript([]).run("kube.patch", patch, .observe))
    #expect(said.contains("apply it whole") && !said.contains("c4nary"), "\(said)")
  }

  // MARK: Web

  @Test("a redirect is told with where it leads, which is nobody's secret")
  func redirects() {
    #expect(
      words(
        Transcript([
          turn("GET http://h/x ", 302, "", headers: [("location", "https://login.example/?next=x")])
        ]).run("http.get", ["url": "http://h/x"], .read))
        == "GET http://h/x answers 302, not 2xx: it leads to https://login.example/?next=x, which is not "
        + "followed; name that address if it is meant")
  }

  @Test("secrets of an answer are hidden from the runbook, and so from its journal")
  func answers() {
    #expect(
      Transcript([turn("GET http://h/x ", 200, #"{"token":"c4nary","size":3}"#)])
        .run("http.get", ["url": "http://h/x"], .read)
        == .finish(["status": 200, "body": #"{"token":"•••","size":3}"#]))
  }

  // MARK: Prometheus and Alertmanager

  private func query(
    _ status: Int, _ body: String, headers: [(String, String)] = []
  ) -> Transcript.End {
    Transcript([turn("GET http://p/api/v1/query?query=up ", status, body, headers: headers)]).run(
      "prometheus.query", ["url": "http://p", "query": "up", "timeout": 1_000_000_000], .read)
  }

  @Test("what is no Prometheus says so, and what warns gives no nothing")
  func prometheus() {
    #expect(
      words(query(200, "<html>Log in</html>"))
        == "Prometheus at http://p answers 200 to `up`, which is no answer of its API; the URL is that of "
        + "Prometheus, with its prefix and without /api/v1")
    #expect(words(query(404, "")).contains("which is no answer of its API"))
    #expect(words(query(401, "")).contains("it wants credentials"))
    #expect(
      words(query(302, "", headers: [("location", "http://p/graph")])).contains(
        "it leads to http://p/graph, which is not followed"))
    let empty = #"{"status":"success","data":{"resultType":"vector","result":[]}"#
    #expect(query(200, empty + "}") == .finish(.null))
    #expect(
      query(200, empty + #","warnings":["store b is not there"]}"#)
        == .fail(
          .busy("Prometheus at http://p gives no value for `up`, and warns: store b is not there")))
  }

  @Test("an Alertmanager without API v2 says so")
  func alertmanager() {
    let silence: Document = [
      "url": "http://am", "matchers": ["zone": "az1"], "duration": 1_000_000_000, "comment": "c",
    ]
    for (status, body) in [(404, notFound), (200, "{}")] {
      #expect(
        words(
          Transcript([turn("GET http://am/api/v2/silences ", status, body)])
            .run("alertmanager.silence", silence, .observe))
          == "cannot list silences: Alertmanager at http://am/api/v2 answers \(status), which is no answer "
          + "of API v2; the URL is that of Alertmanager 0.16 or later, with its prefix and without /api/v2"
      )
    }
  }

  // MARK: HAProxy

  @Test("a backend that is not there, and a socket that may not change weights")
  func haproxy() {
    let backend: Document = ["socket": "/run/haproxy.sock", "backend": "web"]
    #expect(
      words(
        Transcript([socket("show servers state web", "Can't find backend.\n")])
          .run("haproxy.weights", backend, .read))
        == "HAProxy at /run/haproxy.sock, backend web: Can't find backend.")
    let state = """
      1
      # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord
      2 web 1 az1 127.0.0.1 2 0 100 100 9 1 0 0 0 0 0 0 - 80 -
      2 web 2 az2 127.0.0.1 2 0 100 100 9 1 0 0 0 0 0 0 - 80 -

      """
    let weights: Document = [
      "socket": "/run/haproxy.sock", "backend": "web", "weights": ["az1": 500_000_000],
    ]
    let said = words(
      Transcript([
        socket("show servers state web", state),
        socket("set server web/az1 weight 50%", "Permission denied\n"),
      ]).run("haproxy.set_weights", weights, .perform(observed: observed(.null, .null))))
    #expect(said.hasSuffix("Permission denied; its socket must be of `level admin`"), "\(said)")
  }

  // MARK: Registries

  @Test("credentials of a registry go nowhere without TLS, and are named where they do not suffice")
  func registries() {
    func copy(_ turns: [Transcript.Turn]) -> String {
      words(
        Transcript(turns).run(
          "registry.copy",
          ["from": "a.example/app:1", "to": "b.example/app:1", "authorization": "env:REGISTRY"],
          .observe))
    }
    let from = turn(
      "GET https://a.example/v2/app/manifests/1 ", 200,
      headers: [("docker-content-digest", "sha256:ab")])
    let to = "GET https://b.example/v2/app/manifests/1 "
    let challenge = #"Bearer realm="http://auth.example/token",service="b""#
    #expect(
      copy([from, turn(to, 401, headers: [("www-authenticate", challenge)])])
        == "the registry of b.example/app:1 wants its credentials sent to http://auth.example/token?service=b, "
        + "which has no TLS: that is not done")
    #expect(
      copy([from, turn(to, 403, #"{"errors":[{"message":"read only"}]}"#)])
        == "the registry does not let env:REGISTRY do that with b.example/app:1 (403): read only")
  }

  // MARK: Engines

  @Test("an engine that loads its model is told from one that refuses")
  func engines() {
    let generate: Document = [
      "url": "http://e", "api": "openai", "model": "", "prompt": "p", "max_tokens": 1,
      "timeout": 1_000_000_000,
    ]
    let body = #"{"model":"","prompt":"p","max_tokens":1,"temperature":0}"#
    #expect(
      Transcript([turn("POST http://e/v1/completions \(body)", 503, "")])
        .run("inference.generate", generate, .perform(observed: observed(.null, "")))
        == .fail(
          .busy("http://e/v1/completions answers 503: it loads its model, is paused or full")))
    #expect(
      Transcript([turn("GET http://e/metrics ", 503, "")])
        .run("inference.load", ["url": "http://e"], .read)
        == .fail(
          .busy("cannot read its metrics: http://e answers 503: it may still load its model")))
    #expect(
      Transcript([turn("GET http://e/v1/models ", 200, "<html>")])
        .run("inference.identity", ["url": "http://e"], .read)
        == .fail(
          .refused("cannot list its models: http://e answers 200 with something else than that")))
  }
}
