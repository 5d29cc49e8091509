// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The shares of a Gslb's geo tags; where its own cluster does not answer, as those of the others have them.
struct GslbWeights: Read {
  static let name = "gslb.weights"
  private let clients: [GslbClient]

  init(_ arguments: Arguments) throws(WorldFailure) {
    let clusters = try GslbClient.clusters(arguments)
    clients = try GslbClient(arguments).inEach(clusters.map(\.cluster))
  }

  func read() -> Flow<Document> { read(clients[...]) }

  private func read(_ rest: ArraySlice<GslbClient>) -> Flow<Document> {
    guard let client = rest.first else { return .failure(.refused("there is no cluster to ask")) }
    return client.read().map(\.percents).otherwise { failure in
      guard case .unreachable = failure, rest.count > 1 else { return .failure(failure) }
      return read(rest.dropFirst()).otherwise { _ in .failure(failure) }
    }
  }
}
