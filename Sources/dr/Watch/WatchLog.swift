// SPDX-License-Identifier: Apache-2.0

import DrData
import DrHost
import DrRun
import DrSystem

/// What a watcher says, a line each with the time in UTC; beside a drill with the time since its start. Or as events
/// (`docs/events.md`).
struct WatchLog: Sendable {
  var start: Instant?
  var stream = Terminal.Stream.output
  var asEvents = false

  /// `event` and `members` are what the text says, for programs.
  func write(
    _ text: String, _ event: String = "note", run: String? = nil,
    _ members: [(String, Document)] = []
  ) {
    let now = WallClock.now()
    guard !asEvents else {
      return Console.write(
        EventLine.text(event, at: now, run: run, members + [("text", .string(text))]), to: stream)
    }
    let lines = Self.plain(text.split(separator: "\n").joined(separator: " | "))
    let name = run.map { "\($0)  " } ?? ""
    let time =
      start.map { Words.clock(SteadyClock.process.now().since($0)) } ?? now.utcText
    Console.write("\(time)  \(name)\(lines)\n", to: stream)
  }

  /// Names of alerts come from whoever may post them, and say nothing to a terminal.
  private static func plain(_ text: String) -> String {
    var plain = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      plain.append(scalar.properties.generalCategory == .control ? "?" : scalar)
    }
    return String(plain)
  }

  func write(_ note: PolicyNote) {
    var members: [(String, Document)] = [
      ("detector", .string(note.name)), ("state", .string(note.state)),
    ]
    switch note.kind {
    case .pending(let lasting), .calm(let lasting): members.append(("lasting", .int(lasting)))
    case .unanswered(let why): members.append(("why", .string(why)))
    case .heldBack(let obstacle), .returnHeldBack(let obstacle):
      members.append(("why", .string(obstacle.text)))
    case .cleared, .answered, .fired, .goesBack: break
    }
    write(note.text, "detector", members)
  }

  /// What a run does, as lines or as its records.
  func write(_ progress: Progress, _ lines: ProgressLines, run: String) {
    if !asEvents { write(lines.text(progress), run: run) }
  }

  func write(_ news: News, run: String) {
    guard asEvents, case .recorded(let record) = news else { return }
    Console.write(EventLine.text(record, run: run), to: stream)
  }
}

extension PolicyNote {
  /// Its kind, as events call it.
  fileprivate var state: String {
    switch kind {
    case .pending: "pending"
    case .cleared: "cleared"
    case .unanswered: "unanswered"
    case .answered: "answered"
    case .fired: "fired"
    case .heldBack: "held_back"
    case .calm: "calm"
    case .goesBack: "goes_back"
    case .returnHeldBack: "return_held_back"
    }
  }
}
