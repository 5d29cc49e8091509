// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrActions

@Suite("Whether an object is ready")
struct ReadinessTests {
  private func deployment(_ status: Document, replicas: Int64 = 2) -> Document {
    [
      "kind": "Deployment", "metadata": ["generation": 3], "spec": ["replicas": .int(replicas)],
      "status": status,
    ]
  }

  private static let states: [(Document, Readiness)] = [
    (
      ["observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2],
      .waiting("the change is not seen yet")
    ),
    (
      ["observedGeneration": 3, "updatedReplicas": 1, "replicas": 2, "availableReplicas": 2],
      .waiting("1 of 2 updated")
    ),
    (
      ["observedGeneration": 3, "updatedReplicas": 2, "replicas": 3, "availableReplicas": 3],
      .waiting("1 old left")
    ),
    (
      ["observedGeneration": 3, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 1],
      .waiting("1 of 2 available")
    ),
    (
      ["observedGeneration": 3, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2],
      .ready
    ),
  ]

  @Test(
    "a Deployment is ready when its controller has seen it and only new replicas are there",
    arguments: states)
  func deployments(status: Document, expected: Readiness) {
    #expect(Readiness(deployment(status)) == expected)
  }

  @Test("a Deployment that made no progress in time has failed; one of no replicas is ready")
  func ends() {
    let conditions: Document = [
      "observedGeneration": 3, "updatedReplicas": 0,
      "conditions": [
        ["type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "timed out"]
      ],
    ]
    #expect(Readiness(deployment(conditions)) == .failed("timed out"))
    #expect(Readiness(deployment(["observedGeneration": 3], replicas: 0)) == .ready)
  }

  @Test("claims are bound, namespaces active, definitions established; nothing else is waited for")
  func others() {
    #expect(Readiness(["kind": "PersistentVolumeClaim", "status": ["phase": "Bound"]]) == .ready)
    #expect(
      Readiness(["kind": "PersistentVolumeClaim", "status": ["phase": "Pending"]])
        == .waiting("no volume is bound to it yet"))
    #expect(
      Readiness(["kind": "PersistentVolumeClaim", "status": ["phase": "Lost"]])
        == .failed("its volume is lost"))
    #expect(
      Readiness(["kind": "Namespace", "status": ["phase": "Terminating"]])
        == .waiting("it is Terminating"))
    let established: Document = [
      "kind": "CustomResourceDefinition",
      "status": ["conditions": [["type": "Established", "status": "True"]]],
    ]
    #expect(Readiness(established) == .ready)
    #expect(
      Readiness(["kind": "CustomResourceDefinition"]) == .waiting("not established yet"))
    #expect(Readiness(["kind": "ConfigMap"]) == .ready)
  }

  @Test("a StatefulSet counts only the replicas above its partition as to be updated")
  func partition() {
    func set(_ updated: Int64) -> Document {
      [
        "kind": "StatefulSet", "metadata": ["generation": 1],
        "spec": [
          "replicas": 3,
          "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 2]],
        ],
        "status": [
          "observedGeneration": 1, "readyReplicas": 3, "updatedReplicas": .int(updated),
        ],
      ]
    }
    #expect(Readiness(set(0)) == .waiting("0 of 1 updated"))
    #expect(Readiness(set(1)) == .ready)
  }
}

@Suite("What a program made in a cluster")
struct InventoryTests {
  private let deployment = ObjectReference(
    apiVersion: "apps/v1", kind: "Deployment", namespace: "web", name: "a")
  private let role = ObjectReference(
    apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", namespace: nil, name: "b")

  @Test("reads what it wrote, and keeps the version that it read")
  func roundTrip() {
    var inventory = Inventory(program: "shop", configMap: .null)
    inventory.add([deployment, role])
    var written = Document.object(inventory.configMap)
    #expect(written["metadata"]?["name"] == "dr-inventory-shop")
    #expect(written["metadata"]?["resourceVersion"] == nil)
    #expect(
      written["data"]?["objects"]
        == "apps/v1 Deployment web/a\nrbac.authorization.k8s.io/v1 ClusterRole b\n")
    var object = DocumentObject()
    object["metadata"] = ["resourceVersion": "7"]
    object["data"] = written["data"]
    written = .object(object)
    let read = Inventory(program: "shop", configMap: written)
    #expect(read.objects == [deployment, role])
    #expect(Document.object(read.configMap)["metadata"]?["resourceVersion"] == "7")
  }

