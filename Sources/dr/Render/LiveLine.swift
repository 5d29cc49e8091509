// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun
import DrSystem
import Synchronization

/// What goes on right now, in the last line of a terminal, under the lines of what has happened.
///
/// It is drawn anew only when it changes, in one write, and erased before any other line is written.
final class LiveLine: Sendable {
  private struct State {
    /// What has begun and is not over, the innermost last.
    var open: [Progress] = []
    /// What stands in the terminal's last line.
    var drawn = ""
    var isOver = false
  }

  private let start: Instant
  private let width: Int
  private let state = Mutex(State())
  private static let erase = "\r\u{1B}[2K"

  /// Nil where the output is no terminal, or one that cannot erase a line.
  static func onTerminal(since start: Instant) -> LiveLine? {
    let terminal = Terminal(.output)
    guard terminal.allowsMovement else { return nil }
    let live = LiveLine(start: start, width: terminal.width)
    Task { [weak live] in
      while let live, live.draw() { try? await Task.sleep(for: .milliseconds(250)) }
    }
    return live
  }

  init(start: Instant, width: Int) {
    self.start = start
    self.width = width
  }

  /// Writes a line of what has happened.
  func show(_ progress: Progress, _ line: String) {
    state.withLock { state in
      Self.follow(progress, &state.open)
      Console.write((state.drawn.isEmpty ? "" : Self.erase) + line)
      state.drawn = ""
    }
  }

  /// Erases what is drawn; nothing is drawn any more.
  func end() {
    state.withLock { state in
      if !state.drawn.isEmpty { Console.write(Self.erase) }
      state = State(isOver: true)
    }
  }

  /// False once it is over.
  private func draw() -> Bool {
    state.withLock { state in
      guard !state.isOver else { return false }
      let text = text(of: state.open, at: WallClock.now())
      if text != state.drawn {
        Console.write(Self.erase + text)
        state.drawn = text
      }
      return true
    }
  }

  /// Empty where there is nothing to say, and while somebody types an answer.
  func text(of open: [Progress], at now: Instant) -> String {
    guard let current = open.last, !open.contains(where: { $0.kind == .approvalAsked }) else {
      return ""
    }
    var text =
      "\(ProgressLines.clock((now.nanoseconds - start.nanoseconds) / Self.second * Self.second))"
    var rest = ""
    if let until = current.until {
      let left = max(0, until.nanoseconds - now.nanoseconds)
      rest = ", \(Words.duration((left + Self.second - 1) / Self.second * Self.second)) left"
    }
    let others = open.count { $0.kind != .stepStarted && $0 != current }
    if others > 0 { rest += ", and \(others) more" }
    text += "  \(current.text)"
    return OutputStyle.clipped(text, to: max(1, width - 1 - rest.count)) + rest
  }

  private static let second: Int64 = 1_000_000_000

  /// Takes over what a line says of what has begun and what is over.
  static func follow(_ progress: Progress, _ open: inout [Progress]) {
    // Of a pause no end is told; it ends when it says.
    open.removeAll {
      $0.kind == .waitStarted && $0.text.hasPrefix("pause ")
        && ($0.until ?? progress.at) <= progress.at
    }
    switch progress.kind {
    case .stepStarted, .waitStarted, .approvalAsked, .actStarted, .undoStarted:
      open.append(progress)
    case .stepFinished, .stepFailed: close([.stepStarted])
    case .actFinished, .actSettled: close([.actStarted])
    case .waitFinished, .verified: close([.waitStarted])
    case .failed: close([.waitStarted, .actStarted])
    case .approvalGiven: close([.approvalAsked])
    case .undoFinished, .undoFailed: close([.undoStarted])
    case .stepRetried: open.removeAll { $0.depth > progress.depth }
    case .paused, .finished: open = []
    case .runStarted, .runResumed, .runReopened, .stepSkipped, .actPlanned, .required, .locked:
      break
    }
    /// Whatever stood inside is over as well.
    func close(_ kinds: [Progress.Kind]) {
      guard
        let index = open.lastIndex(where: {
          $0.depth == progress.depth && kinds.contains($0.kind)
        })
      else { return }
      let isParallel = open[index...].contains { $0.depth == progress.depth && $0 != open[index] }
      if isParallel { open.remove(at: index) } else { open.removeSubrange(index...) }
    }
  }
}
