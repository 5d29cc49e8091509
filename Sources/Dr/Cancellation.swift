// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Ends an evaluation from another thread.
///
/// Pass one to ``Program/evaluate(_:as:cancellation:)`` or to another method that evaluates, keep it,
/// and call ``cancel()`` when nobody wants the result any more. The evaluation looks at it every few
/// ten thousand steps, so it ends within about a millisecond; a host function that is running is not
/// interrupted.
///
/// One token may serve many evaluations; once cancelled it stays so.
public final class Cancellation: Sendable {
  private let flag = Atomic(false)

  /// A token that is not cancelled.
  public init() {}

  /// Ends every evaluation that has this token. May be called from any thread, and more than once.
  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Whether ``cancel()`` was called.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
