// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

@Suite("Draining a node") struct KubeDrainTests {
  private let node = "GET /api/v1/nodes/n1"
  private let list = "GET /api/v1/pods?fieldSelector=spec.nodeName=n1&limit=200"
  private let state = observed(["eviction_version": "v1"], false)
  private let open = #"{"metadata":{"resourceVersion":"7"},"spec":{}}"#
  private let cordoned = #"{"metadata":{"resourceVersion":"8"},"spec":{"unschedulable":true}}"#
  private let cordon =
    #"PATCH /api/v1/nodes/n1 {"spec":{"unschedulable":true},"metadata":{"resourceVersion":"7"}}"#
  private let uncordon =
    #"PATCH /api/v1/nodes/n1 {"spec":{"unschedulable":null},"metadata":{"resourceVersion":"8"}}"#

  private func arguments(
    data: Bool = false, unmanaged: Bool = false, seconds: Int64 = 600
  ) -> Document {
    [
      "cluster": "a", "node": "n1", "lose_data": .bool(data), "lose_unmanaged": .bool(unmanaged),
      "timeout": .int(seconds * 1_000_000_000),
    ]
  }

  /// A pod as the API server lists it.
  private func pod(
    _ name: String, owner: String? = "ReplicaSet", volumes: String = "[]", leaving: Bool = false,
    mirror: Bool = false
  ) -> String {
    let owners = owner.map { #"[{"kind":"\#($0)","controller":true}]"# } ?? "[]"
    let deletion = leaving ? #","deletionTimestamp":"2026-11-23T20:00:00Z""# : ""
    let annotations = mirror ? #","annotations":{"kubernetes.io/config.mirror":"x"}"# : ""
    return #"{"metadata":{"name":"\#(name)","namespace":"n","uid":"u-\#(name)","#
      + #""ownerReferences":\#(owners)\#(deletion)\#(annotations)},"spec":{"volumes":\#(volumes)},"#
      + #""status":{"phase":"Running"}}"#
  }

  private func items(_ pods: String...) -> String {
    #"{"items":[\#(pods.joined(separator: ","))]}"#
  }

  private func evict(_ name: String) -> String {
    #"POST /api/v1/namespaces/n/pods/\#(name)/eviction {"apiVersion":"policy/v1","kind":"Eviction","#
      + #""metadata":{"name":"\#(name)","namespace":"n"},"#
      + #""deleteOptions":{"preconditions":{"uid":"u-\#(name)"}}}"#
  }

  @Test("the plan names what would be evicted; what belongs to the node stays")
  func observes() {
    let resources =
      #"{"resources":[{"name":"pods/eviction","group":"policy","version":"v1"}]}"#
    #expect(
      Transcript([
        turn(node, 200, open),
        turn(
          list, 200,
          items(
            pod("b"), pod("a"), pod("agent", owner: "DaemonSet"),
            pod("etcd", owner: nil, mirror: true))),
        turn("GET /api/v1", 200, resources),
      ]).run("kube.drain", arguments(), .observe)
        == .finish([
          "target": "nodes/n1", "changes": ["cordoned", "n/a evicted", "n/b evicted"],
          "permissions": ["get nodes", "patch nodes", "list pods", "create pods/eviction"],
          "state": ["eviction_version": "v1"], "result": false,
        ]))
  }

