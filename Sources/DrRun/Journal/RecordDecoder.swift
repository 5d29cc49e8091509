// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// Why bytes are no record.
struct RecordError: Error {
  let message: String

  static let short = RecordError(message: "it ends too early")
}

/// Reads records from the payloads of a journal, in order.
struct RecordDecoder: Sendable {
  private let bytes: [UInt8]
  private(set) var context: RecordContext
  /// Where the next byte is taken from, and where the payload ends.
  private(set) var offset = 0
  private var end = 0
  /// Whether a record is only gone over.
  private var isPassing = false

  init(_ bytes: [UInt8], after context: RecordContext = RecordContext()) {
    self.bytes = bytes
    self.context = context
  }

  /// Goes to a payload.
  mutating func enter(_ payload: Range<Int>) {
    offset = payload.lowerBound
    end = payload.upperBound
  }

  var isAtEnd: Bool { offset >= end }

  /// Where a record begins, to come back to it.
  struct Mark: Sendable {
    fileprivate let rest: Range<Int>
    fileprivate let lastAt: Int64
    fileprivate let textCount: Int
  }

  var mark: Mark {
    Mark(rest: offset..<end, lastAt: context.lastAt, textCount: context.texts.count)
  }

  /// As it was there, with what records before it had said.
  func at(_ mark: Mark) -> RecordDecoder {
    var earlier = self
    earlier.enter(mark.rest)
    earlier.context.lastAt = mark.lastAt
    earlier.context.texts.removeSubrange(mark.textCount...)
    return earlier
  }

  /// Goes over a record and finds the faults that `record` finds, but makes no documents, and no texts but names
  /// and those that are referred to: what it gives is a record of that kind.
  mutating func pass() throws(RecordError) -> JournalRecord {
    isPassing = true
    defer { isPassing = false }
    return try record()
  }

  mutating func record() throws(RecordError) -> JournalRecord {
    let lead = try byte()
    guard let kind = RecordKind(rawValue: lead & ~RecordKind.hasAttempt) else {
      throw RecordError(message: "its kind \(lead & ~RecordKind.hasAttempt) is unknown")
    }
    context.lastAt = try integer() &+ context.lastAt
    let at = Instant(nanoseconds: context.lastAt)
    let position = Position(try plain())
    let attempt = lead & RecordKind.hasAttempt == 0 ? 1 : Int(try integer())
    return JournalRecord(
      at: at, position: position, attempt: attempt, try body(kind, at: position))
  }

  private mutating func body(
    _ kind: RecordKind, at position: Position
  ) throws(RecordError) -> JournalRecord.Body {
    switch kind {
    case .begun: return .begun(try identity())
    case .resumed: return .resumed
    case .step: return .step(title: try text(), until: try instant())
    case .stepDone: return .stepDone
    case .stepFailed: return .stepFailed(why: try text())
    case .read: return .read(try call(), try answer())
    case .intent: return .intent(try intent(at: position))
    case .outcome: return .outcome(try answer())
    case .settled:
      guard let state = Settlement.State(rawValue: try name()) else { throw bad("state") }
      return .settled(
        Settlement(
          state: state, result: try bool() ? try document() : nil, by: try optionalText()))
    case .waiting:
      guard let directive = DirectiveKind(journalName: try name()) else { throw bad("statement") }
      return .waiting(for: directive, text: try text(), until: try instant())
    case .verdict:
      let holds = try bool()
      let message = try optionalText()
      var evidence: [Evidence] = []
      for _ in 0..<(try count()) {
        evidence.append(Evidence(call: try call(), answer: try answer()))
      }
      return .verdict(holds: holds, message: message, evidence: evidence)
    case .decision:
      let approved = try byte()
      guard approved <= 2 else { throw bad("decision") }
      return .decision(approved: approved == 0 ? nil : approved == 2, by: try optionalText())
    case .elapsed: return .elapsed
    case .retry:
      return .retry(
        attempt: Int(try integer()),
        at: Instant(nanoseconds: try integer() &+ context.lastAt), why: try text())
    case .attempt: return .attempt(Int(try integer()))
    case .expired: return .expired
    case .unwinding:
      return .unwinding(undos: Int(truncatingIfNeeded: try unsigned()), why: try text())
    case .undone: return .undone(failure: try optionalText())
    case .lock: return .lock(name: try text(), fencing: try integer())
    case .paused: return .paused(why: try text())
    case .ended:
      guard let status = RunResult.Status(rawValue: try name()) else { throw bad("status") }
      return .ended(status, message: try optionalText())
    case .predicted: return .predicted(try prediction())
    case .objectives:
      var objectives: [Objective] = []
      for _ in 0..<(try count()) {
        objectives.append(Objective(service: try plain(), recovery: try integer()))
      }
      return .objectives(objectives)
    case .accepted: return .accepted(program: try plain(isKept: true), by: try text())
    case .restored: return .restored(Restoration(isVerified: try bool(), why: try optionalText()))
    case .life: return .life(try life())
    case .reopened: return .reopened(why: try text(), audience: try optionalText())
    }
  }

