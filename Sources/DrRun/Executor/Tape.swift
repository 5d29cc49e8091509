// SPDX-License-Identifier: Apache-2.0

/// The journal as the executor sees it: records of earlier lives that are still to be replayed,
/// then new ones on their way to the disk. A class, since the executor looks at it all the time and
/// a look at a structure in it would copy the next record.
final class Tape {
  private var writer: JournalWriter
  private var mustAppend = false
  private var mustBeginFile: Bool
  /// Of earlier lives: the next one, and those after it.
  private var current: JournalRecord?
  private var rest: JournalRecords.Iterator?
  /// Of earlier lives.
  let first: JournalRecord?
  let last: JournalRecord?
  private var mustMark: Bool
  /// Whether new records are kept until they are taken, for who follows the run.
  var keepsRecords = false
  private var records: [JournalRecord] = []

  /// More than this is not kept for the next record that must be on disk.
  private static let lazyMax = 1 << 16

  init(_ journal: Journal?) {
    first = journal?.first
    last = journal?.last
    mustMark = first != nil
    writer = journal.map(JournalWriter.init(after:)) ?? JournalWriter()
    mustBeginFile = journal?.validCount ?? 0 == 0
    rest = journal?.records.makeIterator()
    advance()
  }

  // MARK: Earlier lives

  var isResumed: Bool { first != nil }
  /// Whether a record is left that belongs to something in the program.
  private(set) var isReplaying = false

  /// The next one, which stays.
  var next: JournalRecord? { current }

  /// The next one; then it is the turn of the one after it.
  func takeNext() -> JournalRecord? {
    guard isReplaying else { return nil }
    let record = current.take()
    advance()
    return record
  }

  /// Goes to the next one. Records that say when a life ended and the next began belong to nothing.
  private func advance() {
    while let record = rest?.next() {
      switch record.body {
      case .begun, .resumed, .paused, .predicted, .objectives, .accepted, .restored, .life:
        continue
      case .step, .stepDone, .stepFailed, .read, .intent, .outcome, .settled, .waiting,
        .verdict, .decision, .elapsed, .retry, .attempt, .expired, .unwinding, .undone, .lock,
        .ended, .reopened:
        current = record
        isReplaying = true
        return
      }
    }
    discard()
  }

  /// Everything has been replayed.
  func discard() {
    rest = nil
    current = nil
    isReplaying = false
  }

  // MARK: This life

  /// Says that a further life has begun, before anything else of it.
  func markResumption(at now: Instant) -> Bool {
    guard mustMark else { return true }
    mustMark = false
    return append(JournalRecord(at: now, .resumed))
  }

  /// False where the record is larger than a journal may hold.
  func append(_ record: JournalRecord) -> Bool {
    guard markResumption(at: record.at), writer.add(record) else { return false }
    if keepsRecords { records.append(record) }
    if !record.body.isLazy { mustAppend = true }
    return true
  }

  /// Those that are new.
  func takeRecords() -> [JournalRecord] {
    defer { records = [] }
    return records
  }

  /// Something is about to happen that relies on all records so far.
  func require() { mustAppend = mustAppend || writer.count > 0 }

  /// What is to be made durable before the orders of this batch.
  func takeBytes() -> [UInt8]? {
    guard mustAppend || writer.count > Tape.lazyMax else { return nil }
    mustAppend = false
    guard mustBeginFile else { return writer.take() }
    mustBeginFile = false
    return JournalFormat.header + writer.take()
  }
}
