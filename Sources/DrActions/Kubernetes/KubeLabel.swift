// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets a label.
struct KubeLabel: Act {
  static let name = "kube.label"
  private let mark: KubeMark

  init(_ arguments: Arguments) throws(WorldFailure) {
    mark = try KubeMark(arguments, field: "labels")
  }

  func observe() -> Flow<Observation> { mark.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { mark.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { mark.settle(observed) }
}
