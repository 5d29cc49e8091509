// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval

extension PolicySimulation.Scenario {
  /// What a program asks for with `simulate(cluster) { … }`: a call of the native `sim.run`. The
  /// machine has the same program.
  ///
  /// Throws where it names what the program does not have.
  package init(_ call: HostCall, on machine: Machine) throws(Diagnostic) {
    let label = call.arguments["cluster"]?.stringValue ?? ""
    let clusters = try SimulatedCluster.all(of: machine)
    guard let cluster = clusters.first(where: { $0.label == label }) else {
      throw Diagnostic(
        .unknownName, "the program declares no cluster \"\(label)\" to simulate", at: call.span)
    }
    let lasting = call.arguments["lasting"]?.intValue ?? 0
    guard lasting > 0 else {
      throw Diagnostic(.outOfRange, "a simulation lasts longer than nothing", at: call.span)
    }
    let reader = FaultReader(cluster)
    var faults: [TimedFault] = []
    for fault in call.arguments["faults"]?.arrayValue ?? [] {
      faults.append(try reader.fault(fault, at: call.span))
    }
    self.init(
      cluster: label, seed: UInt64(bitPattern: call.arguments["seed"]?.intValue ?? 0),
      lasting: lasting, faults: faults)
  }
}
