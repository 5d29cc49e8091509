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
    let tenths = max(0, nanoseconds) / 100_000_000
    let seconds = tenths / 10 % 60
    let text = "\(tenths / 600):\(seconds < 10 ? "0" : "")\(seconds).\(tenths % 10)"
    return String(repeating: " ", count: max(0, 7 - text.count)) + text
  }

  private func mark(_ kind: Progress.Kind) -> String {
    switch kind {
    case .runStarted, .runResumed, .runReopened: paint("▶", "1")
    case .stepStarted: paint("●", "34")
    case .stepFinished, .actFinished, .waitFinished, .verified, .required, .approvalGiven,
      .undoFinished, .locked:
      paint("✓", "32")
    case .finished: paint("■", "1")
    case .stepFailed, .undoFailed, .failed: paint("✗", "31")
    case .stepRetried, .actSettled: paint("↻", "33")
    case .stepSkipped: paint("-", "2")
    case .actStarted, .waitStarted, .undoStarted, .actPlanned: paint("…", "2")
    case .approvalAsked, .paused: paint("?", "33")
    }
  }

  private func paint(_ text: String, _ style: String) -> String {
    colour ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
  }
}
