// SPDX-License-Identifier: Apache-2.0

import DrSema

/// What code refers to, in the order in which it does.
package struct References {
  package private(set) var globals: [GlobalID] = []
  /// Names of runbooks that are run.
  package private(set) var runbooks: [String] = []
  private let program: CheckedProgram

  package init(of expressions: [Expr], in program: CheckedProgram) {
    self.program = program
    for expression in expressions { visit(expression) }
  }

  /// What a runbook refers to, and those that it runs.
  package init(ofRunbook runbook: FunctionID, in program: CheckedProgram) {
    self.program = program
    if case .expression(let body) = program[runbook].body { visit(body) }
    var next = 0
    while next < runbooks.count {
      if let inner = program.runbooks[runbooks[next]],
        case .expression(let body) = program[inner].body
      {
        visit(body)
      }
      next += 1
    }
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
