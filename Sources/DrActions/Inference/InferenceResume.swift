// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Lets a paused vLLM engine take requests again (`/resume`).
struct InferenceResume: Act {
  static let name = "inference.resume"
  private let change: EngineSwitch

  init(_ arguments: Arguments) throws(WorldFailure) {
    change = EngineSwitch(
      client: try EngineClient(arguments), state: .paused, isWanted: false,
      path: "/resume", change: "resumed")
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
