// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Frees a vLLM engine's GPU memory (`/sleep`), once the requests that it has are answered. A
/// sleeping engine answers `/health` but generates nothing.
struct InferenceSleep: Act {
  static let name = "inference.sleep"
  private let change: EngineSwitch

  init(_ arguments: Arguments) throws(WorldFailure) {
    let level = try arguments.int("level", atLeast: 0)
    guard level <= 2 else { throw arguments.mismatch("level", "0, 1 or 2") }
    change = EngineSwitch(
      client: try EngineClient(arguments), state: .asleep, isWanted: true,
      path: "/sleep?level=\(level)&mode=wait", change: "put to sleep")
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
