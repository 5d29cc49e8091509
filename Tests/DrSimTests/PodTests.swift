// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrSim

@Suite struct PodTests {
  /// Scales zone b at second 0 and gives the world.
  private func scaled(
    to replicas: Int64, _ change: (inout SimulatedCluster.Service) -> Void = { _ in }
  ) -> SimulatedWorld {
    let world = SimulatedWorld([twoZones(change: change)])
    let latency = Latency.kubernetesRead + Latency.kubernetesAct
    world.act("kube.scale", ["name": "s-b", "replicas": .int(replicas)])
    #expect(world.now == SimulatedWorld.epoch.advanced(by: latency))
    return world
  }

  private func readyInB(_ world: SimulatedWorld, at second: Double) -> Int {
    world.advance(toSecond: second)
    return world.deployments[1].pods.count { world.pods[$0].isReady }
  }

  @Test func newReplicaPullsLoadsWarmsUpAndPassesItsCheck() {
    // 20 s of pull; 15 GB at 2 GB/s and 5 s of warm-up; checks 5, 10 and 15 s after the start.
    let world = scaled(to: 2)
    #expect(readyInB(world, at: 35.069) == 1)
    #expect(readyInB(world, at: 35.071) == 2)
    #expect(world.services[0].serving.last?.count == 3)
  }

  @Test func nodeThatHasTheImageDoesNotPullAgain() {
    let world = scaled(to: 2)
    world.advance(toSecond: 100)
    world.act("kube.scale", ["name": "s-b", "replicas": 1])
    world.advance(toSecond: 200)
    world.act("kube.scale", ["name": "s-b", "replicas": 2])
    #expect(readyInB(world, at: 215) == 1)
    #expect(readyInB(world, at: 215.2) == 2)
  }

  @Test func withoutAReadinessProbeARunningContainerIsReadyBeforeItServes() {
    let world = scaled(to: 2) { $0.ready = nil }
    #expect(readyInB(world, at: 20.1) == 2)
    #expect(world.services[0].serving.last?.count == 2)
    world.advance(toSecond: 33)
    #expect(world.services[0].serving.last?.count == 3)
  }

  @Test func startupProbeThatGivesUpTooSoonKeepsTheReplicaDown() {
    // Two checks, 10 s apart, are over before 12.5 s of loading.
    let world = scaled(to: 2) { $0.startup = .init(every: 10 * Second.one, failures: 2) }
    #expect(readyInB(world, at: 3_000) == 1)
    let enough = scaled(to: 2) { $0.startup = .init(every: 10 * Second.one, failures: 3) }
    #expect(readyInB(enough, at: 60) == 2)
  }

  @Test func scalingStopsAtTheGPUs() throws {
    let world = scaled(to: 5)
    world.advance(toSecond: 100)
    let pods = try world.listedPods("b")
    #expect(pods.count == 5)
    #expect(pods.count { $0["phase"] == "Pending" } == 2)
    #expect(pods.count { $0["ready"] == true } == 3)
    // One pod for each node: none has two GPUs.
    #expect(Set(pods.compactMap { $0["node"]?.stringValue }) == ["", "b-1", "b-2", "b-3"])
  }

  @Test func roomLeftByOthersIsTaken() throws {
    let world = scaled(to: 4)
    let replicas = try world.read("kube.replicas", ["name": "s-b"]).get()
    #expect(replicas["desired"] == 4)
    #expect(replicas["ready"] == 1)
    // Down to one and up again: those that stop make room.
    world.advance(toSecond: 100)
    world.act("kube.scale", ["name": "s-b", "replicas": 3])
    world.advance(toSecond: 110)
    #expect(try world.listedPods("b").allSatisfy { $0["ready"] == true })
  }

  @Test func cordonedNodesTakeNothingNew() throws {
    let world = SimulatedWorld([twoZones()])
    for node in ["b-2", "b-3"] { world.act("kube.cordon", ["node": .string(node)]) }
    #expect(world.read("kube.free", free).value == 1)
    world.act("kube.scale", ["name": "s-b", "replicas": 2])
    world.advance(toSecond: 60)
    #expect(try world.listedPods("b").count { $0["phase"] == "Pending" } == 1)
    #expect(world.act("kube.uncordon", ["node": "b-2"]).value == true)
    world.advance(toSecond: 120)
    #expect(try world.listedPods("b").count { $0["ready"] == true } == 2)
  }

  private var free: Document {
    [
      "selector": ["topology.kubernetes.io/zone": "b"], "pods": ["app": "s"],
      "cpu_millis": 4000, "memory": .int(16 << 30), "gpu": 1,
    ]
  }

  @Test func freeRoomCountsOnReadyNodesAndNotTheOwnPods() {
    let world = SimulatedWorld([twoZones()])
    #expect(world.read("kube.free", free).value == 3)
    var others = free.objectValue ?? DocumentObject()
    others["pods"] = ["app": "other"]
    #expect(world.read("kube.free", .object(others)).value == 2)
    world.strikeNow(.fail(zone: "b"))
    world.advance(toSecond: 41)
    #expect(world.read("kube.free", free).value == 0)
  }

  @Test(arguments: [
    (SimulatedCluster.Probe(every: 10 * Second.one, timeout: Second.one, failures: 3), 20.0, 31.0),
    (
      SimulatedCluster.Probe(every: 5 * Second.one, timeout: 2 * Second.one, failures: 2), 5.0, 12.0
    ),
  ])
  func hungServerIsUnreadyAfterItsFailures(
    probe: SimulatedCluster.Probe, from: Double, until: Double
  ) {
    for offset in stride(from: 0.25, to: 10, by: 0.5) {
      let world = SimulatedWorld([twoZones { $0.ready = probe }])
      world.advance(toSecond: offset)
      world.strikeNow(.hang(service: "s", zone: "b"))
      #expect(world.services[0].serving.last?.count == 1)
      #expect(readyInB(world, at: offset + from) == 1)
      #expect(readyInB(world, at: offset + until) == 0)
    }
  }

  @Test func evictionWaitsForTheBudget() throws {
    let world = SimulatedWorld([twoZones(replicas: (1, 2))])
    world.strikeNow(.hang(service: "s", zone: "a"))
    world.advance(toSecond: 20)
    let name = try #require(try world.listedPods("b").first?["name"])
    let start = world.now
    // One of three is out of service already: the budget lets no further one go.
    let call = WorldCall(
      name: "kube.evict",
      arguments: DocumentObject([("cluster", "c"), ("namespace", "n"), ("pod", name)]),
      effect: .acts, actClass: .verify, key: "r/1")
    let observed = try world.answer(call, .observe).answer.get()
    let pending = world.begin(call, .perform(observed: observed))
    world.advance(by: pending.latency)
    guard case .later = world.proceed(pending) else {
      Issue.record("the eviction should be refused for now")
      return
    }
    world.act("kube.scale", ["name": "s-a", "replicas": 0])
    let (answer, _) = world.answer(call, .perform(observed: observed))
    #expect(answer.value == .null)
    #expect(world.now > start)
    #expect(try world.listedPods("b").allSatisfy { $0["name"] != name })
  }
}
