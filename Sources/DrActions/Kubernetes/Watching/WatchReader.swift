// SPDX-License-Identifier: Apache-2.0

import DrData

/// Reads the stream of a watch: a JSON object a line. Of the objects it keeps nothing but the
/// version up to which everything has been told, so that a watch that ends is gone on with there.
package struct WatchReader: Sendable {
  package enum Event: Sendable, Equatable {
    /// Something of the collection is not as it was.
    case changed
    /// Nothing has changed; only the version went on.
    case bookmark
    /// The version is too old to go on from: the collection must be looked at anew (410).
    case gone
    /// The server ends the watch, with a reason.
    case failed(String)
    /// This is no watch.
    case garbage
  }

  package private(set) var resourceVersion: String
  private var line: [UInt8] = []
  private var isBroken = false

  /// An object has 1.5 MiB at most in etcd, more as JSON.
  private static let lineMax = 8 << 20

  package init(from resourceVersion: String) { self.resourceVersion = resourceVersion }

  /// Begins with the next connection: a line that was not whole is told again.
  package mutating func reconnect() {
    line = []
    isBroken = false
  }

  /// What the next bytes say. After `gone`, `failed` and `garbage` nothing more is read.
  package mutating func take(_ bytes: some Sequence<UInt8>) -> [Event] {
    var events: [Event] = []
    for byte in bytes where !isBroken {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        if line.count > Self.lineMax { end(.garbage, &events) }
        continue
      }
      if !line.allSatisfy({ $0 <= 0x20 }) {
        switch read() {
        case .changed: events.append(.changed)
        case .bookmark: events.append(.bookmark)
        case let last: end(last, &events)
        }
      }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func end(_ event: Event, _ events: inout [Event]) {
    events.append(event)
    isBroken = true
    line = []
  }

  private mutating func read() -> Event {
    guard let document = try? JSON.parse(line), let type = document["type"]?.stringValue,
      let object = document["object"]
    else { return .garbage }
    if type == "ERROR" {
      let isGone =
        object["code"]?.intValue == 410 || object["reason"]?.stringValue == "Expired"
        || object["reason"]?.stringValue == "Gone"
      return isGone
        ? .gone : .failed(object["message"]?.stringValue.map { String($0.prefix(200)) } ?? type)
    }
    guard let version = object["metadata"]?["resourceVersion"]?.stringValue, !version.isEmpty
    else { return .garbage }
    switch type {
    case "ADDED", "MODIFIED", "DELETED":
      resourceVersion = version
      return .changed
    case "BOOKMARK":
      resourceVersion = version
      return .bookmark
    case _: return .garbage
    }
  }
}
