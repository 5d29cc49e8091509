// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Encodes records into batches, each chained to the one before.
package struct JournalWriter: Sendable {
  private var encoder: RecordEncoder
  /// The last bytes of what was written before.
  private var chain: [UInt8]
  /// Batches that are closed and not yet taken.
  private var batches: [UInt8] = []

  /// For a new journal, whose file begins with `JournalFormat.header`.
  package init() {
    encoder = RecordEncoder()
    chain = JournalFormat.header.suffix(JournalFormat.chainCount)
  }

  /// To go on after what was read.
  package init(after journal: Journal) {
    encoder = RecordEncoder(after: journal.context)
    chain = journal.chain
  }

  /// Bytes of records that have not been taken, roughly.
  var count: Int { batches.count + encoder.bytes.count }

  /// Adds a record to the batch. False where it is larger than a journal may hold; it is left out.
  package mutating func add(_ record: JournalRecord) -> Bool {
    let start = encoder.bytes.count
    guard encoder.write(record) else { return false }
    // Only with values of a megabyte each: a batch that would become too long ends before.
    if encoder.bytes.count > JournalFormat.payloadMax {
      let next = Array(encoder.bytes[start...])
      encoder.bytes.removeSubrange(start...)
      close()
      encoder.bytes = next
    }
    return true
  }

  /// The bytes to append for all records since the last time; empty where there are none.
  package mutating func take() -> [UInt8] {
    close()
    defer { batches = [] }
    return batches
  }

  private mutating func close() {
    guard !encoder.bytes.isEmpty else { return }
    var batch = chain
    batch.reserveCapacity(encoder.bytes.count + 64)
    batch.append(littleEndian: UInt32(encoder.bytes.count))
    batch.append(littleEndian: CRC32C.checksum(batch[chain.count...]))
    batch.append(contentsOf: encoder.bytes)
    batch.append(littleEndian: CRC32C.checksum(encoder.bytes))
    batch.append(contentsOf: SHA256.digest(batch).prefix(JournalFormat.hashCount))
    batch.append(JournalFormat.end)
    batches.append(contentsOf: batch[chain.count...])
    chain = batch.suffix(JournalFormat.chainCount)
    encoder.bytes.removeAll(keepingCapacity: true)
  }
}
