// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

/// Acts and reads on objects of any kind.
@Suite("Objects: delete, patch, annotate, permissions, logs") struct KubeObjectActTests {
  private let path = "/apis/apps/v1/namespaces/n/deployments/d"

  private func arguments(_ more: [(String, Document)]) -> Document {
    .object(
      DocumentObject(
        [
          ("cluster", "a"), ("group", "apps"), ("version", "v1"), ("resource", "deployments"),
          ("namespace", "n"), ("name", "d"),
        ] + more))
  }

  // MARK: Delete

  private func delete(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
    Transcript(turns).run("kube.delete", arguments([("propagation", "Foreground")]), phase)
  }

  private func object(_ uid: String, leaving: Bool = false) -> String {
    let deletion = leaving ? #","deletionTimestamp":"2026-11-23T20:00:00Z""# : ""
    return #"{"metadata":{"uid":"\#(uid)"\#(deletion)}}"#
  }

  private var order: String {
    "DELETE \(path) "
      + #"{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Foreground","#
      + #""preconditions":{"uid":"u"}}"#
  }

  @Test("what is deleted is named by uid and waited for")
  func deletes() {
    #expect(
      delete([turn("GET \(path)", 200, object("u"))], .observe)
        == .finish([
          "target": "deployments/d in n", "changes": ["deleted after what it owns"],
          "permissions": ["get deployments.apps in n", "delete deployments.apps in n"],
          "state": ["uid": "u"], "result": .null,
        ]))
    let phase = CallPhase.perform(observed: observed(["uid": "u"], .null))
    #expect(
      delete(
        [
          turn("GET \(path)", 200, object("u")), turn(order),
          turn("GET \(path)", 200, object("u", leaving: true)), sleep(1000),
          turn("GET \(path)", 404),
        ], phase) == .finish(.null))
    // A successor of the same name, before the request or while it is under way.
    #expect(delete([turn("GET \(path)", 200, object("v"))], phase) == .finish(.null))
    #expect(
      delete(
        [
          turn("GET \(path)", 200, object("u")), turn(order, 409),
          turn("GET \(path)", 200, object("v")),
        ], phase) == .finish(.null))
    #expect(
      delete([turn("GET \(path)", 200, object("u")), turn(order, .lostAnswer("reset"))], phase)
        == .fail(.inDoubt("reset")))
  }

  @Test("a deletion has happened when the uid is gone")
  func settlesDelete() {
    let phase = CallPhase.settle(observed: observed(["uid": "u"], .null))
    #expect(delete([turn("GET \(path)", 404)], phase) == settled("done"))
    #expect(delete([turn("GET \(path)", 200, object("v"))], phase) == settled("done"))
    #expect(
      delete([turn("GET \(path)", 200, object("u", leaving: true))], phase) == settled("not_done"))
  }

  @Test("nothing is deleted where nothing was")
  func deletesNothing() {
    guard case .finish(let observation) = delete([turn("GET \(path)", 404)], .observe) else {
      Issue.record("it is refused")
      return
    }
    #expect(observation["changes"] == [])
    #expect(delete([], .perform(observed: observation)) == .finish(.null))
  }

  // MARK: Patch

  private func patch(
    _ turns: [Transcript.Turn], _ phase: CallPhase, set: Document, remove: Document = []
  ) -> Transcript.End {
    Transcript(turns).run("kube.patch", arguments([("set", set), ("remove", remove)]), phase)
  }

  private let live =
    #"{"metadata":{"uid":"u","resourceVersion":"5","annotations":{"a/b":"1"}},"#
    + #""spec":{"paused":true,"replicas":3}}"#

  @Test("a patch is tried out, told as a difference, and gives what takes it back")
  func observesPatch() {
    let next =
      #"{"metadata":{"uid":"u","resourceVersion":"5"},"spec":{"replicas":4,"minReadySeconds":9}}"#
    let dryRun =
      "PATCH \(path)?dryRun=All "
      + #"{"spec":{"replicas":4,"minReadySeconds":9,"paused":null},"#
      + #""metadata":{"annotations":{"a/b":null},"resourceVersion":"5"}}"#
    #expect(
      patch(
        [turn("GET \(path)", 200, live), turn(dryRun, 200, next)], .observe,
        set: ["spec": ["replicas": 4, "minReadySeconds": 9]],
        remove: ["/spec/paused", "/metadata/annotations/a~1b"])
        == .finish([
          "target": "deployments/d in n",
          "changes": [
            #"metadata.annotations {"a/b":"1"} → none"#, "spec.paused true → none",
            "spec.replicas 3 → 4", "spec.minReadySeconds none → 9",
          ],
          "permissions": ["get deployments.apps in n", "patch deployments.apps in n"],
          "state": ["uid": "u"],
          "result": [
            "set": [
              "spec": ["replicas": 3, "paused": true], "metadata": ["annotations": ["a/b": "1"]],
            ],
            "remove": ["/spec/minReadySeconds"],
          ],
        ]))
  }

  @Test("a patch is tried out again on what a controller has written in between")
  func observesPatchAfterConflict() {
    let dryRun = "PATCH \(path)?dryRun=All "
    let first = dryRun + #"{"spec":{"replicas":4},"metadata":{"resourceVersion":"5"}}"#
    let second = dryRun + #"{"spec":{"replicas":4},"metadata":{"resourceVersion":"6"}}"#
    let later = live.replacing(#""5""#, with: #""6""#)
    let set: Document = ["spec": ["replicas": 4]]
    let turns = [
      turn("GET \(path)", 200, live), turn(first, 409), turn("GET \(path)", 200, later),
      turn(second, 200, later.replacing(#""replicas":3"#, with: #""replicas":4"#)),
    ]
    guard case .finish(let observed) = patch(turns, .observe, set: set) else {
      Issue.record("not observed")
      return
    }
    #expect(observed["changes"] == ["spec.replicas 3 → 4"])
  }

  @Test("a patch lands on the version that was seen, and looks again after a conflict")
  func performsPatch() {
    let body = #"{"spec":{"replicas":4},"metadata":{"resourceVersion":"5"}}"#
    let again = #"{"spec":{"replicas":4},"metadata":{"resourceVersion":"6"}}"#
    let undo: Document = ["set": ["spec": ["replicas": 3]], "remove": []]
    let phase = CallPhase.perform(observed: observed(["uid": "u"], undo))
    let set: Document = ["spec": ["replicas": 4]]
    #expect(
      patch(
        [
          turn("GET \(path)", 200, live), turn("PATCH \(path) \(body)", 409),
          turn("GET \(path)", 200, live.replacing(#""5""#, with: #""6""#)),
          turn("PATCH \(path) \(again)"),
        ], phase, set: set) == .finish(undo))
    #expect(
      patch([turn("GET \(path)", 200, object("v"))], phase, set: set)
        == .fail(.refused("deployments/d in n was replaced by another of the same name")))
    #expect(
      patch([], .observe, set: [:])
        == .fail(
          .refused(
            "kube.patch: the argument `set` must be something to set, where nothing is removed")))
  }

  @Test("an object that already says what a patch would make it say is not patched")
  func patchesNothing() {
    let phase = CallPhase.perform(observed: observed(["uid": "u"], "before"))
    let seen = [turn("GET \(path)", 200, live)]
    let isSo = patch(seen, phase, set: ["spec": ["replicas": 3]], remove: ["/spec/minReadySeconds"])
    #expect(isSo == .finish("before"))
    let body = #"{"spec":{"paused":null},"metadata":{"resourceVersion":"5"}}"#
    #expect(
      patch(seen + [turn("PATCH \(path) \(body)")], phase, set: [:], remove: ["/spec/paused"])
        == .finish("before"))
  }

  @Test("a patch has happened when it would change nothing")
  func settlesPatch() {
    let dryRun =
      "PATCH \(path)?dryRun=All " + #"{"spec":{"replicas":3},"metadata":{"resourceVersion":"5"}}"#
    let phase = CallPhase.settle(observed: observed(["uid": "u"], "before"))
    func settle(_ next: String) -> Transcript.End {
      patch(
        [turn("GET \(path)", 200, live), turn(dryRun, 200, next)], phase,
        set: ["spec": ["replicas": 3]])
    }
    #expect(settle(live) == settled("done", "before"))
    #expect(
      settle(live.replacing(#""replicas":3"#, with: #""replicas":4"#)) == settled("not_done"))
  }

  // MARK: Rollout undo

  private func revision(_ number: Int, _ image: String, owner: String = "u") -> String {
    #"{"metadata":{"annotations":{"deployment.kubernetes.io/revision":"\#(number)"},"#
      + #""ownerReferences":[{"uid":"\#(owner)","controller":true}]},"spec":{"template":"#
      + #"{"metadata":{"labels":{"app":"d","pod-template-hash":"h\#(number)"}},"spec":{"image":"\#(image)"}}}}"#
  }

  private func deployment(_ image: String, _ version: Int = 5, paused: Bool = false) -> String {
    #"{"metadata":{"uid":"u","resourceVersion":"\#(version)"},"spec":{"paused":\#(paused),"#
      + #""selector":{"matchLabels":{"app":"d"}},"template":"#
      + #"{"metadata":{"labels":{"app":"d"}},"spec":{"image":"\#(image)"}}}}"#
  }

  private func undo(
    _ turns: [Transcript.Turn], _ phase: CallPhase, revision: Int64 = 0
  ) -> Transcript.End {
    Transcript(turns).run(
      "kube.rollout_undo",
      ["cluster": "a", "namespace": "n", "name": "d", "revision": .int(revision)], phase)
  }

  private func template(_ image: String) -> Document {
    ["metadata": ["labels": ["app": "d"]], "spec": ["image": .string(image)]]
  }

  @Test("the revision to go back to is settled when it is observed")
  func observesUndo() {
    let sets = "GET /apis/apps/v1/namespaces/n/replicasets?labelSelector=app=d&limit=200"
    let list =
      #"{"items":[\#(revision(2, "b")),\#(revision(3, "c")),\#(revision(1, "a")),"#
      + #"\#(revision(9, "z", owner: "another"))]}"#
    let turns = [turn("GET \(path)", 200, deployment("c")), turn(sets, 200, list)]
    #expect(
      undo(turns, .observe)
        == .finish([
          "target": "deployments/d in n", "changes": ["revision 3 → 2", "spec.image c → b"],
          "permissions": [
            "get deployments.apps in n", "list replicasets.apps in n",
            "patch deployments.apps in n",
          ],
          "state": ["uid": "u", "template": template("b")], "result": 3,
        ]))
    #expect(
      undo(turns, .observe, revision: 7)
        == .fail(
          .refused(
            "deployments/d in n has no revision 7: its ReplicaSets keep 3, 2, 1")))
    #expect(
      undo([turn("GET \(path)", 200, deployment("c", paused: true))], .observe)
        == .fail(
          .refused("cannot undo the rollout of deployments/d in n: it is paused")))
  }

  @Test("the template is put back once, on the version that was seen")
  func performsUndo() {
    let state = observed(["uid": "u", "template": template("b")], 3)
    func order(_ version: Int) -> String {
      "PATCH \(path) "
        + #"[{"op":"replace","path":"/metadata/resourceVersion","value":"\#(version)"},"#
        + #"{"op":"replace","path":"/spec/template","value":"#
        + #"{"metadata":{"labels":{"app":"d"}},"spec":{"image":"b"}}}]"#
    }
    #expect(
      undo(
        [
          turn("GET \(path)", 200, deployment("c")), turn(order(5), 409),
          turn("GET \(path)", 200, deployment("c", 6)), turn(order(6)),
        ], .perform(observed: state)) == .finish(3))
    #expect(
      undo([turn("GET \(path)", 200, deployment("b"))], .perform(observed: state)) == .finish(3))
    #expect(
      undo([turn("GET \(path)", 200, deployment("b"))], .settle(observed: state))
        == settled("done", 3))
    #expect(
      undo([turn("GET \(path)", 200, deployment("c"))], .settle(observed: state))
        == settled("not_done"))
  }

  // MARK: Annotations, permissions, logs

  @Test("an annotation is set, and reading back tells")
  func annotates() {
    func annotate(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
      Transcript(turns).run(
        "kube.annotate", arguments([("key", "dr/held"), ("value", "yes")]), phase)
    }
    let bare = #"{"metadata":{"resourceVersion":"5"}}"#
    let held = #"{"metadata":{"resourceVersion":"6","annotations":{"dr/held":"yes"}}}"#
    #expect(
      annotate([turn("GET \(path)", 200, bare)], .observe)
        == .finish([
          "target": "deployments/d in n", "changes": ["annotations dr/held none → yes"],
          "permissions": ["get deployments.apps in n", "patch deployments.apps in n"],
          "state": .null, "result": "",
        ]))
    let body = #"{"metadata":{"annotations":{"dr/held":"yes"},"resourceVersion":"5"}}"#
    let state = observed(.null, "")
    #expect(
      annotate(
        [
          turn("GET \(path)", 200, bare), turn("PATCH \(path) \(body)", 409),
          turn("GET \(path)", 200, held),
        ], .perform(observed: state)) == .finish(""))
    #expect(
      annotate(
        [turn("GET \(path)", 200, bare), turn("PATCH \(path) \(body)", .lostAnswer("reset"))],
        .perform(observed: state)) == .fail(.inDoubt("reset")))
    #expect(
      annotate([turn("GET \(path)", 200, held)], .settle(observed: state)) == settled("done", ""))
    #expect(
      annotate([turn("GET \(path)", 200, bare)], .settle(observed: state)) == settled("not_done"))
  }

  @Test(
    "the API server is asked for a permission by its parts",
    arguments: [
      (
        "patch deployments.apps/scale in web",
        #"{"verb":"patch","resource":"deployments","group":"apps","subresource":"scale","namespace":"web"}"#
      ),
      (
        "patch nodes n1", #"{"verb":"patch","resource":"nodes","group":"","name":"n1"}"#
      ),
      ("get nodes", #"{"verb":"get","resource":"nodes","group":""}"#),
      (
        "create pods/eviction in n",
        #"{"verb":"create","resource":"pods","group":"","subresource":"eviction","namespace":"n"}"#
      ),
    ])
  func allowed(permission: String, attributes: String) {
    func ask(_ status: Int, _ body: String) -> Transcript.End {
      let order =
        "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews "
        + #"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","#
        + #""spec":{"resourceAttributes":\#(attributes)}}"#
      return Transcript([turn(order, status, body)]).run(
        "kube.allowed", ["cluster": "a", "permission": .string(permission)], .read)
    }
    #expect(ask(201, #"{"status":{"allowed":true}}"#) == .finish(true))
    #expect(ask(201, #"{"status":{"allowed":false}}"#) == .finish(false))
    #expect(
      ask(403, #"{"message":"no"}"#)
        == .fail(.refused("cannot ask whether `\(permission)` is allowed: no (403)")))
  }

  @Test("a permission that is not written as plans do is refused")
  func malformedPermission() {
    for permission in ["get", "get pods on n", "get pods in"] {
      #expect(
        Transcript([]).run(
          "kube.allowed", ["cluster": "a", "permission": .string(permission)], .read)
          == .fail(
            .refused(
              "kube.allowed: the argument `permission` must be as in "
                + "`patch deployments.apps/scale in web`")))
    }
  }

  @Test("logs are text, of one container, the last lines of it")
  func logs() {
    func logs(_ order: String, _ status: Int, _ body: String, _ more: [(String, Document)])
      -> Transcript.End
    {
      Transcript([turn(order, status, body)]).run(
        "kube.logs",
        .object(
          DocumentObject(
            [("cluster", "a"), ("namespace", "n"), ("pod", "p"), ("lines", 2)] + more)), .read)
    }
    let path = "GET /api/v1/namespaces/n/pods/p/log"
    #expect(
      logs("\(path)?tailLines=2", 200, "{\"a\":1}\n[2]\n", [("container", "")])
        == .finish("{\"a\":1}\n[2]\n"))
    #expect(
      logs(
        "\(path)?container=c&tailLines=2&previous=true", 400, #"{"message":"no such container"}"#,
        [("container", "c"), ("previous", true)])
        == .fail(.refused("cannot read the logs of pod p in n: no such container (400)")))
  }
}

