// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The children of this process that are alive, so that none outlives it.
///
/// Each leads a group of its own. A child is entered in the step that starts it and struck out before it is
/// reaped, so that no number here can be another program's.
package enum ChildGroups {
  private struct State {
    var leaders: Set<pid_t> = []
    var isOver = false
  }

  private static let state = Mutex(State())

  /// Starts a child, one at a time, so that none inherits another's pipes before they are marked. `start` gives its
  /// number; nil where this process is about to end, or where `start` could not.
  static func enter(_ start: () -> pid_t?) -> pid_t? {
    state.withLock { state in
      guard !state.isOver, let child = start() else { return nil }
      state.leaders.insert(child)
      return child
    }
  }

  /// To be called before it is reaped.
  static func strike(_ child: pid_t) { state.withLock { _ = $0.leaders.remove(child) } }

  /// Sends a signal to a child that has not been reaped, and to all that it started.
  static func signal(_ child: pid_t, _ number: CInt) {
    state.withLock { state in
      if state.leaders.contains(child) { kill(-child, number) }
    }
  }

  /// Ends all children and what they started, and lets none begin any more: this process ends now. Programs that have
  /// made themselves a session of their own go on.
  package static func endAll() {
    state.withLock { state in
      state.isOver = true
      for child in state.leaders { kill(-child, SIGKILL) }
    }
  }
}
