// SPDX-License-Identifier: Apache-2.0

import DrBase

/// What a run is at, as lines of a terminal.
///
/// The first says how far it is and how long it may take; then come what has failed, and a line for everything that goes
/// on. Where there are more than fit, what waits for a person and what has failed come first, and the rest is counted.
/// What does not fit into a line is cut in the middle of the words, never in the figures after them.
package struct LiveText: Sendable {
  let columns: Int
  /// How many lines there may be at most.
  let rows: Int
  let colour: Bool

  package init(columns: Int, rows: Int, colour: Bool) {
    self.columns = max(1, columns)
    self.rows = max(1, rows)
    self.colour = colour
  }

  /// None where the run has not begun or is over. `stoppedFor`: a signal has asked it to stop, and the command goes on
  /// with it.
  package func lines(of run: LiveRun, at now: Instant, stoppedFor resume: String? = nil) -> [String]
  {
    guard let identity = run.identity, let startedAt = run.startedAt, run.status == .running else {
      return []
    }
    let elapsed = max(0, now.nanoseconds - startedAt.nanoseconds)
    let needed = run.failures.count + run.items.count + (resume == nil ? 1 : 3)
    var lines = [head(identity, run, elapsed, isCrowded: needed > rows)]
    if let resume {
      lines += [
        line(
          0, "‖", .yellow, "pauses after what is under way; a second Ctrl-C ends it at once", ""),
        line(0, " ", .yellow, "either way go on with: \(resume)", ""),
      ]
    }
    if needed <= rows {
      lines += run.failures.map(line) + run.items.map { line($0, at: now) }
    } else {
      lines += crowded(run, at: now, room: max(1, rows - lines.count))
    }
    return Array(lines.prefix(max(1, rows)))
  }

  /// As many lines as there is room for, the last of which counts the rest.
  private func crowded(_ run: LiveRun, at now: Instant, room: Int) -> [String] {
    var left = room - 1
    /// Of so many at most half of what is left, so that others are seen too.
    func share(_ count: Int) -> Int {
      let share = min(count, max(min(left, 1), left / 2))
      left -= share
      return share
    }
    let questions = run.items.filter { $0.kind == .waiting(.approve) }
    let asked = share(questions.count)
    let failed = share(run.failures.count)
    let inTrouble = run.items.filter(\.isInTrouble)
    let troubled = share(inTrouble.count)
    let others = run.items.filter { $0.kind != .waiting(.approve) && !$0.isInTrouble }
    let shown =
      questions.prefix(asked).map { line($0, at: now, isAlone: true) }
      + run.failures.suffix(failed).map(line)
      + inTrouble.prefix(troubled).map { line($0, at: now, isAlone: true) }
      + others.prefix(left).map { line($0, at: now) }
    let hidden = [
      (questions.count - asked, "question", "questions"),
      (run.failures.count - failed, "failed", "failed"),
      (inTrouble.count - troubled + max(0, others.count - left), "under way", "under way"),
    ].filter { $0.0 > 0 }.map { "\($0.0) more \($0.0 == 1 ? $0.1 : $0.2)" }
    return shown + [line(0, " ", .dim, "and \(hidden.joined(separator: ", "))", "")]
  }

  // MARK: The first line

  private func head(
    _ identity: RunIdentity, _ run: LiveRun, _ elapsed: Int64, isCrowded: Bool
  ) -> String {
    let clock = Words.clock(elapsed / Self.second * Self.second).dropLast(2).description
    let values = identity.arguments.members.map { "\($0.name)=\($0.value.stringValue ?? "")" }
    let name = visible(([identity.runbook] + values).joined(separator: " "))
    var progress = ""
    if let steps = run.prediction?.steps.count, steps >= run.stepsDone {
      progress = "  \(run.stepsDone)/\(Words.count(steps, "step"))"
    } else if run.stepsDone > 0 {
      progress = "  \(Words.count(run.stepsDone, "step")) done"
    }
    let (running, failed) = (run.runningSteps, run.failures.count)
    if isCrowded, running > 1 { progress += "\(progress.isEmpty ? "  " : ", ")\(running) running" }
    if failed > 0 { progress += "\(progress.isEmpty ? "  " : ", ")\(failed) failed" }
    let against = limit(run, elapsed)
    // The bar is the first to go where there is no room, then the name.
    let bar = against.map { " " + self.bar(elapsed, of: $0.limit) } ?? ""
    let rest = progress + (against.map { "  " + $0.text } ?? "")
    let fixed = displayWidth(clock) + 2
    let isWide = fixed + displayWidth(name) + displayWidth(rest) + bar.count <= columns
    let shown = clipped(name, to: max(1, columns - fixed - displayWidth(rest)))
    let style: Style = against.map { elapsed > $0.limit ? .red : .dim } ?? .dim
    let figures = clipped(
      rest + (isWide ? bar : ""), to: max(1, columns - fixed - displayWidth(shown)))
    return fitted([(clock + "  ", .dim), (shown, .bold), (figures, style)])
  }

  /// What the run is held to: the least of what is promised, else what a plan said.
  private func limit(_ run: LiveRun, _ elapsed: Int64) -> (limit: Int64, text: String)? {
    if let objective = run.objectives.min(by: { $0.recovery < $1.recovery }) {
      let limit = objective.recovery
      let left =
        elapsed <= limit
        ? "\(seconds(limit - elapsed)) left" : "over by \(seconds(elapsed - limit))"
      return (limit, "RTO \(Words.brief(limit)), \(left)")
    }
    guard let planned = run.prediction?.wholeNanoseconds else { return nil }
    return (planned, "planned \(Words.brief(planned)) at most")
  }

  private func bar(_ elapsed: Int64, of limit: Int64) -> String {
    let width: Int64 = 16
    let full = Int(min(width, elapsed / max(1, limit / width)))
    return String(repeating: "█", count: full) + String(repeating: "░", count: Int(width) - full)
  }

  // MARK: What goes on

  private func line(_ failure: LiveRun.Failure) -> String {
    line(1, "✗", .red, failure.text + (failure.why.isEmpty ? "" : ": \(failure.why)"), "")
  }

  /// `isAlone`: what it lies in does not stand above it.
  private func line(_ item: LiveRun.Item, at now: Instant, isAlone: Bool = false) -> String {
    let left = item.until.map { until in
      until > now ? "\(seconds(until.nanoseconds - now.nanoseconds)) left" : "its time is over"
    }
    let since = seconds(now.nanoseconds - item.begunAt.nanoseconds, roundingUp: false)
    var figures: [String] = []
    var mark = "…"
    var style = Style.dim
    var text = item.text
    var found = ""
    switch item.kind {
    case .step:
      (mark, style) = ("●", .green)
      if let retry = item.retry {
        (mark, style) = ("↻", .yellow)
        text += ": \(retry.why)"
        let pause = seconds(max(0, retry.at.nanoseconds - now.nanoseconds))
        figures = ["attempt \(item.attempt + 1) in \(pause)"]
      } else if item.attempt > 1 {
        figures = ["attempt \(item.attempt)"]
      }
      figures.append("for \(since)")
    case .act: figures = ["for \(since)"]
    case .waiting(let kind):
      if kind == .approve { (mark, style) = ("?", .yellow) }
      if kind == .pause { text = "pause \(text)" }
      if !item.finding.isEmpty {
        found = " (\(clipped(visible(item.finding), to: max(1, columns * 2 / 5))))"
      }
      if left == nil { figures = ["for \(since)"] }
    case .unwinding(let done, let count):
      (mark, style) = ("↺", .red)
      text = "undoing: \(text)"
      figures = ["\(done) of \(count) undone"]
    }
    let rest = found + ([""] + figures + [left].compactMap(\.self)).joined(separator: ", ")
    return line(isAlone ? 1 : item.depth + 1, mark, style, text, rest)
  }

  private func line(
    _ depth: Int, _ mark: String, _ style: Style, _ text: String, _ rest: String
  ) -> String {
    let indent = String(repeating: "  ", count: min(depth, max(0, columns / 8)))
    let room = columns - displayWidth(indent) - 2 - displayWidth(rest)
    let shown = clipped(visible(text), to: max(1, room))
    let figures = clipped(
      rest, to: max(1, columns - displayWidth(indent) - 2 - displayWidth(shown)))
    return fitted([(indent, nil), (mark, style), (" " + shown, nil), (figures, .dim)])
  }

  /// The parts one after the other, cut where a very narrow terminal ends.
  private func fitted(_ parts: [(text: String, style: Style?)]) -> String {
    var room = columns
    var line = ""
    for part in parts {
      let shown = clipped(part.text, to: room)
      room -= displayWidth(shown)
      line += part.style.map { paint(shown, $0) } ?? shown
    }
    return line
  }

  private enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  private func paint(_ text: String, _ style: Style) -> String {
    colour && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  private static let second: Int64 = 1_000_000_000

  /// To the second: what is left is rounded up, what has passed down.
  private func seconds(_ nanoseconds: Int64, roundingUp: Bool = true) -> String {
    let more = roundingUp ? Self.second - 1 : 0
    return Words.duration((max(0, nanoseconds) + more) / Self.second * Self.second)
  }
}

extension LiveRun.Item {
  /// A step that has failed and is tried again, or what is being undone.
  fileprivate var isInTrouble: Bool {
    if case .unwinding = kind { return true }
    return retry != nil
  }
}
