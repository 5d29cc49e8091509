// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrRun
import DrSema

/// What a program calls things that have a label, for faults as it says them: a test that can be pasted
/// into it.
package struct FaultNames {
  private var names: [String: [String: String]] = [:]
  /// What the program calls the cluster that faults hit.
  private(set) var cluster = ""

  /// The names by which a program calls what has a label.
  package init(_ machine: Machine) throws(Diagnostic) {
    let program = machine.program.checked
    for id in program.roots {
      guard case .block(let record, _) = program[id].body else { continue }
      let kind = program[record].name
      guard ["Zone", "Region", "Service", "Cluster", "Dependency", "Traffic"].contains(kind),
        let value = try machine.field(try machine.global(id), named: "label"),
        let label = machine.string(value)
      else { continue }
      names[kind, default: [:]][label] = program[id].name
      guard kind == "Zone" else { continue }
      let pools = try machine.field(try machine.global(id), named: "pools").flatMap(machine.list)
      for (index, pool) in (pools ?? []).enumerated() {
        let poolLabel = try machine.field(pool, named: "label").flatMap(machine.string) ?? ""
        names["NodePool", default: [:]]["\(label)/\(poolLabel)"] =
          "\(program[id].name).pools[\(index)]"
      }
    }
  }

  package func service(_ label: String) -> String { name("Service", label) }
  package func cluster(_ label: String) -> String { name("Cluster", label) }
  func zone(_ label: String) -> String { name("Zone", label) }
  func region(_ label: String) -> String { name("Region", label) }
  func pool(_ label: String, of zone: String) -> String { name("NodePool", "\(zone)/\(label)") }
  func dependency(_ label: String) -> String { name("Dependency", label) }
  func front(_ label: String) -> String { name("Traffic", label) }

  /// `chat, in: az1`
  func place(_ service: String, _ zone: String?) -> String {
    self.service(service) + (zone.map { ", in: \(self.zone($0))" } ?? "")
  }

  /// `fail(az1)`. A fault that hits a whole cluster hits the one of that label.
  package func source(_ fault: SimulatedFault, cluster: String) -> String {
    var names = self
    names.cluster = self.cluster(cluster)
    return fault.source(names)
  }

  private func name(_ kind: String, _ label: String) -> String { names[kind]?[label] ?? label }
}
