// SPDX-License-Identifier: Apache-2.0

import Dispatch
import DrBase
import DrHost
import DrRun
import DrSystem
import Synchronization

/// What a run is at, in the last lines of the terminal, under the lines of what has happened; questions are answered
/// there too.
///
/// It is drawn ten times a second where something has changed. While the process is in the background nothing is drawn
/// and no key is read. Keys that are pressed while no question is open are dropped: nothing typed ahead answers a question
/// that was not read.
final class LiveView: ConsoleOverlay {
  private struct Prompt: Sendable {
    let question: Question
    let answer: @Sendable (Bool) -> Void
  }

  private struct State {
    var run = LiveRun()
    var region = LiveRegion()
    /// Those that are open; the first one is at the prompt.
    var prompts: [Prompt] = []
    var typed = ""
    /// What was wrong with the last answer.
    var remark = ""
    var isOver = false
    /// How often the process was stopped and gone on with when it was drawn last.
    var continuations = 0
    /// False at the first look that finds the terminal put back: that is done right before the process is stopped, and who
    /// takes the keys again at once would have it stand still so.
    var mayTakeKeys = true
  }

  private let colour: Bool
  /// How a question is answered from elsewhere.
  private let hint: String
  /// The command that goes on with the run once a signal has stopped it.
  private let resume: String
  private let readsKeys: Bool
  private let state = Mutex(State())

  private static let interval = Duration.milliseconds(100)
  /// Lines that are never taken, however much goes on.
  private static let rowsLeft = 2
  private static let rowsMost = 20
  private static let typedMost = 40

  /// Begins to draw; `nil` where the output is no terminal, or one that cannot move the cursor. Until `end`, all that the
  /// console writes stands above it.
  ///
  /// `answers`: whether questions are answered here, where standard input is a terminal.
  static func onTerminal(
    colour: Bool, hint: String = "", resume: String = "", answers: Bool
  ) -> LiveView? {
    guard Terminal(.output).allowsMovement else { return nil }
    let reads = answers && Terminal(.input).isTerminal && RawMode.prepare()
    let view = LiveView(colour: colour, hint: hint, resume: resume, readsKeys: reads)
    Console.overlay.withLock { $0 = view }
    Task { [weak view] in
      while let view, view.tick() { try? await Task.sleep(for: interval) }
    }
    // A thread of its own: reading blocks.
    if reads { DispatchQueue(label: "dr.keys").async { view.readKeys() } }
    return view
  }

  private init(colour: Bool, hint: String, resume: String, readsKeys: Bool) {
    self.colour = colour
    self.hint = hint
    self.resume = resume
    self.readsKeys = readsKeys
  }

  /// Whether questions are answered here.
  var answers: Bool { readsKeys }

  func take(_ news: News) { state.withLock { $0.run.take(news) } }

  /// The run is what these records say.
  func replace(with run: LiveRun) { state.withLock { $0.run = run } }

  /// Erases what is drawn; nothing is drawn any more, and the terminal is as it was.
  func end() {
    state.withLock { end(&$0) }
    Console.overlay.withLock { $0 = nil }
  }

  /// The same, where the process ends at once, whoever holds the view now.
  func abandon() {
    _ = state.withLockIfAvailable { end(&$0) }
    RawMode.leave()
  }

  private func end(_ state: inout State) {
    guard !state.isOver else { return }
    state.isOver = true
    Console.put(state.region.clear(columns: Terminal(.output).width))
    RawMode.leave()
  }

  // MARK: Drawing

  /// Writes what stays, above what is drawn.
  func write(_ text: String) {
    state.withLock { state in
      let whole = text.hasSuffix("\n") ? text : text + "\n"
      Console.put(state.region.write(whole, columns: Terminal(.output).width))
    }
  }

  /// False once it is over.
  private func tick() -> Bool {
    state.withLock { state in
      guard !state.isOver else { return false }
      let continuations = RawMode.continuationCount
      if state.continuations != continuations {
        // The shell has written since.
        state.continuations = continuations
        state.region.forget()
        RawMode.leave()
        state.mayTakeKeys = true
      }
      guard Terminal.isInForeground(.output) else { return true }
      if readsKeys, !RawMode.isEntered {
        if state.mayTakeKeys { RawMode.enter(.quiet) }
        state.mayTakeKeys = true
      } else {
        state.mayTakeKeys = false
      }
      draw(&state)
      return true
    }
  }

