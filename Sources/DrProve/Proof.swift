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
  /// Where the figure is written; `nil` of what no program writes.
  package var place: Span?
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

/// What is proved of one service.
package struct Proof: Sendable {
  package var service: String
  package var place: Span?
  /// What is promised, in nanoseconds, and where.
  package var rto: Int64
  package var rtoPlace: Span?
  package var cases: [ProofCase]
  package var pairs: [ProofCase]

  /// Refuted where one loss that counts refutes it, else unknown where one is.
  package var verdict: ProofVerdict {
    let verdicts = cases.filter(\.counts).map(\.verdict)
    return verdicts.contains(.refuted)
      ? .refuted : verdicts.contains(.unknown) ? .unknown : .proved
  }
}
