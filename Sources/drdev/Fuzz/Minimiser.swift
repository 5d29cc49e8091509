// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Makes an input that breaks something smaller while it still does, by leaving out ever smaller
/// parts (Zeller and Hildebrandt: Simplifying and Isolating Failure-Inducing Input, 2002; without
/// its second half).
struct Minimiser {
  /// Seconds after which an input counts as a hang.
  let patience: Double
  /// Programs started at most.
  private static let budget = 400

  func minimal(of input: [UInt8]) throws -> [UInt8] {
    var input = input
    var tries = Self.budget
    guard try breaks(input) else { return input }
    var length = max(1, input.count / 2)
    while tries > 0 {
      var start = 0
      while start < input.count, tries > 0 {
        let smaller = Array(input[..<start] + input[min(input.count, start + length)...])
        tries -= 1
        if try breaks(smaller) { input = smaller } else { start += length }
      }
      if length == 1 { break }
      length /= 2
    }
    return input
  }

  private func breaks(_ input: [UInt8]) throws -> Bool {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "drdev-fuzz-\(getpid()).dr").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(input).write(to: URL(filePath: path))
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["fuzz", "--file", path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let end = Date().addingTimeInterval(patience)
    while process.isRunning, Date() < end { usleep(2_000) }
    if process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      return true
    }
    return process.terminationReason == .uncaughtSignal || process.terminationStatus != 0
  }
}
