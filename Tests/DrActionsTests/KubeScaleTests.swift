// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

struct KubeScaleTests {
  private let arguments: Document = [
    "cluster": "a", "namespace": "n", "name": "d", "replicas": 2,
  ]
  private let scale = "GET /apis/apps/v1/namespaces/n/deployments/d"
  private let list = "GET /apis/autoscaling/v2/namespaces/n/horizontalpodautoscalers?limit=500"
  private let list1 = "GET /apis/autoscaling/v1/namespaces/n/horizontalpodautoscalers?limit=500"
  private let list2 =
    "GET /apis/autoscaling/v2beta2/namespaces/n/horizontalpodautoscalers?limit=500"
  private let patch = "PATCH /apis/apps/v1/namespaces/n/deployments/d/scale"
  private let before = observed(
    ["replicas": 1, "uid": "u", "resource_version": "10", "min_replicas": .null], 1)
  private let raising = observed(
    ["replicas": 1, "uid": "u", "resource_version": "10", "min_replicas": 2], 1)

  private func object(_ replicas: Int, _ version: Int, uid: String = "u") -> String {
    #"{"metadata":{"uid":"\#(uid)","resourceVersion":"\#(version)"},"spec":{"replicas":\#(replicas)}}"#
  }

  private func autoscaler(
    _ minimum: Int, max: Int = 9, version: Int = 70, before: String = ""
  ) -> String {
    #"{"items":[{"metadata":{"name":"x","resourceVersion":"1"},"#
      + #""spec":{"maxReplicas":5,"scaleTargetRef":{"kind":"StatefulSet","name":"d"}}},"#
      + #"{"metadata":{"name":"h","resourceVersion":"\#(version)"\#(before)},"#
      + #""spec":{"minReplicas":\#(minimum),"maxReplicas":\#(max),"#
      + #""scaleTargetRef":{"kind":"Deployment","name":"d"}}}]}"#
  }

  private func patchText(_ replicas: Int, _ version: Int) -> String {
    patch
      + #" {"spec":{"replicas":\#(replicas)},"metadata":{"resourceVersion":"\#(version)"}}"#
  }

