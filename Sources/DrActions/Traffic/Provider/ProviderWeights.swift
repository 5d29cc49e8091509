// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The share of each zone that a provider's API shows.
struct ProviderWeights: Read {
  static let name = "provider.weights"
  private let front: ProviderFront

  init(_ arguments: Arguments) throws(WorldFailure) { front = try ProviderFront(arguments) }

  func read() -> Flow<Document> { front.read().map { front.percents($0.steps) } }
}