  @Test("what would be lost is refused unless it is allowed")
  func refusals() {
    let disk = #"[{"name":"d","emptyDir":{}}]"#
    let memory = #"[{"name":"shm","emptyDir":{"medium":"Memory"}}]"#
    let resources = #"{"resources":[{"name":"pods/eviction","version":"v1"}]}"#
    func observe(_ arguments: Document, _ pod: String, isAllowed: Bool = false) -> Transcript.End {
      var turns = [turn(node, 200, open), turn(list, 200, items(pod))]
      if isAllowed { turns.append(turn("GET /api/v1", 200, resources)) }
      return Transcript(turns).run("kube.drain", arguments, .observe)
    }
    #expect(
      observe(arguments(), pod("a", volumes: disk))
        == .fail(
          .refused(
            "cannot drain node n1: what n/a keep in an emptyDir would be lost; allow it by "
              + "`lose_data`")))
    #expect(
      observe(arguments(), pod("a", owner: nil))
        == .fail(
          .refused(
            "cannot drain node n1: no controller would make n/a anew; allow their loss by "
              + "`lose_unmanaged`")))
    for (arguments, pod) in [
      (arguments(data: true), pod("a", volumes: disk)),
      (arguments(unmanaged: true), pod("a", owner: nil)),
      (arguments(), pod("a", volumes: memory)),
      (arguments(), pod("a", volumes: disk, leaving: true)),
    ] {
      guard case .finish(let observation) = observe(arguments, pod, isAllowed: true) else {
        Issue.record("refused: \(pod)")
        continue
      }
      #expect(observation["changes"] == ["cordoned", "n/a evicted"])
    }
  }

  @Test("cordons, evicts as budgets allow, and waits until the node is empty")
  func drains() {
    #expect(
      Transcript([
        turn(node, 200, open), turn(cordon), turn(list, 200, items(pod("a"), pod("b"))),
        turn(evict("a"), 201), turn(evict("b"), 429), sleep(5000),
        turn(list, 200, items(pod("a", leaving: true), pod("b"))),
        turn(evict("b"), 429, "{}", headers: [("retry-after", "10")]), sleep(10_000),
        turn(list, 200, items(pod("b"))), turn(evict("b"), 201), sleep(1000),
        turn(list, 200, items(pod("b", leaving: true))), sleep(1000), turn(list, 200, items()),
      ]).run("kube.drain", arguments(), .perform(observed: state)) == .finish(false))
  }

  @Test(
    "a budget that never allows it ends with the deadline, and is named; the node is open again")
  func deadline() {
    let kept = #"{"message":"Cannot evict pod as it would violate the pod's disruption budget."}"#
    #expect(
      Transcript([
        turn(node, 200, cordoned), turn(list, 200, items(pod("b"))), turn(evict("b"), 429, kept),
        sleep(5000), turn(list, 200, items(pod("b"))), turn(evict("b"), 429, kept), sleep(2000),
        turn(list, 200, items(pod("b"))), turn(evict("b"), 429, kept), turn(node, 200, cordoned),
        turn(uncordon),
      ]).run("kube.drain", arguments(seconds: 7), .perform(observed: state))
        == .fail(
          .busy(
            "node n1 is not empty after 7s: n/b is kept by a disruption budget: Cannot evict pod as"
              + " it would violate the pod's disruption budget. (429)")))
  }

  @Test("two budgets for one pod are explained")
  func overlappingBudgets() {
    let body =
      #"{"message":"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."}"#
    #expect(
      Transcript([
        turn(node, 200, cordoned), turn(list, 200, items(pod("b"))), turn(evict("b"), 500, body),
      ]).run(
        "kube.drain", arguments(),
        .perform(observed: observed(["eviction_version": "v1"], true)))
        == .fail(
          .refused(
            "cannot evict pod b in n: more than one PodDisruptionBudget selects it, which the "
              + "Eviction API does not support; make their selectors disjoint")))
  }

  @Test("it has happened when the node is cordoned and empty")
  func settles() {
    func settle(_ node: String, _ pods: String) -> Transcript.End {
      Transcript([turn(self.node, 200, node), turn(list, 200, pods)])
        .run("kube.drain", arguments(), .settle(observed: state))
    }
    #expect(settle(cordoned, items(pod("x", owner: "DaemonSet"))) == settled("done", false))
    #expect(settle(cordoned, items(pod("a"))) == settled("not_done"))
    #expect(settle(open, items()) == settled("not_done"))
  }
}
