// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrRun
import DrSema

/// Writes faults as a program says them, for a test that can be pasted into it.
package struct FaultNames {
  private var zones: [String: String] = [:]
  private var services: [String: String] = [:]
  private var clusters: [String: String] = [:]

  /// The names by which a program calls what has a label.
  package init(_ machine: Machine) throws(Diagnostic) {
    let program = machine.program.checked
    for id in program.roots {
      guard case .block(let record, _) = program[id].body else { continue }
      let kind = program[record].name
      guard ["Zone", "Service", "Cluster"].contains(kind),
        let value = try machine.field(try machine.global(id), named: "label"),
        let label = machine.string(value)
      else { continue }
      switch kind {
      case "Zone": zones[label] = program[id].name
      case "Service": services[label] = program[id].name
      default: clusters[label] = program[id].name  // open: only clusters are left
      }
    }
  }

  /// `fail(az1)`
  package func source(_ fault: SimulatedFault, cluster: String) -> String {
    switch fault {
    case .fail(let zone): "fail(\(name(zone, zones)))"
    case .restore(let zone): "restore(\(name(zone, zones)))"
    case .apiServerDown(let length):
      "lose_api_server(\(name(cluster, clusters)), for: \(Words.duration(length)))"
    case .hang(let service, nil): "hang(\(name(service, services)))"
    case .hang(let service, let zone?):
      "hang(\(name(service, services)), in: \(name(zone, zones)))"
    case .unhang(let service, let zone):
      // No program says it; a drill does when the time of its fault is over.
      "unhang(\(name(service, services))\(zone.map { ", in: \(name($0, zones))" } ?? ""))"
    // What no program can say yet is only told.
    case .failNodes, .failNode, .failDependency, .failFront: "# \(fault.text)"
    }
  }

  package func service(_ label: String) -> String { name(label, services) }
  package func cluster(_ label: String) -> String { name(label, clusters) }

  private func name(_ label: String, _ names: [String: String]) -> String { names[label] ?? label }
}
