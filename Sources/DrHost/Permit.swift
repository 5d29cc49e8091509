// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether what an act is about to send may still go out: looked at before each of its requests, and
/// once more before each piece of one is written to a connection. The process may have stood still
/// since the act began, for longer than its locks last, and somebody else may act by now.
///
/// Once it has been refused it stays so: what the act had begun is over.
package final class Permit: Sendable {
  /// That of the act which the task carries out; `nil` where nothing bounds it.
  @TaskLocal package static var current: Permit?

  /// What became of the act.
  package enum Outcome: Sendable {
    case carriedOut
    /// It was stopped before it had changed anything.
    case notBegun
    /// It was stopped after a request that may have changed something.
    case cutShort
  }

  private struct State {
    var isRefused = false
    var hasChanged = false
  }

  private let isValid: @Sendable () -> Bool
  private let state = Mutex(State())

  package init(_ isValid: @escaping @Sendable () -> Bool) { self.isValid = isValid }

  /// Carries an act out under this permit.
  package func hold<Value: Sendable>(_ act: @Sendable () async -> Value) async -> Value {
    await Permit.$current.withValue(self, operation: act)
  }

  /// Whether something may go out now.
  package func allows() -> Bool {
    let isValid = isValid()
    return state.withLock { state in
      if !isValid { state.isRefused = true }
      return !state.isRefused
    }
  }

  /// A request that may have changed something has gone out, if it was not refused on the way.
  package func noteChange() {
    state.withLock { if !$0.isRefused { $0.hasChanged = true } }
  }

  package var outcome: Outcome {
    state.withLock { state in
      guard state.isRefused else { return .carriedOut }
      return state.hasChanged ? .cutShort : .notBegun
    }
  }
}
