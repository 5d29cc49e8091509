// SPDX-License-Identifier: Apache-2.0

/// Numbers of clauses that mean something: no time is shorter than none. The checker holds those that are
/// written against it, a run those that only it knows. None is ever bent to the nearest that would do.
package enum ClauseBounds {
  /// Of a clause that takes a number, a duration in nanoseconds or a share in billionths; nil of any other.
  private static func least(of clause: String) -> Int64? {
    switch clause {
    case "within", "for", "limit", "quorum": 1
    case "every", "retry", "pause", "jitter": 0
    default: nil  // open: no other clause takes a number that could be too small
    }
  }

  /// What is wrong with a number; nil where nothing is.
  package static func fault(of clause: String, _ number: Int64) -> String? {
    if clause == "jitter", number > 1_000_000_000 { return "`jitter` must be 100% or less" }
    guard let least = least(of: clause), number < least else { return nil }
    return "`\(clause)` must be \(least == 0 ? "0 or more" : "more than 0")"
  }

  /// The same of a `backoff`: a pause between attempts does not shrink.
  package static func fault(ofBackoff factor: Double) -> String? {
    factor >= 1 ? nil : "`backoff` must be 1 or more"
  }
}
