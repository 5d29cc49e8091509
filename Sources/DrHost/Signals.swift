// SPDX-License-Identifier: Apache-2.0

import DrSystem
import Glibc
import NIOPosix
import Synchronization

/// Signals by which a run is asked to stop.
package enum StopSignal: Int32, Sendable {
  case hangup = 1
  case interrupt = 2
  case terminate = 15

  /// What a shell reports for a program that the signal ended: 129, 130, 143.
  package var exitStatus: Int32 { 128 + rawValue }
}

/// Turns SIGHUP, SIGINT and SIGTERM from a sudden end into a stream of events.
///
/// The handler, which may call almost nothing, writes the signal's number to a pipe; a thread of
/// its own reads it on the other side.
package enum Signals {
  /// The writing end; -1 until somebody listens.
  private static let pipeEnd = Atomic<CInt>(-1)

  /// All stop signals from now on. Meant to be called once, early; a later call takes over.
  package static func stops() -> AsyncStream<StopSignal> {
    // A peer that closes a socket or pipe is an error of that write, not an end of the program.
    signal(SIGPIPE, SIG_IGN)
    guard let (reading, writing) = Pipe.make() else { return AsyncStream { $0.finish() } }
    pipeEnd.store(writing, ordering: .sequentiallyConsistent)
    let (stream, continuation) = AsyncStream.makeStream(of: StopSignal.self)
    let thread = NIOThreadPool(numberOfThreads: 1)
    thread.start()
    thread.submit { _ in
      var number: UInt8 = 0
      while read(reading, &number, 1) == 1 || errno == EINTR {
        if let stop = StopSignal(rawValue: Int32(number)) { continuation.yield(stop) }
      }
      continuation.finish()
    }
    for stop in [StopSignal.hangup, .interrupt, .terminate] { install(stop) }
    return stream
  }

  private static func install(_ stop: StopSignal) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      let saved = errno
      var byte = UInt8(truncatingIfNeeded: number)
      _ = write(Signals.pipeEnd.load(ordering: .sequentiallyConsistent), &byte, 1)
      errno = saved
    }
    action.sa_flags = SA_RESTART
    sigaction(stop.rawValue, &action, nil)
  }
}
