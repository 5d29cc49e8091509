// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Whether an endpoint generates a token of the model within a time. Saturation (429, 503) is
/// waited out as long as that time lasts: a full queue is no dead engine.
struct InferenceServing: Read {
  static let name = "inference.serving"
  private let completion: Completion
  private let timeout: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    completion = try Completion(arguments)
    timeout = try arguments.int("timeout", atLeast: 1)
  }

  func read() -> Flow<Document> { ask(left: timeout) }

  private func ask(left: Int64) -> Flow<Document> {
    completion.ask(prompt: "ping", maxTokens: 1, timeout: left).then { outcome, elapsed in
      switch outcome {
      case .generated: return .value(true)
      case .noAnswer(.refused(let message)): return .failure(.refused(message))
      case .failed, .noAnswer: return .value(false)
      case .saturated(_, let pause):
        let pause = max(pause ?? Unit.second, 100 * Unit.millisecond)
        let rest = left - elapsed - pause
        guard rest > 0 else { return .value(false) }
        return .sleep(nanoseconds: pause) { ask(left: rest) }
      }
    }
  }
}
