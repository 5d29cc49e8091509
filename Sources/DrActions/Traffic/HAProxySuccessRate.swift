// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The share of a backend's requests over the coming time that got neither a 5xx nor a connection
/// error. No request in that time proves nothing, and is a failure that may be tried again.
struct HAProxySuccessRate: Read {
  static let name = "haproxy.success_rate"
  private let socket: HAProxySocket
  private let over: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    socket = try HAProxySocket(arguments)
    over = try arguments.int("over", atLeast: Unit.millisecond)
  }

  private func count() -> Flow<HAProxyStatistics> {
    socket.ask("show stat").then { text in
      guard let counts = HAProxyStatistics.parse(text, backend: socket.backend) else {
        return .failure(.refused("HAProxy at \(socket.path) has no backend \(socket.backend)"))
      }
      return .value(counts)
    }
  }

  func read() -> Flow<Document> {
    count().then { before in
      .sleep(nanoseconds: over) { count().then { after in rate(before, after) } }
    }
  }

  private func rate(_ before: HAProxyStatistics, _ after: HAProxyStatistics) -> Flow<Document> {
    let total = after.responses - before.responses
    let errors = after.serverErrors - before.serverErrors
    let broken = after.connectionErrors - before.connectionErrors
    guard total >= 0, errors >= 0, broken >= 0 else {
      return .failure(.busy("the counters of HAProxy at \(socket.path) began anew meanwhile"))
    }
    guard total > 0 else {
      return .failure(
        .busy(
          "no request came to backend \(socket.backend) within \(Unit.durationText(over)), so "
            + "there is no success rate"))
    }
    // HAProxy answers a request that no server took with a 5xx of its own, so most connection
    // errors are counted among those already.
    let failed = min(total, max(errors, broken))
    let ok = total - failed
    return .value(
      .int(ok * (Unit.wholePercent / total) + ok * (Unit.wholePercent % total) / total))
  }
}
