// SPDX-License-Identifier: Apache-2.0

import DrRun

/// Something that happened in a simulation, as it is told to people.
package struct SimulationEvent: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// What was made to go wrong.
    case fault
    /// What was put right again.
    case mended
    /// What a drill saw.
    case drill
    /// A detector's condition has lasted.
    case fired
    /// A detector fired, but its reaction was kept back.
    case heldBack(PolicyNote.Obstacle)
    /// What a reaction did is taken back.
    case goesBack
    /// It should be, but something is against it.
    case returnHeldBack(PolicyNote.Obstacle)
    /// What a run is at.
    case run(Progress)
    /// A run is over; `nil` where it was still going on after a day.
    case ended(RunResult?)
  }

  package let at: Instant
  package let kind: Kind
  /// What it is about: a fault, a detector with its case, a line of a run.
  package let subject: String
  /// The reaction that a policy's event is about: `keep_serving.zone_lost(az1)`.
  package var reaction = ""

  /// The event as a sentence, with its time since the beginning in whole seconds; `nil` of a run's own lines.
  package var sentence: String? {
    switch kind {
    case .fault, .mended, .drill: "\(subject) at \(time)"
    case .fired: "\(subject) fires at \(time)"
    case .heldBack(let obstacle): "\(subject) fires at \(time), but \(obstacle.text)"
    case .goesBack: "\(subject) goes back at \(time)"
    case .returnHeldBack(let obstacle): "\(subject) would go back at \(time), but \(obstacle.text)"
    case .run: nil
    case .ended(let result): "its run ends at \(time): \(Self.text(of: result))"
    }
  }

  private var time: String {
    let passed = at.nanoseconds - SimulatedWorld.epoch.nanoseconds
    return Words.duration((passed + Second.one / 2) / Second.one * Second.one)
  }

  /// How a run ended, in a few words.
  package static func text(of result: RunResult?) -> String {
    guard let result else { return "not over within a day" }
    return result.message.map { "\(result.words), \($0)" } ?? result.words
  }
}
