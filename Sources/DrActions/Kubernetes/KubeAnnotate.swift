// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets an annotation.
struct KubeAnnotate: Act {
  static let name = "kube.annotate"
  private let mark: KubeMark

  init(_ arguments: Arguments) throws(WorldFailure) {
    mark = try KubeMark(arguments, field: "annotations")
  }

  func observe() -> Flow<Observation> { mark.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { mark.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { mark.settle(observed) }
}
