// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// The layout of a journal file; `docs/journal.md` has the picture.
package enum JournalFormat {
  /// The first byte is no text, and the line ends show a transfer that changed them.
  static let magic: [UInt8] = [0x89, 0x64, 0x72, 0x6a, 0x0d, 0x0a, 0x1a, 0x0a]
  package static let version: UInt32 = 1
  /// Magic, version, checksum of both.
  package static let headerCount = 16
  /// Length, checksum of the length, checksum of the rest, hash.
  static let frameCount = 12 + SHA256.byteCount
  /// Of a payload: an intent may hold a full observation and its result.
  static let payloadMax = 4 << 20

  /// What every journal begins with.
  package static let header: [UInt8] = {
    var bytes = magic
    bytes.append(littleEndian: version)
    bytes.append(littleEndian: CRC32C.checksum(bytes))
    return bytes
  }()

  /// What the first record is chained to.
  static let firstHash = SHA256.digest(header)

  static func hash(after previous: [UInt8], length: [UInt8], payload: some Sequence<UInt8>)
    -> [UInt8]
  {
    var hash = SHA256()
    hash.update(previous)
    hash.update(length)
    hash.update(payload)
    return hash.finish()
  }
}

/// Encodes records, each chained to the one before.
package struct JournalWriter: Sendable {
  private var previousHash: [UInt8]

  /// For a new journal, whose file begins with `JournalFormat.header`.
  package init() { previousHash = JournalFormat.firstHash }

  /// To go on after what was read.
  package init(after journal: Journal) { previousHash = journal.lastHash }

  /// The bytes to append for one record. `nil` where the record is larger than a journal may hold.
  package mutating func encode(_ record: JournalRecord) -> [UInt8]? {
    let payload = Array(JSON.write(record.document).utf8)
    guard payload.count <= JournalFormat.payloadMax else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(JournalFormat.frameCount + payload.count)
    bytes.append(littleEndian: UInt32(payload.count))
    let hash = JournalFormat.hash(after: previousHash, length: bytes, payload: payload)
    bytes.append(littleEndian: CRC32C.checksum(bytes))
    var checksum = CRC32C()
    checksum.update(hash)
    checksum.update(payload)
    bytes.append(littleEndian: checksum.value)
    bytes.append(contentsOf: hash)
    bytes.append(contentsOf: payload)
    previousHash = hash
    return bytes
  }
}

extension [UInt8] {
  mutating func append(littleEndian value: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  func littleEndian(at offset: Int) -> UInt32 {
    UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
      | UInt32(self[offset + 3]) << 24
  }
}
