// SPDX-License-Identifier: Apache-2.0

import DrBase
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
    var text = Terminal.isASCIIOnly && Terminal(stream).isTerminal ? asciiOnly(text) : text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), to: stream) }
  }

  /// What is done instead of ending where standard output takes nothing more, because its disk is full: a run must
  /// not end in the midst of an act for it. Told once.
  static func whenUnwritable(_ body: @escaping @Sendable () -> Void) {
    unwritable.withLock { $0.handler = body }
  }

  /// Whether standard output took less than it should have.
  static var isUnwritable: Bool { unwritable.withLock { $0.isTold } }

  private struct Unwritable {
    var handler: (@Sendable () -> Void)?
    var isTold = false
  }

  private static let unwritable = Mutex(Unwritable())

  private static func write(_ bytes: UnsafeRawBufferPointer, to stream: Terminal.Stream) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(stream.rawValue, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        let code = errno
        if code != EPIPE, stream == .output, !isGone(stream, code) { failed(code) }
        return
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Whether it was a terminal, which is closed: nobody reads there any more.
  private static func isGone(_ stream: Terminal.Stream, _ code: Int32) -> Bool {
    var info = stat()
    return code == EIO && fstat(stream.rawValue, &info) == 0 && info.st_mode & S_IFMT == S_IFCHR
  }

  /// Says so past the overlay, which may be who is writing.
  private static func failed(_ code: Int32) {
    let (handler, isNew) = unwritable.withLock { state in
      defer { state.isTold = true }
      return (state.handler, !state.isTold)
    }
    guard let handler else { endUnwritten(code) }
    guard isNew else { return }
    put("Error: cannot write the output: \(String(cString: strerror(code)))\n", to: .error)
    handler()
  }

  /// Half an output that looks like a whole one is the worst: a full disk ends the program.
  private static func endUnwritten(_ code: Int32) -> Never {
    put("Error: cannot write the output: \(String(cString: strerror(code)))\n", to: .error)
    Glibc.exit(1)
  }
}
