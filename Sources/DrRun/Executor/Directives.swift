// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

extension Executor {
  /// What a frame that stopped at a directive waits for.
  func operation(
    for directive: Directive, in frame: Frame, at position: Position
  ) throws(Failure) -> Operation {
    let operands = Operands(machine, directive)
    switch directive.kind {
    case .step:
      return StepOperation(self, frame, at: position, try operands.step())
    case .wait, .require, .verify:
      return ConditionOperation(
        self, frame, at: position, try operands.condition(), text(directive.span))
    case .pause:
      return PauseOperation(self, frame, at: position, try operands.pause())
    case .approve:
      return ApproveOperation(self, frame, at: position, try operands.approval())
    case .parallel:
      return ParallelOperation(
        self, frame, at: position, limit: try operands.limit(), quorum: try operands.quorum(),
        bodies: try operands.list(1))
    case .run:
      return NestedRunOperation(
        self, frame, at: position, name: try operands.text(0), body: try operands.value(1))
    case .lock:
      return LockOperation(
        self, frame, name: try operands.text(0), ttl: try operands.ttl())
    case .fail:
      return FailOperation(self, frame, at: position, try operands.text(0))
    case .undo, .onFailure:
      throw Failure(.program, "\(directive.kind.journalName) is registered, not awaited")
    }
  }

  func text(_ span: Span) -> String { machine.program.checked.sources.statement(span) }
}

extension SourceMap {
  /// The first line of a statement, for people, without secrets.
  func statement(_ span: Span) -> String {
    guard Int(span.file.rawValue) < files.count,
      Int(span.end) <= self[span.file].bytes.count, span.start < span.end
    else { return "a condition" }
    let words = text(span).split(whereSeparator: \.isWhitespace)
    let line = SecretText.mask(words.joined(separator: " "))
    return line.count <= 120 ? line : line.prefix(117) + "…"
  }
}

/// Takes the operands of a directive apart. The checker has made sure of their types; what does not
/// fit all the same is a failure of the program, not of the executor.
struct Operands {
  let machine: Machine
  let directive: Directive

  init(_ machine: Machine, _ directive: Directive) {
    self.machine = machine
    self.directive = directive
  }

  func value(_ index: Int) throws(Failure) -> Value {
    guard index < directive.operands.count else { throw bad(index) }
    return directive.operands[index]
  }

  func optional(_ index: Int) throws(Failure) -> Value? {
    guard index < directive.operands.count else { return nil }
    let value = try value(index)
    return machine.isNil(value) ? nil : value
  }

  func whole(_ index: Int) throws(Failure) -> Int64 {
    guard let whole = machine.int(try value(index)) else { throw bad(index) }
    return whole
  }

  func optionalWhole(_ index: Int) throws(Failure) -> Int64? {
    try optional(index) == nil ? nil : try whole(index)
  }

  func text(_ index: Int) throws(Failure) -> String {
    guard let text = machine.string(try value(index)) else { throw bad(index) }
    return text
  }

  func list(_ index: Int) throws(Failure) -> [Value] {
    guard let list = machine.list(try value(index)) else { throw bad(index) }
    return list
  }

  private func bad(_ index: Int) -> Failure {
    Failure(
      .program, "operand \(index) of \(directive.kind.journalName) is missing or of another type")
  }

  // MARK: Numbers of clauses

  /// The number of a clause, which only the run knows; `text` is how it is told where it means nothing.
  private func number(
    _ index: Int, of clause: String, text: (Int64) -> String
  ) throws(Failure) -> Int64? {
    guard let number = try optionalWhole(index) else { return nil }
    if let fault = ClauseBounds.fault(of: clause, number) {
      throw Failure(.program, "\(fault), and is \(text(number))")
    }
    return number
  }

  private func count(_ index: Int, of clause: String) throws(Failure) -> Int? {
    try number(index, of: clause) { "\($0)" }.map { Int(clamping: $0) }
  }

  private func duration(_ index: Int, of clause: String) throws(Failure) -> Int64? {
    try number(index, of: clause, text: Words.duration)
  }

  func pause() throws(Failure) -> Int64 { try duration(0, of: "pause") ?? 0 }

  /// How many branches may run at once; all, where nothing is written.
  func limit() throws(Failure) -> Int { try count(0, of: "limit") ?? .max }

  /// How many branches must succeed; `nil`, for all, where nothing is written.
  func quorum() throws(Failure) -> Int? { try count(2, of: "quorum") }

  /// How much shorter a pause may be by chance, in billionths of it.
  private func jitter() throws(Failure) -> Int64? {
    try number(7, of: "jitter") { "\(Double($0) / 1e7)%" }
  }

  /// How long a lock is held without being renewed.
  func ttl() throws(Failure) -> Int64 {
    guard let ttl = try duration(1, of: "for") else { throw bad(1) }
    return ttl
  }

  // MARK: Directives

  func step() throws(Failure) -> StepOperands {
    let backoff = try optional(4).flatMap(machine.float) ?? 1
    if let fault = ClauseBounds.fault(ofBackoff: backoff) {
      throw Failure(.program, "\(fault), and is \(backoff)")
    }
    return StepOperands(
      title: SecretText.mask(try text(0)), within: try duration(1, of: "within"),
      retries: try count(2, of: "retry") ?? 0,
      every: try duration(3, of: "every") ?? StepOperands.everyDefault,
      backoff: backoff, condition: try optional(5), body: try value(6),
      jitter: Double(try jitter() ?? 0) / 1e9)
  }

  func condition() throws(Failure) -> ConditionOperands {
    switch directive.kind {
    case .require:
      return ConditionOperands(
        kind: .require, condition: try value(0), within: nil,
        every: ConditionOperands.everyDefault, message: try optional(1))
    case .wait, .verify, .step, .undo, .pause, .approve, .parallel, .run, .lock, .onFailure, .fail:
      // `every 0s` means as often as it goes: a thousand times a second.
      let every = try duration(2, of: "every").map { max(1_000_000, $0) }
      return ConditionOperands(
        kind: directive.kind, condition: try value(0),
        within: try duration(1, of: "within"),
        every: every ?? ConditionOperands.everyDefault,
        message: directive.kind == .verify ? try optional(3) : nil)
    }
  }

  func approval() throws(Failure) -> ApproveOperands {
    ApproveOperands(
      question: SecretText.mask(try text(0)), audience: try optional(1).flatMap(machine.string),
      within: try duration(2, of: "within"),
      continuesUnanswered: try text(3) == "continue",
      quorum: try count(4, of: "quorum") ?? 1)
  }
}
