// SPDX-License-Identifier: Apache-2.0

import CDigest

/// SHA-256 as FIPS 180-4 defines it, fed piece by piece. Written here and not taken from a
/// library so that the journal core, which chains records by it, stays free of Foundation and
/// of the network stack; processors that have instructions for it use them. Not meant for secrets: it makes no promise about timing.
package struct SHA256: Sendable {
  /// Bytes in a digest.
  package static let byteCount = 32

  private var state = SHA256.initialState
  /// The beginning of it holds the bytes of an unfinished block.
  private var pending = InlineArray<64, UInt8>(repeating: 0)
  private var pendingCount = 0
  private var length: UInt64 = 0
  private let usesInstructions: Bool

  /// `isPortable` leaves out what only some processors have, for a test.
  package init(isPortable: Bool = false) {
    usesInstructions = SHA256.hasInstructions && !isPortable
  }

  private static let hasInstructions = dr_has_sha256()

  /// The digest of one piece of data.
  package static func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// The digest of one piece of data in lowercase hexadecimal.
  package static func hexDigest(_ bytes: some Sequence<UInt8>) -> String {
    hex(digest(bytes))
  }

  /// Bytes as lowercase hexadecimal.
  package static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Takes in more data.
  package mutating func update(_ bytes: some Sequence<UInt8>) {
    let contiguous: Void? = bytes.withContiguousStorageIfAvailable { absorb($0) }
    if contiguous == nil { Array(bytes).withUnsafeBufferPointer { absorb($0) } }
  }

  /// The digest of everything taken in. The hash itself is left as it was.
  package func finish() -> [UInt8] {
    var rest = self
    let bits = length &* 8
    rest.pending[rest.pendingCount] = 0x80
    rest.pendingCount += 1
    if rest.pendingCount > 56 { rest.fill(to: 64) }
    rest.fill(to: 56)
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      rest.pending[rest.pendingCount] = UInt8(truncatingIfNeeded: bits >> shift)
      rest.pendingCount += 1
    }
    rest.compressPending()
    return [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
      for index in 0..<SHA256.byteCount {
        let word = rest.state[index >> 2]
        buffer[index] = UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * (index & 3)))
      }
      count = SHA256.byteCount
    }
  }

  private mutating func fill(to count: Int) {
    while pendingCount < count {
      pending[pendingCount] = 0
      pendingCount += 1
    }
    if pendingCount == 64 { compressPending() }
  }

  private mutating func compressPending() {
    let block = pending
    block.span.withUnsafeBufferPointer { compress($0, from: 0) }
    pendingCount = 0
  }

  private mutating func absorb(_ bytes: UnsafeBufferPointer<UInt8>) {
    length &+= UInt64(bytes.count)
    var index = 0
    if pendingCount > 0 {
      while pendingCount < 64, index < bytes.count {
        pending[pendingCount] = bytes[index]
        pendingCount += 1
        index += 1
      }
      guard pendingCount == 64 else { return }
      compressPending()
    }
    compress(bytes, from: index)
    index += (bytes.count - index) & ~63
    while index < bytes.count {
      pending[pendingCount] = bytes[index]
      pendingCount += 1
      index += 1
    }
  }

  /// Takes in whole blocks.
  private mutating func compress(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) {
    let count = (bytes.count - start) / 64
    guard count > 0, let base = bytes.baseAddress else { return }
    guard usesInstructions else {
      for number in 0..<count { compress(bytes, at: start + number * 64) }
      return
    }
    var words = state.mutableSpan
    words.withUnsafeMutableBufferPointer { words in
      SHA256.roundConstants.span.withUnsafeBufferPointer { constants in
        dr_sha256(words.baseAddress, base + start, count, constants.baseAddress)
      }
    }
  }

  /// FIPS 180-4 section 6.2.2 for one block of 64 bytes. Of the message schedule only the last 16
  /// words are kept, and the eight variables change their names instead of their places.
  private mutating func compress(_ block: UnsafeBufferPointer<UInt8>, at start: Int) {
    var w = InlineArray<16, UInt32> { t in
      let i = start + t * 4
      return UInt32(block[i]) << 24 | UInt32(block[i + 1]) << 16 | UInt32(block[i + 2]) << 8
        | UInt32(block[i + 3])
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    var t = 0
    while t < 64 {
      if t >= 16 {
        for i in 0..<16 {
          let x = w[(i + 1) & 15]
          let y = w[(i + 14) & 15]
          let s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3)
          let s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10)
          w[i] = w[i] &+ s0 &+ w[(i + 9) & 15] &+ s1
        }
      }
      for i in stride(from: 0, to: 16, by: 8) {
        round(a, b, c, &d, e, f, g, &h, w[i], t + i)
        round(h, a, b, &c, d, e, f, &g, w[i + 1], t + i + 1)
        round(g, h, a, &b, c, d, e, &f, w[i + 2], t + i + 2)
        round(f, g, h, &a, b, c, d, &e, w[i + 3], t + i + 3)
        round(e, f, g, &h, a, b, c, &d, w[i + 4], t + i + 4)
        round(d, e, f, &g, h, a, b, &c, w[i + 5], t + i + 5)
        round(c, d, e, &f, g, h, a, &b, w[i + 6], t + i + 6)
        round(b, c, d, &e, f, g, h, &a, w[i + 7], t + i + 7)
      }
      t += 16
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
    state[5] &+= f
    state[6] &+= g
    state[7] &+= h
  }

  @inline(__always)
  private func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32,
    _ g: UInt32, _ h: inout UInt32, _ word: UInt32, _ t: Int
  ) {
    let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ SHA256.roundConstants[t] &+ word
    let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    d = d &+ t1
    h = t1 &+ s0 &+ ((a & b) ^ (a & c) ^ (b & c))
  }

  @inline(__always)
  private func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  /// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
  private static let initialState: InlineArray<8, UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let roundConstants: InlineArray<64, UInt32> = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]
}
