// SPDX-License-Identifier: Apache-2.0
//
// What can go wrong in a simulated world. Each kind of fault is a type of its own, which holds all
// that is known of it; `kinds` lists them.

import DrBase
import DrRun

/// One kind of fault. Zones, services and what else it hits are named by their labels.
protocol FaultKind: Sendable, Equatable {
  /// What stdlib/policy.dr's `_TimedFault` calls it.
  static var kind: String { get }

  /// Reads what a program says; throws where it hits what the cluster does not have.
  init(_ facts: FaultFacts) throws(Diagnostic)

  /// What happens, for people, and what happens when it is over.
  var text: String { get }
  var mendedText: String { get }

  func strike(_ world: SimulatedWorld)
  /// Takes it back; what is not so is left as it is.
  func mend(_ world: SimulatedWorld)

  /// As a program says it, and how it says that it is over.
  func source(_ names: FaultNames) -> String
  func mendedSource(_ names: FaultNames) -> String

  /// The same for so many nanoseconds, where it ends by itself.
  func bounded(to length: Int64) -> Self

  /// What `--explore` tries alone.
  static func alone(in cluster: SimulatedCluster) -> [Self]
  /// Whether it also tries it after every other one.
  static var isPaired: Bool { get }
}

extension FaultKind {
  func mendedSource(_ names: FaultNames) -> String { "mend(\(source(names)))" }
  func bounded(to length: Int64) -> Self { self }
  static var isPaired: Bool { false }
  fileprivate func equals(_ other: any FaultKind) -> Bool { (other as? Self) == self }
}

/// A kind of fault that is said by a service and, where it is not everywhere, a zone.
protocol ServiceFault: FaultKind {
  init(service: String, zone: String?)
}

extension ServiceFault {
  init(_ facts: FaultFacts) throws(Diagnostic) {
    self.init(service: try facts.service(), zone: try facts.zoneIfGiven())
  }
}

/// Something that goes wrong, or is put right.
package struct SimulatedFault: Sendable, Equatable {
  /// It stays and stays away in turns, for so many nanoseconds each, and comes so many times.
  struct Flapping: Sendable, Equatable {
    var every: Int64
    var times: Int64
  }

  let kind: any FaultKind
  var isMended = false
  var flapping: Flapping?

  init(_ kind: any FaultKind) { self.kind = kind }

  /// Every kind, in the order in which they are explored.
  static let kinds: [any FaultKind.Type] = [
    ZoneOutage.self, RegionOutage.self, NodeOutage.self, ServiceHang.self, EngineStall.self,
    EngineSleep.self, NetworkPartition.self, ControlPlaneCut.self, SlowNetwork.self,
    ApiServerOutage.self, DependencyOutage.self, FrontOutage.self, LookBad.self,
    // Only proofs ask for these.
    NamedNodesOutage.self, HoldingNodeOutage.self,
  ]

  package static func == (a: Self, b: Self) -> Bool {
    a.isMended == b.isMended && a.flapping == b.flapping && a.kind.equals(b.kind)
  }

  /// What happens, for people.
  package var text: String {
    if isMended { return kind.mendedText }
    guard let flapping else { return kind.text }
    return kind.text
      + " and comes back, every \(Words.duration(flapping.every)), \(Words.count(Int(flapping.times), "time"))"
  }

  /// As a program says it.
  func source(_ names: FaultNames) -> String {
    if isMended { return kind.mendedSource(names) }
    guard let flapping else { return kind.source(names) }
    return
      "flap(\(kind.source(names)), every: \(Words.duration(flapping.every)), times: \(flapping.times))"
  }

  /// What takes it back; `nil` of what puts something right.
  package var mending: SimulatedFault? {
    guard !isMended else { return nil }
    return .mended(kind)
  }

  package func bounded(to length: Int64) -> Self {
    var fault = self
    fault = Self(kind.bounded(to: length))
    fault.isMended = isMended
    fault.flapping = flapping
    return fault
  }

  func strike(_ world: SimulatedWorld) {
    if isMended { kind.mend(world) } else { kind.strike(world) }
  }
}

/// A fault and when it comes.
package struct TimedFault: Sendable, Equatable {
  package var at: Instant
  package var fault: SimulatedFault

  package init(at: Instant, _ fault: SimulatedFault) {
    self.at = at
    self.fault = fault
  }

  /// Each coming and going of what flaps; else the fault itself.
  package var parts: [TimedFault] {
    guard let flapping = fault.flapping, !fault.isMended else { return [self] }
    return (0..<flapping.times).flatMap { turn in
      let (comes, goes) = (2 * turn, 2 * turn + 1)
      return [
        TimedFault(
          at: at.advanced(by: Second.product(comes, flapping.every)), SimulatedFault(fault.kind)),
        TimedFault(
          at: at.advanced(by: Second.product(goes, flapping.every)), .mended(fault.kind)),
      ]
    }
  }
}

// MARK: By name

extension SimulatedFault {
  static func mended(_ kind: any FaultKind) -> Self {
    var fault = Self(kind)
    fault.isMended = true
    return fault
  }

  static func flapping(_ fault: Self, every: Int64, times: Int64) -> Self {
    var fault = fault
    fault.flapping = Flapping(every: every, times: times)
    return fault
  }

  /// A zone loses power: its nodes and pods are gone at once.
  package static func fail(zone: String) -> Self { Self(ZoneOutage(zone: zone)) }
  /// The power is back: nodes report again and containers start anew.
  package static func restore(zone: String) -> Self { .mended(ZoneOutage(zone: zone)) }
  /// No API server answers for so many nanoseconds, and no controller works.
  package static func apiServerDown(for length: Int64) -> Self {
    Self(ApiServerOutage(lasting: length))
  }
  /// The service's processes in a zone (`nil`: in all) stop answering, and new ones never begin to.
  package static func hang(service: String, zone: String?) -> Self {
    Self(ServiceHang(service: service, zone: zone))
  }
  /// They answer again.
  package static func unhang(service: String, zone: String?) -> Self {
    .mended(ServiceHang(service: service, zone: zone))
  }
  /// The nodes whose names begin so lose power: those of a pool, `az1-gpu-`.
  package static func failNodes(named prefix: String) -> Self {
    Self(NamedNodesOutage(prefix: prefix))
  }
  /// Of the nodes whose names begin so, the one with the most pods of a service loses power.
  package static func failNode(named prefix: String, holding service: String) -> Self {
    Self(HoldingNodeOutage(prefix: prefix, service: service))
  }
  /// Nothing is got any more from what services need to start.
  package static func failDependency(_ name: String) -> Self {
    Self(DependencyOutage(name: name))
  }
  /// What runs a front is gone: it answers nothing.
  package static func failFront(_ name: String) -> Self { Self(FrontOutage(name: name)) }
}
