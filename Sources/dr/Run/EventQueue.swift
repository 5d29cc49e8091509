// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Events on their way to who handles them. They are taken in batches, so that acts that end together share one flush of
/// the journal.
final class EventQueue<Event: Sendable>: Sendable {
  private let waiting = Mutex<[Event]>([])
  private let wakeUps: AsyncStream<Void>
  private let wakeUp: AsyncStream<Void>.Continuation

  init() { (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func push(_ event: Event) { push([event]) }

  /// Events that belong into one batch.
  func push(_ events: [Event]) {
    waiting.withLock { $0 += events }
    wakeUp.yield()
  }

  /// Batches, until the task that asks is cancelled. For one consumer.
  func forEachBatch(_ body: ([Event]) async throws -> Bool) async rethrows {
    for await _ in wakeUps {
      let batch = waiting.withLock { events in
        defer { events = [] }
        return events
      }
      if !batch.isEmpty, try await !body(batch) { return }
    }
  }
}
