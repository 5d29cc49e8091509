// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// Why a journal is not believed. Nothing is guessed: a run whose journal is refused does not go
/// on.
package enum JournalRefusal: Error, Sendable, Equatable {
  /// The file is no journal, or one of a version that this tool does not know.
  case notAJournal(String)
  /// It does not hold what was written.
  case damaged(JournalDamage)
  /// The journal is whole, but of another program or of other arguments.
  case anotherRun(what: String, journal: String, program: String)
  /// The program does something else than the journal tells at that place.
  case diverged(position: Position, journal: String, program: String)
  /// The run has ended; there is nothing to resume.
  case ended(RunResult.Status)

  package var diagnostic: Diagnostic {
    switch self {
    case .notAJournal(let why): Diagnostic(.journalRefused, why)
    case .damaged(let damage):
      Diagnostic(
        .journalRefused, damage.message,
        help: "restore it from a copy; a run is never resumed on guesses")
    case .anotherRun(let what, let journal, let program):
      Diagnostic(
        .journalRefused, "the journal belongs to another \(what)",
        notes: ["the journal has \(journal)", "this run has \(program)"],
        help: what == "program"
          ? "resume with the sources that the run began with; or, if what is still to come was meant to change,"
            + " with `dr resume --accept-change`"
          : "resume with the sources and the arguments that the run began with")
    case .diverged(let position, let journal, let program):
      Diagnostic(
        .journalRefused, "the journal does not fit the program at \(position)",
        notes: ["the journal has \(journal)", "the program has \(program)"])
    case .ended(let status):
      Diagnostic(
        .journalRefused, "the run has ended: \(status.words)",
        help: status == .succeeded
          ? "what it did can be taken back with `dr resume --undo`"
          : "see what it did with `dr runs show`, and begin a new run with `dr run`")
    }
  }
}

/// Where a journal is not as it was written.
package struct JournalDamage: Error, Sendable, Equatable {
  /// Of the batch in which the damage is; all bytes before it are believed.
  package let offset: Int
  /// How many records stand whole before it.
  package let records: Int
  package let why: String

  /// `the journal is damaged at byte 812, after 7 records: a batch has no end`
  package var message: String {
    "the journal is damaged at byte \(offset), after \(Words.count(records, "record")): \(why)"
  }

  package var document: Document {
    [
      "offset": .int(Int64(offset)), "records": .int(Int64(records)), "why": .string(why),
    ]
  }
}

/// A journal that was read and found whole; or, to be shown only, what stands before its damage.
package struct Journal: Sendable {
  let bytes: [UInt8]
  /// How many bytes of the file are whole; what follows was cut off in the middle of being written
  /// and must be truncated before anything is appended.
  package let validCount: Int
  /// Bytes of a torn tail; 0 where there is none.
  package let tornCount: Int
  /// How many records there are.
  package let count: Int
  package let first: JournalRecord?
  package let last: JournalRecord?
  /// Of the program that the run goes on with: the one that it began with, or one that somebody has
  /// accepted since; `nil` where the crash came before its first record.
  package let programDigest: String?
  /// Where it is damaged; `nil` where it is whole. Nothing after that place is in it, and nothing goes on from it.
  package let damage: JournalDamage?
  /// What later records may refer to.
  let context: RecordContext
  /// What the next batch is chained to.
  let chain: [UInt8]

  /// All records, in order. They are decoded as one goes through them: a journal may hold more than
  /// fits into memory at once.
  package var records: JournalRecords { JournalRecords(bytes: bytes, end: validCount) }

  /// When a further life begins. Time does not go back, though the clock may have been set back
  /// since: what is waited for would be waited for again.
  package func resumption(at now: Instant) -> Instant { max(now, last?.at ?? now) }

  /// Of the last batch, in hexadecimal: it vouches for everything before it.
  package var lastHash: String { SHA256.hex(chain.dropLast()) }

  /// What the run is; `nil` where the crash came before its first record.
  package var identity: RunIdentity? {
    guard case .begun(let identity)? = first?.body else { return nil }
    return identity
  }

  /// Reads a whole file. A file that ends within its header or its last batch was torn while being
  /// written: nothing relied on it, and it is cut. Anything else that is not as written is refused.
  package init(bytes: [UInt8]) throws(JournalRefusal) {
    try self.init(bytes: bytes, damage: nil)
  }

  /// Reads what there is to show. Of a file that is damaged it is what stands before the damage, whose chain of hashes
  /// vouches for it. Throws where nothing is believed.
  package init(believedOf bytes: [UInt8]) throws(JournalRefusal) {
    do throws(JournalRefusal) {
      try self.init(bytes: bytes)
    } catch {
      guard case .damaged(let damage) = error, damage.offset > 0 else { throw error }
      try self.init(bytes: Array(bytes[..<damage.offset]), damage: damage)
    }
  }

  private init(bytes: [UInt8], damage: JournalDamage?) throws(JournalRefusal) {
    var reader = JournalReader(bytes: bytes)
    try reader.read()
    self.bytes = bytes
    self.damage = damage
    validCount = reader.offset
    tornCount = bytes.count - reader.offset
    count = reader.count
    first = reader.first
    last = reader.last
    programDigest = reader.programDigest
    context = reader.decoder.context
    chain = reader.chain
  }
}

