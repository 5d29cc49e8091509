// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval

/// A fiber and where it stands: the body of a runbook, step, branch, condition, undo or handler.
///
/// A frame and what it waits for hold on to one another while it waits, a frame and its owner until
/// the frame ends. The executor lets go of those that are left when a run is given up. (Weak
/// references would see to that by themselves, and take a quarter of the time of a resumption.)
final class Frame {
  let fiber: Fiber
  let position: Position
  /// Told when the fiber ends; nil from then on.
  private(set) var owner: Operation?
  /// Where undos go that are reached here.
  let scope: Scope
  let depth: Int
  /// Of the nearest enclosing step.
  let attempt: Int
  let purpose: Purpose
  /// Index of its next suspension.
  var next = 0
  /// What it waits for; nil while it can run.
  var operation: Operation?
  /// Set when the frame is to end at its next suspension.
  var cancelled: Failure?
  /// Acts done here, or in what was called from here, that no undo has been registered for yet.
  var uncovered: [Position] = []

  enum Purpose {
    case body
    /// Reads are evidence, not records; acts are not allowed.
    case condition(EvidenceList)
    /// Of an undo or a handler: what it does is not to be undone itself.
    case cleanup
  }

  init(
    _ fiber: Fiber, at position: Position, owner: Operation, scope: Scope, depth: Int,
    attempt: Int, purpose: Purpose = .body
  ) {
    self.fiber = fiber
    self.position = position
    self.owner = owner
    self.scope = scope
    self.depth = depth
    self.attempt = attempt
    self.purpose = purpose
  }

  /// What the reads of a condition are added to; nil elsewhere.
  var evidence: EvidenceList? {
    if case .condition(let list) = purpose { list } else { nil }
  }

  var isCleanup: Bool {
    if case .cleanup = purpose { true } else { false }
  }

  /// The frame is over, or the whole run is: gives whom to tell.
  @discardableResult
  func end() -> Operation? {
    operation = nil
    defer { owner = nil }
    if let owner, !uncovered.isEmpty { owner.frame?.uncovered += uncovered }
    return owner
  }
}

/// What a condition has read, in order.
final class EvidenceList {
  var items: [Evidence] = []
  /// Whether the condition is evaluated again when it cannot be.
  let isPolled: Bool

  init(isPolled: Bool) { self.isPolled = isPolled }
}

/// An undo that was reached.
struct Undo {
  /// Of the step or run in which it was reached.
  let title: String
  let position: Position
  let closure: Value
  let depth: Int
  let attempt: Int
  /// The acts that it takes back.
  let covers: [Position]
  /// Whether it stands in no step: it takes nothing back, and looks whether what must hold does so
  /// again.
  let isVerification: Bool
  let span: Span
}

/// A step or run: what is undone when it fails.
final class Scope {
  enum Kind { case run, step, cleanup }

  /// The title of the step or the name of the runbook.
  let title: String
  let kind: Kind
  /// The enclosing run; nil for a run.
  private let run: Scope?
  /// In the order in which they were reached.
  var undos: [Undo] = []
  /// `on failure` of a run, in the order in which they were reached.
  var handlers: [Undo] = []

  init(title: String, kind: Kind, run: Scope?) {
    self.title = title
    self.kind = kind
    self.run = run
  }

  var enclosingRun: Scope { run ?? self }

  /// Undos that take something back, and have not.
  var undoCount: Int { undos.count { !$0.isVerification } }
}
