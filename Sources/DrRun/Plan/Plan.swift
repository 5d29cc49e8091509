// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// How long something takes at most.
package struct Bound: Sendable, Equatable {
  /// Of what is bounded.
  package var nanoseconds: Int64
  /// What has no bound, in words.
  package var unbounded: [String]

  package init(_ nanoseconds: Int64 = 0, unbounded: [String] = []) {
    self.nanoseconds = nanoseconds
    self.unbounded = unbounded
  }

  package var isBounded: Bool { unbounded.isEmpty }

  mutating func add(_ other: Bound) {
    nanoseconds = nanoseconds.addingSaturated(other.nanoseconds)
    unbounded += other.unbounded
  }

  /// Branches that begin in order as one of `limit` lanes comes free.
  static func parallel(_ branches: [Bound], limit: Int) -> Bound {
    var lanes = Array(repeating: Int64(0), count: max(1, min(limit, branches.count)))
    var unbounded: [String] = []
    for branch in branches {
      if let first = lanes.indices.min(by: { lanes[$0] < lanes[$1] }) {
        lanes[first] = lanes[first].addingSaturated(branch.nanoseconds)
      }
      unbounded += branch.unbounded
    }
    return Bound(lanes.max() ?? 0, unbounded: unbounded)
  }

  /// `at most 4m35s`, `no bound, of which 4m35s are known`
  package var text: String {
    if isBounded { return "at most \(Words.duration(nanoseconds))" }
    return nanoseconds == 0
      ? "no bound" : "no bound, of which \(Words.duration(nanoseconds)) are known"
  }
}

extension Int64 {
  func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  func multipliedSaturated(_ other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}

/// One line of a plan.
package struct PlanItem: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case step, act, wait, pause, require, verify, approve, parallel, run, lock, undo
    case onFailure = "on_failure"
    case fail
  }
  package enum Verdict: String, Sendable {
    case met
    case notMet = "not_met"
    /// It depends on what the run does first, or could not be read.
    case notEvaluated = "not_evaluated"
  }

  package let depth: Int
  package let kind: Kind
  package let position: Position
  package let title: String
  /// Of acts.
  package var target: String?
  package var actClass: ActClass?
  package var changes: [String] = []
  package var permissions: [String] = []
  /// The kubeconfig context that an act's permissions are needed in; empty for the current one.
  package var cluster = ""
  /// Of requirements and of the conditions of steps; of an act that must not be done as the world is now.
  package var verdict: Verdict?
  package var note: String?
  /// `nil` where nothing is waited for.
  package var worstCase: Bound?
  /// Whether it happens only when the run fails.
  package var onlyOnFailure = false
  /// Of an undo: whether it stands in no step, and only looks.
  package var isVerification = false
  package let span: Span

  init(depth: Int, kind: Kind, position: Position, title: String, span: Span) {
    self.depth = depth
    self.kind = kind
    self.position = position
    self.title = title
    self.span = span
  }

  package var worstCaseNanoseconds: Int64? {
    worstCase.flatMap { $0.isBounded ? $0.nanoseconds : nil }
  }

  package var text: String {
    var text =
      switch kind {
      case .step: "step “\(title)”"
      case .act:
        title + (target.map { " \($0)" } ?? "") + (actClass.map { " (\($0.rawValue))" } ?? "")
      case .approve: "approve “\(title)”"
      case .run: "run \(title)"
      case .lock: "lock “\(title)”\(target.map { " \($0)" } ?? "")"
      case .fail: "fail “\(title)”"
      case .undo where isVerification: "if the run is undone, at the end"
      case .undo: "if the run fails later, undo"
      case .onFailure: "if the run fails"
      case .wait, .pause, .require, .verify, .parallel: title
      }
    if !changes.isEmpty { text += ": " + changes.joined(separator: ", ") }
    switch verdict {
    case .met?: text += " - holds now"
    case .notMet? where kind == .act: text += " - not met now"
    case .notMet?: text += " - does not hold now"
    case .notEvaluated?: text += " - not evaluated"
    case nil: break
    }
    if let note { text += " (\(note))" }
    if let worstCase { text += ", \(worstCase.text)" }
    return text
  }
}

/// What a run would do, in order. Made by reading only.
package struct Plan: Sendable, Equatable {
  package let runbook: String
  package let items: [PlanItem]
  /// From the beginning to the end of a run in which everything succeeds at the last moment.
  package let worstCase: Bound
  /// Sorted, each once; those of undos included.
  package let permissions: [String]
  /// What acts touch, sorted, each once: the blast radius.
  package let targets: [String]
  /// Why the plan ends before the runbook does; `nil` where it is whole.
  package let incomplete: String?
  /// Requirements and conditions that do not hold now.
  package var unmet: [PlanItem] { items.filter { $0.kind == .require && $0.verdict == .notMet } }
  /// Those that nobody could tell.
  package var notEvaluated: [PlanItem] {
    items.filter { $0.kind == .require && $0.verdict == .notEvaluated }
  }

  /// Plain lines for a terminal or a pipe.
  package var lines: [String] {
    var lines = [
      incomplete == nil
        ? "\(runbook): \(worstCase.text)" : "\(runbook): not to be planned to its end, see below"
    ]
    for item in items {
      lines.append(String(repeating: "  ", count: item.depth + 1) + item.text)
    }
    if let incomplete { lines.append("the plan ends here: \(incomplete)") }
    for (title, list) in [
      ("touches", targets), ("permissions", permissions), ("without bound", worstCase.unbounded),
    ] where !list.isEmpty {
      lines.append("\(title):")
      lines += list.map { "  " + $0 }
    }
    return lines
  }

  package var document: Document {
    var object = DocumentObject([
      ("runbook", .string(runbook)), ("items", .array(items.map(\.document))),
      ("worst_case", worstCase.document),
      ("permissions", .array(permissions.map(Document.string))),
      ("targets", .array(targets.map(Document.string))),
    ])
    object["incomplete"] = incomplete.map(Document.string)
    return .object(object)
  }
}

extension Bound {
  fileprivate var document: Document {
    [
      "nanoseconds": .int(nanoseconds), "bounded": .bool(isBounded),
      "unbounded": .array(unbounded.map(Document.string)),
    ]
  }
}

extension PlanItem {
  fileprivate var document: Document {
    var object = DocumentObject([
      ("kind", .string(kind.rawValue)), ("position", .string(position.text)),
      ("depth", .int(Int64(depth))), ("title", .string(title)),
    ])
    object["target"] = target.map(Document.string)
    object["class"] = actClass.map { .string($0.rawValue) }
    if !changes.isEmpty { object["changes"] = .array(changes.map(Document.string)) }
    if !permissions.isEmpty { object["permissions"] = .array(permissions.map(Document.string)) }
    object["verdict"] = verdict.map { .string($0.rawValue) }
    object["note"] = note.map(Document.string)
    object["worst_case"] = worstCase?.document
    if onlyOnFailure { object["only_on_failure"] = true }
    return .object(object)
  }
}
