// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The share of requests that a route sends to each zone.
struct RouteWeights: Read {
  static let name = "route.weights"
  private let route: RouteClient

  init(_ arguments: Arguments) throws(WorldFailure) { route = try RouteClient(arguments) }

  func read() -> Flow<Document> { route.read().map(\.percents) }
}