  @Test("an object in another version of its group is the same object")
  func versions() {
    var inventory = Inventory(program: "shop", configMap: .null)
    let old = ObjectReference(
      apiVersion: "policy/v1beta1", kind: "PodDisruptionBudget", namespace: "web", name: "a")
    let new = ObjectReference(
      apiVersion: "policy/v1", kind: "PodDisruptionBudget", namespace: "web", name: "a")
    inventory.add([old])
    #expect(inventory.stale([new]).isEmpty)
    #expect(inventory.stale([deployment]) == [old])
  }

  @Test("only what says itself that it is the program's may be taken away")
  func owners() {
    let inventory = Inventory(program: "shop", configMap: .null)
    func live(_ labels: Document) -> Document {
      ["kind": "ConfigMap", "metadata": ["name": "a", "labels": labels]]
    }
    #expect(inventory.owns(live(["dr.run/program": "shop"])))
    #expect(!inventory.owns(live([:])))
    #expect(!inventory.owns(live(["dr.run/program": "bank"])))
    #expect(inventory.otherOwner(live(["dr.run/program": "bank"])) == "bank")
    #expect(inventory.otherOwner(live([:])) == nil)
    #expect(Inventory.keeps("PersistentVolumeClaim") && Inventory.keeps("Namespace"))
  }

  @Test("marks an object with its program, but not what several programs share")
  func marks() {
    let inventory = Inventory(program: "shop", configMap: .null)
    let map = DocumentObject([("kind", "ConfigMap"), ("metadata", ["name": "a"])])
    #expect(
      inventory.marked(map)["metadata"]?["labels"]?["dr.run/program"] == "shop")
    let namespace = DocumentObject([("kind", "Namespace"), ("metadata", ["name": "a"])])
    #expect(inventory.marked(namespace) == namespace)
  }
}

@Suite("Replicas that an autoscaler decides")
struct LiveReplicasTests {
  private let deployment = DocumentObject([
    ("kind", "Deployment"), ("metadata", ["name": "a", "namespace": "web"]),
    ("spec", ["replicas": 2, "paused": false]),
  ])
  private let scaler = DocumentObject([
    ("kind", "HorizontalPodAutoscaler"), ("metadata", ["name": "x", "namespace": "web"]),
    ("spec", ["scaleTargetRef": ["kind": "Deployment", "name": "a"]]),
  ])

  @Test("are sent as they run; those of other workloads as the program says")
  func keeps() {
    let scaled = LiveReplicas.autoscaled([deployment, scaler])
    let live: Document = ["spec": ["replicas": 7]]
    #expect(
      LiveReplicas.kept(deployment, live: live, autoscaled: scaled)["spec"]?["replicas"] == 7)
    #expect(LiveReplicas.kept(deployment, live: .null, autoscaled: scaled) == deployment)
    #expect(LiveReplicas.kept(deployment, live: live, autoscaled: []) == deployment)
  }
}

@Suite("The objects of a cluster")
struct ClusterObjectsTests {
  private let objects = ClusterObjects(cluster: "a", agent: "test")
  private let map = ObjectReference(apiVersion: "v1", kind: "ConfigMap", namespace: "n", name: "m")
  private let manifest = DocumentObject([
    ("apiVersion", "v1"), ("kind", "ConfigMap"), ("metadata", ["name": "m", "namespace": "n"]),
  ])
  private let known = #"{"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true}]}"#

