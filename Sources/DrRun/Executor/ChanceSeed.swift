// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Chance that is the same whenever the same run gets to the same place: from the run's id, which
/// the journal begins with.
enum ChanceSeed {
  /// From 0 up to 1.
  static func number(_ runID: String, _ position: Position, attempt: Int) -> Double {
    // FNV-1a, 64 bits (Fowler, Noll, Vo).
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(runID)/\(position.text)/\(attempt)".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    var random = SeededRandom(seed: hash)
    return Double(random.below(1 << 52)) / Double(1 << 52)
  }
}
