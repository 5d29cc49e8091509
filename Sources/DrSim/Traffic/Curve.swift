// SPDX-License-Identifier: Apache-2.0

import DrRun

/// A share over time: straight pieces, each from its beginning to that of the next.
struct Curve {
  struct Piece: Equatable {
    let from: Instant
    let value: Double
    /// Per nanosecond.
    let slope: Double

    func value(at instant: Instant) -> Double {
      min(max(value + slope * Double(instant.nanoseconds - from.nanoseconds), 0), 1)
    }
  }

  private(set) var pieces: [Piece] = []

  /// Goes on differently from that instant, which is not before the latest piece.
  mutating func turn(at instant: Instant, value: Double, slope: Double) {
    if let last = pieces.last {
      if last.slope == slope, last.value(at: instant) == value { return }
      if last.from == instant { pieces.removeLast() }
    }
    pieces.append(Piece(from: instant, value: value, slope: slope))
  }

  func value(at instant: Instant) -> Double {
    pieces.last { $0.from <= instant }?.value(at: instant) ?? 0
  }

  /// Share times nanoseconds between two instants.
  func integral(from start: Instant, to end: Instant) -> Double {
    var sum = 0.0
    for (index, piece) in pieces.enumerated() {
      let lower = max(piece.from, start)
      let upper = index + 1 < pieces.count ? min(pieces[index + 1].from, end) : end
      guard lower < upper else { continue }
      let length = Double(upper.nanoseconds - lower.nanoseconds)
      sum += (piece.value(at: lower) + piece.value(at: upper)) / 2 * length
    }
    return sum
  }

  /// The mean between two instants; the value there where they are the same.
  func mean(from start: Instant, to end: Instant) -> Double {
    guard start < end else { return value(at: start) }
    return integral(from: start, to: end) / Double(end.nanoseconds - start.nanoseconds)
  }
}
