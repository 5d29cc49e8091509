// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import DrSema
import Testing

@testable import DrSim

/// The shape of the example by hand: zones `a` and `b`, one GPU in each node, a service with one
/// replica in each.
func twoZones(
  minor: Int = 26, nodes: (a: Int, b: Int) = (3, 3), replicas: (a: Int, b: Int) = (1, 1),
  kind: SimulatedCluster.Front.Kind = .gslb(domain: "s.example", ttl: 30 * Second.one),
  change: (inout SimulatedCluster.Service) -> Void = { _ in }
) -> SimulatedCluster {
  let room = SimulatedCluster.Size(cpuMillis: 16_000, memory: 64 << 30, gpu: 1)
  func zone(_ label: String, _ count: Int) -> SimulatedCluster.Zone {
    SimulatedCluster.Zone(
      label: label, region: "r",
      nodes: (0..<count).map { SimulatedCluster.Node(name: "\(label)-\($0 + 1)", room: room) })
  }
  func deployment(_ zone: String, _ count: Int) -> SimulatedCluster.Deployment {
    SimulatedCluster.Deployment(
      name: "s-\(zone)", zone: zone, replicas: count,
      labels: [.init("app", "s"), .init("zone", zone)])
  }
  var service = SimulatedCluster.Service(
    label: "s", namespace: "n", image: "i:1",
    deployments: [deployment("a", replicas.a), deployment("b", replicas.b)],
    labels: [.init("app", "s")],
    needs: SimulatedCluster.Size(cpuMillis: 4_000, memory: 16 << 30, gpu: 1), port: 5000,
    weights: .init(
      model: "m", size: 15_000_000_000, loadRate: 2_000_000_000, warmUp: 5 * Second.one),
    ready: .init(after: 5 * Second.one, every: 5 * Second.one), atLeast: 2,
    rto: 300 * Second.one)
  change(&service)
  return SimulatedCluster(
    label: "c", kubernetesMinor: minor, zones: [zone("a", nodes.a), zone("b", nodes.b)],
    services: [service],
    fronts: [.init(label: "front", service: "s", kind: kind, zones: ["a", "b"])])
}

extension SimulatedWorld {
  /// Lets a fault come now.
  func strikeNow(_ fault: SimulatedFault) {
    schedule(TimedFault(at: now, fault))
    advance(to: now)
  }

  /// Lets time pass up to so many seconds after the beginning.
  func advance(toSecond count: Double) {
    advance(to: SimulatedWorld.epoch.advanced(by: Int64(count * 1e9)))
  }

  private func call(_ name: String, _ arguments: Document, _ effect: Effect) -> WorldCall {
    var all = DocumentObject([("cluster", "c"), ("namespace", "n")])
    for member in arguments.objectValue?.members ?? [] { all[member.name] = member.value }
    return WorldCall(
      name: name, arguments: all, effect: effect,
      actClass: effect == .acts ? .apply : nil, key: "r/0")
  }

  func read(_ name: String, _ arguments: Document = [:]) -> Result<Document, WorldFailure> {
    answer(call(name, arguments, .reads), .read).answer
  }

  func observe(_ name: String, _ arguments: Document) throws -> Observation {
    let document = try answer(call(name, arguments, .acts), .observe).answer.get()
    return try #require(Observation(document))
  }

  /// Observes and performs.
  @discardableResult
  func act(_ name: String, _ arguments: Document) -> Result<Document, WorldFailure> {
    let call = call(name, arguments, .acts)
    switch answer(call, .observe).answer {
    case .failure(let failure): return .failure(failure)
    case .success(let observed): return answer(call, .perform(observed: observed)).answer
    }
  }

  func settle(_ name: String, _ arguments: Document, _ observed: Observation) -> String? {
    let answer = answer(call(name, arguments, .acts), .settle(observed: observed.document)).answer
    return (try? answer.get())?["state"]?.stringValue
  }

  /// The pods that `kube.pods` gives, by name.
  func listedPods(_ zone: String) throws -> [Document] {
    let answer = read("kube.pods", ["selector": ["app": "s", "zone": .string(zone)]])
    return try answer.get().arrayValue ?? []
  }

  func nodesReady(_ zone: String) -> [Bool] {
    zones.first { $0.label == zone }?.nodes.map { nodes[$0].isReady } ?? []
  }
}

extension Result<Document, WorldFailure> {
  var failure: WorldFailure? { if case .failure(let failure) = self { failure } else { nil } }
  var value: Document? { try? get() }
}
