// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

@Suite("Workloads: restarts, rollouts, marks") struct KubeWorkloadTests {
  private let path = "/apis/apps/v1/namespaces/n/deployments/d"
  private let arguments: Document = [
    "cluster": "a", "kind": "Deployment", "namespace": "n", "name": "d",
  ]
  private let seen = observed(["uid": "u"], .null)

  private func object(_ version: Int, by key: String? = nil, uid: String = "u") -> String {
    let annotations = key.map { #","metadata":{"annotations":{"dr/restarted-by":"\#($0)"}}"# } ?? ""
    return #"{"metadata":{"uid":"\#(uid)","resourceVersion":"\#(version)"},"#
      + #""spec":{"template":{"spec":{}\#(annotations)}}}"#
  }

  private func patch(_ version: Int) -> String {
    "PATCH \(path) "
      + #"{"spec":{"template":{"metadata":{"annotations":{"dr/restarted-by":"run/2.1.0"}}}},"#
      + #""metadata":{"resourceVersion":"\#(version)"}}"#
  }

  private func restart(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
    Transcript(turns).run("kube.restart", arguments, phase)
  }

  @Test("a restart is an annotation with the act's key; a copy of it restarts nothing")
  func restarts() {
    let phase = CallPhase.perform(observed: seen)
    #expect(
      restart([turn("GET \(path)", 200, object(1)), turn(patch(1))], phase) == .finish(.null))
    #expect(
      restart([turn("GET \(path)", 200, object(1, by: "run/2.1.0"))], phase) == .finish(.null))
    #expect(
      restart(
        [
          turn("GET \(path)", 200, object(1)), turn(patch(1), 409),
          turn("GET \(path)", 200, object(2, by: "other")), turn(patch(2)),
        ], phase) == .finish(.null))
    #expect(
      restart([turn("GET \(path)", 200, object(1, uid: "v"))], phase)
        == .fail(.refused("deployments/d in n was replaced by another of the same name")))
    #expect(
      restart([turn("GET \(path)", 200, object(1)), turn(patch(1), .lostAnswer("reset"))], phase)
        == .fail(.inDoubt("reset")))
  }

  @Test("reading back tells whether the restart happened")
  func settlesRestart() {
    let phase = CallPhase.settle(observed: seen)
    #expect(
      restart([turn("GET \(path)", 200, object(1, by: "run/2.1.0"))], phase) == settled("done"))
    #expect(restart([turn("GET \(path)", 200, object(1))], phase) == settled("not_done"))
  }

  @Test("a paused rollout is not restarted")
  func paused() {
    #expect(
      restart([turn("GET \(path)", 200, #"{"spec":{"paused":true}}"#)], .observe)
        == .fail(.refused("cannot restart deployments/d in n: its rollout is paused")))
  }

  @Test(
    "a rollout is done when the controller has seen it and all pods are new and available",
    arguments: [
      (2, 2, 3, 3, 3, true), (2, 1, 3, 3, 3, false), (2, 2, 4, 3, 3, false),
      (2, 2, 3, 2, 3, false), (2, 2, 3, 3, 2, false),
    ])
  func rollout(
    generation: Int, observed: Int, replicas: Int, updated: Int, available: Int, done: Bool
  ) {
    let body =
      #"{"metadata":{"generation":\#(generation)},"spec":{"replicas":3},"status":{"#
      + #""observedGeneration":\#(observed),"replicas":\#(replicas),"#
      + #""updatedReplicas":\#(updated),"availableReplicas":\#(available)}}"#
    #expect(
      Transcript([turn("GET \(path)", 200, body)]).run("kube.rollout", arguments, .read)
        == .finish([
          "done": .bool(done), "stalled": false, "desired": 3, "updated": .int(Int64(updated)),
          "available": .int(Int64(available)),
        ]))
  }

  @Test("a label is set and taken away on the version that was seen, and gives the value before")
  func labels() {
    let node = "/api/v1/nodes/n1"
    func label(_ value: String, _ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run(
        "kube.label",
        [
          "cluster": "a", "group": "", "version": "v1", "resource": "nodes", "namespace": "",
          "name": "n1", "key": "tier", "value": .string(value),
        ], .perform(observed: observed(.null, "old")))
    }
    let object = #"{"metadata":{"resourceVersion":"5","labels":{"tier":"old"}}}"#
    let setting = #"{"metadata":{"labels":{"tier":"new"},"resourceVersion":"5"}}"#
    let removing = #"{"metadata":{"labels":{"tier":null},"resourceVersion":"5"}}"#
    let read = turn("GET \(node)", 200, object)
    #expect(label("new", [read, turn("PATCH \(node) \(setting)")]) == .finish("old"))
    #expect(label("", [read, turn("PATCH \(node) \(removing)")]) == .finish("old"))
    #expect(label("old", [read]) == .finish("old"))
  }
}

