// SPDX-License-Identifier: Apache-2.0

/// Random numbers that follow from a seed, the same on every machine and with every toolchain.
///
/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014): a
/// counter in steps of an odd constant, mixed. Not for secrets.
package struct SeededRandom: RandomNumberGenerator, Sendable, Equatable {
  private var counter: UInt64

  package init(seed: UInt64) { counter = seed }

  package mutating func next() -> UInt64 {
    counter &+= 0x9E37_79B9_7F4A_7C15
    var bits = counter
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number from 0 up to, and not including, the bound; 0 where the bound is not positive. The
  /// bias is below bound / 2⁶⁴.
  package mutating func below(_ bound: Int64) -> Int64 {
    guard bound > 0 else { return 0 }
    return Int64(next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}
