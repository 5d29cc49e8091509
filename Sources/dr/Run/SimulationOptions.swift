// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrSyntax

/// What happens in the simulated world.
struct SimulationOptions: ParsableArguments {
  @Option(help: "Simulated world: a zone that goes dark at the beginning. May be repeated.")
  var lose: [String] = []

  @Option(help: "Simulated world: how long after the beginning the runbook starts, such as 65s.")
  var startAfter: SimulatedDuration = SimulatedDuration(nanoseconds: 0)

  @Option(help: "Simulated world: what chance is drawn from; the same number gives the same run.")
  var seed: UInt64 = 1
}

/// A duration as `.dr` code writes it.
struct SimulatedDuration: ExpressibleByArgument {
  let nanoseconds: Int64

  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  init?(argument: String) {
    var sources = SourceMap()
    let id = sources.add(name: "<argument>", bytes: Array(argument.utf8))
    let tree = parseExpression(sources[id])
    guard tree.diagnostics.isEmpty,
      let node = tree.root.expression ?? tree.root.first(.exprStmt)?.expression,
      case .duration(let nanoseconds)? = node.literalValue()
    else { return nil }
    self.nanoseconds = nanoseconds
  }

  var defaultValueDescription: String { "0s" }
}
