// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun

/// The end of a run in a few lines, and its exit status.
enum RunReport {
  /// `goOn` is the command that goes on with the run, should it be paused.
  static func text(
    _ result: RunResult, launch: Launch, isReopened: Bool = false, goOn: String
  ) -> String {
    let took = Words.duration(
      roundedToTenths(result.endedAt.nanoseconds - result.startedAt.nanoseconds))
    var text = "\n"
    switch result.status {
    case .succeeded where isReopened: text += "\(launch.runbook): all that it did stands\n"
    case .failed where isReopened: text += "\(launch.runbook): NOT everything was taken back\n"
    case .rolledBack where isReopened: text += "\(launch.runbook): taken back\(verified(result))\n"
    case .succeeded: text += "\(launch.runbook): done in \(took)\n"
    case .failed: text += "\(launch.runbook): FAILED after \(took)\n"
    case .rolledBack:
      text += "\(launch.runbook): failed after \(took); everything done was undone"
      text += "\(verified(result))\n"
    case .paused: text += "\(launch.runbook): paused after \(took)\n"
    case .unreachable: text += "\(launch.runbook): nothing was done; the world does not answer\n"
    case .lockHeld: text += "\(launch.runbook): stopped, another run holds the lock\n"
    }
    if let message = result.message { text += "  \(message)\n" }
    if let why = result.restoration?.why { text += "  not verified: \(why)\n" }
    if result.status == .paused {
      text += "  go on with: \(goOn)\n"
      if !isReopened { text += "  or take back what it did: \(goOn) --undo\n" }
    }
    return text
  }

  private static func verified(_ result: RunResult) -> String {
    result.restoration.map { $0.isVerified ? ", verified" : ", not verified" } ?? ""
  }

  /// Exit statuses are listed in `dr --help`.
  static func exitStatus(_ status: RunResult.Status, stop: StopSignal?) -> Int32 {
    switch status {
    case .succeeded: 0
    case .failed: 1
    case .rolledBack: 6
    case .paused: stop?.exitStatus ?? 1
    case .unreachable: 3
    case .lockHeld: 5
    }
  }

  /// Tenths of a second are enough for people.
  static func roundedToTenths(_ nanoseconds: Int64) -> Int64 {
    nanoseconds < 1_000_000_000
      ? nanoseconds / 1_000_000 * 1_000_000 : nanoseconds / 100_000_000 * 100_000_000
  }
}
