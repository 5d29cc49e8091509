// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrHost
import DrRun
import Synchronization

/// Sends the load of a drill: so many requests a second, whatever becomes of the earlier ones. Clients who
/// wait for an answer before they ask again slow down with the service and hide its outage (coordinated
/// omission).
final class DrillLoad: Sendable {
  /// When the requests were due, in nanoseconds.
  private struct Record {
    var answered: [Int64] = []
    var failed: [Int64] = []
    /// From when an answered request was due to its answer, however late it was sent.
    var took: [Int64] = []
    /// By how much the latest request was sent too late.
    var lag: Int64 = 0
    /// Requests that were sent later than the next one was due.
    var late = 0
  }

  private let load: DrillModel.Load
  private let url: String
  private let transport = HTTPTransport()
  private let record = Mutex(Record())
  private let inFlight = Atomic(0)

  /// Requests under way beyond which a new one fails at once: more would only measure this machine.
  private static let inFlightMax = 2000
  private static let timeout: Int64 = 5_000_000_000

  /// `base` is where the front answers: `http://chat.example.net`.
  init(_ load: DrillModel.Load, base: String) {
    self.load = load
    url = (base.hasSuffix("/") ? String(base.dropLast()) : base) + load.path
  }

  var figures: LoadFigures {
    let record = record.withLock { $0 }
    let answered = record.answered.sorted()
    let lastFailure = record.failed.max()
    return LoadFigures(
      sent: answered.count + record.failed.count, failed: record.failed.count,
      firstFailure: record.failed.min().map { Instant(nanoseconds: $0) },
      lastFailure: lastFailure.map { Instant(nanoseconds: $0) },
      longestGap: zip(answered, answered.dropFirst()).map { $1 - $0 }.max() ?? 0,
      latency: LoadFigures.Latency(record.took), lag: record.lag,
      backAt: lastFailure.flatMap { last in answered.first { $0 > last } }
        .map { Instant(nanoseconds: $0) },
      interval: interval, late: record.late)
  }

  /// From one request to the next, in nanoseconds.
  private var interval: Int64 { load.perSecond > 0 ? Int64(1e9 / load.perSecond) : 0 }

  /// Sends until its task is cancelled.
  func run() async {
    guard load.perSecond > 0 else { return }
    var due = SteadyClock.process.now()
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let at = due
        if inFlight.load(ordering: .relaxed) < Self.inFlightMax {
          inFlight.add(1, ordering: .relaxed)
          group.addTask { await self.ask(at) }
        } else {
          note(at, isAnswered: false)
        }
        due = due.advanced(by: interval)
        try? await SteadyClock.process.wait(until: due)
      }
      group.cancelAll()
    }
    transport.shutdown()
  }

  private func ask(_ due: Instant) async {
    defer { inFlight.subtract(1, ordering: .relaxed) }
    let lag = SteadyClock.process.now().since(due)
    record.withLock { record in
      record.lag = max(record.lag, lag)
      if lag > interval { record.late += 1 }
    }
    let isGet = load.method == "GET"
    let answer = await transport.send(
      HTTPTransport.Message(
        method: isGet ? .get : .post, url: url,
        headers: isGet ? [] : [HTTPRequest.Header("content-type", "application/json")],
        body: isGet ? [] : Array(JSON.write(load.body).utf8), timeoutNanoseconds: Self.timeout))
    if Task.isCancelled { return }
    if case .response(let status, _, _) = answer {
      note(due, isAnswered: (200..<400).contains(status))
    } else {
      note(due, isAnswered: false)
    }
  }

  private func note(_ due: Instant, isAnswered: Bool) {
    let took = SteadyClock.process.now().since(due)
    record.withLock { record in
      if isAnswered {
        record.answered.append(due.nanoseconds)
        record.took.append(took)
      } else {
        record.failed.append(due.nanoseconds)
      }
    }
  }
}
