// SPDX-License-Identifier: Apache-2.0

/// Whether what must hold is so again, after all that a run did was taken back.
package struct Restoration: Sendable, Equatable {
  /// A `verify` of an undo or of `on failure` held after the last act was taken back, and none failed.
  package let isVerified: Bool
  /// Why not; `nil` where it is.
  package let why: String?

  package init(isVerified: Bool, why: String?) {
    self.isVerified = isVerified
    self.why = why
  }

  /// `rolled back, verified`
  package var words: String {
    RunResult.Status.rolledBack.words + (isVerified ? ", verified" : ", not verified")
  }
}

/// What was looked at while a run is taken back.
struct RestorationTally {
  /// How many verifications held since the last act was taken back.
  private var held = 0
  private var faults: [String] = []

  /// Acts are about to be taken back: what held before says nothing of what is then.
  mutating func takesBack() { held = 0 }

  mutating func looked(holds: Bool, _ message: String) {
    if holds { held += 1 } else if !faults.contains(message) { faults.append(message) }
  }

  /// Something kept a verification from giving a verdict.
  mutating func broke(_ message: String) {
    if faults.isEmpty { faults.append(message) }
  }

  var restoration: Restoration {
    if !faults.isEmpty {
      return Restoration(isVerified: false, why: faults.joined(separator: "; "))
    }
    guard held == 0 else { return Restoration(isVerified: true, why: nil) }
    return Restoration(
      isVerified: false,
      why: "the runbook does not say what must hold again: begin it with `undo { verify … }`")
  }
}
