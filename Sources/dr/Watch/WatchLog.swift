// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun

/// What a watcher says, a line each with the time in UTC.
struct WatchLog: Sendable {
  func write(_ text: String) {
    let lines = text.split(separator: "\n").joined(separator: " | ")
    Console.write("\(WallClock.now().utcText)  \(lines)\n")
  }
}
