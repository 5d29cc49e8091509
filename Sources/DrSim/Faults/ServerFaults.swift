// SPDX-License-Identifier: Apache-2.0
//
// Servers that no longer do what they are for: processes that hang, engines that stall or sleep. The
// first answer nothing, the others answer their checks.

import DrBase
import DrRun

/// The service's processes in a zone (`nil`: in all) stop answering, and new ones never begin to.
struct ServiceHang: ServiceFault {
  static let kind = "service_hang"
  static let isPaired = true
  let service: String
  let zone: String?

  var text: String { "\(service) hangs\(Place.text(zone))" }
  var mendedText: String { "\(service) answers again\(Place.text(zone))" }

  func strike(_ world: SimulatedWorld) {
    for index in world.services.indices where world.services[index].spec.label == service {
      world.hang(index, inZoneLabelled: zone)
    }
  }
  func mend(_ world: SimulatedWorld) {
    for index in world.services.indices where world.services[index].spec.label == service {
      world.unhang(index, inZoneLabelled: zone)
    }
  }

  func source(_ names: FaultNames) -> String { "hang(\(names.place(service, zone)))" }
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    Place.all(in: cluster).map { Self(service: $0.service.label, zone: $0.zone) }
  }
}

/// Engines answer their checks and generate nothing: vLLM's /health is 200 while its engine core waits
/// for a GPU that is stuck. What is started anew is well.
struct EngineStall: ServiceFault {
  static let kind = "engine_stall"
  let service: String
  let zone: String?

  var text: String { "\(service) answers its checks and generates nothing\(Place.text(zone))" }
  var mendedText: String { "\(service) generates again\(Place.text(zone))" }

  func strike(_ world: SimulatedWorld) {
    for pod in world.pods(of: service, inZoneLabelled: zone) where world.serves(pod) {
      world.setEngine(.stalled, of: pod)
    }
  }
  func mend(_ world: SimulatedWorld) {
    for pod in world.pods(of: service, inZoneLabelled: zone)
    where world.pods[pod].engine == .stalled { world.setEngine(.runs, of: pod) }
  }

  func source(_ names: FaultNames) -> String { "stall(\(names.place(service, zone)))" }
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    Place.all(in: cluster).map { Self(service: $0.service.label, zone: $0.zone) }
  }
}

/// Engines sleep: checks are answered, requests refused, until they are woken up. vLLM's /health stays
/// 200 while it sleeps (vllm 0.33, entrypoints).
struct EngineSleep: FaultKind {
  static let kind = "engine_sleep"
  let service: String
  let zone: String?
  /// 1 keeps the weights in memory, 2 drops them.
  let level: Int64

  init(service: String, zone: String?, level: Int64 = 1) {
    self.service = service
    self.zone = zone
    self.level = level
  }
  init(_ facts: FaultFacts) throws(Diagnostic) {
    self.init(
      service: try facts.service(), zone: try facts.zoneIfGiven(), level: facts.int("level") ?? 1)
  }

  var text: String { "\(service) falls asleep\(Place.text(zone))" }
  var mendedText: String { "\(service) is awake again\(Place.text(zone))" }

  func strike(_ world: SimulatedWorld) {
    for pod in world.pods(of: service, inZoneLabelled: zone) where world.serves(pod) {
      world.setEngine(.asleep(level: level), of: pod)
    }
  }
  func mend(_ world: SimulatedWorld) {
    for pod in world.pods(of: service, inZoneLabelled: zone) where world.pods[pod].engine.isAsleep {
      world.setEngine(.runs, of: pod)
    }
  }

  func source(_ names: FaultNames) -> String {
    "asleep(\(names.place(service, zone))\(level == 1 ? "" : ", level: \(level)"))"
  }
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    Place.all(in: cluster).filter(\.service.canSleep).map {
      Self(service: $0.service.label, zone: $0.zone)
    }
  }
}

/// Where a service runs.
enum Place {
  /// ` in az1`
  static func text(_ zone: String?) -> String { zone.map { " in \($0)" } ?? "" }

  /// Every service in every zone that it has replicas in, in the order of the cluster's zones.
  static func all(
    in cluster: SimulatedCluster
  ) -> [(service: SimulatedCluster.Service, zone: String)] {
    cluster.services.flatMap { service in
      cluster.zones.map(\.label).filter { zone in
        service.deployments.contains { $0.zone == zone }
      }.map { (service, $0) }
    }
  }
}
