// SPDX-License-Identifier: Apache-2.0

/// Something about a policy that people want to know. Told once, when it changes.
package struct PolicyNote: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The condition holds; the detector fires once it has for so many nanoseconds.
    case pending(lasting: Int64)
    /// The condition does not hold any more.
    case cleared
    /// The world gave no answer.
    case unanswered(why: String)
    /// It does again.
    case answered
    /// The condition has lasted, and nothing holds the reaction back.
    case fired
    /// The condition has lasted, but the reaction is kept back.
    case heldBack(Obstacle)
    /// The condition does not hold any more; what its reaction did goes back once it has not for so
    /// many nanoseconds.
    case calm(after: Int64)
    /// What its reaction did is taken back.
    case goesBack
    /// It should go back, but is kept from it.
    case returnHeldBack(Obstacle)
  }

  /// Why a reaction does not start.
  package enum Obstacle: Sendable, Equatable {
    /// A guard does not hold, or nobody can answer it; what its parts were, where they are known.
    case rule(String, because: String?)
    /// So does everything else that the detector watches: whoever looks is more likely to be wrong
    /// than everything at once.
    case allLookBad(count: Int)
    /// Another reaction for the same service goes on.
    case busy(with: String)
    /// What that reaction for the same service did is being taken back.
    case goingBack(String)

    /// Whether it is the same for people: the values of a guard's parts change from look to look.
    func isSame(_ other: Obstacle) -> Bool {
      if case (.rule(let a, _), .rule(let b, _)) = (self, other) { return a == b }
      return self == other
    }
  }

  package let kind: Kind
  /// Of the policy and of one thing that it watches: `keep_serving.zone_lost(cn-beijing-az1)`.
  package let name: String
  /// `zone_lost(cn-beijing-az1)`
  package let detector: String

  /// As a line of a log.
  package var text: String {
    switch kind {
    case .pending(lasting: 0): "\(name) holds"
    case .pending(let lasting): "\(name) holds; it fires when it has for \(Words.duration(lasting))"
    case .cleared: "\(name) does not hold any more"
    case .unanswered(let why): "\(name) gets no answer: \(why)"
    case .answered: "\(name) is answered again"
    case .fired: "\(name) fires"
    case .heldBack(let obstacle): "\(name) fires, but \(obstacle.text)"
    case .calm(let after):
      "\(name) does not hold; what was done goes back when it has not for \(Words.duration(after))"
    case .goesBack: "\(name) goes back"
    case .returnHeldBack(let obstacle): "\(name) would go back, but \(obstacle.text)"
    }
  }
}

extension PolicyNote.Obstacle {
  /// Completes "fires, but …".
  package var text: String {
    switch self {
    case .rule(let rule, let values):
      "the guard \"\(rule)\" holds it back" + (values.map { " (\($0))" } ?? "")
    case .allLookBad(let count):
      "all \(count) that it watches look bad, so it is held back: what looks is likelier to be wrong"
    case .busy(let name): "\(name) is still under way"
    case .goingBack(let name): "what \(name) did is being taken back"
    }
  }
}

/// How one thing that a policy watches stands.
package struct DetectorStatus: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    /// The condition does not hold.
    case idle
    /// It holds, not for long enough yet.
    case pending
    /// It has lasted, but something keeps the reaction back.
    case held
    /// The policy's reaction runs.
    case acting
    /// A reaction has ended a while ago; nobody looks.
    case cooldown
  }

  package let policy: String
  package let detector: String
  package let state: State
  /// When its condition was answered last; `nil` where it never was.
  package let answeredAt: Instant?
}