  private mutating func prediction() throws(RecordError) -> Prediction {
    let whole = try bool() ? try integer() : nil
    var steps: [Prediction.Step] = []
    for _ in 0..<(try count()) {
      steps.append(Prediction.Step(position: Position(try plain()), nanoseconds: try integer()))
    }
    return Prediction(wholeNanoseconds: whole, steps: steps)
  }

  private mutating func life() throws(RecordError) -> Life {
    let (by, machine, version, file) = (try text(), try text(), try text(), try text())
    var clusters: [ClusterPlace] = []
    for _ in 0..<(try count()) {
      clusters.append(
        ClusterPlace(
          cluster: try text(), context: try text(), server: try text(), user: try text()))
    }
    return Life(by: by, machine: machine, version: version, file: file, clusters: clusters)
  }

  private mutating func identity() throws(RecordError) -> RunIdentity {
    context.runID = try plain()
    let runbook = try text()
    guard case .object(let arguments) = try document() else { throw bad("arguments") }
    let program = try plain()
    var sources: [RunIdentity.Source] = []
    for _ in 0..<(try count()) {
      sources.append(RunIdentity.Source(name: try plain(), digest: try plain()))
    }
    return RunIdentity(
      runID: context.runID, runbook: runbook, arguments: arguments, programDigest: program,
      sources: sources, version: try plain(), world: try plain())
  }

  private mutating func intent(at position: Position) throws(RecordError) -> Intent {
    let call = try call()
    guard let actClass = ActClass(rawValue: try name()) else { throw bad("class") }
    var key = try plain()
    if try bool() { key = "\(context.runID)/\(position.text)\(key)" }
    return Intent(
      call: call, actClass: actClass, key: key,
      observation: Observation(
        target: try text(), changes: try texts(), permissions: try texts(),
        state: try document(), result: try document()))
  }

  private mutating func call() throws(RecordError) -> CallNote {
    CallNote(name: try name(), arguments: try document())
  }

  private mutating func answer() throws(RecordError) -> Answer {
    if try bool() { return .success(try document()) }
    guard let failure = WorldFailure(kind: try name(), message: try text()) else {
      throw bad("failure")
    }
    return .failure(failure)
  }

  // MARK: Parts

  /// Deeper documents are no work of a writer, whose values the language bounds too.
  private static let depthMax = 512

