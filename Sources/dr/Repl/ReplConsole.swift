// SPDX-License-Identifier: Apache-2.0

import DrRepl
import DrSystem

/// Carries out what a session wants and writes what it says; what terminals and pipes have in
/// common.
final class ReplConsole {
  let session: Session
  let host: ReplHost
  /// Whether any input failed.
  private(set) var hasFailed = false

  init(session: Session, host: ReplHost) {
    self.session = session
    self.host = host
  }

  func load(_ file: String) {
    session.load(file)
    write(notes: false)
  }

  /// Hands one input in; false when the user wants to leave. `confirm` puts a yes-or-no question.
  func submit(_ text: String, confirm: (String) -> Bool) -> Bool {
    var request = session.submit(text)
    while true {
      write(notes: true)
      switch request {
      case .input: return true
      case .end: return false
      case .call(let call, let phase): request = session.answer(host.answer(call, phase))
      case .confirmation(let question): request = session.confirm(confirm(question))
      }
    }
  }

  /// Results go to standard output, everything else to standard error.
  private func write(notes: Bool) {
    for output in session.takeOutputs() {
      switch output {
      case .result(let text): Console.write(text + "\n")
      case .note(let text): if notes || Terminal(.error).isTerminal { note(text) }
      case .error(let text):
        hasFailed = true
        Console.write(text, to: .error)
      }
    }
  }

  private func note(_ text: String) {
    Console.write(session.colour ? "\u{1B}[2m\(text)\u{1B}[0m\n" : "\(text)\n", to: .error)
  }
}
