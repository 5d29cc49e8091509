// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

/// Conditions of objects of any kind.
@Suite("Conditions") struct KubeConditionTests {
  private let path = "/apis/gateway.networking.k8s.io/v1/namespaces/n/gateways/g"

  private func condition(_ turns: [Transcript.Turn]) -> Transcript.End {
    Transcript(turns).run(
      "kube.condition",
      [
        "cluster": "a", "group": "gateway.networking.k8s.io", "version": "v1",
        "resource": "gateways", "namespace": "n", "name": "g", "condition": "Programmed",
      ], .read)
  }

  private func answer(
    _ status: String, reason: String = "", message: String = "", stale: Bool, holds: Bool
  ) -> Transcript.End {
    .finish([
      "status": .string(status), "reason": .string(reason), "message": .string(message),
      "stale": .bool(stale), "holds": .bool(holds),
    ])
  }

  private func object(_ generation: Int, _ status: String) -> Transcript.Turn {
    turn("GET \(path)", 200, #"{"metadata":{"generation":\#(generation)},"status":\#(status)}"#)
  }

  @Test("a condition holds where it is True of the newest version")
  func holds() {
    let other = #"{"type":"Accepted","status":"False"}"#
    #expect(
      condition([
        object(
          2,
          #"{"conditions":[\#(other),{"type":"Programmed","status":"True","reason":"R","#
            + #""message":"m","observedGeneration":2}]}"#)
      ]) == answer("True", reason: "R", message: "m", stale: false, holds: true))
    #expect(
      condition([object(2, #"{"conditions":[{"type":"Programmed","status":"Unknown"}]}"#)])
        == answer("Unknown", stale: false, holds: false))
  }

  @Test("what is said of an earlier version holds nothing; the condition's own word goes first")
  func stale() {
    #expect(
      condition([
        object(
          3, #"{"conditions":[{"type":"Programmed","status":"True","observedGeneration":2}]}"#)
      ]) == answer("True", stale: true, holds: false))
    #expect(
      condition([
        object(
          3, #"{"observedGeneration":2,"conditions":[{"type":"Programmed","status":"True"}]}"#)
      ]) == answer("True", stale: true, holds: false))
    #expect(
      condition([
        object(
          3,
          #"{"observedGeneration":2,"conditions":[{"type":"Programmed","status":"True","#
            + #""observedGeneration":3}]}"#)
      ]) == answer("True", stale: false, holds: true))
    // A node has no generation.
    #expect(
      condition([
        turn(
          "GET \(path)", 200, #"{"status":{"conditions":[{"type":"Programmed","status":"True"}]}}"#)
      ]) == answer("True", stale: false, holds: true))
  }

  @Test("an object without it has none, one that is not there is refused")
  func absent() {
    #expect(
      condition([turn("GET \(path)", 200, #"{"metadata":{"generation":1}}"#)])
        == answer("", stale: false, holds: false))
    #expect(
      condition([turn("GET \(path)", 404)]) == .fail(.refused("gateways/g in n does not exist")))
  }

  @Test("one object is asked for, which can be watched by its name")
  func watched() throws {
    let request = KubernetesRequest(cluster: "a", method: .get, path: path, agent: "dr")
    let target = try #require(WatchTarget(request))
    #expect(target.fieldSelector == "metadata.name=g")
  }
}
