// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrSim

@Suite struct CallTests {
  @Test func unknownNativesAreUnavailable() throws {
    let world = SimulatedWorld([twoZones()])
    for failure in [world.read("kube.moon").failure, world.act("dns.update", [:]).failure] {
      guard case .unavailable = try #require(failure) else {
        Issue.record("\(String(describing: failure))")
        continue
      }
    }
    #expect(world.read("runs.failovers", ["service": "s", "last": 1]).value == 0)
  }

  @Test func scaleSaysWhatItWouldChangeAndWhatItNeeds() throws {
    let world = SimulatedWorld([
      twoZones { $0.deployments[1].autoscaler = .init(least: 1, most: 3) }
    ])
    let scale: Document = ["name": "s-b", "replicas": 2]
    let observed = try world.observe("kube.scale", scale)
    #expect(observed.target == "deployments/s-b in n")
    #expect(
      observed.changes == [
        "minReplicas of horizontalpodautoscalers/s-b 1 → 2", "replicas 1 → 2",
      ])
    #expect(observed.permissions.contains("patch deployments.apps/scale in n"))
    #expect(observed.result == 1)
    #expect(world.settle("kube.scale", scale, observed) == "not_done")
    #expect(world.deployments[1].replicas == 1)
    #expect(world.act("kube.scale", scale).value == 1)
    #expect(world.settle("kube.scale", scale, observed) == "done")
    #expect(try world.observe("kube.scale", scale).changes == [])
    #expect(
      try world.observe("kube.scale", ["name": "s-b", "replicas": 1]).changes == [
        "minReplicas of horizontalpodautoscalers/s-b 2 → 1", "replicas 2 → 1",
      ])
    guard case .refused = world.act("kube.scale", ["name": "s-b", "replicas": 4]).failure else {
      Issue.record("more than the autoscaler allows")
      return
    }
  }

  @Test func drainedNodesAreCordonedAndEmpty() throws {
    let world = SimulatedWorld([twoZones()])
    let pod = try world.listedPods("a")[0]
    let (node, name) = (pod["node"] ?? .null, pod["name"]?.stringValue ?? "")
    func drain(seconds: Int64) -> Document {
      [
        "node": node, "lose_data": false, "lose_unmanaged": false,
        "timeout": .int(seconds * Second.one),
      ]
    }
    let observed = try world.observe("kube.drain", drain(seconds: 600))
    #expect(observed.changes == ["cordoned", "n/\(name) evicted"])
    #expect(observed.result == false)
    #expect(world.settle("kube.drain", drain(seconds: 600), observed) == "not_done")
    #expect(world.act("kube.drain", drain(seconds: 600)).value == false)
    #expect(world.settle("kube.drain", drain(seconds: 600), observed) == "done")
    #expect(try world.listedPods("a").allSatisfy { $0["node"] != node })
    #expect(try world.observe("kube.drain", drain(seconds: 600)).changes == [])
  }

  @Test func aDrainThatABudgetKeepsEndsWithItsTimeout() throws {
    let world = SimulatedWorld([twoZones()])
    let pod = try world.listedPods("a")[0]
    world.strikeNow(.fail(zone: "b"))
    world.advance(toSecond: 45)
    let failure = world.act(
      "kube.drain",
      [
        "node": pod["node"] ?? .null, "lose_data": false, "lose_unmanaged": false,
        "timeout": .int(60 * Second.one),
      ]
    ).failure
    #expect(failure == .busy("it does not end in time"))
    #expect(world.nodes.allSatisfy { !$0.isCordoned })
  }

  @Test func argumentsOfAnotherKindAreRefused() {
    let world = SimulatedWorld([twoZones()])
    for arguments: Document in [
      [:], ["name": "s-b"], ["name": "s-b", "replicas": "2"], ["name": "s-b", "replicas": -1],
      ["name": 1, "replicas": 2], ["name": "nothing", "replicas": 1],
    ] {
      guard case .refused = world.act("kube.scale", arguments).failure else {
        Issue.record("\(arguments)")
        continue
      }
    }
  }

  @Test func serversAnswerWhereTheyServe() throws {
    let world = SimulatedWorld([twoZones()])
    let address = try #require(try world.listedPods("a").first?["ip"]?.stringValue)
    func serving(_ model: Document) -> Document? {
      world.read(
        "inference.serving",
        [
          "url": .string("http://\(address):5000"), "api": "infer", "model": model,
          "timeout": .int(5 * Second.one),
        ]
      ).value
    }
    #expect(serving("m") == true)
    #expect(serving("other") == false)
    let generate: Document = [
      "url": .string("http://\(address):5000"), "api": "infer", "model": "m", "prompt": "ping",
      "max_tokens": 1, "timeout": .int(5 * Second.one),
    ]
    #expect(world.act("inference.generate", generate).value?.stringValue?.isEmpty == false)
    world.strikeNow(.fail(zone: "a"))
    let start = world.now
    #expect(serving("m") == false)
    #expect(world.now == start.advanced(by: 5 * Second.one))
    guard case .unreachable = world.act("inference.generate", generate).failure else {
      Issue.record("a dead zone generates")
      return
    }
  }

  @Test func manifestsAreCreatedChangedAndLeftAlone() throws {
    let world = SimulatedWorld([twoZones()])
    func manifest(_ value: String) -> Document {
      [
        "manifest": [
          "apiVersion": "v1", "kind": "ConfigMap",
          "metadata": ["name": "m", "namespace": "n"], "data": ["k": .string(value)],
        ]
      ]
    }
    #expect(try world.observe("kube.apply", manifest("1")).changes == ["created"])
    world.act("kube.apply", manifest("1"))
    #expect(try world.observe("kube.apply", manifest("1")).changes == [])
    let change = try world.observe("kube.apply", manifest("2"))
    #expect(change.changes == ["changed"])
    #expect(world.settle("kube.apply", manifest("2"), change) == "not_done")
    world.act("kube.apply", manifest("2"))
    #expect(world.settle("kube.apply", manifest("2"), change) == "done")
  }

  @Test func nodesAreSelectedByZone() {
    let world = SimulatedWorld([twoZones()])
    let nodes = world.read("kube.nodes", ["selector": ["topology.kubernetes.io/zone": "b"]])
    #expect(
      nodes.value?.arrayValue?.first == ["name": "b-1", "ready": true, "schedulable": true])
    #expect(nodes.value?.arrayValue?.count == 3)
  }
}

