// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Lets pods be placed on a node again.
struct KubeUncordon: Act {
  static let name = "kube.uncordon"
  private let change: KubeSchedulability

  init(_ arguments: Arguments) throws(WorldFailure) {
    change = try KubeSchedulability(arguments, cordoned: false)
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
