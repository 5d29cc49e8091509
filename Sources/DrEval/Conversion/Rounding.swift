// SPDX-License-Identifier: Apache-2.0

/// Floats to whole numbers by arithmetic alone: the functions of the C library would have to be
/// linked, and differ from one to the next.
enum Rounding {
  case down, up, nearest

  /// The whole number, or nil where it does not fit. Halves go away from zero.
  func whole(_ number: Double) -> Int64? {
    guard number > -9_223_372_036_854_775_808, number < 9_223_372_036_854_775_808 else {
      return nil
    }
    let toward = Int64(number)
    let rest = number - Double(toward)
    switch self {
    case .down: return rest < 0 ? toward - 1 : toward
    case .up: return rest > 0 ? toward + 1 : toward
    case .nearest: return rest >= 0.5 ? toward + 1 : rest <= -0.5 ? toward - 1 : toward
    }
  }
}
