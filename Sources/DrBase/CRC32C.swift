// SPDX-License-Identifier: Apache-2.0

/// The CRC-32C (Castagnoli) checksum of RFC 3720, appendix B.4: it tells a torn or damaged
/// journal record from a whole one. Table driven and written here so that the journal core
/// needs neither Foundation nor a processor's special instruction.
package struct CRC32C: Sendable {
  private var remainder: UInt32 = 0xffff_ffff

  package init() {}

  /// The checksum of one piece of data.
  package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  /// Takes in more data.
  package mutating func update(_ bytes: some Sequence<UInt8>) {
    let contiguous: Void? = bytes.withContiguousStorageIfAvailable { absorb($0) }
    if contiguous == nil { Array(bytes).withUnsafeBufferPointer { absorb($0) } }
  }

  private mutating func absorb(_ bytes: UnsafeBufferPointer<UInt8>) {
    let table = CRC32C.table
    var r = remainder
    for byte in bytes { r = table[Int((r ^ UInt32(byte)) & 0xff)] ^ (r >> 8) }
    remainder = r
  }

  /// The checksum of everything taken in.
  package var value: UInt32 { ~remainder }

  /// Remainders of all single bytes for the reversed polynomial 0x1EDC6F41.
  private static let table: [UInt32] = (0..<256).map { index in
    var r = UInt32(index)
    for _ in 0..<8 { r = r & 1 == 1 ? 0x82f6_3b78 ^ (r >> 1) : r >> 1 }
    return r
  }
}
