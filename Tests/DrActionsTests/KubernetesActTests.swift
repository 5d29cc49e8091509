// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

struct KubeCordonTests {
  private let arguments: Document = ["cluster": "a", "node": "n1"]
  private let get = "GET /api/v1/nodes/n1"

  @Test("cordons once and says what was before")
  func cordons() {
    #expect(
      Transcript([turn(get, 200, #"{"metadata":{"resourceVersion":"7"},"spec":{}}"#)])
        .run("kube.cordon", arguments, .observe)
        == .finish([
          "target": "nodes/n1", "changes": ["cordoned"],
          "permissions": ["get nodes", "patch nodes"],
          "state": ["cordoned": false, "resource_version": "7"], "result": false,
        ]))
    let state = observed(["cordoned": false, "resource_version": "7"], false)
    let patch =
      #"PATCH /api/v1/nodes/n1 {"spec":{"unschedulable":true},"metadata":{"resourceVersion":"7"}}"#
    #expect(
      Transcript([
        turn(patch, 409),
        turn(get, 200, #"{"metadata":{"resourceVersion":"8"},"spec":{"unschedulable":true}}"#),
      ]).run("kube.cordon", arguments, .perform(observed: state)) == .finish(false))
    #expect(
      Transcript([turn(get, 200, #"{"spec":{"unschedulable":true}}"#)])
        .run("kube.cordon", arguments, .settle(observed: state)) == settled("done", false))
  }

  @Test("a node that is cordoned already stays so, and undoing knows")
  func alreadyCordoned() {
    let state = observed(["cordoned": true, "resource_version": "7"], true)
    #expect(
      Transcript([]).run("kube.cordon", arguments, .perform(observed: state)) == .finish(true))
    #expect(
      Transcript([
        turn(
          #"PATCH /api/v1/nodes/n1 {"spec":{"unschedulable":null},"metadata":{"resourceVersion":"7"}}"#
        )
      ]).run("kube.uncordon", arguments, .perform(observed: state)) == .finish(true))
  }
}

struct KubeEvictTests {
  private let arguments: Document = ["cluster": "a", "namespace": "n", "pod": "p"]
  private let get = "GET /api/v1/namespaces/n/pods/p"
  private let state = observed(["uid": "u", "eviction_version": "v1beta1"], .null)
  private let there = #"{"metadata":{"name":"p","uid":"u"}}"#
  private let leaving =
    #"{"metadata":{"name":"p","uid":"u","deletionTimestamp":"2026-11-23T20:00:00Z"}}"#
  private let post =
    #"POST /api/v1/namespaces/n/pods/p/eviction {"apiVersion":"policy/v1beta1","kind":"Eviction","#
    + #""metadata":{"name":"p","namespace":"n"},"deleteOptions":{"preconditions":{"uid":"u"}}}"#

  @Test("asks the resource list which version of Eviction it takes")
  func observes() {
    let resources =
      #"{"resources":[{"name":"pods"},{"name":"pods/eviction","group":"policy","version":"v1"}]}"#
    #expect(
      Transcript([turn(get, 200, there), turn("GET /api/v1", 200, resources)])
        .run("kube.evict", arguments, .observe)
        == .finish([
          "target": "pods/p in n", "changes": ["evicted"],
          "permissions": ["get pods in n", "create pods/eviction in n"],
          "state": ["uid": "u", "eviction_version": "v1"], "result": .null,
        ]))
  }

  @Test("waits for the budget, then for the pod to be gone")
  func evicts() {
    #expect(
      Transcript([
        turn(get, 200, there), turn(post, 429), sleep(5000),
        turn(post, 429, "{}", headers: [("retry-after", "10")]), sleep(10_000), turn(post, 201),
        turn(get, 200, leaving), sleep(1000), turn(get, 404),
      ]).run("kube.evict", arguments, .perform(observed: state)) == .finish(.null))
  }

