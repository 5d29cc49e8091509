// SPDX-License-Identifier: Apache-2.0

import DrRepl
import DrSystem

/// Lines of standard input, as a terminal without movements or a pipe gives them.
struct LineReader {
  enum Line: Equatable { case text(String), interrupted, end }

  private var pending: [UInt8] = []
  private var isAtEnd = false
  /// How often Ctrl-C had been pressed when the latest prompt was about to be written.
  private var interrupts = RawMode.interruptCount
  /// A Ctrl-C that comes between a prompt and the wait for its answer wakes nobody; it is looked for this often.
  private static let lookEveryMilliseconds: Int32 = 250

  /// Call before a prompt is written: a Ctrl-C from now on is meant for it.
  mutating func begin() { interrupts = RawMode.interruptCount }

  /// The next line without its end.
  mutating func next() -> Line {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        var line = pending[..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        pending.removeSubrange(...end)
        return .text(text)
      }
      if isAtEnd {
        guard !pending.isEmpty else { return .end }
        defer { pending = [] }
        return .text(String(decoding: pending, as: UTF8.self))
      }
      if RawMode.interruptCount > interrupts {
        begin()
        return .interrupted
      }
      switch StandardInput.wait(milliseconds: Self.lookEveryMilliseconds) {
      case .bytes(let bytes): pending += bytes
      case .signal, .nothing: continue
      case .end: isAtEnd = true
      }
    }
  }
}

/// A terminal that only knows lines (`TERM=dumb`): a prompt, no escapes.
struct PlainRepl {
  let console: ReplConsole

  func run() {
    var reader = LineReader()
    var text = ""
    while true {
      reader.begin()
      Console.write(text.isEmpty ? console.session.prompt : "... ")
      switch reader.next() {
      case .interrupted:
        text = ""
        Console.write("\n")
      case .end:
        Console.write("\n")
        return console.host.close()
      case .text(let line):
        text += text.isEmpty ? line : "\n" + line
        guard InputShape.isComplete(text) || text.hasSuffix("\n\n") else { continue }
        console.host.forgetInterrupts()
        console.session.width = Terminal(.output).width
        console.session.shownLimit = 1000
        let input = text
        text = ""
        let goesOn = console.submit(input) { question in
          Console.write(question)
          return reader.next() == .text("yes")
        }
        if !goesOn { return console.host.close() }
      }
    }
  }
}

/// Standard input that is no terminal: results and nothing else.
struct PipedRepl {
  let console: ReplConsole

  /// False when an input failed.
  func run() -> Bool {
    var reader = LineReader()
    var text = ""
    RawMode.restoreInterrupts()
    defer { console.host.close() }
    while true {
      let line = reader.next()
      if case .text(let line) = line {
        text += text.isEmpty ? line : "\n" + line
        guard InputShape.isComplete(text) else { continue }
      } else if text.isEmpty {
        return !console.hasFailed
      }
      let input = text
      text = ""
      let goesOn = console.submit(input) { question in
        Console.write("\(question)\nno: nobody can answer here; `--yes` goes ahead\n", to: .error)
        return false
      }
      if !goesOn { return !console.hasFailed }
    }
  }
}