  private mutating func document(depth: Int = 0) throws(RecordError) -> Document {
    guard depth < RecordDecoder.depthMax else { throw bad("value") }
    if isPassing { return try passDocument(depth) }
    guard let tag = DocumentTag(rawValue: try byte()) else { throw bad("value") }
    switch tag {
    case .null: return .null
    case .no: return .bool(false)
    case .yes: return .bool(true)
    case .int: return .int(try integer())
    case .float:
      var bits: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 8) { bits |= UInt64(try byte()) << shift }
      return .float(Double(bitPattern: bits))
    case .text: return .string(try text())
    case .array:
      var items: [Document] = []
      let count = try count()
      items.reserveCapacity(count)
      for _ in 0..<count { items.append(try document(depth: depth + 1)) }
      return .array(items)
    case .object:
      var members: [(name: String, value: Document)] = []
      let count = try count()
      members.reserveCapacity(count)
      for _ in 0..<count { members.append((try name(), try document(depth: depth + 1))) }
      return .object(DocumentObject(unique: members))
    }
  }

  private mutating func passDocument(_ depth: Int) throws(RecordError) -> Document {
    guard let tag = DocumentTag(rawValue: try byte()) else { throw bad("value") }
    switch tag {
    case .null, .no, .yes: break
    case .int: _ = try integer()
    case .float: for _ in 0..<8 { _ = try byte() }
    case .text: _ = try text()
    case .array: for _ in 0..<(try count()) { _ = try document(depth: depth + 1) }
    case .object:
      for _ in 0..<(try count()) {
        _ = try name()
        _ = try document(depth: depth + 1)
      }
    }
    return .null
  }

  private mutating func instant() throws(RecordError) -> Instant? {
    try bool() ? Instant(nanoseconds: try integer() &+ context.lastAt) : nil
  }

  private mutating func bool() throws(RecordError) -> Bool {
    let value = try byte()
    guard value <= 1 else { throw bad("truth value") }
    return value == 1
  }

  private mutating func texts() throws(RecordError) -> [String] {
    var texts: [String] = []
    for _ in 0..<(try count()) { texts.append(try text()) }
    return texts
  }

  private mutating func name() throws(RecordError) -> String {
    guard let name = try optionalText(isName: true) else { throw bad("name") }
    return name
  }

  private mutating func text() throws(RecordError) -> String {
    guard let text = try optionalText() else { throw bad("text") }
    return text
  }

  private mutating func optionalText(isName: Bool = false) throws(RecordError) -> String? {
    let lead = try unsigned()
    if lead == 0 { return nil }
    if lead & 1 == 1 {
      let number = lead >> 1
      guard number < context.texts.count else { throw bad("number of a text") }
      return context.texts[Int(number)]
    }
    let count = lead >> 1 &- 1
    guard count <= UInt64(end - offset) else { throw .short }
    let isNumbered = context.isNumbered(Int(count), isName: isName)
    let text = try characters(count, isKept: isName || isNumbered)
    if isNumbered { context.texts.append(text) }
    return text
  }

  private mutating func plain(isKept: Bool = false) throws(RecordError) -> String {
    try characters(try unsigned(), isKept: isKept)
  }

  private mutating func characters(
    _ count: UInt64, isKept: Bool = false
  ) throws(RecordError) -> String {
    guard count <= UInt64(end - offset) else { throw .short }
    let start = offset
    offset += Int(count)
    if isPassing, !isKept { return "" }
    let end = offset
    return bytes.withUnsafeBufferPointer {
      String(decoding: UnsafeBufferPointer(rebasing: $0[start..<end]), as: UTF8.self)
    }
  }

  /// Of items that take a byte each at least.
  private mutating func count() throws(RecordError) -> Int {
    let count = try unsigned()
    guard count <= UInt64(end - offset) else { throw .short }
    return Int(count)
  }

  private mutating func integer() throws(RecordError) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// Most are of one byte.
  @inline(__always)
  private mutating func unsigned() throws(RecordError) -> UInt64 {
    guard offset < end, bytes[offset] < 0x80 else { return try longUnsigned() }
    defer { offset += 1 }
    return UInt64(bytes[offset])
  }

  private mutating func longUnsigned() throws(RecordError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let next = try byte()
      value |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return value }
    }
    throw bad("number")
  }

  private mutating func byte() throws(RecordError) -> UInt8 {
    guard offset < end else { throw .short }
    defer { offset += 1 }
    return bytes[offset]
  }

  private func bad(_ what: String) -> RecordError {
    RecordError(message: "a \(what) in it is none that this version knows")
  }
}
