// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What happens in the simulated world.
struct SimulationOptions: ParsableArguments {
  @Option(help: "Simulated world: a zone that goes dark at the beginning. May be repeated.")
  var lose: [String] = []

  @Option(
    help:
      "Simulated world: how long after the beginning the runbook starts, such as 65s. Default: at once."
  )
  var startAfter: SimulatedDuration?

  @Option(
    help:
      "Simulated world: what chance is drawn from; the same number gives the same run. Default: 1."
  )
  var seed: UInt64?

  /// Whether any of them is given: then no real world can be meant.
  var areGiven: Bool { !lose.isEmpty || startAfter != nil || seed != nil }

  /// What chance is drawn from.
  var chance: UInt64 { seed ?? 1 }
}
