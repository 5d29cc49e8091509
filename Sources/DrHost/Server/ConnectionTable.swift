// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// What all connections of a server hold together.
final class ConnectionTable: Sendable {
  private struct Entry {
    let channel: any Channel
    /// Turn at which it began to wait for a request; nil while one is being answered.
    var waitsSince: Int?
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var turn = 0
    var bodyBytes = 0
  }

  let limits: HTTPServer.Limits
  private let state = Mutex(State())

  init(_ limits: HTTPServer.Limits) { self.limits = limits }

  var load: (connections: Int, bodyBytes: Int) {
    state.withLock { ($0.entries.count, $0.bodyBytes) }
  }

  /// Takes a connection in, in the place of that which has waited longest where all are taken; false where none waits.
  func admit(_ channel: any Channel) -> Bool {
    let (isAdmitted, evicted): (Bool, (any Channel)?) = state.withLock { state in
      var evicted: (any Channel)?
      if state.entries.count >= limits.connections {
        let waiting = state.entries.compactMap { entry in
          entry.value.waitsSince.map { (key: entry.key, since: $0) }
        }
        guard let oldest = waiting.min(by: { $0.since < $1.since }) else { return (false, nil) }
        evicted = state.entries.removeValue(forKey: oldest.key)?.channel
      }
      state.turn += 1
      state.entries[ObjectIdentifier(channel)] = Entry(channel: channel, waitsSince: state.turn)
      return (true, evicted)
    }
    evicted?.close(promise: nil)
    return isAdmitted
  }

  func answers(_ channel: any Channel) {
    state.withLock { $0.entries[ObjectIdentifier(channel)]?.waitsSince = nil }
  }

  func waits(_ channel: any Channel) {
    state.withLock { state in
      state.turn += 1
      state.entries[ObjectIdentifier(channel)]?.waitsSince = state.turn
    }
  }

  func remove(_ channel: any Channel) {
    state.withLock { $0.entries[ObjectIdentifier(channel)] = nil }
  }

  /// Room for more bytes of a body; false where all bodies together are too large.
  func reserve(_ bytes: Int) -> Bool {
    state.withLock { state in
      guard state.bodyBytes + bytes <= limits.allBodyBytes else { return false }
      state.bodyBytes += bytes
      return true
    }
  }

  func release(_ bytes: Int) { state.withLock { $0.bodyBytes -= bytes } }

  func closeAll() {
    let channels = state.withLock { $0.entries.values.map(\.channel) }
    for channel in channels { channel.close(promise: nil) }
  }
}
