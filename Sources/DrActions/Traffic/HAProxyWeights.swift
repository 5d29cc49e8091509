// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The weights of a backend's servers, in percent of what is configured.
struct HAProxyWeights: Read {
  static let name = "haproxy.weights"
  private let socket: HAProxySocket

  init(_ arguments: Arguments) throws(WorldFailure) { socket = try HAProxySocket(arguments) }

  func read() -> Flow<Document> { socket.servers().map(Self.document) }

  static func document(_ servers: [HAProxyServer]) -> Document {
    .object(DocumentObject(servers.map { ($0.name, .int($0.percent)) }))
  }
}