@Suite("Engines: sleep, adapters, load") struct EngineTests {
  @Test("an engine is put to sleep once, and reading back tells")
  func sleeps() {
    func sleep(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
      Transcript(turns).run("inference.sleep", ["url": "http://e/", "level": 1], phase)
    }
    let ask = "GET http://e/is_sleeping "
    let phase = CallPhase.perform(observed: observed(.null, false))
    let awake = turn(ask, 200, #"{"is_sleeping":false}"#)
    let asleep = turn(ask, 200, #"{"is_sleeping":true}"#)
    #expect(
      sleep([awake, turn("POST http://e/sleep?level=1&mode=wait ")], phase) == .finish(false))
    #expect(sleep([asleep], phase) == .finish(false))
    #expect(sleep([asleep], .settle(observed: observed(.null, false))) == settled("done", false))
    #expect(sleep([awake], .settle(observed: observed(.null, false))) == settled("not_done"))
    #expect(
      sleep([turn(ask, 404)], .observe)
        == .fail(
          .refused("http://e cannot sleep: vLLM serves it with VLLM_SERVER_DEV_MODE=1 only")))
  }

  @Test("an adapter that is there is not loaded again")
  func adapters() {
    func load(_ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run(
        "inference.load_adapter", ["url": "http://e", "name": "sql", "path": "/a"],
        .perform(observed: observed(.null, false)))
    }
    let list = "GET http://e/v1/models "
    let order = #"POST http://e/v1/load_lora_adapter {"lora_name":"sql","lora_path":"/a"}"#
    #expect(load([turn(list, 200, #"{"data":[{"id":"base"}]}"#), turn(order)]) == .finish(false))
    #expect(load([turn(list, 200, #"{"data":[{"id":"sql"}]}"#)]) == .finish(false))
  }

  @Test("an adapter is unloaded once, and has gone when it is not listed")
  func unloads() {
    func unload(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
      Transcript(turns).run("inference.unload_adapter", ["url": "http://e", "name": "sql"], phase)
    }
    let list = "GET http://e/v1/models "
    let order = #"POST http://e/v1/unload_lora_adapter {"lora_name":"sql"}"#
    let (there, gone) = (#"{"data":[{"id":"sql"}]}"#, #"{"data":[]}"#)
    let phase = CallPhase.perform(observed: observed(.null, true))
    #expect(unload([turn(list, 200, there), turn(order)], phase) == .finish(true))
    #expect(unload([turn(list, 200, gone)], phase) == .finish(true))
    #expect(
      unload([turn(list, 200, there), turn(order, .lostAnswer("reset"))], phase)
        == .fail(.inDoubt("reset")))
    let settle = CallPhase.settle(observed: observed(.null, true))
    #expect(unload([turn(list, 200, gone)], settle) == settled("done", true))
    #expect(unload([turn(list, 200, there)], settle) == settled("not_done"))
  }

  @Test("load is read from the metrics of vLLM and SGLang, summed over their series")
  func load() {
    func load(_ text: String) -> Transcript.End {
      Transcript([turn("GET http://e/metrics ", 200, text)]).run(
        "inference.load", ["url": "http://e"], .read)
    }
    let vllm = """
      # TYPE vllm:num_requests_running gauge
      vllm:num_requests_running{engine="0",model_name="a b"} 2.0
      vllm:num_requests_running{engine="1",model_name="a b"} 1.0
      vllm:num_requests_waiting{engine="0"} 4
      vllm:kv_cache_usage_perc{engine="0"} 0.25
      """
    #expect(load(vllm) == .finish(["running": 3, "waiting": 4, "cache": 250_000_000]))
    #expect(
      load("sglang:num_running_reqs 1\nsglang:num_queue_reqs 0\n")
        == .finish(["running": 1, "waiting": 0, "cache": 0]))
    #expect(
      load("up 1")
        == .fail(
          .refused("http://e/metrics has neither vLLM's nor SGLang's request counts")))
  }
}
