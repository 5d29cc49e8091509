// SPDX-License-Identifier: Apache-2.0

/// What a simulation says of one service's promise.
package enum Verdict: Sendable, Equatable {
  /// It never gave less than it promises.
  case untouched
  /// It gave less, and was fully back within its recovery time.
  case kept
  /// It was fully back, but too late.
  case late
  /// It was not back when the simulation ended, which was after its recovery time.
  case lost
  /// The simulation ended too early to tell.
  case open

  /// Whether the promise was broken.
  package var isBroken: Bool {
    switch self {
    case .late, .lost: true
    case .untouched, .kept, .open: false
    }
  }
}

extension ServiceSummary {
  package var verdict: Verdict {
    guard lostAt != nil else { return .untouched }
    guard let kept = keptRTO else { return .open }
    return kept ? .kept : fullAgainAt == nil ? .lost : .late
  }
}

extension PolicySimulation.Outcome {
  package var isBroken: Bool { services.contains { $0.verdict.isBroken } }

  /// The longest time that a service with a broken promise took, in nanoseconds; 0 where none is.
  package var worst: Int64 {
    services.filter { $0.verdict.isBroken }.map(\.longestLoss).max() ?? 0
  }
}
