// SPDX-License-Identifier: Apache-2.0

import Dispatch
import DrHost
import DrRun
import DrSystem
import Synchronization

/// Puts a runbook's questions to whoever started it.
final class Approver: Sendable {
  /// Answers yes to everything (`--yes`).
  private let approvesAll: Bool
  /// Who answers, as the journal names them.
  static var user: String {
    Environment.variable("USER") ?? Environment.variable("LOGNAME") ?? "somebody"
  }
  /// The question that is open at the prompt.
  private let open = Mutex<String?>(nil)

  init(approvesAll: Bool) {
    self.approvesAll = approvesAll
  }

  func ask(_ question: Question, deliver: @escaping @Sendable (Event) -> Void) {
    if approvesAll {
      deliver(.decided(questionID: question.id, approved: true, by: "\(Self.user) (--yes)"))
      return
    }
    let audience = question.audience.map { " (asked of \($0))" } ?? ""
    guard Terminal(.input).isTerminal else {
      Console.write(
        "waiting for an answer that cannot be given here: \(question.text)\(audience)\n"
          + "run it on a terminal, or with --yes\n", to: .error)
      return
    }
    open.withLock { $0 = question.id }
    Console.write("\(question.text)\(audience) [yes/no] ", to: .error)
    let user = Self.user
    let id = question.id
    // A thread of its own: reading a line blocks, and the concurrency pool must go on renewing
    // locks and watching deadlines meanwhile.
    DispatchQueue(label: "dr.prompt").async { [self] in
      while let line = readLine() {
        guard open.withLock({ $0 == id }) else { return }
        switch line.lowercased() {
        case "y", "yes": deliver(.decided(questionID: id, approved: true, by: user))
        case "n", "no": deliver(.decided(questionID: id, approved: false, by: user))
        default:  // open: anything else is asked again
          Console.write("please answer yes or no: ", to: .error)
          continue
        }
        return
      }
    }
  }

  func withdraw(_ id: String) {
    open.withLock { if $0 == id { $0 = nil } }
  }
}
