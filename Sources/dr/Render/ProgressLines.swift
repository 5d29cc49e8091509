// SPDX-License-Identifier: Apache-2.0

import DrRun

/// Progress as plain lines: time since the start, then what happened.
struct ProgressLines {
  let colour: Bool
  /// What the times count from.
  let start: Instant

  func line(_ progress: Progress) -> String {
    let elapsed = Self.clock(progress.at.nanoseconds - start.nanoseconds)
    return "\(paint(elapsed, "2"))  \(text(progress))\n"
  }

  /// The same without the time.
  func text(_ progress: Progress) -> String {
    let indent = String(repeating: "  ", count: progress.depth)
    let undoes = [.undoStarted, .undoFinished, .undoFailed].contains(progress.kind)
    let text = undoes ? "undo: \(progress.text)" : progress.text
    return "\(indent)\(mark(progress.kind)) \(text)"
  }

  /// `1:05.3`: minutes, seconds and tenths.
  static func clock(_ nanoseconds: Int64) -> String {
    Words.clock(nanoseconds)
  }

  private func mark(_ kind: Progress.Kind) -> String {
    let style =
      switch kind {
      case .runStarted, .runResumed, .runReopened, .finished: "1"
      case .stepStarted: "34"
      case .stepFinished, .actFinished, .waitFinished, .verified, .required, .approvalGiven,
        .undoFinished, .locked:
        "32"
      case .stepFailed, .undoFailed, .failed: "31"
      case .stepRetried, .actSettled, .approvalAsked, .paused: "33"
      case .stepSkipped, .actStarted, .waitStarted, .undoStarted, .actPlanned: "2"
      }
    return paint(kind.mark, style)
  }

  private func paint(_ text: String, _ style: String) -> String {
    colour ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
  }
}
