// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The shares of a Gslb's geo tags.
struct GslbWeights: Read {
  static let name = "gslb.weights"
  private let gslb: GslbClient

  init(_ arguments: Arguments) throws(WorldFailure) { gslb = try GslbClient(arguments) }

  func read() -> Flow<Document> { gslb.read().map(\.percents) }
}
