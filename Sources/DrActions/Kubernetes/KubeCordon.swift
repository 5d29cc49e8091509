// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Marks a node so that no further pods are placed on it.
struct KubeCordon: Act {
  static let name = "kube.cordon"
  private let change: KubeSchedulability

  init(_ arguments: Arguments) throws(WorldFailure) {
    change = try KubeSchedulability(arguments, cordoned: true)
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