  /// Answers requests by their method and path, in order, and says what was asked.
  private func run<Value>(
    _ flow: Flow<Value>, _ answers: [(Int, String)]
  ) -> (end: Result<Value, WorldFailure>, asked: [String]) {
    var flow = flow
    var left = answers[...]
    var asked: [String] = []
    while true {
      switch flow {
      case .value(let value): return (.success(value), asked)
      case .failure(let failure): return (.failure(failure), asked)
      case .sleep(_, let resume): flow = resume()
      case .ask(.kubernetes(let request), let resume):
        let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        asked.append(
          "\(request.method.rawValue) \(request.path)\(query.isEmpty ? "" : "?\(query)")")
        guard let (status, body) = left.popFirst() else {
          return (.failure(.refused("a request more than expected: \(asked.last ?? "")")), asked)
        }
        flow = resume(
          Reply(
            .response(status: status, headers: [], body: Array(body.utf8)), elapsedNanoseconds: 1))
      case .ask(.http, _), .ask(.socket, _), .ask(.process, _), .ask(.exec, _), .ask(.dns, _):
        return (.failure(.refused("no request to a cluster")), asked)
      }
    }
  }

  @Test("a preview changes nothing: it reads, and tries by a dry run")
  func preview() {
    let (end, asked) = run(
      objects.preview(manifest, of: map, force: false),
      [(200, known), (404, "{}"), (201, #"{"kind":"ConfigMap"}"#)])
    guard case .success(.accepted(let old, _)) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(old == .null)
    #expect(
      asked == [
        "GET /api/v1", "GET /api/v1/namespaces/n/configmaps/m",
        "PATCH /api/v1/namespaces/n/configmaps/m?fieldManager=dr&dryRun=All",
      ])
  }

  @Test("a conflict names manager and field, and is not tried again")
  func conflict() {
    let status =
      #"{"reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict","#
      + #""message":"conflict with \"kubectl-edit\" using v1","field":".data.a"}]}}"#
    let (end, _) = run(
      objects.apply(manifest, of: map, old: .null, force: false), [(200, known), (409, status)])
    guard case .success(.conflict(let conflicts, _)) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(conflicts.map(\.manager) == ["kubectl-edit"])
    #expect(conflicts.map(\.field) == [".data.a"])
  }

  @Test("tells an unknown kind, a namespace that is not there, and what the server forbids apart")
  func refusals() {
    let apply = objects.apply(manifest, of: map, old: .null, force: false)
    let unknown = run(apply, [(404, "{}")]).end
    guard case .success(.unknownKind) = unknown else {
      Issue.record("\(unknown)")
      return
    }
    let nowhere = run(
      apply, [(200, known), (404, #"{"message":"namespaces \"n\" not found"}"#)]
    ).end
    guard case .success(.noNamespace) = nowhere else {
      Issue.record("\(nowhere)")
      return
    }
    let (end, _) = run(
      objects.apply(manifest, of: map, old: .null, force: false),
      [(200, known), (422, #"{"message":"it is immutable","reason":"Invalid"}"#)])
    guard case .success(.refused(let reason)) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(reason.contains("it is immutable"))
  }

  @Test("an answer of 500 is asked for again: applying twice comes to the same")
  func again() {
    let (end, asked) = run(
      objects.apply(manifest, of: map, old: .null, force: false),
      [(200, known), (500, "{}"), (200, #"{"kind":"ConfigMap"}"#)])
    guard case .success(.accepted) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(asked.count == 3)
  }

  @Test("deletes one object by its uid, and takes one that is gone for deleted")
  func deletes() {
    for status in [200, 404, 409] {
      let (end, asked) = run(objects.delete(map, uid: "u"), [(200, known), (status, "{}")])
      guard case .success = end else {
        Issue.record("\(end)")
        return
      }
      #expect(asked.last == "DELETE /api/v1/namespaces/n/configmaps/m")
    }
  }
}
