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
    let fault: SimulatedFault
    switch kind {
    case "zone_outage": fault = .fail(zone: try zone(document, span))
    case "zone_return": fault = .restore(zone: try zone(document, span))
    case "service_hang":
      let service = document["service"]?.stringValue ?? ""
      guard cluster.services.contains(where: { $0.label == service }) else {
        throw Diagnostic(
          .unknownName, "no service \(service) runs on the cluster \(cluster.label)", at: span)
      }
      let isEverywhere = document["zone"]?.stringValue == nil
      fault = .hang(service: service, zone: isEverywhere ? nil : try zone(document, span))
    case "api_server_outage": fault = .apiServerDown(for: document["lasting"]?.intValue ?? 0)
    default:  // open: a fault that a later library knows
      throw Diagnostic(
        .unsupportedTarget, "the simulated world knows no fault \"\(kind)\"", at: span)
    }
    let delay = max(0, document["at"]?.intValue ?? 0)
    return TimedFault(at: SimulatedWorld.epoch.advanced(by: delay), fault)
  }

  private func zone(_ document: Document, _ span: Span?) throws(Diagnostic) -> String {
    let label = document["zone"]?.stringValue ?? ""
    guard cluster.zones.contains(where: { $0.label == label }) else {
      throw Diagnostic(
        .unknownName, "the cluster \(cluster.label) has no zone \"\(label)\" to lose", at: span)
    }
    return label
  }
}
