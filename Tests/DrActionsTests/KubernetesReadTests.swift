// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

struct KubernetesReadTests {
  @Test("an API server that answers is reachable, one that does not is not")
  func reachable() {
    let arguments: Document = ["cluster": "a"]
    func ask(_ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run("kube.reachable", arguments, .read)
    }
    #expect(ask([turn("GET /readyz", 200, "ok")]) == .finish(true))
    #expect(ask([turn("GET /readyz", 404)]) == .finish(true))
    #expect(
      ask([
        turn("GET /readyz", .notSent("refused")), sleep(500), turn("GET /readyz", 200, "ok"),
      ]) == .finish(true))
    #expect(
      ask([turn("GET /readyz", .notSent("refused")), sleep(500), turn("GET /readyz", 500)])
        == .finish(false))
    #expect(
      ask([turn("GET /readyz", 401)])
        == .fail(
          .refused("cannot read /readyz: the credentials are not accepted (401 Unauthorized)")))
  }

  @Test("pods come from all pages, without those being deleted")
  func pods() {
    let page1 = """
      {"metadata":{"continue":"t1"},"items":[{"metadata":{"name":"a","namespace":"n","uid":"1"},
       "spec":{"nodeName":"n1"},"status":{"phase":"Running","podIP":"10.0.0.1",
       "conditions":[{"type":"Ready","status":"True"}]}},
       {"metadata":{"name":"b","namespace":"n","deletionTimestamp":"2026-11-23T20:00:00Z"},
       "status":{"conditions":[{"type":"Ready","status":"True"}]}}]}
      """
    let page2 = #"{"metadata":{},"items":[{"metadata":{"name":"c","namespace":"n"},"spec":{}}]}"#
    let first = "GET /api/v1/namespaces/n/pods?labelSelector=app=x,zone=az2&limit=200"
    let end = Transcript([
      turn(first, 200, page1), turn(first + "&continue=t1", 410), turn(first, 200, page1),
      turn(first + "&continue=t1", 200, page2),
    ]).run(
      "kube.pods", ["cluster": "a", "namespace": "n", "selector": ["app": "x", "zone": "az2"]],
      .read)
    #expect(
      end
        == .finish([
          [
            "name": "a", "namespace": "n", "node": "n1", "ip": "10.0.0.1", "phase": "Running",
            "ready": true,
          ],
          [
            "name": "c", "namespace": "n", "node": "", "ip": "", "phase": "Unknown",
            "ready": false,
          ],
        ]))
  }

  @Test(
    "reads are repeated after overload, server errors and lost answers, a bounded number of times")
  func retries() {
    let list = "GET /api/v1/nodes?limit=200"
    let end = Transcript([
      turn(list, 429, "{}", headers: [("retry-after", "3")]), sleep(3000),
      turn(list, .lostAnswer("reset")), sleep(400), turn(list, 503), sleep(800),
      turn(list, .notSent("refused")), sleep(1600),
      turn(
        list, 200,
        #"{"items":[{"metadata":{"name":"n1"},"spec":{"unschedulable":true},"#
          + #""status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}]}"#),
    ]).run("kube.nodes", ["cluster": "a", "selector": [:]], .read)
    #expect(end == .finish([["name": "n1", "ready": false, "schedulable": false]]))
    let never = Transcript([
      turn(list, .notSent("x")), sleep(200), turn(list, .notSent("x")), sleep(400),
      turn(list, .notSent("x")), sleep(800), turn(list, .notSent("x")), sleep(1600),
      turn(list, .notSent("10.0.0.1:6443: connection refused")),
    ]).run("kube.nodes", ["cluster": "a", "selector": [:]], .read)
    #expect(never == .fail(.unreachable("10.0.0.1:6443: connection refused")))
  }

  @Test("what the server will not do is refused, in its words")
  func forbidden() {
    let body = #"{"kind":"Status","message":"nodes is forbidden","reason":"Forbidden"}"#
    #expect(
      Transcript([turn("GET /api/v1/nodes?limit=200", 403, body)])
        .run("kube.nodes", ["cluster": "a"], .read)
        == .fail(.refused("cannot list /api/v1/nodes: nodes is forbidden (403 Forbidden)")))
  }

  @Test("replicas wait until the controller has seen the newest generation")
  func replicas() {
    let get = "GET /apis/apps/v1/namespaces/n/deployments/d"
    let stale =
      #"{"metadata":{"generation":3},"spec":{"replicas":2},"status":{"observedGeneration":2}}"#
    let fresh =
      #"{"metadata":{"generation":3},"spec":{"replicas":2},"status":{"observedGeneration":3,"#
      + #""readyReplicas":1,"updatedReplicas":2}}"#
    #expect(
      Transcript([turn(get, 200, stale), sleep(500), turn(get, 200, fresh)])
        .run("kube.replicas", ["cluster": "a", "namespace": "n", "name": "d"], .read)
        == .finish(["desired": 2, "ready": 1, "updated": 2, "available": 0]))
    #expect(
      Transcript([turn(get, 404)])
        .run("kube.replicas", ["cluster": "a", "namespace": "n", "name": "d"], .read)
        == .fail(.refused("deployment d in n does not exist")))
  }

  @Test("free room counts requests of other pods, sidecars, overhead and places")
  func free() {
    func node(_ name: String, _ spec: String, _ allocatable: String) -> String {
      #"{"metadata":{"name":"\#(name)"},"spec":\#(spec),"status":{"allocatable":\#(allocatable),"#
        + #""conditions":[{"type":"Ready","status":"True"}]}}"#
    }
    let room = #"{"cpu":"7900m","memory":"31Gi","nvidia.com/gpu":"4","pods":"110"}"#
    let nodes = [
      node("n1", "{}", room),
      node("n2", #"{"unschedulable":true}"#, room),
      node(
        "n3", #"{"taints":[{"key":"node.kubernetes.io/unreachable","effect":"NoExecute"}]}"#, room),
      node(
        "n4", #"{"taints":[{"key":"nvidia.com/gpu","effect":"NoSchedule"}]}"#,
        #"{"cpu":"8","memory":"33554432Ki","nvidia.com/gpu":4,"pods":"3"}"#),
    ].joined(separator: ",")
    func pod(_ node: String, _ labels: String, _ spec: String) -> String {
      #"{"metadata":{"name":"p","namespace":"deepseek","labels":\#(labels)},"#
        + #""spec":{"nodeName":"\#(node)",\#(spec)}}"#
    }
    let big =
      #""containers":[{"resources":{"requests":{"cpu":"1500m","memory":"4Gi"}}},"#
      + #"{"resources":{"requests":{"nvidia.com/gpu":"1"}}}],"#
      + #""initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"400m"}}},"#
      + #"{"resources":{"requests":{"memory":"6Gi"}}}],"overhead":{"memory":"1Gi"}"#
    let pods = [
      pod("n1", #"{"app":"other"}"#, big),
      pod("n1", #"{"app":"deepseek"}"#, big),
      pod("", #"{"app":"other"}"#, big),
      pod("n4", #"{"app":"other"}"#, #""containers":[{}]"#),
    ].joined(separator: ",")
    // n1: cpu 7900-1900=6000 → 3 of 2000; memory 31-7=24Gi → 3 of 8Gi; gpu 3 → 3. n4: 2 places.
    let end = Transcript([
      turn("GET /api/v1/nodes?labelSelector=zone=az2&limit=200", 200, #"{"items":[\#(nodes)]}"#),
      turn(
        "GET /api/v1/pods?fieldSelector=status.phase!=Succeeded,status.phase!=Failed&limit=200",
        200, #"{"items":[\#(pods)]}"#),
    ]).run(
      "kube.free",
      [
        "cluster": "a", "selector": ["zone": "az2"], "namespace": "deepseek",
        "pods": ["app": "deepseek"], "cpu_millis": 2000, "memory": .int(8 << 30), "gpu": 1,
      ], .read)
    #expect(end == .finish(5))
  }
}
