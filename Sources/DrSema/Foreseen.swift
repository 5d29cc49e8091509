// SPDX-License-Identifier: Apache-2.0

import DrBase

/// What is known of a value before a runbook runs.
indirect enum Foreseen {
  case value(Pure)
  /// Data of which some members are not known; they are left out.
  case partial(Pure)
  /// A record of which not every field is known; one for each slot.
  case record([Foreseen])
  /// A list: every element is like this, and how many there are is not known.
  case list(Foreseen)
  /// A function without a name, and the values that it sees.
  case closure(FunctionID, OutlineFrame)
  case unknown(TypeID)

  var isValue: Bool { if case .value = self { true } else { false } }
}

/// An expression that reads nothing, and stands for itself in the outline.
struct Pure {
  let expr: Expr
  /// The choices in it: locals of the outline that may stand for any element of a list.
  var choices: Set<Int32> = []
  /// How many expressions it is made of.
  var size = 1

  var isClosed: Bool { choices.isEmpty }
}

/// What the locals of a function are known to be; lambdas share that of the function around them.
final class OutlineFrame {
  var values: [LocalID: Foreseen] = [:]
}

/// A statement of a runbook, before it becomes a record of stdlib/policy.dr.
struct OutlineStatement {
  let kind: String
  let span: Span
  /// Fields of `RunbookStatement` that are known.
  var fields: [String: Expr] = [:]
  var parts: [OutlineStatement] = []
  /// What must hold for it to be reached, as far as that is known.
  var conditions: [Pure] = []
}

/// A detector of a policy, before it becomes a record of stdlib/policy.dr.
struct OutlineDetector {
  /// Fields of `DetectorOutline` that are not statements.
  let fields: [String: Expr]
  let looks: [OutlineStatement]
  let does: [OutlineStatement]
  let span: Span
}
