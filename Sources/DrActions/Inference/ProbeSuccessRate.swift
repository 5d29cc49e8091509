// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The share of canary requests, sent every so often over a time, that generated something. One is
/// under way at a time: where an answer takes longer than the interval, the next is sent at once.
struct ProbeSuccessRate: Read {
  static let name = "probe.success_rate"
  private let completion: Completion
  private let over: Int64
  private let every: Int64
  private let timeout: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    completion = try Completion(arguments)
    over = try arguments.int("over", atLeast: 1)
    every = try arguments.int("every", atLeast: Unit.millisecond)
    timeout = try arguments.optionalInt("timeout") ?? max(every, 5 * Unit.second)
  }

  func read() -> Flow<Document> { ask(sent: 0, succeeded: 0, elapsed: 0) }

  private func ask(sent: Int64, succeeded: Int64, elapsed: Int64) -> Flow<Document> {
    completion.ask(prompt: "ping", maxTokens: 1, timeout: timeout).then { outcome, took in
      if case .noAnswer(.refused(let message)) = outcome { return .failure(.refused(message)) }
      var succeeded = succeeded
      if case .generated = outcome { succeeded += 1 }
      let sent = sent + 1
      let elapsed = elapsed + max(took, every)
      if elapsed >= over {
        return .value(
          .int(
            succeeded * (Unit.wholePercent / sent)
              + succeeded * (Unit.wholePercent % sent) / sent))
      }
      func next() -> Flow<Document> { ask(sent: sent, succeeded: succeeded, elapsed: elapsed) }
      return took < every ? .sleep(nanoseconds: every - took) { next() } : next()
    }
  }
}