@Suite("Programs on this machine") struct ShellTests {
  private let arguments: Document = [
    "command": ["systemctl", "restart", "a b"], "status": 0, "timeout": 5_000_000_000,
  ]
  private let state = observed(.null, .null)

  private func run(_ answer: Reply.Answer) -> Transcript.End {
    let turns = [Transcript.Turn(order: #"run ["systemctl","restart","a b"]"#, reply: answer)]
    return Transcript(turns).run("shell.run", arguments, .perform(observed: state))
  }

  @Test("the words reach the program as they are; how it ends is told")
  func runs() {
    #expect(
      run(.exited(status: 0, output: Array("ok\n".utf8), errors: []))
        == .finish(["status": 0, "output": "ok\n", "errors": ""]))
    #expect(
      run(.exited(status: 3, output: [], errors: Array("first\nno such unit\n".utf8)))
        == .fail(
          .refused("systemctl restart 'a b' ends with 3, not 0: no such unit")))
    #expect(
      run(.failure(.notSent("systemctl does not start: no such file")))
        == .fail(.refused("systemctl does not start: no such file")))
    #expect(
      run(.failure(.lostAnswer("systemctl was ended"))) == .fail(.inDoubt("systemctl was ended")))
  }

  @Test("nobody can tell whether it happened")
  func settles() {
    #expect(
      Transcript([]).run("shell.run", arguments, .settle(observed: state)) == settled("unknown"))
  }

  @Test("a command without a program is refused")
  func empty() {
    #expect(
      Transcript([]).run(
        "shell.run", ["command": [], "status": 0, "timeout": 1], .observe)
        == .fail(
          .refused("shell.run: the argument `command` must be a program and its arguments")))
  }
}