  @Test("observes the scale and the autoscaler, by the API version there is")
  func observes() {
    let end = Transcript([
      turn(scale, 200, object(1, 10)), turn(list, 404), turn(list2, 200, autoscaler(1)),
    ]).run("kube.scale", arguments, .observe)
    #expect(
      end
        == .finish([
          "target": "deployments/d in n",
          "changes": [
            "minReplicas of horizontalpodautoscalers/h 1 → 2", "replicas 1 → 2",
          ],
          "permissions": [
            "get deployments.apps in n", "list horizontalpodautoscalers.autoscaling in n",
            "patch deployments.apps/scale in n",
            "patch horizontalpodautoscalers.autoscaling h in n",
          ],
          "state": ["replicas": 1, "uid": "u", "resource_version": "10", "min_replicas": 2],
          "result": 1,
        ]))
  }

  @Test(
    "scales what else has replicas, and only its own autoscaler counts",
    arguments: [
      ("StatefulSet", "apps/v1/namespaces/n/statefulsets", "statefulsets.apps"),
      ("ReplicaSet", "apps/v1/namespaces/n/replicasets", "replicasets.apps"),
      (
        "LeaderWorkerSet", "leaderworkerset.x-k8s.io/v1/namespaces/n/leaderworkersets",
        "leaderworkersets.leaderworkerset.x-k8s.io"
      ),
      ("Rollout", "argoproj.io/v1alpha1/namespaces/n/rollouts", "rollouts.argoproj.io"),
    ])
  func otherKinds(_ kind: String, _ path: String, _ resource: String) {
    var all = arguments.objectValue ?? DocumentObject()
    all["kind"] = .string(kind)
    let autoscalers =
      kind == "StatefulSet"
      ? autoscaler(1).replacing("Deployment", with: "ReplicaSet") : autoscaler(1)
    let end = Transcript([
      turn("GET /apis/\(path)/d", 200, object(1, 10)), turn(list, 200, autoscalers),
    ]).run("kube.scale", .object(all), .observe)
    guard case .finish(let seen) = end else { return #expect(end == .finish(.null)) }
    // Of a StatefulSet, its own autoscaler has no minimum that is in the way.
    let changes: Document =
      kind == "StatefulSet"
      ? ["minReplicas of horizontalpodautoscalers/x 1 → 2", "replicas 1 → 2"] : ["replicas 1 → 2"]
    #expect(seen["changes"] == changes)
    #expect(
      seen["permissions"]?.arrayValue?.contains(.string("patch \(resource)/scale in n")) == true)
    #expect(
      Transcript([
        turn(
          #"PATCH /apis/\#(path)/d/scale {"spec":{"replicas":2},"metadata":{"resourceVersion":"10"}}"#
        )
      ]).run("kube.scale", .object(all), .perform(observed: before)) == .finish(1))
  }

  @Test("a kind that has no replicas is refused")
  func noKind() {
    var all = arguments.objectValue ?? DocumentObject()
    all["kind"] = "DaemonSet"
    guard
      case .fail(.refused(let reason)) = Transcript([]).run("kube.scale", .object(all), .observe)
    else { return #expect(Bool(false), "it was taken") }
    #expect(reason.contains("\"StatefulSet\""))
  }

  @Test("more than the autoscaler allows is refused before anything is done")
  func beyondMaximum() {
    #expect(
      Transcript([
        turn(scale, 200, object(1, 10)), turn(list, 404), turn(list2, 404),
        turn(list1, 200, autoscaler(1, max: 1)),
      ]).run("kube.scale", arguments, .observe)
        == .fail(
          .refused(
            "deployment d in n cannot have 2 replicas: its HorizontalPodAutoscaler h allows 1 at most"
          )))
  }

  @Test("raises the autoscaler's minimum first and remembers what it was")
  func performs() {
    let hpa =
      #"PATCH /apis/autoscaling/v2/namespaces/n/horizontalpodautoscalers/h "#
      + #"{"metadata":{"annotations":{"dr-min-replicas-before":"1"},"resourceVersion":"70"},"#
      + #""spec":{"minReplicas":2}}"#
    #expect(
      Transcript([
        turn(list, 200, autoscaler(1)), turn(hpa), turn(patchText(2, 10), 200, object(2, 11)),
      ]).run("kube.scale", arguments, .perform(observed: raising)) == .finish(1))
  }

  @Test("lowering gives the autoscaler its old minimum back")
  func restoresMinimum() {
    let hpa =
      #"PATCH /apis/autoscaling/v2/namespaces/n/horizontalpodautoscalers/h "#
      + #"{"metadata":{"annotations":{"dr-min-replicas-before":null},"resourceVersion":"70"},"#
      + #""spec":{"minReplicas":1}}"#
    let memory = #","annotations":{"dr-min-replicas-before":"1"}"#
    #expect(
      Transcript([
        turn(list, 200, autoscaler(8, before: memory)), turn(hpa), turn(patchText(2, 30)),
      ]).run(
        "kube.scale", arguments,
        .perform(
          observed: observed(
            ["replicas": 8, "uid": "u", "resource_version": "30", "min_replicas": 1], 8)))
        == .finish(8))
    #expect(
      Transcript([turn(scale, 200, object(2, 40)), turn(list, 200, autoscaler(1))])
        .run(
          "kube.scale", arguments,
          .settle(observed: observed(["replicas": 8, "uid": "u", "min_replicas": 1], 8)))
        == settled("done", 8))
  }

  @Test("after a conflict it reads again, and sends nothing more when a copy has landed")
  func conflictLanded() {
    #expect(
      Transcript([
        turn(patchText(2, 10), 409),
        turn(scale, 200, object(2, 12)),
      ]).run("kube.scale", arguments, .perform(observed: before)) == .finish(1))
  }

  @Test("after a conflict about something else it goes on with the new version")
  func conflictOther() {
    #expect(
      Transcript([
        turn(patchText(2, 10), 409),
        turn(scale, 200, object(1, 12)), turn(patchText(2, 12)),
      ]).run("kube.scale", arguments, .perform(observed: before)) == .finish(1))
  }

  @Test("a conflict that goes on for ever is given up as busy")
  func conflictForEver() {
    var turns: [Transcript.Turn] = []
    for attempt in 0..<5 {
      turns.append(turn(patchText(2, 10 + attempt), 409))
      if attempt < 4 { turns.append(turn(scale, 200, object(1, 11 + attempt))) }
    }
    #expect(
      Transcript(turns).run("kube.scale", arguments, .perform(observed: before))
        == .fail(.busy("cannot scale deployment d in n: the API server answers 409")))
  }

  @Test("another Deployment of the same name is left alone")
  func replaced() {
    #expect(
      Transcript([
        turn(patchText(2, 10), 409),
        turn(scale, 200, object(1, 99, uid: "v")),
      ]).run("kube.scale", arguments, .perform(observed: before))
        == .fail(.refused("deployment d in n was replaced by another of the same name")))
  }

  @Test("what was not sent is sent again; a lost answer and a server error are in doubt")
  func doubt() {
    #expect(
      Transcript([
        turn(patchText(2, 10), .notSent("refused")), sleep(200), turn(patchText(2, 10)),
      ]).run("kube.scale", arguments, .perform(observed: before)) == .finish(1))
    #expect(
      Transcript([
        turn(patchText(2, 10), 429, "{}", headers: [("retry-after", "1")]), sleep(1000),
        turn(patchText(2, 10), .lostAnswer("closed")),
      ]).run("kube.scale", arguments, .perform(observed: before)) == .fail(.inDoubt("closed")))
    #expect(
      Transcript([turn(patchText(2, 10), 504)])
        .run("kube.scale", arguments, .perform(observed: before))
        == .fail(.inDoubt("cannot scale deployment d in n: the API server answers 504")))
  }

  @Test("nothing is sent where nothing differs")
  func nothingToDo() {
    #expect(
      Transcript([]).run(
        "kube.scale", arguments,
        .perform(observed: observed(["replicas": 2, "uid": "u", "resource_version": "5"], 2)))
        == .finish(2))
  }

  @Test(
    "settles by reading back",
    arguments: [
      (2, "u", "done", 1), (1, "u", "not_done", nil), (5, "u", "unknown", nil),
      (2, "v", "not_done", nil),
    ] as [(Int, String, String, Int64?)])
  func settles(replicas: Int, uid: String, state: String, result: Int64?) {
    #expect(
      Transcript([
        turn(scale, 200, object(replicas, 20, uid: uid)), turn(list, 200, #"{"items":[]}"#),
      ]).run("kube.scale", arguments, .settle(observed: before))
        == settled(state, result.map(Document.int) ?? .null))
  }

  @Test("a minimum that was raised without the replicas is a part, of which nobody knows the rest")
  func settlesHalf() {
    #expect(
      Transcript([turn(scale, 200, object(1, 20)), turn(list, 200, autoscaler(2))])
        .run("kube.scale", arguments, .settle(observed: raising)) == settled("unknown"))
  }

  @Test("an autoscaler that went further up from the wanted minimum means done")
  func settlesAboveMinimum() {
    #expect(
      Transcript([turn(scale, 200, object(4, 20)), turn(list, 200, autoscaler(2))])
        .run("kube.scale", arguments, .settle(observed: raising)) == settled("done", 1))
    #expect(
      Transcript([turn(scale, 200, object(2, 20)), turn(list, 200, autoscaler(1))])
        .run("kube.scale", arguments, .settle(observed: raising)) == settled("not_done"))
  }
}
