// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun
import DrSystem

/// What a watcher says, a line each with the time in UTC; beside a drill with the time since its start.
struct WatchLog: Sendable {
  var start: Instant?
  var stream = Terminal.Stream.output

  func write(_ text: String) {
    let lines = text.split(separator: "\n").joined(separator: " | ")
    let now = WallClock.now()
    let time = start.map { ProgressLines.clock(now.since($0)) } ?? now.utcText
    Console.write("\(time)  \(lines)\n", to: stream)
  }
}
