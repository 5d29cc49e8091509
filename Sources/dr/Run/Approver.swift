// SPDX-License-Identifier: Apache-2.0

import Dispatch
import DrHost
import DrRun
import DrSystem
import Glibc
import Synchronization

/// Puts a runbook's questions to whoever started it.
final class Approver: Sendable {
  /// Answers yes to everything (`--yes`).
  private let approvesAll: Bool
  /// Where answers from elsewhere come in.
  private let box: ApprovalBox?
  /// How to give one, for people.
  private let hint: @Sendable (Question) -> String
  /// Who answers, as the journal names them: the user's number where the environment has no name.
  static var user: String {
    Environment.variable("USER") ?? Environment.variable("LOGNAME") ?? "uid \(getuid())"
  }
  /// Questions that are neither answered nor withdrawn; the prompt is for the last.
  private let open = Mutex<[String]>([])

  /// Whether there may be a person at the terminal.
  private let prompts: Bool
  /// Where questions are put, if something is drawn on the terminal.
  private let view: LiveView?

  init(
    approvesAll: Bool, box: ApprovalBox? = nil,
    hint: @escaping @Sendable (Question) -> String = { _ in "" },
    prompts: Bool = true,
    view: LiveView? = nil
  ) {
    self.view = view
    self.approvesAll = approvesAll
    self.prompts = prompts
    self.box = box
    self.hint = hint
  }

  func ask(_ question: Question, deliver: @escaping @Sendable (Event) -> Void) {
    if approvesAll {
      deliver(
        .decided(questionID: question.id, approved: true, by: question.name("\(Self.user) (--yes)"))
      )
      return
    }
    let audience = question.audience.map { " (asked of \($0))" } ?? ""
    open.withLock { $0.append(question.id) }
    watch(question.id, deliver)
    let user = Self.user
    let id = question.id
    if let view, view.answers {
      return view.ask(question) { [self] in answer(id, $0, by: user, deliver) }
    }
    guard prompts, view == nil, Terminal(.input).isTerminal else {
      Console.write(
        "waiting for an answer: \(question.text)\(audience)\n\(hint(question))", to: .error)
      return
    }
    Console.write("\(question.text)\(audience) [yes/no] ", to: .error)
    // A thread of its own: reading a line blocks, and the concurrency pool must go on renewing
    // locks and watching deadlines meanwhile.
    DispatchQueue(label: "dr.prompt").async { [self] in
      while let line = readLine() {
        guard open.withLock({ $0.last == id }) else { return }
        switch line.lowercased() {
        case "y", "yes": answer(id, true, by: user, deliver)
        case "n", "no": answer(id, false, by: user, deliver)
        default:  // open: anything else is asked again
          Console.write("please answer yes or no: ", to: .error)
          continue
        }
        return
      }
    }
  }

  /// Looks for an answer from elsewhere until there is one or the question is withdrawn.
  private func watch(_ id: String, _ deliver: @escaping @Sendable (Event) -> Void) {
    guard let box else { return }
    Task { [self] in
      while open.withLock({ $0.contains(id) }) {
        // A store that does not answer now is asked again.
        if let answer = try? await box.answer(to: id) {
          return self.answer(id, answer.approved, by: answer.by, deliver)
        }
        try? await Task.sleep(for: .nanoseconds(box.records.lookNanoseconds))
      }
    }
  }

  private func answer(
    _ id: String, _ approved: Bool, by person: String, _ deliver: (Event) -> Void
  ) {
    withdraw(id)
    deliver(.decided(questionID: id, approved: approved, by: person))
  }

  func withdraw(_ id: String) {
    open.withLock { $0.removeAll { $0 == id } }
    view?.withdraw(id)
  }
}