  private func draw(_ state: inout State) {
    let terminal = Terminal(.output)
    // The last column stays free: after it terminals differ in where the cursor is.
    let columns = max(1, terminal.width - 1)
    let rows = max(1, min(Self.rowsMost, terminal.height - Self.rowsLeft))
    let question = prompt(state, columns: columns)
    let text = LiveText(columns: columns, rows: max(1, rows - question.count), colour: colour)
    let lines = text.lines(
      of: state.run, at: WallClock.now(),
      stoppedFor: StopSignal.remembered == nil ? nil : resume)
    Console.put(
      state.region.draw(
        lines + question.suffix(rows), columns: terminal.width, isOpen: !question.isEmpty))
  }

  /// The question that is to be answered, however long it is, and what was typed.
  private func prompt(_ state: State, columns: Int) -> [String] {
    guard let question = state.prompts.first?.question else { return [] }
    let paint = Paint(isOn: colour)
    let audience = question.audience.map { " (asked of \($0))" } ?? ""
    var lines = wrapped(visible(question.text + audience), width: columns).map {
      paint(clipped($0, to: columns), .bold)
    }
    if !hint.isEmpty { lines.append(paint(clipped("from elsewhere: \(hint)", to: columns), .dim)) }
    let more = state.prompts.count > 1 ? " (\(state.prompts.count - 1) more to come)" : ""
    let ask = clipped("\(state.remark)yes or no\(more)? ", to: max(1, columns - 4))
    return lines + [ask + clipped(state.typed, to: max(1, columns - displayWidth(ask)))]
  }

  // MARK: Questions

  /// Asks at the prompt; `answer` is called at most once, unless it is withdrawn.
  func ask(_ question: Question, answer: @escaping @Sendable (Bool) -> Void) {
    state.withLock { $0.prompts.append(Prompt(question: question, answer: answer)) }
  }

  func withdraw(_ id: String) {
    state.withLock { state in
      guard let index = state.prompts.firstIndex(where: { $0.question.id == id }) else { return }
      if index == 0 { (state.typed, state.remark) = ("", "") }
      state.prompts.remove(at: index)
    }
  }

  private func readKeys() {
    while !state.withLock({ $0.isOver }) {
      guard RawMode.isEntered, Terminal.isInForeground(.input) else {
        pause(milliseconds: 50)
        continue
      }
      switch StandardInput.wait(milliseconds: 100) {
      case .bytes(let bytes): press(bytes)
      case .nothing, .signal: continue
      case .end: return
      }
    }
  }

  private func press(_ bytes: [UInt8]) {
    // Arrows and other keys that are no characters.
    guard bytes.first != 0x1B else { return }
    for character in String(decoding: bytes, as: UTF8.self) { press(character) }
  }

  private func press(_ character: Character) {
    let decided: (prompt: Prompt, approved: Bool)? = state.withLock { state in
      guard let prompt = state.prompts.first, !state.isOver else { return nil }
      switch character {
      case "\n", "\r":
        let word = state.typed.trimmingSpaces.lowercased()
        state.typed = ""
        let approved = ["y", "yes"].contains(word)
        guard approved || ["n", "no"].contains(word) else {
          state.remark = word.isEmpty ? "" : "please answer "
          return nil
        }
        state.remark = ""
        state.prompts.removeFirst()
        return (prompt, approved)
      case "\u{7F}", "\u{8}": _ = state.typed.popLast()
      case "\u{15}": state.typed = ""
      // open: what can be seen is a character of the answer
      case _ where displayWidth(character) > 0 && state.typed.count < Self.typedMost:
        state.typed.append(character)
      case _: break  // open: no other key means anything
      }
      draw(&state)
      return nil
    }
    if let decided { decided.prompt.answer(decided.approved) }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var rest = self[...]
    while rest.last == " " { rest.removeLast() }
    return String(rest.drop { $0 == " " })
  }
}
