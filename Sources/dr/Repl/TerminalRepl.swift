// SPDX-License-Identifier: Apache-2.0

import DrRepl
import DrSystem

/// The prompt on a terminal: bytes of keys in, rows of the screen out.
final class TerminalRepl {
  private let console: ReplConsole
  private let colour: Bool
  private let store = HistoryStore()
  private var decoder = KeyDecoder()
  private var editor: LineEditor
  private var painter = Painter()
  private var size = Terminal(.output)
  private var seenResizes = RawMode.resizeCount

  /// How long an Escape waits for the rest of a sequence, in milliseconds.
  private static let escapeDelay: Int32 = 40

  init(console: ReplConsole, colour: Bool) {
    self.console = console
    self.colour = colour
    editor = LineEditor(history: store.load())
  }

  func run() {
    RawMode.enter()
    defer {
      RawMode.leave()
      console.host.close()
    }
    draw()
    while true {
      switch StandardInput.wait(milliseconds: decoder.isWaiting ? Self.escapeDelay : -1) {
      case .bytes(let bytes): if !handle(decoder.decode(bytes)) { return }
      case .nothing: if !handle(decoder.flush()) { return }
      case .signal: resize()
      case .end: return
      }
    }
  }

  /// False when the user leaves. The screen is drawn once for all keys that came together.
  private func handle(_ keys: [Key]) -> Bool {
    for key in keys {
      switch editor.handle(key) {
      case .draw: break
      case .submit(let text): if !submit(text) { return false }
      case .drop: drop()
      case .end:
        draw()
        Console.write(painter.leave())
        return false
      case .complete(let text, let cursor): complete(text, cursor)
      case .clearScreen:
        painter.forget()
        Console.write("\u{1B}[H\u{1B}[2J")
      case .bell: Console.write("\u{07}")
      case .suspend:
        Console.write(painter.leave())
        RawMode.suspend()
      }
    }
    if !keys.isEmpty { draw() }
    return true
  }

  private func draw() {
    let layout = ScreenLayout(width: size.width, height: size.height, colour: colour)
    let screen = layout.screen(editor, prompt: console.session.prompt)
    Console.write(painter.paint(screen))
  }

  private func resize() {
    guard RawMode.resizeCount != seenResizes else { return }
    seenResizes = RawMode.resizeCount
    size = Terminal(.output)
    Console.write(painter.clear())
    draw()
  }

  private func drop() {
    // What is dropped stays in sight, with the cursor below it.
    _ = editor.handle(.control("e"))
    draw()
    Console.write(painter.leave())
    editor.reset()
  }

  private func submit(_ text: String) -> Bool {
    _ = editor.handle(.alt(">"))
    draw()
    Console.write(painter.leave())
    editor.remember(text)
    editor.reset()
    store.save(editor.history)
    console.session.width = size.width
    console.session.shownLimit = 200
    console.host.forgetInterrupts()
    RawMode.leave()
    defer { RawMode.enter() }
    return console.submit(text, confirm: confirm)
  }

  private func confirm(_ question: String) -> Bool {
    var reader = LineReader()
    Console.write(question)
    while true {
      switch reader.next() {
      case .text("yes"), .text("y"): return true
      case .text("no"), .text("n"): return false
      case .text: Console.write("please answer yes or no: ")
      case .interrupted, .end:
        Console.write("\n")
        return false
      }
    }
  }

  private func complete(_ text: String, _ cursor: Int) {
    let completer = Completer(
      session: console.session, text: text, cursor: cursor, files: FileNames.completing)
    let completion = completer.complete()
    if editor.offer(completion.candidates, start: completion.start) == .bell {
      Console.write("\u{07}")
    }
  }
}