@Suite struct LockTests {
  private func lock(_ holder: String, ttl: Int64 = 60) -> Document {
    [
      "cluster": "", "name": "deepseek", "holder": .string(holder),
      "ttl": .int(ttl * Second.one),
    ]
  }

  @Test func oneHolderAtATime() throws {
    let world = SimulatedWorld([twoZones()])
    #expect(world.act("lock.acquire", lock("r1")).value == 1)
    #expect(world.act("lock.acquire", lock("r1")).value == 1)
    guard case .held(let text) = try #require(world.act("lock.acquire", lock("r2")).failure)
    else {
      Issue.record("two hold the lock")
      return
    }
    #expect(text.contains("r1"))
    world.act("lock.release", lock("r2"))
    #expect(world.act("lock.acquire", lock("r2")).failure != nil)
    world.act("lock.release", lock("r1"))
    #expect(world.act("lock.acquire", lock("r2")).value == 2)
    #expect(world.act("lock.renew", lock("r1")).failure != nil)
  }

  @Test func aHoldEndsUnlessRenewed() {
    let world = SimulatedWorld([twoZones()])
    world.act("lock.acquire", lock("r1"))
    world.advance(toSecond: 50)
    #expect(world.act("lock.renew", lock("r1")).value == .null)
    world.advance(toSecond: 100)
    #expect(world.act("lock.acquire", lock("r2")).failure != nil)
    world.advance(toSecond: 111)
    #expect(world.act("lock.acquire", lock("r2")).value == 2)
  }
}