/// The records of a journal that was found whole.
package struct JournalRecords: Sequence, Sendable {
  let bytes: [UInt8]
  let end: Int

  package struct Iterator: IteratorProtocol, Sendable {
    private let bytes: [UInt8]
    private let end: Int
    private var decoder: RecordDecoder
    private var batch = JournalFormat.headerCount

    init(_ records: JournalRecords) {
      bytes = records.bytes
      end = records.end
      decoder = RecordDecoder(records.bytes)
    }

    package mutating func next() -> JournalRecord? {
      if decoder.isAtEnd {
        guard batch < end else { return nil }
        let start = batch + JournalFormat.leadCount
        let payload = start..<start + Int(bytes.littleEndian(at: batch))
        decoder.enter(payload)
        batch = payload.upperBound + JournalFormat.tailCount
      }
      // Each has been gone over once when the journal was read.
      return try? decoder.record()
    }
  }

  package func makeIterator() -> Iterator { Iterator(self) }
}

struct JournalReader {
  let bytes: [UInt8]
  /// Without the zeros at the end: after a power failure file systems may keep a new length and
  /// lose the bytes. No whole batch ends in a zero.
  let writtenCount: Int
  private(set) var offset = 0
  private(set) var decoder: RecordDecoder
  private(set) var count = 0
  /// Records of the batches that were found whole.
  private var believedCount = 0
  private(set) var first: JournalRecord?
  private(set) var programDigest: String?
  private var lastMark: RecordDecoder.Mark?

  init(bytes: [UInt8]) {
    self.bytes = bytes
    decoder = RecordDecoder(bytes)
    writtenCount = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
  }

  /// To read on, in a test, where another reader stands.
  init(bytes: [UInt8], after reader: JournalReader) {
    self.init(bytes: bytes)
    offset = reader.offset
    decoder = RecordDecoder(bytes, after: reader.decoder.context)
    count = reader.count
    believedCount = count
  }

  /// Of those that were read, the last.
  var last: JournalRecord? {
    guard let lastMark else { return nil }
    var decoder = decoder.at(lastMark)
    return try? decoder.record()
  }

  var chain: [UInt8] {
    offset == 0
      ? JournalFormat.header.suffix(JournalFormat.chainCount)
      : Array(bytes[(offset - JournalFormat.chainCount)..<offset])
  }

  mutating func read() throws(JournalRefusal) {
    let header = JournalFormat.header
    if writtenCount < header.count {
      guard header.starts(with: bytes[..<writtenCount]) else {
        throw .notAJournal("the file is no journal of dr")
      }
      return
    }
    // Of the first append something may be there and its beginning not.
    if bytes[0] == 0, isUnwritten { return }
    if !bytes.starts(with: header) {
      guard bytes.starts(with: JournalFormat.magic) else {
        throw .notAJournal("the file is no journal of dr")
      }
      let version = bytes.littleEndian(at: 8)
      guard CRC32C.checksum(bytes[..<12]) == bytes.littleEndian(at: 12),
        version != JournalFormat.version
      else { throw damaged("the header is not as it was written") }
      throw .notAJournal(
        "the journal has format \(version); this tool reads \(JournalFormat.version)")
    }
    offset = header.count
    try readBatches()
  }

