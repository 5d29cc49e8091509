// SPDX-License-Identifier: Apache-2.0

import DrBase

/// The layout of a journal file; `docs/journal.md` has the picture.
package enum JournalFormat {
  /// The first byte is no text, and the line ends show a transfer that changed them.
  static let magic: [UInt8] = [0x89, 0x64, 0x72, 0x6a, 0x0d, 0x0a, 0x1a, 0x0a]
  package static let version: UInt32 = 2
  /// Magic, version, checksum of both, end.
  package static let headerCount = 17
  /// Ends the header and every batch: never zero, so that zeros which a file system left behind are
  /// told from what was written.
  static let end: UInt8 = 0x0a

  /// Length of the payload and the checksum of the length.
  static let leadCount = 8
  /// Checksum of the payload, hash, end.
  static let tailCount = 4 + hashCount + 1
  /// The first half of a SHA-256.
  static let hashCount = 16
  /// What a hash covers of the batch before (for the first: of the header), beside its own batch.
  static let chainCount = hashCount + 1
  /// Of one record: an intent may hold a full observation and its result.
  static let recordMax = 4 << 20
  /// Of a batch: a reader takes a greater length for damage.
  static let payloadMax = recordMax + (1 << 20)

  /// What every journal begins with.
  package static let header: [UInt8] = {
    var bytes = magic
    bytes.append(littleEndian: version)
    bytes.append(littleEndian: CRC32C.checksum(bytes))
    bytes.append(end)
    return bytes
  }()
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
