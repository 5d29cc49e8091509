// SPDX-License-Identifier: Apache-2.0

/// What a host drives: the executor of a run or the planner of one.
package protocol Runner: AnyObject {
  /// Takes what has happened, in order, and gives what is to be done, in order.
  func handle(_ events: [Event], at now: Instant) -> [Order]
  /// Until when, as far as is known now, the locks last under which acts are carried out; `nil`
  /// without any.
  var actsUntil: Instant? { get }
  /// Set once the last order, `.finish`, has been given.
  var result: RunResult? { get }
}

extension Runner {
  /// Whether an act that was ordered may still be begun, however long ago that was: whoever carries
  /// it out asks right before, and before each thing that it sends, and tells `.notBegun` where it
  /// may not.
  package func mayStillBegin(_ call: WorldCall, at now: Instant) -> Bool {
    call.isOfLock || actsUntil.map { now < $0 } ?? true
  }
}
