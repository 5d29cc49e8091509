// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The share of each zone whose address a name has: the same for all of them. The primary server is
/// asked, and while it is silent the others.
struct DNSWeights: Read {
  static let name = "dns.weights"
  private let front: DNSFront

  init(_ arguments: Arguments) throws(WorldFailure) { front = try DNSFront(arguments) }

  func read() -> Flow<Document> {
    front.found().then { front in read(front, front.servers[...]).map(front.percents) }
  }

  /// The failure is the primary's where nobody answers.
  private func read(
    _ front: DNSFront, _ servers: ArraySlice<DNSFront.Server>
  ) -> Flow<Set<IPAddress>> {
    front.read(servers.first ?? front.primary).map(\.addresses).otherwise { failure in
      guard case .unreachable = failure, servers.count > 1 else { return .failure(failure) }
      return read(front, servers.dropFirst()).otherwise { _ in .failure(failure) }
    }
  }
}
