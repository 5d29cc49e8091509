// SPDX-License-Identifier: Apache-2.0

import DrSema

/// What code refers to, in the order in which it does.
struct References {
  private(set) var globals: [GlobalID] = []
  /// Names of runbooks that are run.
  private(set) var runbooks: [String] = []
  private let program: CheckedProgram

  init(of expressions: [Expr], in program: CheckedProgram) {
    self.program = program
    for expression in expressions { visit(expression) }
  }

  private mutating func visit(_ expression: Expr) {
    switch expression.kind {
    case .global(let id): if !globals.contains(id) { globals.append(id) }
    case .lambda(let id): if case .expression(let body) = program[id].body { visit(body) }
    case .directive(.run, let parts):
      guard case .string(let name)? = parts.first?.kind, !runbooks.contains(name) else {
        return expression.forEachPart { visit($0) }
      }
      runbooks.append(name)
    default: expression.forEachPart { visit($0) }  // open: what is of interest lies inside
    }
  }
}
