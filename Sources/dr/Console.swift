// SPDX-License-Identifier: Apache-2.0

import DrSystem
import Glibc

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

  static func write(_ text: String, to stream: Terminal.Stream = .output) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), to: stream) }
  }

  static func write(_ bytes: [UInt8], to stream: Terminal.Stream = .output) {
    bytes.withUnsafeBytes { write($0, to: stream) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to stream: Terminal.Stream) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(stream.rawValue, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        if errno != EPIPE, stream == .output { endUnwritten(errno) }
        return
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Half an output that looks like a whole one is the worst: a full disk ends the program.
  private static func endUnwritten(_ code: Int32) -> Never {
    write("Error: cannot write the output: \(String(cString: strerror(code)))\n", to: .error)
    Glibc.exit(1)
  }
}
