// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// Why a journal is not believed. Nothing is guessed: a run whose journal is refused does not go
/// on.
package enum JournalRefusal: Error, Sendable, Equatable {
  /// The file is no journal, or one of a version that this tool does not know.
  case notAJournal(String)
  /// A record that does not hold what was written.
  case damaged(offset: Int, String)
  /// The journal is whole, but of another program or of other arguments.
  case anotherRun(what: String, journal: String, program: String)
  /// The program does something else than the journal tells at that place.
  case diverged(position: Position, journal: String, program: String)
  /// The run has ended; there is nothing to resume.
  case ended(RunResult.Status)

  package var diagnostic: Diagnostic {
    switch self {
    case .notAJournal(let why): Diagnostic(.journalRefused, why)
    case .damaged(let offset, let why):
      Diagnostic(
        .journalRefused, "the journal is damaged at byte \(offset): \(why)",
        help: "restore the file from a copy; a run is never resumed on guesses")
    case .anotherRun(let what, let journal, let program):
      Diagnostic(
        .journalRefused, "the journal belongs to another \(what)",
        notes: ["the journal has \(journal)", "this run has \(program)"],
        help: "resume with the sources and the arguments that the run began with")
    case .diverged(let position, let journal, let program):
      Diagnostic(
        .journalRefused, "the journal does not fit the program at \(position)",
        notes: ["the journal has \(journal)", "the program has \(program)"])
    case .ended(let status):
      Diagnostic(.journalRefused, "the run has ended: \(status.rawValue)")
    }
  }
}

/// A journal that was read and found whole.
package struct Journal: Sendable {
  package let records: [JournalRecord]
  /// How many bytes of the file are whole; what follows was cut off in the middle of being written
  /// and must be truncated before anything is appended.
  package let validCount: Int
  /// Bytes of a torn tail; 0 where there is none.
  package let tornCount: Int
  let lastHash: [UInt8]

  /// What the run is; `nil` where the crash came before its first record.
  package var identity: RunIdentity? {
    guard case .begun(let identity)? = records.first?.body else { return nil }
    return identity
  }

  /// Reads a whole file. A file that ends within its header or its last record was torn while being
  /// written: nothing relied on it, and it is cut. Anything else that is not as written is refused.
  package init(bytes: [UInt8]) throws(JournalRefusal) {
    var reader = JournalReader(bytes: bytes)
    try reader.read()
    records = reader.records
    validCount = reader.offset
    tornCount = bytes.count - reader.offset
    lastHash = reader.hash
  }
}

struct JournalReader {
  let bytes: [UInt8]
  /// Without the zeros at the end: after a power failure file systems may keep a new length and
  /// lose the bytes. No whole record ends in a zero, since every payload ends with a brace.
  let writtenCount: Int
  private(set) var offset: Int
  private(set) var records: [JournalRecord] = []
  private(set) var hash: [UInt8]

  init(bytes: [UInt8], offset: Int = 0, hash: [UInt8] = JournalFormat.firstHash) {
    self.bytes = bytes
    self.offset = offset
    self.hash = hash
    writtenCount = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
  }

  mutating func read() throws(JournalRefusal) {
    let header = JournalFormat.header
    if writtenCount < header.count {
      guard header.starts(with: bytes[..<writtenCount]) else {
        throw .notAJournal("the file is no journal of dr")
      }
      return
    }
    if !bytes.starts(with: header) {
      guard bytes.starts(with: JournalFormat.magic) else {
        throw .notAJournal("the file is no journal of dr")
      }
      let version = bytes.littleEndian(at: 8)
      guard CRC32C.checksum(bytes[..<12]) == bytes.littleEndian(at: 12) else {
        throw .damaged(offset: 0, "the header does not agree with its checksum")
      }
      throw .notAJournal(
        "the journal has format \(version); this tool reads \(JournalFormat.version)")
    }
    offset = header.count
    try readRecords()
  }

  /// From the end of a whole record on.
  mutating func readRecords() throws(JournalRefusal) {
    while offset < bytes.count {
      guard try readRecord() else { return }
    }
  }

  /// False where the file ends within the record.
  private mutating func readRecord() throws(JournalRefusal) -> Bool {
    let start = offset + JournalFormat.frameCount
    guard writtenCount >= start || writtenCount == bytes.count, bytes.count - offset >= 8 else {
      return false
    }
    let lengthBytes = Array(bytes[offset..<offset + 4])
    guard CRC32C.checksum(lengthBytes) == bytes.littleEndian(at: offset + 4) else {
      throw damaged("the length of a record does not agree with its checksum")
    }
    let length = Int(bytes.littleEndian(at: offset))
    guard length <= JournalFormat.payloadMax else { throw damaged("a record is too long") }
    let end = start + length
    guard end <= writtenCount else { return false }
    guard CRC32C.checksum(bytes[(offset + 12)..<end]) == bytes.littleEndian(at: offset + 8) else {
      throw damaged("a record does not agree with its checksum")
    }
    let expected = JournalFormat.hash(
      after: hash, length: lengthBytes, payload: bytes[start..<end])
    guard expected == Array(bytes[(offset + 12)..<start]) else {
      throw damaged("a record does not follow the one before it: the chain of hashes is broken")
    }
    records.append(try decode(Array(bytes[start..<end])))
    hash = expected
    offset = end
    return true
  }

  private func decode(_ payload: [UInt8]) throws(JournalRefusal) -> JournalRecord {
    let record: JournalRecord
    do {
      record = try RecordReader.record(try JSON.parse(payload))
    } catch let error as RecordError {
      throw damaged("a record is not understood: \(error.message)")
    } catch {
      throw damaged("a record is not understood: it is no JSON")
    }
    if case .begun = record.body {
      guard offset == JournalFormat.headerCount else { throw damaged("a run begins twice") }
    } else if offset == JournalFormat.headerCount {
      throw damaged("the first record does not begin a run")
    }
    return record
  }

  private func damaged(_ why: String) -> JournalRefusal { .damaged(offset: offset, why) }
}
