// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Loads a sleeping vLLM engine's weights again (`/wake_up`).
struct InferenceWake: Act {
  static let name = "inference.wake"
  private let change: EngineSwitch

  init(_ arguments: Arguments) throws(WorldFailure) {
    change = EngineSwitch(
      client: try EngineClient(arguments), state: .asleep, isWanted: false,
      path: "/wake_up", change: "woken up")
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
