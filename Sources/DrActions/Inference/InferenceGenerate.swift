// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Has an endpoint generate text. It changes nothing that lasts, so it may be repeated freely.
struct InferenceGenerate: Act {
  static let name = "inference.generate"
  private let completion: Completion
  private let prompt: String
  private let maxTokens: Int64
  private let timeout: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    completion = try Completion(arguments)
    prompt = try arguments.string("prompt")
    maxTokens = try arguments.int("max_tokens", atLeast: 1)
    timeout = try arguments.int("timeout", atLeast: 1)
  }

  func observe() -> Flow<Observation> {
    .value(
      Observation(
        target: completion.url, changes: ["generates up to \(maxTokens) tokens"],
        permissions: [], state: .null, result: ""))
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    completion.ask(prompt: prompt, maxTokens: maxTokens, timeout: timeout).then { outcome, _ in
      switch outcome {
      case .generated(let text) where !text.isEmpty: .value(.string(text))
      case .generated: .failure(.busy("\(completion.url) generated nothing"))
      case .saturated(let message, _): .failure(.busy(message))
      case .failed(let message, let isFinal):
        .failure(isFinal ? .refused(message) : .busy(message))
      case .noAnswer(.refused(let message)): .failure(.refused(message))
      case .noAnswer(let failure): .failure(.unreachable(failure.message))
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> { .value(.notDone) }
}
