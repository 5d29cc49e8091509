// SPDX-License-Identifier: Apache-2.0

import DrSema

/// Finds which locals of the functions around it a lambda uses, so that they can be captured.
struct FreeLocals {
  private var used: [Int32] = []
  private var bound: Set<Int32> = []
  private let program: CheckedProgram

  /// The captured locals of a lambda in ascending order.
  static func of(_ id: FunctionID, in program: CheckedProgram) -> [LocalID] {
    var search = FreeLocals(program: program)
    search.visit(lambda: id)
    var seen: Set<Int32> = []
    return search.used.sorted().filter { !search.bound.contains($0) && seen.insert($0).inserted }
      .map { LocalID($0) }
  }

  private init(program: CheckedProgram) { self.program = program }

  /// Numbers are unique within the outermost function, so inner lambdas share the same two sets.
  private mutating func visit(lambda id: FunctionID) {
    let function = program[id]
    for parameter in function.parameters { bound.insert(parameter.local.rawValue) }
    if case .expression(let body) = function.body { visit(body) }
  }

  private mutating func visit(_ expression: Expr) {
    switch expression.kind {
    case .local(let id): used.append(id.rawValue)
    case .lambda(let id): visit(lambda: id)
    default:  // open: what is of interest lies inside
      expression.forEachLocal { bound.insert($0.rawValue) }
      expression.forEachPart { visit($0) }
    }
  }
}
