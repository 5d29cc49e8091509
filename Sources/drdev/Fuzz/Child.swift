// SPDX-License-Identifier: Apache-2.0

import Foundation

/// This program once more, watched from outside.
struct Child {
  private let arguments: [String]
  /// The last input that the child began.
  private(set) var lastSeed: UInt64?
  private var violation: String?

  init(_ arguments: [String]) { self.arguments = arguments }

  /// Runs it to its end, or to a moment; gives what went wrong, `nil` when nothing did.
  mutating func run(until end: Date, patience: Double) throws -> String? {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    try pipe.fileHandleForWriting.close()
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    var text: [UInt8] = []
    var (isHanging, isLate) = (false, false)
    while true {
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&poll, 1, Int32(patience * 1000)) > 0 else {
        isHanging = true
        break
      }
      var buffer = [UInt8](repeating: 0, count: 1 << 14)
      let count = read(descriptor, &buffer, buffer.count)
      if count <= 0 { break }
      text += buffer[..<count]
      takeLines(&text)
      isLate = Date() > end.addingTimeInterval(patience)
      if isLate { break }
    }
    // One that goes on would wait for somebody to read what it writes.
    if isHanging || isLate, process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    if isHanging { return "does not end within \(Int(patience)) s" }
    if let violation { return violation }
    if isLate { return nil }
    return process.terminationReason == .uncaughtSignal || process.terminationStatus > 1
      ? "the program died of signal \(process.terminationStatus)" : nil
  }

  private mutating func takeLines(_ text: inout [UInt8]) {
    while let end = text.firstIndex(of: 0x0A) {
      let line = String(decoding: text[..<end], as: UTF8.self)
      text.removeSubrange(...end)
      if line.hasPrefix("seed ") {
        lastSeed = UInt64(line.dropFirst(5))
      } else if line.hasPrefix("violation ") {
        violation = String(line.dropFirst(10))
      }
    }
  }
}
