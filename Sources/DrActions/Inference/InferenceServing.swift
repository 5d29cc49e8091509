// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Whether an endpoint generates a token of the model within a time. Saturation (429, 503) is
/// waited out as long as that time lasts: a full queue is no dead engine. Where it is asked for, the
/// engine's own count of generated tokens must have grown too: what answers in an engine's place, a
/// cache or a proxy, does not count.
struct InferenceServing: Read {
  static let name = "inference.serving"
  /// An engine may count a token shortly after it has sent it.
  private static let counting = 200 * Unit.millisecond
  private static let looks = 5

  private let completion: Completion
  private let client: EngineClient
  private let timeout: Int64
  private let isCounted: Bool

  init(_ arguments: Arguments) throws(WorldFailure) {
    completion = try Completion(arguments)
    client = try EngineClient(arguments)
    timeout = try arguments.int("timeout", atLeast: 1)
    isCounted = try arguments.bool("counted")
  }

  func read() -> Flow<Document> {
    guard isCounted else { return ask(left: timeout).map { .bool($0) } }
    return generated().then { before in
      guard let before else { return .value(false) }
      return ask(left: timeout).then { serves in
        serves ? hasGrown(since: before, looks: Self.looks).map { .bool($0) } : .value(false)
      }
    }
  }

  private func ask(left: Int64) -> Flow<Bool> {
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

  /// `nil` where the engine does not answer.
  private func generated() -> Flow<Double?> {
    EngineMetrics.read(client).then { metrics in
      guard let generated = metrics.generated else {
        return .failure(
          .refused("\(client.base)/metrics has neither vLLM's nor SGLang's count of tokens"))
      }
      return .value(generated)
    }.otherwise { failure in
      switch failure {
      case .unreachable, .busy: .value(nil)
      case _: .failure(failure)  // open: what a further look would not change
      }
    }
  }

  private func hasGrown(since before: Double, looks: Int) -> Flow<Bool> {
    generated().then { now in
      guard let now else { return .value(false) }
      // A count that fell is that of an engine that was started anew, and has generated since.
      if now != before { return .value(now > 0) }
      guard looks > 1 else { return .value(false) }
      return .sleep(nanoseconds: Self.counting) { hasGrown(since: before, looks: looks - 1) }
    }
  }
}
