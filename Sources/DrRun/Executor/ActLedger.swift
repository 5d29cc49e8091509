// SPDX-License-Identifier: Apache-2.0

/// What a run has done and not undone, and under which keys it acts.
struct ActLedger {
  /// Acts that happened, undos not counted.
  private(set) var count = 0
  private var standing: Set<Position> = []
  private var generations: [Position: Int] = [:]
  private var visits: [Position: Int] = [:]

  /// Whether anything that was done has not been undone.
  var somethingStands: Bool { !standing.isEmpty }

  mutating func done(_ position: Position) {
    count += 1
    standing.insert(position)
  }

  /// The acts are undone: done again, they are new acts with new keys.
  mutating func undone(_ positions: [Position]) {
    for position in positions {
      standing.remove(position)
      generations[position, default: 0] += 1
    }
  }

  func key(_ runID: String, _ position: Position) -> String {
    let generation = generations[position] ?? 0
    return "\(runID)/\(position.text)\(generation == 0 ? "" : "~\(generation)")"
  }

  /// How often a position has been reached, this time included.
  mutating func visit(_ position: Position) -> Int {
    let count = (visits[position] ?? 0) + 1
    visits[position] = count
    return count
  }
}