  @Test("a pod that is gone, leaving, or replaced by another is not evicted again")
  func alreadyGone() {
    #expect(
      Transcript([turn(get, 404)]).run("kube.evict", arguments, .perform(observed: state))
        == .finish(.null))
    #expect(
      Transcript([turn(get, 200, leaving), turn(get, 200, leaving), sleep(1000), turn(get, 404)])
        .run("kube.evict", arguments, .perform(observed: state)) == .finish(.null))
    #expect(
      Transcript([
        turn(get, 200, there), turn(post, 409), turn(get, 200, #"{"metadata":{"uid":"w"}}"#),
      ])
      .run("kube.evict", arguments, .perform(observed: state)) == .finish(.null))
  }

  @Test("two budgets for one pod are explained")
  func overlappingBudgets() {
    let body =
      #"{"message":"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."}"#
    #expect(
      Transcript([turn(get, 200, there), turn(post, 500, body)])
        .run("kube.evict", arguments, .perform(observed: state))
        == .fail(
          .refused(
            "cannot evict pod p in n: more than one PodDisruptionBudget selects it, which the "
              + "Eviction API does not support; make their selectors disjoint")))
  }

  @Test("a lost answer is in doubt, and settled by the uid")
  func doubt() {
    #expect(
      Transcript([turn(get, 200, there), turn(post, .lostAnswer("reset"))])
        .run("kube.evict", arguments, .perform(observed: state)) == .fail(.inDoubt("reset")))
    for (body, result) in [
      (there, "not_done"), (leaving, "not_done"), (#"{"metadata":{"uid":"w"}}"#, "done"),
    ] {
      #expect(
        Transcript([turn(get, 200, body)]).run("kube.evict", arguments, .settle(observed: state))
          == settled(result))
    }
    #expect(
      Transcript([turn(get, 404)]).run("kube.evict", arguments, .settle(observed: state))
        == settled("done"))
  }
}

struct KubeApplyTests {
  private let arguments: Document = [
    "cluster": "a",
    "manifest": [
      "apiVersion": "apps/v1", "kind": "Deployment",
      "metadata": ["name": "d", "namespace": "n"], "spec": ["replicas": 2],
    ],
  ]
  private let discover = turn(
    "GET /apis/apps/v1", 200,
    #"{"resources":[{"name":"deployments/scale","kind":"Scale","namespaced":true},"#
      + #"{"name":"deployments","kind":"Deployment","namespaced":true}]}"#)
  private let path = "/apis/apps/v1/namespaces/n/deployments/d"
  private let body =
    #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"n"},"spec":{"replicas":2}}"#
  private var dryRun: String { "PATCH \(path)?fieldManager=dr&dryRun=All \(body)" }

  private func live(_ replicas: Int) -> String {
    #"{"metadata":{"name":"d","uid":"u","resourceVersion":"5","managedFields":[\#(replicas)]},"#
      + #""spec":{"replicas":\#(replicas)},"status":{"replicas":\#(replicas)}}"#
  }

  @Test("shows by a dry run what would change")
  func observes() {
    let end = Transcript([
      discover, turn("GET \(path)", 200, live(1)), turn(dryRun, 200, live(2)),
    ]).run("kube.apply", arguments, .observe)
    #expect(
      end
        == .finish([
          "target": "deployments/d in n", "changes": ["spec.replicas 1 → 2"],
          "permissions": ["get deployments.apps in n", "patch deployments.apps in n"],
          "state": ["resource_version": "5", "uid": "u"], "result": .null,
        ]))
  }

  @Test("names the other manager of a field, and takes nothing by force")
  func conflict() {
    let status =
      #"{"reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict","#
      + #""message":"conflict with \"kubectl\" using apps/v1","field":".spec.replicas"}]}}"#
    #expect(
      Transcript([discover, turn("GET \(path)", 200, live(1)), turn(dryRun, 409, status)])
        .run("kube.apply", arguments, .observe)
        == .fail(
          .refused(
            "cannot apply Deployment d: other field managers own fields of it; "
              + "conflict with \"kubectl\" using apps/v1: .spec.replicas")))
  }

  @Test("applies to the version that was seen, and looks again after a conflict")
  func performs() {
    func apply(_ version: String) -> String {
      "PATCH \(path)?fieldManager=dr "
        + body.replacing(
          #""namespace":"n""#, #""namespace":"n","resourceVersion":"\#(version)""#)
    }
    let state = observed(["resource_version": "5", "uid": "u"], .null)
    #expect(
      Transcript([discover, turn(apply("5"))])
        .run("kube.apply", arguments, .perform(observed: state)) == .finish(.null))
    #expect(
      Transcript([
        discover, turn(apply("5"), 409, #"{"reason":"Conflict"}"#),
        turn("GET \(path)", 200, live(2)), turn(dryRun, 200, live(2)),
      ]).run("kube.apply", arguments, .perform(observed: state)) == .finish(.null))
    #expect(
      Transcript([discover, turn("GET \(path)", 404), turn(dryRun, 201, live(2))])
        .run("kube.apply", arguments, .settle(observed: state)) == settled("not_done"))
    #expect(
      Transcript([discover, turn("GET \(path)", 200, live(2)), turn(dryRun, 200, live(2))])
        .run("kube.apply", arguments, .settle(observed: state)) == settled("done"))
  }

  @Test("a kind that the cluster does not know is refused")
  func unknownKind() {
    #expect(
      Transcript([turn("GET /apis/apps/v1", 404)]).run("kube.apply", arguments, .observe)
        == .fail(.refused("the cluster does not know Deployment of apps/v1")))
  }
}

extension String {
  fileprivate func replacing(_ part: String, _ other: String) -> String {
    guard let range = firstRange(of: part) else { return self }
    return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
