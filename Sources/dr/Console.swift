// SPDX-License-Identifier: Apache-2.0

import DrSystem
import Glibc
import Synchronization

/// Something in the last lines of the terminal, above which everything else is to stand.
protocol ConsoleOverlay: Sendable {
  /// Writes text that stays, as whole lines.
  func write(_ text: String)
  /// Leaves the terminal clean, where the process is about to end whatever happens.
  func abandon()
}

/// Standard output and error, unbuffered: a closed reader is not worth dying noisily for.
enum Console {
  /// Gathers what goes to standard output in small parts.
  struct Buffer {
    private var bytes: [UInt8] = []

    mutating func write(_ part: ArraySlice<UInt8>) {
      bytes += part
      if bytes.count >= 1 << 16 { flush() }
    }

    /// To be called at the end.
    mutating func flush() {
      Console.write(bytes)
      bytes.removeAll(keepingCapacity: true)
    }
  }

  /// What stands in the last lines of the terminal now.
  static let overlay = Mutex<(any ConsoleOverlay)?>(nil)

  static func write(_ text: String, to stream: Terminal.Stream = .output) {
    if let overlay = overlay.withLock({ $0 }), stream == .output || Terminal(stream).isTerminal {
      return overlay.write(text)
    }
    put(text, to: stream)
  }

  static func write(_ bytes: [UInt8], to stream: Terminal.Stream = .output) {
    bytes.withUnsafeBytes { write($0, to: stream) }
  }

  /// Writes whatever stands in the last lines.
  static func put(_ text: String, to stream: Terminal.Stream = .output) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), to: stream) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to stream: Terminal.Stream) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(stream.rawValue, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        if errno != EPIPE, stream == .output, !isClosedTerminal(errno) { endUnwritten(errno) }
        return
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// A terminal that was closed: who wrote to it is told by a signal.
  private static func isClosedTerminal(_ code: Int32) -> Bool {
    var status = stat()
    return code == EIO && fstat(STDOUT_FILENO, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR
  }

  /// Half an output that looks like a whole one is the worst: a full disk ends the program.
  private static func endUnwritten(_ code: Int32) -> Never {
    write("Error: cannot write the output: \(String(cString: strerror(code)))\n", to: .error)
    Glibc.exit(1)
  }
}