  /// From the end of a whole batch on.
  mutating func readBatches() throws(JournalRefusal) {
    while offset < bytes.count {
      guard try readBatch() else { return }
    }
  }

  /// False where the file ends within the batch, or where the batch was never written whole.
  mutating func readBatch() throws(JournalRefusal) -> Bool {
    let start = offset + JournalFormat.leadCount
    guard writtenCount >= start || writtenCount == bytes.count, bytes.count >= start else {
      return false
    }
    guard CRC32C.checksum(bytes[offset..<offset + 4]) == bytes.littleEndian(at: offset + 4) else {
      return try unwritten("the length of a batch does not agree with its checksum")
    }
    let length = Int(bytes.littleEndian(at: offset))
    guard length <= JournalFormat.payloadMax else { throw damaged("a batch is too long") }
    let end = start + length
    let next = end + JournalFormat.tailCount
    guard next <= writtenCount else { return false }
    guard bytes[next - 1] == JournalFormat.end else {
      return try unwritten("a batch has no end")
    }
    guard CRC32C.checksum(bytes[start..<end]) == bytes.littleEndian(at: end) else {
      return try unwritten("a batch does not agree with its checksum")
    }
    let hash = SHA256.digest(bytes[(offset - JournalFormat.chainCount)..<end + 4])
    guard hash.starts(with: bytes[(end + 4)..<next - 1]) else {
      return try unwritten(
        "a batch does not follow the one before it: the chain of hashes is broken")
    }
    decoder.enter(start..<end)
    try decode()
    offset = next
    believedCount = count
    return true
  }

  // MARK: Power failures

  /// Disks write pieces of so many bytes, in any order.
  private static let pieceCount = 512

  /// False where the batch is what a power failure left of the last append; else it is damaged.
  private func unwritten(_ why: String) throws(JournalRefusal) -> Bool {
    guard isUnwritten else { throw damaged(why) }
    return false
  }

  /// Whether a piece is missing, so that it reads as zeros, and no whole batch follows: then nothing
  /// relied on what is there.
  private var isUnwritten: Bool {
    var start = offset
    while start < writtenCount {
      let end = min((start / Self.pieceCount + 1) * Self.pieceCount, writtenCount)
      if bytes[start..<end].allSatisfy({ $0 == 0 }) { return !hasBatchAfter }
      start = end
    }
    return false
  }

  private var hasBatchAfter: Bool {
    let least = JournalFormat.leadCount + JournalFormat.tailCount
    guard writtenCount - offset > least else { return false }
    for place in offset + 1...writtenCount - least {
      let start = place + JournalFormat.leadCount
      let end = start + Int(bytes.littleEndian(at: place))
      guard end + JournalFormat.tailCount <= writtenCount,
        bytes[end + JournalFormat.tailCount - 1] == JournalFormat.end,
        CRC32C.checksum(bytes[place..<place + 4]) == bytes.littleEndian(at: place + 4),
        CRC32C.checksum(bytes[start..<end]) == bytes.littleEndian(at: end)
      else { continue }
      return true
    }
    return false
  }

  private mutating func decode() throws(JournalRefusal) {
    while !decoder.isAtEnd {
      let record: JournalRecord
      let mark = decoder.mark
      do throws(RecordError) {
        record = count == 0 ? try decoder.record() : try decoder.pass()
      } catch {
        throw damaged("a record is not understood: \(error.message)")
      }
      if case .accepted(let program, _) = record.body { programDigest = program }
      if case .begun(let identity) = record.body {
        guard count == 0 else { throw damaged("a run begins twice") }
        first = record
        programDigest = identity.programDigest
      } else if count == 0 {
        throw damaged("the first record does not begin a run")
      }
      count += 1
      lastMark = mark
    }
  }

  private func damaged(_ why: String) -> JournalRefusal {
    .damaged(JournalDamage(offset: offset, records: believedCount, why: why))
  }
}
