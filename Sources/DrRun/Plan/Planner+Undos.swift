// SPDX-License-Identifier: Apache-2.0

import DrSema

extension Planner {
  /// To which value an undo sets its target, as far as the present state tells it: `replicas back to 3`.
  ///
  /// `act` is what was planned before on the same target. Where the undo would change nothing now, it leads back to
  /// what the act found; else it sets what it says, whatever was found.
  static func settingBack(
    _ undo: Observation, _ actClass: ActClass, to act: PlanItem?
  ) -> [String] {
    guard actClass == .apply else { return [] }
    guard undo.changes.isEmpty else {
      return undo.changes.compactMap { change in
        arrow(change).map { "\(words($0.subject))to \($0.after)" }
      }
    }
    return act?.changes.compactMap { change in
      guard let (subject, before, after) = arrow(change) else { return nil }
      // Where a value has several words, it is not known where it begins.
      return after.contains(" ") ? "takes back \(change)" : "\(words(subject))back to \(before)"
    } ?? []
  }

  private static func words(_ subject: Substring) -> String { subject.isEmpty ? "" : "\(subject) " }

  /// `replicas 3 → 5`, taken apart; `nil` where a change is said in other words.
  private static func arrow(
    _ change: String
  ) -> (subject: Substring, before: Substring, after: Substring)? {
    guard let arrow = change.firstRange(of: " → ") else { return nil }
    let left = change[..<arrow.lowerBound]
    let after = change[arrow.upperBound...]
    guard let space = left.lastIndex(of: " ") else { return ("", left, after) }
    return (left[..<space], left[left.index(after: space)...], after)
  }
}
