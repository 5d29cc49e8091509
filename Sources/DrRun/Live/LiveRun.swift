// SPDX-License-Identifier: Apache-2.0

import DrSema

/// What a run is at, put together from its records as they come: what has begun and is not over, and how much is
/// over. It keeps nothing of what is over, however long the run is.
package struct LiveRun: Sendable, Equatable {
  /// Something that goes on.
  package struct Item: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case step
      case act
      /// A wait, verification, pause or approval.
      case waiting(DirectiveKind)
      /// Undos run, so many of so many are over.
      case unwinding(done: Int, of: Int)
    }

    package let position: Position
    package fileprivate(set) var kind: Kind
    package let text: String
    package let begunAt: Instant
    /// When it must be over; of a pause, when it is.
    package let until: Instant?
    /// Counted from 1.
    package fileprivate(set) var attempt = 1
    /// When the next attempt begins, and why the last one failed.
    package fileprivate(set) var retry: Retry?
    /// What the last look at a condition found.
    package fileprivate(set) var finding = ""
    /// How many of those that go on it lies in.
    package fileprivate(set) var depth = 0
  }

  package struct Retry: Sendable, Equatable {
    package let at: Instant
    package let why: String
  }

  /// Something that has failed while the run goes on: a step that is not tried again, a condition, an undo.
  package struct Failure: Sendable, Equatable {
    package let position: Position
    package let text: String
    package let why: String
    fileprivate let isOfStep: Bool
  }

  package enum Status: Sendable, Equatable {
    case running
    case paused
    case ended(RunResult.Status)
  }

  /// The runbook and its arguments; `nil` where the run has not begun.
  package private(set) var identity: RunIdentity?
  package private(set) var startedAt: Instant?
  package private(set) var status = Status.running
  package private(set) var objectives: [Objective] = []
  /// How long a plan said that it takes at most, and how many steps it has.
  package private(set) var prediction: Prediction?
  package private(set) var stepsDone = 0
  /// In the order of the program; what lies in something follows it.
  package private(set) var items: [Item] = []
  /// In the order in which they came. What is tried again, or was not needed, is none.
  package private(set) var failures: [Failure] = []

  package init() {}

  /// Steps that go on, without those that others go on in.
  package var runningSteps: Int {
    let steps = items.filter { $0.kind == .step }
    let inner = zip(steps, steps.dropFirst()).count { !$1.position.isWithin($0.position) }
    return steps.isEmpty ? 0 : inner + 1
  }

  package init(_ records: some Sequence<JournalRecord>) {
    for record in records { take(record) }
  }

  package mutating func take(_ news: News) {
    switch news {
    case .recorded(let record): take(record)
    case .looked(let position, let finding):
      if let index = items.firstIndex(where: { $0.position == position }) {
        items[index].finding = finding
      }
    }
  }

  package mutating func take(_ record: JournalRecord) {
    let position = record.position
    switch record.body {
    case .begun(let identity):
      self.identity = identity
      startedAt = record.at
    case .resumed: status = .running
    case .objectives(let objectives): self.objectives = objectives
    case .predicted(let prediction): self.prediction = prediction
    case .step(let title, let until):
      failures.removeAll { $0.position.isWithin(position) }
      begin(.step, title, until, record)
    case .stepDone:
      stepsDone += 1
      failures.removeAll { $0.position.isWithin(position) }
      end(position)
    case .retry(_, let instant, let why):
      endInside(position)
      failures.removeAll { $0.position.isWithin(position) }
      change(position) { $0.retry = Retry(at: instant, why: why) }
    case .attempt(let number):
      change(position) { item in
        item.attempt = number
        item.retry = nil
      }
    case .intent(let intent):
      let changes = intent.observation.changes.joined(separator: ", ")
      let act = "\(intent.call.name) \(intent.observation.target)"
      end(position)
      begin(.act, changes.isEmpty ? act : "\(act): \(changes)", nil, record)
    case .waiting(let kind, let text, let until): begin(.waiting(kind), text, until, record)
    case .unwinding(let undos, let why):
      endInside(position)
      begin(.unwinding(done: 0, of: undos), why, nil, record)
    case .undone(let failure):
      endUndo(in: position)
      failures.removeAll { $0.position == position && !$0.isOfStep }
      if let failure { fail(position, "an undo", failure) }
    case .stepFailed(let why):
      // What failed in it is why it did.
      failures.removeAll { $0.position.isWithin(position) && !$0.isOfStep }
      if let step = items.first(where: { $0.position == position && $0.kind == .step }) {
        fail(position, step.text, why, isOfStep: true)
      }
      end(position)
    case .verdict(false, let message?, _):
      let condition = items.first { $0.position == position }?.text
      // What the message says already is not said before it.
      let isSaid = condition.map(message.contains) ?? true
      fail(position, isSaid ? message : condition ?? "", isSaid ? "" : message)
      end(position)
    case .decision(false, let person):
      if let question = items.first(where: { $0.position == position })?.text {
        fail(position, question, "\(person ?? "nobody") declined")
      }
      end(position)
    case .outcome, .settled, .verdict, .decision, .elapsed: end(position)
    case .paused: status = .paused
    case .ended(let result, _):
      status = .ended(result)
      (items, failures) = ([], [])
    case .reopened:
      // Taking back has a clock of its own, and no promise.
      (status, startedAt, objectives, prediction) = (.running, record.at, [], nil)
      (items, failures) = ([], [])
    case .read, .expired, .lock, .accepted, .restored, .life: break
    }
  }

  private mutating func begin(
    _ kind: Item.Kind, _ text: String, _ until: Instant?, _ record: JournalRecord
  ) {
    var item = Item(
      position: record.position, kind: kind, text: text, begunAt: record.at, until: until)
    item.depth = items.count { other in
      other.position == record.position
        ? other.kind == .step : record.position.isWithin(other.position)
    }
    let index = items.firstIndex { record.position.precedes($0.position) } ?? items.endIndex
    items.insert(item, at: index)
  }

  private mutating func fail(
    _ position: Position, _ text: String, _ why: String, isOfStep: Bool = false
  ) {
    failures.append(Failure(position: position, text: text, why: why, isOfStep: isOfStep))
  }

  private mutating func change(_ position: Position, _ body: (inout Item) -> Void) {
    guard let index = items.firstIndex(where: { $0.position == position && $0.kind == .step })
    else { return }
    body(&items[index])
  }

  /// It and all that lies in it is over.
  private mutating func end(_ position: Position) {
    items.removeAll { $0.position.isWithin(position) }
  }

  private mutating func endInside(_ position: Position) {
    items.removeAll { $0.position != position && $0.position.isWithin(position) }
  }

  private mutating func endUndo(in position: Position) {
    endInside(position)
    let index = items.lastIndex { item in
      guard case .unwinding = item.kind else { return false }
      return position.isWithin(item.position)
    }
    guard let index, case .unwinding(let done, let count) = items[index].kind else { return }
    if done + 1 < count {
      items[index].kind = .unwinding(done: done + 1, of: count)
    } else {
      items.remove(at: index)
    }
  }
}

extension Position {
  /// Whether it stands before another one in the program; what it lies in comes first.
  package func precedes(_ other: Position) -> Bool {
    func parts(_ position: Position) -> [Int] {
      position.text.split(separator: ".").map { Int($0) ?? .max }
    }
    return parts(self).lexicographicallyPrecedes(parts(other))
  }
}
