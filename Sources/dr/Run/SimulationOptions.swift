// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What happens in the simulated world.
struct SimulationOptions: ParsableArguments {
  @Option(help: "Simulated world: a zone that goes dark at the beginning. May be repeated.")
  var lose: [String] = []

  @Option(help: "Simulated world: how long after the beginning the runbook starts, such as 65s.")
  var startAfter: SimulatedDuration = SimulatedDuration(nanoseconds: 0)

  @Option(help: "Simulated world: what chance is drawn from; the same number gives the same run.")
  var seed: UInt64 = 1
}
