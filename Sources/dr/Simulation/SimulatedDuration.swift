// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrRun
import DrSyntax

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

  var defaultValueDescription: String { Words.duration(nanoseconds) }
}
