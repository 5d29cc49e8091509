// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// A value whose type was reported not to fit.
struct Mismatch {
  /// Its place in the checker's diagnostics.
  let diagnostic: Int
  let span: Span
  let type: TypeID
}

/// Arguments that would fit in another order: one mistake, not one for each.
extension Checker {
  /// Looks at what was reported of a call's arguments; `since` is how much there was before it.
  func explainOrder(
    of slots: [WrittenArgument?], _ id: FunctionID,
    since reported: (diagnostics: Int, mismatches: Int)
  ) {
    let found = Array(mismatches[reported.mismatches...])
    mismatches.removeSubrange(reported.mismatches...)
    guard (2...4).contains(found.count),
      found.map(\.diagnostic) == Array(reported.diagnostics..<diagnostics.count)
    else { return }
    let parameters = program[id].parameters
    let wrong = slots.indices.filter { index in
      guard let argument = slots[index], case .node(let node) = argument.value else { return false }
      return found.contains { $0.span == node.span } && !mentionsParameter(parameters[index].type)
    }
    guard wrong.count == found.count,
      let order = order(of: found, for: wrong.map { parameters[$0].type })
    else { return }
    diagnostics.removeLast(found.count)
    let texts = order.map { program.sources.text(found[$0].span) }
    let places = wrong.map { index in
      if case .node(let node)? = slots[index]?.value { node.span } else { found[0].span }
    }
    report(
      .wrongArguments,
      found.count == 2
        ? "these two arguments are swapped" : "these arguments stand in another order",
      at: found.dropFirst().reduce(found[0].span) { $0.joined($1.span) },
      labels: zip(order, wrong).map { value, index in
        Label(found[value].span, "this is `\(parameters[index].label)`")
      } + [Label(program[id].span, "declared here")],
      help: "it is \(signature(id))",
      fixes: zip(places, texts).map { Fix("put them in order", replacing: $0, with: $1) })
  }

  /// Which of some values fits which of as many types; `nil` unless each has one of its own.
  private func order(of values: [Mismatch], for types: [TypeID]) -> [Int]? {
    guard let wanted = types.first else { return [] }
    for index in values.indices where fitting(values[index].type, wanted) != .no {
      var rest = values
      rest.remove(at: index)
      if let others = order(of: rest, for: Array(types.dropFirst())) {
        return [index] + others.map { $0 < index ? $0 : $0 + 1 }
      }
    }
    return nil
  }
}
