// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A length of time from its best to its worst case, in nanoseconds.
package struct Interval: Sendable, Equatable {
  package var best: Int64
  /// `nil` where nothing bounds it.
  package var worst: Int64?

  package init(best: Int64, worst: Int64?) {
    self.best = best
    self.worst = worst
  }

  package func contains(_ length: Int64) -> Bool {
    best <= length && worst.map { length <= $0 } ?? true
  }
}

/// Whether a promise holds.
package enum ProofVerdict: String, Sendable {
  case proved, refuted, unknown
}

/// A part of a recovery time, with the figure that it comes from.
package struct ProofTerm: Sendable, Equatable {
  /// Of which of the six parts of a recovery time it is one.
  package enum Part: String, Sendable, CaseIterable {
    case detect, decide, fence, capacity, traffic, verify
  }

  package var part: Part
  package var takes: Interval
  /// What takes so long.
  package var because: String
  /// File and line of where the figure is written; `nil` of what no program writes.
  package var place: String?
  /// Whether the service is back before: what only says so.
  package var isAfter: Bool
}

/// What becomes of a service after a loss.
package enum ProofEnding: String, Sendable {
  /// It keeps its full service.
  case untouched
  /// It comes back.
  case back
  /// It never does by itself.
  case down
  /// Nobody knows.
  case unknown
}

/// A change of the source that would help.
package struct ProofChange: Sendable, Equatable {
  /// `TTL 30s instead of 5m`
  package var title: String
  /// The field to change, from its block: `objective.rto`, and what to write there.
  package var field: String
  package var value: String
  /// What stands there now; `nil` where the field is left out.
  package var present: Span?
  /// The name of the block, or the innermost record within it that is written, and the field from
  /// there on.
  package var around: Span
  package var rest: String

  /// The `field` of a change of a statement's bound; `around` is its first line then.
  package static let clause = "within"
}

/// What is lost at once, by the labels that the cluster has.
package struct ProofLoss: Sendable, Equatable {
  package var zones: [String]
  /// Pools without power, and pools of which the node with the most replicas is: each as its nodes'
  /// names begin, `az1-gpu-`.
  package var pools: [String]
  package var nodes: [String]
  /// Zones in which the service hangs.
  package var hangs: [String]
  /// Whether the API server is gone, whatever its zones.
  package var takesPlane: Bool
  /// What services need to start, and fronts.
  package var dependencies: [String]
  package var fronts: [String]
}

/// One loss and what it means for a service.
package struct ProofCase: Sendable {
  package var loss: ProofLoss
  /// `zone`, `node`, …
  package var kind: String
  package var name: String
  package var place: Span?
  /// Whether the promise covers it.
  package var counts: Bool
  package var verdict: ProofVerdict
  /// Replicas that go on serving, that the nodes left could hold, and that are promised.
  package var left: Int
  package var room: Int
  package var wanted: Int
  /// Whether the API server still answers.
  package var isAPIUp: Bool
  package var ending: ProofEnding
  package var takes: Interval
  package var terms: [ProofTerm]
  package var because: String
  package var changes: [ProofChange]
}

/// Something that keeps data.
package struct ProofKeeping: Sendable, Equatable {
  package var text: String
  /// How old the newest copy may be, in nanoseconds; `nil` where nothing bounds it.
  package var lag: Int64?
  package var place: String?
}

/// The share of the time in which a service gives all that it promises; shares in 10⁻⁹.
package struct ProofAvailability: Sendable, Equatable {
  package var promised: Int64
  /// By the declared failure rates; `nil` where none is declared.
  package var worst: Int64?
  package var best: Int64?
  /// Kinds of domains whose rates are not declared.
  package var undeclared: [String]
}

/// What is proved of one service.
package struct Proof: Sendable {
  package var service: String
  package var place: Span?
  /// What is promised, in nanoseconds, and where.
  package var rto: Int64
  package var rtoPlace: Span?
  package var cases: [ProofCase]
  package var pairs: [ProofCase]
  /// How much data may be lost, in nanoseconds of its making, and what becomes of what is kept.
  package var rpo: Int64
  package var keepings: [ProofKeeping]
  package var availability: ProofAvailability

  /// Refuted where one loss that counts refutes it, else unknown where one is.
  package var verdict: ProofVerdict {
    let verdicts = cases.filter(\.counts).map(\.verdict)
    return verdicts.contains(.refuted)
      ? .refuted : verdicts.contains(.unknown) ? .unknown : .proved
  }
}
