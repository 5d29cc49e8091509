// SPDX-License-Identifier: Apache-2.0

import CDigest

/// The CRC-32C (Castagnoli) checksum of RFC 3720, appendix B.4: it tells a torn or damaged
/// journal record from a whole one. Written here so that the journal core needs no Foundation: by the
/// processor's own instruction where there is one, else driven by a table.
package struct CRC32C: Sendable {
  private var remainder: UInt32 = 0xffff_ffff

  private let usesInstruction: Bool

  /// `isPortable` leaves out what only some processors have, for a test.
  package init(isPortable: Bool = false) {
    usesInstruction = CRC32C.hasInstruction && !isPortable
  }

  private static let hasInstruction = dr_has_crc32c()

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
    if usesInstruction {
      remainder = dr_crc32c(remainder, bytes.baseAddress, bytes.count)
      return
    }
    var r = remainder
    CRC32C.table.withUnsafeBufferPointer { table in
      var index = 0
      // Eight bytes at a time: what each of them leaves behind after those that follow it is looked up.
      while bytes.count - index >= 8 {
        let low = r ^ word(bytes, index)
        let high = word(bytes, index + 4)
        r = table[0x700 + Int(low & 0xff)] ^ table[0x600 + Int(low >> 8 & 0xff)]
        r ^= table[0x500 + Int(low >> 16 & 0xff)] ^ table[0x400 + Int(low >> 24)]
        r ^= table[0x300 + Int(high & 0xff)] ^ table[0x200 + Int(high >> 8 & 0xff)]
        r ^= table[0x100 + Int(high >> 16 & 0xff)] ^ table[Int(high >> 24)]
        index += 8
      }
      while index < bytes.count {
        r = table[Int((r ^ UInt32(bytes[index])) & 0xff)] ^ (r >> 8)
        index += 1
      }
    }
    remainder = r
  }

  private func word(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt32 {
    UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
      | UInt32(bytes[index + 3]) << 24
  }

  /// The checksum of everything taken in.
  package var value: UInt32 { ~remainder }

  /// Remainders of all single bytes for the reversed polynomial 0x1EDC6F41; then of all single bytes
  /// that one zero follows, two, and so on up to seven.
  private static let table: [UInt32] = {
    var table = (0..<256).map { index in
      var r = UInt32(index)
      for _ in 0..<8 { r = r & 1 == 1 ? 0x82f6_3b78 ^ (r >> 1) : r >> 1 }
      return r
    }
    for index in 256..<8 * 256 {
      let r = table[index - 256]
      table.append(table[Int(r & 0xff)] ^ (r >> 8))
    }
    return table
  }()
}
