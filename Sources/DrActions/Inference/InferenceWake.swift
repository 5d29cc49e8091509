// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Loads a sleeping engine's weights again.
struct InferenceWake: Act {
  static let name = "inference.wake"
  private let change: EngineSleep

  init(_ arguments: Arguments) throws(WorldFailure) {
    change = try EngineSleep(arguments, sleeps: false)
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
