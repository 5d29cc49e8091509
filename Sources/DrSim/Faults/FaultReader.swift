// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// Reads faults as the standard library hands them over: stdlib/policy.dr's `_TimedFault`.
package struct FaultReader {
  private let cluster: SimulatedCluster

  /// Faults of that cluster and of what runs on it.
  package init(_ cluster: SimulatedCluster) { self.cluster = cluster }

  /// Throws what is wrong with a fault that names what the cluster does not have.
  package func fault(_ document: Document, at span: Span?) throws(Diagnostic) -> TimedFault {
    let kind = document["kind"]?.stringValue ?? ""
    guard let type = SimulatedFault.kinds.first(where: { $0.kind == kind }) else {
      throw Diagnostic(
        .unsupportedTarget, "the simulated world knows no fault \"\(kind)\"", at: span)
    }
    var fault = SimulatedFault(
      try type.init(FaultFacts(document: document, cluster: cluster, span: span)))
    fault.isMended = document["mended"]?.boolValue ?? false
    if let every = document["every"]?.intValue {
      fault.flapping = .init(every: every, times: document["times"]?.intValue ?? 1)
    }
    let delay = max(0, document["at"]?.intValue ?? 0)
    return TimedFault(at: SimulatedWorld.epoch.advanced(by: delay), fault)
  }
}

/// What a program says of one fault, checked against the cluster that it hits.
struct FaultFacts {
  let document: Document
  let cluster: SimulatedCluster
  let span: Span?

  func text(_ name: String) -> String { document[name]?.stringValue ?? "" }
  func given(_ name: String) -> String? { document[name]?.stringValue }
  func int(_ name: String) -> Int64? { document[name]?.intValue }

  func unknown(_ message: String) -> Diagnostic { Diagnostic(.unknownName, message, at: span) }

  /// The label of the zone in a field.
  func zone(_ name: String = "zone") throws(Diagnostic) -> String {
    let label = text(name)
    guard cluster.zones.contains(where: { $0.label == label }) else {
      throw unknown("the cluster \(cluster.label) has no zone \"\(label)\" to lose")
    }
    return label
  }

  /// The same, where one is given.
  func zoneIfGiven(_ name: String = "zone") throws(Diagnostic) -> String? {
    given(name) == nil ? nil : try zone(name)
  }

  /// The label of the service.
  func service() throws(Diagnostic) -> String {
    let label = text("service")
    guard cluster.services.contains(where: { $0.label == label }) else {
      throw unknown("no service \(label) runs on the cluster \(cluster.label)")
    }
    return label
  }
}
