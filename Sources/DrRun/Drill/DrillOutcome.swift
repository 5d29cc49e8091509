// SPDX-License-Identifier: Apache-2.0

/// What came of a drill.
package struct DrillOutcome: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    /// What was expected held in time, and what is steady held at the end.
    case kept
    /// One of them did not; why.
    case broken(String)
    /// It was ended early, with all faults taken back; why.
    case aborted(String)
    /// Nothing was broken, since what is to be steady did not hold before; its values.
    case refused(String)
  }

  package var verdict = Verdict.aborted("")
  package let startedAt: Instant
  /// When the faults came.
  package var faultAt: Instant?
  /// From when on what is expected held to the end, by the first look that saw it.
  package var recoveredAt: Instant?
  /// When the last look began that did not see it: what is expected came between the two. `nil` where it was never lost.
  package var missedAt: Instant?
  /// How often conditions were looked at since things were broken.
  package var looks = 0
  /// Looks that began late by more than a tenth of the time between two of them.
  package var lateLooks = 0
  /// By how many nanoseconds a look began late at most.
  package var latest: Int64 = 0
  package var endedAt: Instant
  /// Nanoseconds from the faults, after which what is expected is to hold.
  package let within: Int64

  init(startedAt: Instant, within: Int64) {
    self.startedAt = startedAt
    self.within = within
    endedAt = startedAt
  }

  /// Nanoseconds from the faults to when what is expected held for good, by what looks every few
  /// seconds could see.
  package var recovery: Int64? {
    guard let faultAt, let recoveredAt else { return nil }
    return max(0, recoveredAt.nanoseconds - faultAt.nanoseconds)
  }
}

extension DrillOutcome {
  /// By how much the recovery may have come earlier than was seen, in nanoseconds; `nil` where it was not lost or is not back.
  package var uncertainty: Int64? {
    guard let recoveredAt, let missedAt else { return nil }
    return recoveredAt.since(missedAt)
  }
}

/// Something about a drill that people want to know.
package struct DrillNote: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// What is to be steady holds; things are broken now.
    case steady
    /// A condition does not hold any more, with the values of its parts; it does again.
    case lost(String, String)
    case holds(String)
    /// The world gave no answer; why.
    case unanswered(String, String)
  }

  package let at: Instant
  package let kind: Kind

  package var text: String {
    switch kind {
    case .steady: "the steady state holds"
    case .lost(let what, let values):
      "\(what) does not hold" + (values.isEmpty ? "" : ": \(values)")
    case .holds(let what): "\(what) holds again"
    case .unanswered(let what, let why): "\(what) gets no answer: \(why)"
    }
  }
}
