// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A program on a terminal of its own.
final class PseudoTerminal {
  private let master: CInt
  private let process = Process()
  private var bytes: [UInt8] = []
  /// Everything that the program has written, without carriage returns.
  private(set) var written = ""

  struct Unavailable: Error {}

  /// TIOCSPTLCK and TIOCGPTN, which Swift does not import.
  private static let setLock: UInt = 0x4004_5431
  private static let getNumber: UInt = 0x8004_5430

  init(_ program: String, _ arguments: [String], environment: [String: String]) throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var lock: CInt = 0
    var number: CUnsignedInt = 0
    guard master >= 0, ioctl(master, Self.setLock, &lock) == 0,
      ioctl(master, Self.getNumber, &number) == 0
    else { throw Unavailable() }
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw Unavailable() }
    var size = winsize(ws_row: 30, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
    // A session of its own, so that Ctrl-C reaches the program as a signal.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
    process.arguments = ["--ctty", "--wait", program] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: root)
    // What the machine's own locale would have shown is no matter of a test.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["LC_ALL": "C.UTF-8"]) { $1 }.merging(environment) { $1 }
    let handle = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
    process.standardInput = handle
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    try handle.close()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    // Hangs up: the program gets a SIGHUP.
    close(master)
  }

  func type(_ keys: String) {
    let bytes = Array(keys.utf8)
    _ = write(master, bytes, bytes.count)
  }

  /// Reads until a text was written since the last time; false when that takes longer than ten
  /// minutes, or the program is over.
  func sees(_ text: String) -> Bool {
    let deadline = Date().addingTimeInterval(patience)
    while !rest.contains(text) {
      guard Date() < deadline, read() else { return false }
    }
    if let range = rest.range(of: text) {
      seen = written.distance(from: written.startIndex, to: range.upperBound)
    }
    return true
  }

  private var seen = 0
  private var rest: Substring { written.dropFirst(seen) }

  private func read() -> Bool {
    var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, 1000) >= 0 else { return false }
    guard descriptor.revents & Int16(POLLIN) != 0 else { return descriptor.revents == 0 }
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    let count = Glibc.read(master, &buffer, buffer.count)
    guard count > 0 else { return false }
    bytes += buffer[..<count].filter { $0 != UInt8(ascii: "\r") }
    written = String(decoding: bytes, as: UTF8.self)
    return true
  }

  /// The exit status, once the program has ended; -1 when that takes longer than ten minutes.
  func end() -> Int32 {
    let deadline = Date().addingTimeInterval(patience)
    while process.isRunning, Date() < deadline { _ = read() }
    guard !process.isRunning else {
      // SIGTERM may be ignored, as a shell that was told to wait does.
      kill(process.processIdentifier, SIGKILL)
      return -1
    }
    return process.terminationStatus
  }

  /// Waits until the program has handed the terminal back; false when that takes ten minutes.
  func becomesCooked() -> Bool {
    let deadline = Date().addingTimeInterval(patience)
    while !isCooked {
      guard Date() < deadline else { return false }
      usleep(1000)
    }
    return true
  }

  /// Whether the terminal echoes and edits lines, as a shell wants it.
  var isCooked: Bool {
    var settings = termios()
    return tcgetattr(master, &settings) == 0
      && settings.c_lflag & tcflag_t(ECHO | ICANON) == tcflag_t(ECHO | ICANON)
  }
}
