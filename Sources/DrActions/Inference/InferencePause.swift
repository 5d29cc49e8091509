// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Drains a vLLM engine (`/pause`): it answers the requests that it has, and refuses new ones with
/// 503 until it is resumed.
struct InferencePause: Act {
  static let name = "inference.pause"
  private let change: EngineSwitch

  init(_ arguments: Arguments) throws(WorldFailure) {
    change = EngineSwitch(
      client: try EngineClient(arguments), state: .paused, isWanted: true,
      path: "/pause?mode=wait", change: "paused", drains: true)
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
