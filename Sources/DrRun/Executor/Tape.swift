// SPDX-License-Identifier: Apache-2.0

/// The journal as the executor sees it: records of earlier lives that are still to be replayed,
/// then new ones on their way to the disk.
struct Tape {
  private var writer: JournalWriter
  private var unwritten: [UInt8] = []
  private var mustAppend = false
  /// Of earlier lives; emptied once they have been replayed.
  private var records: [JournalRecord]
  private var cursor = 0
  let isResumed: Bool
  private var mustMark: Bool

  /// More than this is not kept for the next record that must be on disk.
  private static let lazyMax = 1 << 16

  init(_ journal: Journal?) {
    records = journal?.records ?? []
    isResumed = !records.isEmpty
    mustMark = isResumed
    writer = journal.map(JournalWriter.init(after:)) ?? JournalWriter()
    if journal?.validCount ?? 0 == 0 { unwritten = JournalFormat.header }
  }

  // MARK: Earlier lives

  var first: JournalRecord? { records.first }
  var last: JournalRecord? { records.last }
  var isReplaying: Bool { cursor < records.count }

  /// The next record that belongs to something in the program: those that say when a life ended and
  /// the next began do not.
  mutating func next() -> JournalRecord? {
    while isReplaying {
      switch records[cursor].body {
      case .begun, .resumed, .paused: cursor += 1
      case .step, .stepDone, .stepFailed, .read, .intent, .outcome, .settled, .waiting, .verdict,
        .decision, .elapsed, .retry, .attempt, .expired, .unwinding, .undone, .lock, .ended:
        return records[cursor]
      }
    }
    return nil
  }

  mutating func advance() { cursor += 1 }

  /// Everything has been replayed.
  mutating func discard() {
    records = []
    cursor = 0
  }

  // MARK: This life

  /// Says that a further life has begun, before anything else of it.
  mutating func markResumption(at now: Instant) -> Bool {
    guard mustMark else { return true }
    mustMark = false
    return append(JournalRecord(at: now, .resumed))
  }

  /// False where the record is larger than a journal may hold.
  mutating func append(_ record: JournalRecord) -> Bool {
    guard markResumption(at: record.at), let bytes = writer.encode(record) else { return false }
    unwritten.append(contentsOf: bytes)
    if !record.body.isLazy { mustAppend = true }
    return true
  }

  /// Something is about to happen that relies on all records so far.
  mutating func require() { mustAppend = mustAppend || !unwritten.isEmpty }

  /// What is to be made durable before the orders of this batch.
  mutating func takeBytes() -> [UInt8]? {
    guard mustAppend || unwritten.count > Tape.lazyMax else { return nil }
    defer {
      unwritten = []
      mustAppend = false
    }
    return unwritten
  }
}
